import { ConfigError } from "lowrank";
import {
  type AnyJobSpec,
  checkOptions,
  clip,
  excerpt,
  type JobSettings,
  list,
  takeAnySpec,
  text,
  whole,
} from "lowrank/extension";
import { allChoices, type Choice, drawnChoices, type Grid, takeGrid } from "./grid.js";
import { type Rung, rungsOf } from "./halving.js";

/** The trainings that a sweep compares. */
export interface SweepSpec {
  /** Settings that all trainings share. `steps` and a validation split are required. */
  readonly spec: AnyJobSpec;
  /** The compared settings and their values: all combinations, or `random` of them. */
  readonly grid: Grid;
  /** Number of combinations drawn at random, with the spec's seed; default: all. */
  readonly random?: number;
  /** Seeds for each combination. Losses are means over them. Default: the spec's seed. */
  readonly seeds?: readonly number[];
  /** Successive halving: each stage keeps one in `eta` settings and trains it `eta` times as long; default 2. 1 trains all in full. */
  readonly eta?: number;
}

/** One training of a sweep. */
export interface Trial {
  /** Name of its folder. */
  readonly name: string;
  /** Index of its settings in the choices. */
  readonly choice: number;
  readonly seed: number;
  readonly settings: JobSettings;
}

/** A checked sweep with defaults. */
export interface SweepPlan {
  readonly settings: JobSettings;
  readonly choices: readonly Choice[];
  readonly seeds: readonly number[];
  readonly rungs: readonly Rung[];
  readonly trials: readonly Trial[];
  /** Input for which `takeSweep` gives the same plan. */
  readonly sweep: SweepSpec;
}

/** The step until which a stage trains; null for the last one, which ends by itself. */
export const untilOf = ({ rungs }: Pick<SweepPlan, "rungs">, stage: number): number | null =>
  stage === rungs.length - 1 ? null : rungs[stage]!.until;

/** Settings that a grid cannot vary: the compared data must be equal, and seeds have their own option. */
const FIXED = [
  "steps",
  "epochs",
  "evaluateEvery",
  "patience",
  "validation",
  "validationSplit",
  "seed",
  "data",
  "headOnly",
];

/** Checks a sweep and all its specs. Throws `ConfigError`. */
export function takeSweep(what: string, given: SweepSpec): SweepPlan {
  checkOptions(`${what}: sweep`, given, ["spec", "grid", "random", "seeds", "eta"]);
  const common = takeAnySpec(what, given.spec);
  const { steps } = common;
  if (steps === null || ("headOnly" in common && common.headOnly))
    throw new ConfigError(`${what}: spec.steps is required: the stages of a sweep are shares of it`, {
      op: what,
      option: "steps",
    });
  const grid = takeGrid(what, given.grid);
  const fixed = Object.keys(grid).find((name) => FIXED.includes(name));
  if (fixed !== undefined)
    throw new ConfigError(
      `${what}: grid.${clip(fixed)} cannot vary: trainings are compared after the same steps on the same examples; seeds have their own option`,
      {
        op: what,
        option: "grid",
        value: fixed,
      },
    );
  const random = given.random === undefined ? null : whole(what, "random", given.random, 1, 10_000);
  const eta = whole(what, "eta", given.eta ?? 2, 1, 100);
  const seeds = takeSeeds(what, given.seeds ?? [common.seed]);
  const choices = random === null ? allChoices(what, grid) : drawnChoices(what, grid, random, common.seed);
  const rungs = rungsOf(choices.length, steps, eta === 1 ? null : eta, common.evaluateEvery);
  const every = common.evaluateEvery ?? rungs[0]!.until;
  const digits = String(choices.length).length;
  // Early stopping is off, because the sweep decides how long each training runs.
  const base = { ...common, evaluateEvery: every, patience: null };
  const trials = choices.flatMap((choice, i) =>
    seeds.map((seed) => ({
      name: `${String(i + 1).padStart(digits, "0")}-seed-${seed}`,
      choice: i,
      seed,
      settings: takeAnySpec(`${what}: ${text(what, "a setting", inWords(choice))}`, {
        ...base,
        ...choice,
        seed,
      }),
    })),
  );
  const sweep = { spec: common as AnyJobSpec, grid, seeds, eta, ...(random !== null && { random }) };
  return { settings: { ...base }, choices, seeds, rungs, trials, sweep };
}

/** A choice as text. */
export const inWords = (choice: Choice) =>
  Object.entries(choice)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");

function takeSeeds(what: string, given: readonly number[]): readonly number[] {
  const seeds = list(what, "seeds", given, "whole numbers").map((seed) => whole(what, "a seed", seed));
  if (seeds.length > 0 && new Set(seeds).size === seeds.length) return seeds;
  throw new ConfigError(`${what}: seeds must be a list of different whole numbers, got ${excerpt(given)}`, {
    op: what,
    option: "seeds",
  });
}
