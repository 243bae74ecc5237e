import type { AnyFoldsReport } from "../../jobs/run-folds.js";
import { whole } from "../../arguments/settings.js";
import { WorkerLostError } from "../../errors/errors.js";
import type { FoldsReport } from "../../tasks/classify/classifier-folds.js";
import type { AnyJobResult } from "../../jobs/run-job.js";
import type { JobResult } from "../../tasks/classify/report.js";
import type { LanguageJobResult, LanguageJobSpec } from "../../tasks/language/settings.js";
import type { TokenJobResult, TokenJobSpec } from "../../tasks/tokens/settings.js";
import type { AnyJobSpec } from "../../tasks/index.js";
import type { JobSpec } from "../../tasks/classify/settings.js";
import type { PreferenceJobResult, PreferenceJobSpec } from "../../tasks/preferences/settings.js";
import type { KeptSourcesOptions } from "../../training/sources/own-data.js";
import type { RunStore } from "../../training/store/run-store.js";
import { copied } from "../protocol/unsendable.js";
import { askToPersist } from "../../io/page/storage.js";
import { madeFrom } from "../../io/made-from.js";
import { functions } from "../calls.js";
import type { WorkerStore } from "./kept-runs.js";
import { LowrankWorker, type WorkerConstructor } from "./living-worker.js";
import { takeOwn, workerOf } from "./shared-worker.js";
import type { WorkerJobOptions } from "./types.js";

/**
 * Runs a training job in a worker, as `runJob` in `lowrank/jobs`. A store of functions stays in the page; an `opfsStore` is opened in the
 * worker. If the worker dies, the run resumes from its last checkpoint in a new worker, with the same bits, up to `restarts` times; then it
 * rejects with `WorkerLostError`. Call it again with the same spec and store to resume.
 *
 * @example
 * const { report } = await runJob({ data: "/reviews.csv", model: "/models/all-MiniLM-L6-v2" }, memoryStore());
 */
export function runJob(
  spec: LanguageJobSpec,
  store: RunStore | WorkerStore,
  options?: WorkerJobOptions,
): Promise<LanguageJobResult>;
export function runJob(
  spec: PreferenceJobSpec,
  store: RunStore | WorkerStore,
  options?: WorkerJobOptions,
): Promise<PreferenceJobResult>;
export function runJob(
  spec: TokenJobSpec,
  store: RunStore | WorkerStore,
  options?: WorkerJobOptions,
): Promise<TokenJobResult>;
export function runJob(spec: JobSpec, store: RunStore | WorkerStore, options?: WorkerJobOptions): Promise<JobResult>;
export function runJob(
  spec: AnyJobSpec,
  store: RunStore | WorkerStore,
  options?: WorkerJobOptions,
): Promise<AnyJobResult>;
export async function runJob(
  spec: AnyJobSpec,
  store: RunStore | WorkerStore,
  options: WorkerJobOptions = {},
): Promise<AnyJobResult> {
  const what = "runJob";
  const { own, rest: others } = takeOwn(options, "restarts");
  const restarts = whole(what, "restarts", own === undefined ? 1 : own);
  // The run depends on the spec's values of now, also after a restart.
  const taken = restarts === 0 ? spec : copied(what, "spec", spec);
  persistFor((Object(others) as WorkerJobOptions).sources);
  const { worker, rest } = workerOf(what, others);
  const target = { kind: "named", name: what } as const;
  const run = (where: LowrankWorker) => where.call(what, target, functions.runJob, [taken, store, rest]);
  let where = worker;
  for (let left = restarts; ; left--) {
    try {
      return (await run(where)) as AnyJobResult;
    } catch (error) {
      const died = error instanceof WorkerLostError && error.details["reason"] === "died";
      // A worker that the caller started is for the caller to restart.
      if (!died || left === 0 || worker.options.worker !== undefined) throw error;
    } finally {
      if (where !== worker) where.terminate();
    }
    where = new (LowrankWorker as unknown as WorkerConstructor)(what, worker.options);
  }
}

/** Cross-validation in a worker, as `runFolds` in `lowrank/jobs`. A store of functions stays in the page. */
export function runFolds(
  spec: JobSpec,
  folds: number,
  store: RunStore | WorkerStore,
  options?: Omit<WorkerJobOptions, "restarts">,
): Promise<FoldsReport>;
export function runFolds(
  spec: AnyJobSpec,
  folds: number,
  store: RunStore | WorkerStore,
  options?: Omit<WorkerJobOptions, "restarts">,
): Promise<AnyFoldsReport>;
export async function runFolds(
  spec: AnyJobSpec,
  folds: number,
  store: RunStore | WorkerStore,
  options: Omit<WorkerJobOptions, "restarts"> = {},
): Promise<AnyFoldsReport> {
  persistFor((Object(options) as WorkerJobOptions).sources);
  const { worker, rest } = workerOf("runFolds", options);
  const target = { kind: "named", name: "runFolds" } as const;
  return (await worker.call("runFolds", target, functions.runFolds, [spec, folds, store, rest])) as AnyFoldsReport;
}

function persistFor(sources: unknown): void {
  const { persist } = (madeFrom("kept sources", sources)?.from ?? {}) as KeptSourcesOptions;
  if (persist === true) askToPersist();
}
