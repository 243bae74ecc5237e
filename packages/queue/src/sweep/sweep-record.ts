import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError, writeFilesAtomically } from "lowrank";
import { clip, parseJsonObject, VERSION } from "lowrank/extension";
import type { Standing } from "../run-until.js";
import type { Choice } from "./grid.js";
import type { SweepPlan } from "./sweep-plan.js";

/** State of one training of a sweep. */
export interface TrialRecord {
  /** Name, which is also its folder in `trials`. */
  readonly name: string;
  /** Index of its settings in `choices`. */
  readonly choice: number;
  /** Seed of the training. */
  readonly seed: number;
  /** Finished stages. */
  readonly rungs: number;
  /** Finished optimizer steps. */
  readonly step: number;
  /** Validation losses by step. */
  readonly measured: Standing["measured"];
  /** Error message if training failed, for example by divergence; otherwise null. */
  readonly error: string | null;
}

/** State of a sweep: sweep.json. */
export interface SweepRecord {
  /** Version of this package. */
  readonly lowrank: string;
  /** Original options, and its stages. */
  readonly plan: Omit<SweepPlan, "trials" | "sweep">;
  /** All trainings, in the order of the settings. */
  readonly trials: readonly TrialRecord[];
}

const FILE = "sweep.json";

/** Creates or reads a sweep's record in its folder. Throws `ConfigError` if it belongs to another sweep. */
export async function openRecord(folder: string, { trials, sweep: _, ...plan }: SweepPlan): Promise<SweepRecord> {
  const path = join(folder, FILE);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new ConfigError(`${clip(path)} cannot be read: ${error.message}`, { path }, { cause: error });
  });
  const begun: SweepRecord = {
    lowrank: VERSION,
    plan,
    trials: trials.map(({ name, choice, seed }) => ({
      name,
      choice,
      seed,
      rungs: 0,
      step: 0,
      measured: [],
      error: null,
    })),
  };
  if (bytes === null) return begun;
  const fail = (problem: string) => new FormatError(`${path}: ${problem}`, { file: path });
  const there = parseJsonObject(bytes, fail) as unknown as SweepRecord;
  if (JSON.stringify(there.plan) !== JSON.stringify(plan))
    throw new ConfigError(
      `${clip(folder)} has a sweep with other options: repeat its original options, or choose another folder`,
      {
        folder,
      },
    );
  if (!Array.isArray(there.trials) || there.trials.length !== trials.length)
    throw fail("its trainings are not those of its plan");
  return there;
}

/** Replaces the record. */
export async function writeRecord(folder: string, record: SweepRecord): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 1)}\n`);
  await writeFilesAtomically(folder, { [FILE]: bytes });
}

/** Result of one choice of settings: means over its seeds. */
export interface SweepResult {
  /** Index of the choice, from 0. */
  readonly index: number;
  /** The settings. */
  readonly choice: Choice;
  /** Lowest validation loss, a mean over seeds; null if a training failed. */
  readonly loss: number | null;
  /** Optimizer steps of each training. */
  readonly steps: number;
  /** Folders of its trainings in `trials`. */
  readonly trials: readonly string[];
  /** Error message if training failed. */
  readonly error: string | null;
}

/** A finished sweep. */
export interface SweepReport {
  /** All choices, best first: by finished stages, then by loss. */
  readonly results: readonly SweepResult[];
  /** Optimizer steps in total. */
  readonly steps: number;
  /** Optimizer steps that full training of all choices would take. */
  readonly stepsInFull: number;
  /** The stages: number of settings, and the step they are trained until. */
  readonly rungs: SweepPlan["rungs"];
}
