import { finite } from "../../../arguments/settings.js";
import { objectAt } from "../../../training/store/run-state.js";
import { MULTI_LABEL_METRICS } from "./metric-names.js";

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the yardsticks of a run on several labels a text. */
export function checkMultiLabelState(what: string, run: Readonly<Record<string, unknown>>): void {
  const yardsticks = objectAt(what, "run.yardsticks", run["yardsticks"]);
  for (const yardstick of ["mostFrequent", "headOnly"]) {
    if (yardstick === "headOnly" && yardsticks[yardstick] === null) continue;
    const place = `run.yardsticks.${yardstick}`;
    const metrics = objectAt(what, place, yardsticks[yardstick]);
    for (const name of MULTI_LABEL_METRICS) finite(what, `${place}.${name}`, metrics[name]);
  }
}
