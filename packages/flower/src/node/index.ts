import { ConfigError } from "lowrank";
import { joinBy, type FederationReport } from "../join-federation.js";
import type { JoinOptions } from "../join-options.js";
import { fetchTransport } from "../wire/transport.js";
import { tlsTransport } from "./tls-transport.js";

/** Options for joining from Node. */
export interface NodeJoinOptions<E> extends JoinOptions<E> {
  /** PEM certificates to trust for https, instead of the system's. */
  readonly rootCertificates?: string;
}

/** `joinFederation` that can also trust a private certificate authority. */
export async function joinFederation<E>(options: NodeJoinOptions<E>): Promise<FederationReport> {
  const { rootCertificates, ...rest } = { ...options };
  if (rootCertificates === undefined) return joinBy(rest, fetchTransport);
  if (typeof rootCertificates === "string" && rootCertificates.includes("-----BEGIN CERTIFICATE-----"))
    return joinBy(rest, tlsTransport(rootCertificates));
  const expected = "certificates as PEM";
  throw new ConfigError(`joinFederation: rootCertificates are ${expected}`, {
    ...{ op: "joinFederation", option: "rootCertificates", expected, value: rootCertificates },
  });
}
