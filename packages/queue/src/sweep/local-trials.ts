import { availableParallelism } from "node:os";
import { join } from "node:path";
import { AbortError, ConfigError } from "lowrank";
import { oneOf, whole } from "lowrank/extension";
import { folderStore, runStatus } from "lowrank/jobs";
import { EnginePool } from "../engine-pool.js";
import { runUntil, standingOf } from "../run-until.js";
import type { RunTrials } from "./run-trials.js";
import { type SweepPlan, untilOf } from "./sweep-plan.js";

/** Options of local trainings. */
export interface LocalOptions {
  /** Threads of the engine if the settings do not set them; default: all of the processor. */
  readonly threads?: number;
  /** Build of the kernels, as in `init`, if the settings do not set it; default "auto". */
  readonly build?: "auto" | "simd" | "relaxed";
}

/** Runs the trainings of a sweep one after another in a thread with its own engine. Each has its own folder. */
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
        // An error before training starts would affect all others too, and a full disk has nothing to do with the settings.
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

/** Whether an error is from the file system. Such errors have a path. */
const isOfStore = (error: unknown) => error instanceof ConfigError && error.details["path"] !== undefined;
