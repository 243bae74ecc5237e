import { ConfigError } from "lowrank";
import { joinBy, type FederationReport } from "../join-federation.js";
import type { JoinOptions } from "../join-options.js";
import { fetchTransport } from "../wire/transport.js";
import { tlsTransport } from "./tls-transport.js";

/** How a node joins from Node. */
export interface NodeJoinOptions<E> extends JoinOptions<E> {
  /** PEM of certificates that a server of https is trusted by, in place of the system's. */
  readonly rootCertificates?: string;
}

/** `joinFederation`, also of a server whose certificate is of an authority of one's own. */
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
