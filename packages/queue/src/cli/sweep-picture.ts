import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sweepCurves } from "lowrank/extension/cli";
import type { SweepRecord, SweepReport } from "../index.js";
import { inWords } from "../sweep/sweep-plan.js";

/** The loss curves of a finished sweep as SVG. */
export async function sweepPicture(folder: string, { results, steps, stepsInFull }: SweepReport): Promise<string> {
  const { trials } = JSON.parse(await readFile(join(folder, "sweep.json"), "utf8")) as SweepRecord;
  const curves = results.map(({ choice, trials: names }) => ({
    label: inWords(choice),
    points: meanOf(trials.filter(({ name }) => names.includes(name)).map(({ measured }) => measured)),
  }));
  return sweepCurves(curves, {
    title: `Sweep of ${results.length} settings`,
    subtitle: `${steps.toLocaleString("en-US")} of ${stepsInFull.toLocaleString("en-US")} steps; a curve ends where its setting was stopped`,
  });
}

type Measured = SweepRecord["trials"][number]["measured"];

/** Means over seeds, at the steps that all trainings validated. */
function meanOf(seeds: readonly Measured[]): Measured {
  const [first = [], ...others] = seeds;
  return first.flatMap(({ step, value }) => {
    const same = others.map((measured) => measured.find((one) => one.step === step)?.value);
    if (same.includes(undefined)) return [];
    return [{ step, value: same.reduce<number>((sum, one) => sum + one!, value) / seeds.length }];
  });
}
