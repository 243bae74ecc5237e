import { checkOptions } from "../../arguments/options.js";
import type { FileMap } from "../../io/file-map.js";
import { remember } from "../../io/made-from.js";
import { type KeptSourcesOptions, takeKeptSources } from "../../training/sources/own-data.js";
import type { AnyJobSpec } from "../../training/spec/any-settings.js";
import { takeRunName } from "../../training/store/run-name.js";
import type { RunStatus } from "../../training/store/run-status.js";
import type { RunStore } from "../../training/store/run-store.js";
import { functions } from "../calls.js";
import { ask, type InWorker, workerOf } from "./shared-worker.js";

/** A run in this browser's private file system, written and read by workers. */
export interface WorkerStore {
  /** By which the run is found again. */
  readonly name: string;
  /** A copy of every blob there is, by name: to save a result elsewhere. */
  files(): Promise<FileMap>;
  /** Removes the run with all its blobs. Rejects with `ConfigError` while a job has it. */
  discard(): Promise<void>;
}

/** Where a worker's job finds a model that this browser keeps. */
export interface WorkerSources {
  /** How models are kept. */
  readonly options: KeptSourcesOptions;
}

/**
 * A run's store in this browser's Origin Private File System; see `opfsStore` in `lowrank/jobs`. A job in a worker writes there itself,
 * so that no checkpoint goes through the page, and where the page's tab is closed the next one goes on from the last.
 *
 * @param options.worker that reads for `files` and `discard`; default the one that all share
 * Throws `ConfigError` for what is no name, or no worker.
 */
export function opfsStore(name: string, options: InWorker = {}): WorkerStore {
  takeRunName(name);
  checkOptions("opfsStore", options, ["worker"]);
  const { worker } = options;
  if (worker !== undefined) workerOf("opfsStore", { worker });
  const asked = (method: "files" | "discard") =>
    ask(`opfsStore.${method}`, functions[`opfsStore.${method}`], { worker }, () => [store]);
  const store: WorkerStore = {
    name,
    files: () => asked("files") as Promise<FileMap>,
    discard: () => asked("discard") as Promise<void>,
  };
  return remember(store, "OPFS store", name);
}

/**
 * Sources of a worker's job that keep the model in this browser, and of examples that the page has itself (`data`); see `keptSources`
 * in `lowrank/jobs`. Addresses begin from the page's. Throws `ConfigError` for options that make no sense.
 */
export function keptSources(options: KeptSourcesOptions = {}): WorkerSources {
  const taken = takeKeptSources(options);
  return remember({ options: taken }, "kept sources", taken);
}

/** Where the run in a store stands; see `runStatus` in `lowrank/jobs`. */
export async function runStatus(store: RunStore | WorkerStore, options: InWorker = {}): Promise<RunStatus | null> {
  checkOptions("runStatus", options, ["worker"]);
  return (await ask("runStatus", functions.runStatus, options, () => [store])) as RunStatus | null;
}

/** The spec of a store's run that is not finished, to call `runJob` with; see `unfinishedSpec` in `lowrank/jobs`. */
export async function unfinishedSpec(
  store: RunStore | WorkerStore,
  options: InWorker = {},
): Promise<AnyJobSpec | null> {
  checkOptions("unfinishedSpec", options, ["worker"]);
  return (await ask("unfinishedSpec", functions.unfinishedSpec, options, () => [store])) as AnyJobSpec | null;
}
