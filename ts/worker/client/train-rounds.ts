import type { RoundsOptions } from "../../jobs/task-rounds.js";
import type { AnyJobSpec } from "../../tasks/index.js";
import type { Rounds } from "../../training/rounds.js";
import type { JobSources } from "../../training/sources/job-sources.js";
import { roundsCall } from "../rounds-call.js";
import type { WorkerSources } from "./kept-runs.js";
import { ask, type InWorker } from "./shared-worker.js";

/** Options of `trainRounds`. */
export interface TrainRoundsOptions extends Omit<RoundsOptions, "sources">, InWorker {
  /** The caller's sources, or in a worker `keptSources` of `lowrank/worker`. Default: those of the runtime. */
  readonly sources?: JobSources | WorkerSources | undefined;
}

/** Opens a party's model and data, as a spec of any task names them, for `work`, and disposes of them after it. */
export type TrainRounds = (
  what: string,
  spec: AnyJobSpec,
  work: (rounds: Rounds) => Promise<void>,
  options: TrainRoundsOptions,
) => Promise<void>;

/** Trains rounds in a worker. Names of settings are not sent: they are functions of a command line. */
export const trainRounds: TrainRounds = async (what, spec, work, { optionNames: _, ...options }) => {
  await ask("trainRounds", roundsCall, options, (rest) => [what, spec, work, rest]);
};
