import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sweepCurves } from "lowrank/extension/cli";
import type { SweepRecord, SweepReport } from "../index.js";
import { inWords } from "../sweep/sweep-plan.js";

/** The curves of a finished sweep in a folder, as SVG. */
export async function sweepPicture(folder: string, { results, steps, stepsInFull }: SweepReport): Promise<string> {
  const { trials } = JSON.parse(await readFile(join(folder, "sweep.json"), "utf8")) as SweepRecord;
  const curves = results.map(({ choice, trials: names }) => ({
    label: inWords(choice),
    points: meanOf(trials.filter(({ name }) => names.includes(name)).map(({ measured }) => measured)),
  }));
  return sweepCurves(curves, {
    title: `Sweep of ${results.length} settings`,
    subtitle: `${steps.toLocaleString("en-US")} steps of ${stepsInFull.toLocaleString("en-US")} in full; a curve ends where its setting was stopped`,
  });
}

type Measured = SweepRecord["trials"][number]["measured"];

/** Means over seeds, of the steps that all have been measured after. */
function meanOf(seeds: readonly Measured[]): Measured {
  const [first = [], ...others] = seeds;
  return first.flatMap(({ step, value }) => {
    const same = others.map((measured) => measured.find((one) => one.step === step)?.value);
    if (same.includes(undefined)) return [];
    return [{ step, value: same.reduce<number>((sum, one) => sum + one!, value) / seeds.length }];
  });
}
