import { availableParallelism } from "node:os";
import { join } from "node:path";
import { AbortError, ConfigError } from "lowrank";
import { oneOf, whole } from "lowrank/extension";
import { folderStore, runStatus } from "lowrank/jobs";
import { EnginePool } from "../engine-pool.js";
import { runUntil, standingOf } from "../run-until.js";
import type { RunTrials } from "./run-trials.js";
import { type SweepPlan, untilOf } from "./sweep-plan.js";

/** How trainings run here. */
export interface LocalOptions {
  /** Threads of the engine where the settings do not say; default the processor's. */
  readonly threads?: number;
  /** Build of the kernels where the settings do not say, as `init`; default "auto". */
  readonly build?: "auto" | "simd" | "relaxed";
}

/** Trainings of a sweep one after another, in a thread with an engine, each in a folder of its own. */
export function localTrials(what: string, plan: SweepPlan, out: string, options: LocalOptions, signal: AbortSignal) {
  const threads = whole(what, "threads", options.threads ?? availableParallelism(), 1, 64);
  const build = oneOf(what, "build", options.build ?? "auto", ["auto", "simd", "relaxed"]);
  const engines = new EnginePool({ build, threads });
  const run: RunTrials = async (trials, { stage }, done) => {
    const until = untilOf(plan, stage);
    for (const trial of trials) {
      const store = folderStore(join(out, "trials", trial.name));
      const running = { signal, onProgress: () => undefined };
      let error: string | null = null;
      try {
        await engines.use(trial.settings, (worker) => runUntil(trial.settings, store, until, { worker, ...running }));
      } catch (cause) {
        // What fails before its training begins would fail all others too, and a disk that is full says nothing of a setting.
        if (cause instanceof AbortError || isOfStore(cause) || (await runStatus(store))?.status !== "failed")
          throw cause;
        error = (cause as Error).message;
      }
      const { step = 0, measured = [] } = (await standingOf(store)) ?? {};
      await done(trial, { step, measured, error });
    }
  };
  return { run, close: () => engines.close() };
}

/** Whether a folder could not be written to or read: its errors name a path. */
const isOfStore = (error: unknown) => error instanceof ConfigError && error.details["path"] !== undefined;
