import { checkOptions } from "../../arguments/options.js";
import type { FileMap } from "../../io/file-access.js";
import { remember } from "../../io/made-from.js";
import { type KeptSourcesOptions, takeKeptSources } from "../../training/sources/own-data.js";
import type { AnyJobSpec } from "../../tasks/index.js";
import { type RunStore, takeRunName } from "../../training/store/run-store.js";
import type { RunStatus } from "../../jobs/stored-runs.js";
import { functions } from "../calls.js";
import { ask, type InWorker, workerOf } from "./shared-worker.js";

/** A run in this browser's Origin Private File System, written and read by workers. */
export interface WorkerStore {
  /** The name of the run. */
  readonly name: string;
  /** A copy of all blobs by name, to save a result elsewhere. */
  files(): Promise<FileMap>;
  /** Deletes the run. Rejects with `ConfigError` while a job is using it. */
  discard(): Promise<void>;
}

/** Sources of a job in a worker that cache the model in this browser. */
export interface WorkerSources {
  /** Options of the cache. */
  readonly options: KeptSourcesOptions;
}

/**
 * A run's store in this browser's Origin Private File System; see `opfsStore` in `lowrank/jobs`. The worker writes checkpoints itself, so
 * they do not pass through the page. If the tab is closed, a later job resumes from the last one.
 *
 * @param options.worker for `files` and `discard`; default: the shared worker
 * Throws `ConfigError` for an invalid name or worker.
 */
export function opfsStore(name: string, options: InWorker = {}): WorkerStore {
  takeRunName(name);
  checkOptions("opfsStore", options, ["worker"]);
  const { worker } = options;
  if (worker !== undefined) workerOf("opfsStore", { worker });
  const inWorker = (method: "files" | "discard") =>
    ask(`opfsStore.${method}`, functions[`opfsStore.${method}`], { worker }, () => [store]);
  const store: WorkerStore = {
    name,
    files: () => inWorker("files") as Promise<FileMap>,
    discard: () => inWorker("discard") as Promise<void>,
  };
  return remember(store, "OPFS store", name);
}

/**
 * Sources of a job in a worker that cache the model in this browser, and take examples from the page (`data`); see `keptSources` in
 * `lowrank/jobs`. URLs are relative to the page. Throws `ConfigError` for invalid options.
 */
export function keptSources(options: KeptSourcesOptions = {}): WorkerSources {
  const taken = takeKeptSources(options);
  return remember({ options: taken }, "kept sources", taken);
}

/** The status of a store's run; see `runStatus` in `lowrank/jobs`. */
export async function runStatus(store: RunStore | WorkerStore, options: InWorker = {}): Promise<RunStatus | null> {
  checkOptions("runStatus", options, ["worker"]);
  return (await ask("runStatus", functions.runStatus, options, () => [store])) as RunStatus | null;
}

/** The spec of a store's unfinished run, to pass to `runJob`; see `unfinishedSpec` in `lowrank/jobs`. */
export async function unfinishedSpec(
  store: RunStore | WorkerStore,
  options: InWorker = {},
): Promise<AnyJobSpec | null> {
  checkOptions("unfinishedSpec", options, ["worker"]);
  return (await ask("unfinishedSpec", functions.unfinishedSpec, options, () => [store])) as AnyJobSpec | null;
}
