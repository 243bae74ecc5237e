import { ConfigError } from "lowrank";
import { joinBy } from "../join-federation.js";
import type { JoinOptions } from "../join-options.js";
import type { FederationReport } from "../join-with.js";
import type { TaskJoinOptions } from "../task-options.js";
import { fetchTransport, type Transport } from "../wire/transport.js";
import { tlsTransport } from "./tls-transport.js";

/** Certificates of a node in Node. */
interface Certificates {
  /** PEM certificates to trust for https, instead of the system's. */
  readonly rootCertificates?: string;
}

/** Options for joining from Node. */
export interface NodeJoinOptions<E> extends JoinOptions<E>, Certificates {}

/** Options for joining from Node, for any task. */
export interface NodeTaskJoinOptions extends TaskJoinOptions, Certificates {}

/**
 * `joinFederation` that can also trust a private certificate authority.
 *
 * @example
 * await joinFederation({ server, job: { task: "pairs", data: "pairs.csv" }, rootCertificates });
 */
export function joinFederation(options: NodeTaskJoinOptions): Promise<FederationReport>;
export function joinFederation<E>(options: NodeJoinOptions<E>): Promise<FederationReport>;
export async function joinFederation<E>(options: NodeJoinOptions<E> | NodeTaskJoinOptions): Promise<FederationReport> {
  const { rootCertificates, ...rest } = { ...options };
  return joinBy(rest as JoinOptions<E> | TaskJoinOptions, transportBy(rootCertificates));
}

function transportBy(rootCertificates: string | undefined): Transport {
  if (rootCertificates === undefined) return fetchTransport;
  if (typeof rootCertificates === "string" && rootCertificates.includes("-----BEGIN CERTIFICATE-----"))
    return tlsTransport(rootCertificates);
  const expected = "certificates as PEM";
  throw new ConfigError(`joinFederation: rootCertificates are ${expected}`, {
    op: "joinFederation",
    option: "rootCertificates",
    expected,
    value: rootCertificates,
  });
}
