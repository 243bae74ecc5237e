import { ConfigError } from "lowrank";
import { type AnyJobSpec, callable, checkRecord, type OptionNames, openRounds, readOptions } from "lowrank/extension";
import { type FederationReport, joinBy, joinWith } from "../join-federation.js";
import { type JoinOptions, nodeOptions, type NodeOptions, type TakenNodeOptions } from "../join-options.js";
import { fetchTransport, type Transport } from "../wire/transport.js";
import { taskModels } from "./task-models.js";
import { tlsTransport } from "./tls-transport.js";

/** Certificates of a node in Node. */
interface Certificates {
  /** PEM certificates to trust for https, instead of the system's. */
  readonly rootCertificates?: string;
}

/** Options for joining from Node. */
export interface NodeJoinOptions<E> extends JoinOptions<E>, Certificates {}

/** Options for joining from Node, for any task. */
export interface TaskJoinOptions extends NodeOptions, Certificates {
  /**
   * What this node trains, as `runJob` takes it: `task`, `data`, `validation`, `model`, and the columns of the data. The server sets rank,
   * steps, rates and the loss.
   */
  readonly job: AnyJobSpec;
  /** Called with warnings about the data. */
  readonly onWarning?: (message: string) => void;
  /** @internal Names of settings in messages; default: those of the spec. */
  readonly optionNames?: OptionNames;
}

/** Those options, checked. */
interface TakenTaskOptions extends TakenNodeOptions {
  readonly job: AnyJobSpec;
  readonly onWarning: ((message: string) => void) | undefined;
  readonly optionNames: OptionNames | undefined;
}

const what = "joinFederation";

/**
 * `joinFederation` that can also trust a private certificate authority, and train any task: by `job`, a spec as for `runJob`, in this
 * thread.
 *
 * @example
 * await joinFederation({ server, job: { task: "pairs", data: "pairs.csv", model: "./all-MiniLM-L6-v2" } });
 */
export function joinFederation(options: TaskJoinOptions): Promise<FederationReport>;
export function joinFederation<E>(options: NodeJoinOptions<E>): Promise<FederationReport>;
export async function joinFederation<E>(options: NodeJoinOptions<E> | TaskJoinOptions): Promise<FederationReport> {
  const { rootCertificates, ...rest } = { ...options };
  const transport = transportBy(rootCertificates);
  return "job" in rest ? joinTask(rest, transport) : joinBy(rest as JoinOptions<E>, transport);
}

async function joinTask(options: TaskJoinOptions, transport: Transport): Promise<FederationReport> {
  const { job, onWarning, optionNames, ...taken } = readOptions<TakenTaskOptions>(what, options, {
    ...nodeOptions,
    job(_, __, value) {
      checkRecord(`${what}: job is a spec as for runJob`, value);
      return value as AnyJobSpec;
    },
    onWarning: (_, name, value) =>
      value === undefined ? undefined : callable(what, name, value as (message: string) => void),
    optionNames: (_, __, value) => value as OptionNames | undefined,
  });
  const { signal } = taken;
  const rounds = await openRounds(what, job, {
    signal,
    ...(onWarning && { onWarning }),
    ...(optionNames && { optionNames }),
  });
  try {
    return await joinWith(taken, taskModels(rounds), transport);
  } finally {
    rounds.dispose();
  }
}

function transportBy(rootCertificates: string | undefined): Transport {
  if (rootCertificates === undefined) return fetchTransport;
  if (typeof rootCertificates === "string" && rootCertificates.includes("-----BEGIN CERTIFICATE-----"))
    return tlsTransport(rootCertificates);
  const expected = "certificates as PEM";
  throw new ConfigError(`${what}: rootCertificates are ${expected}`, {
    ...{ op: what, option: "rootCertificates", expected, value: rootCertificates },
  });
}
