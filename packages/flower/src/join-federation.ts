import { joinTask } from "./join-task.js";
import { type FederationReport, joinWith } from "./join-with.js";
import { type JoinOptions, takeJoinOptions } from "./join-options.js";
import { classModels } from "./rounds/class-models.js";
import type { TaskJoinOptions } from "./task-options.js";
import { fetchTransport, type Transport } from "./wire/transport.js";

/**
 * Joins a Flower federation as a node, in Node or in a page. Takes part in the rounds of an app that `lowrank flower app` wrote: trains the
 * shared model on examples that stay here. By `job`, a spec as for `runJob`, it trains any task; by `encoder`, `TextClassifier` and
 * `examples` a text classifier. Resolves after the last round; with `stay` it does not resolve.
 *
 * Everything from the server is checked before use: versions, settings, names, shapes, sizes, and that all numbers are finite.
 *
 * Throws `ConfigError` for invalid options, before anything is sent. Rejects with `FederationError` if the server
 * cannot be reached, refuses, or sends an invalid task (the server is notified); with `AbortError` when aborted; otherwise like `runJob` and
 * `fit`. The encoder is unchanged afterwards.
 *
 * @example
 * await joinFederation({ server, job: { task: "pairs", data: "pairs.csv", model: "./all-MiniLM-L6-v2" } });
 * await joinFederation({ server: "https://flower.example.org:8000", encoder, TextClassifier, examples });
 */
export function joinFederation(options: TaskJoinOptions): Promise<FederationReport>;
export function joinFederation<E>(options: JoinOptions<E>): Promise<FederationReport>;
export async function joinFederation<E>(options: JoinOptions<E> | TaskJoinOptions): Promise<FederationReport> {
  return joinBy(options, fetchTransport);
}

/** Joins a federation by another transport. */
export async function joinBy<E>(
  options: JoinOptions<E> | TaskJoinOptions,
  transport: Transport,
): Promise<FederationReport> {
  if ("job" in Object(options)) return joinTask(options as TaskJoinOptions, transport);
  const taken = takeJoinOptions(options as JoinOptions<E>);
  return joinWith(taken, classModels(taken), transport);
}
