import { finite } from "../../arguments/settings.js";
import { REGRESSION_METRICS } from "../../train/evaluators/regression-metrics.js";
import { objectAt } from "../../training/store/run-state.js";

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the yardsticks of a run on numbers. */
export function checkRegressState(what: string, run: Readonly<Record<string, unknown>>): void {
  const yardsticks = objectAt(what, "run.yardsticks", run["yardsticks"]);
  for (const yardstick of ["mean", "headOnly"]) {
    if (yardstick === "headOnly" && yardsticks[yardstick] === null) continue;
    const place = `run.yardsticks.${yardstick}`;
    const metrics = objectAt(what, place, yardsticks[yardstick]);
    for (const name of REGRESSION_METRICS) finite(what, `${place}.${name}`, metrics[name]);
  }
}
