import { AbortError, throwIfAborted, trainRounds } from "lowrank/extension";
import { type FederationReport, joinWith } from "./join-with.js";
import { taskModels } from "./rounds/task-models.js";
import { takeTaskOptions, type TaskJoinOptions } from "./task-options.js";
import type { Transport } from "./wire/transport.js";

/** Joins with the model and data of a spec of any task. */
export async function joinTask(options: TaskJoinOptions, transport: Transport): Promise<FederationReport> {
  const { job, worker, sources, onWarning, optionNames, ...taken } = takeTaskOptions(options);
  const { signal } = taken;
  throwIfAborted(signal);
  // Model and data are no longer loaded when this node has joined: then it leaves by itself, for which the worker need not wait.
  const loading = new AbortController();
  const cancel = () => loading.abort(signal!.reason);
  signal?.addEventListener("abort", cancel, { once: true });
  // A worker can die while the node waits for work, which then has to leave.
  const leaving = new AbortController();
  const ended = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]);
  const part: { joined?: Promise<FederationReport> } = {};
  const work = async (rounds: Parameters<typeof taskModels>[0]) => {
    signal?.removeEventListener("abort", cancel);
    part.joined = joinWith({ ...taken, signal: ended }, taskModels(rounds, ended), transport);
    await part.joined;
  };
  try {
    await trainRounds("joinFederation", job, work, {
      signal: loading.signal,
      worker,
      sources,
      optionNames,
      onProgress: (event) => void (event.type === "warning" && onWarning?.(event.message)),
    });
  } catch (error) {
    // The node's own error, after it has left; a worker gives a copy at most, and if it dies, earlier.
    leaving.abort(error);
    await part.joined?.catch((own: unknown) => {
      if (signal?.aborted || !(own instanceof AbortError)) throw own;
    });
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
  return part.joined!;
}
