import { share } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { objectAt } from "../../../training/store/run-state.js";
import type { ClassifierState } from "../text-model.js";
import { checkMetrics, checkPredictions } from "./metrics-check.js";

/** Throws `ConfigError`, naming the field, unless a value from a file is the state of a classifier's run. */
export function checkClassifierState(what: string, run: Readonly<Record<string, unknown>>): void {
  const baseline = objectAt(what, "run.baseline", run["baseline"]);
  share(what, "run.baseline.largestClass", baseline["largestClass"]);
  checkMetrics(what, "run.baseline.before", baseline["before"]);
  const { headOnly } = baseline;
  if (headOnly !== null) checkMetrics(what, "run.baseline.headOnly", headOnly);
  checkPredictions(what, "run.headPredictions", run["headPredictions"], headOnly);
}

/** Throws `ConfigError` unless a baseline has these classes and this number of measured examples. */
export function checkBaselineFits(
  run: object,
  { labels }: { readonly labels: readonly string[] },
  examples: number,
): void {
  const { before, headOnly } = (run as ClassifierState).baseline;
  for (const measured of [before, headOnly]) {
    if (measured === null) continue;
    const { perClass, count } = measured;
    for (const [what, length, expected] of [
      ["classes", perClass.length, labels.length],
      ["examples", count, examples],
    ] as const) {
      if (length === expected) continue;
      throw new ConfigError(`state: run.baseline has ${length} ${what}, the data ${expected}`, {
        op: "state",
        option: "run.baseline",
        length,
        expected,
      });
    }
  }
}
