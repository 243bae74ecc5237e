import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError, writeFilesAtomically } from "lowrank";
import { clip, parseJsonObject, VERSION } from "lowrank/extension";
import type { Standing } from "../run-until.js";
import type { Choice } from "./grid.js";
import type { SweepPlan } from "./sweep-plan.js";

/** What one training of a sweep has come to. */
export interface TrialRecord {
  /** Its name: that of its folder in `trials`. */
  readonly name: string;
  /** Which of `choices` it has. */
  readonly choice: number;
  /** Of everything random in it. */
  readonly seed: number;
  /** Stages that it has been through. */
  readonly rungs: number;
  /** Optimizer steps done. */
  readonly step: number;
  /** Losses on what is held out, by steps done. */
  readonly measured: Standing["measured"];
  /** What ended it, where training failed, as by divergence; else null. */
  readonly error: string | null;
}

/** A sweep as it stands: sweep.json. */
export interface SweepRecord {
  /** Version of this package. */
  readonly lowrank: string;
  /** What it began with, and its stages. */
  readonly plan: Omit<SweepPlan, "trials" | "sweep">;
  /** Every training, in the order of the settings. */
  readonly trials: readonly TrialRecord[];
}

const FILE = "sweep.json";

/** A sweep's record in its folder: what it begins with, or goes on from. Throws `ConfigError` where another sweep's lies there. */
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
      `${clip(folder)} holds a sweep of other trainings: give what it began with, or another folder`,
      {
        folder,
      },
    );
  if (!Array.isArray(there.trials) || there.trials.length !== trials.length)
    throw fail("its trainings are not those of its plan");
  return there;
}

/** Puts it in place of the last one. */
export async function writeRecord(folder: string, record: SweepRecord): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 1)}\n`);
  await writeFilesAtomically(folder, { [FILE]: bytes });
}

/** What became of one setting: means over its seeds. */
export interface SweepResult {
  /** Which of the settings, from 0. */
  readonly index: number;
  /** The setting itself. */
  readonly choice: Choice;
  /** Lowest loss on what is held out that was reached, a mean over seeds; null where a training failed. */
  readonly loss: number | null;
  /** Optimizer steps of each of its trainings. */
  readonly steps: number;
  /** Its trainings' folders in `trials`. */
  readonly trials: readonly string[];
  /** Why training failed, where it did. */
  readonly error: string | null;
}

/** A finished sweep. */
export interface SweepReport {
  /** Every setting, the best first: what came furthest, then by loss. */
  readonly results: readonly SweepResult[];
  /** Optimizer steps taken in all. */
  readonly steps: number;
  /** Steps that all trainings in full would have taken. */
  readonly stepsInFull: number;
  /** The stages: how many settings were trained until which step. */
  readonly rungs: SweepPlan["rungs"];
}
