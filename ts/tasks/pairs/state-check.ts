import { finite } from "../../arguments/settings.js";
import { objectAt } from "../../training/store/run-state.js";

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the yardsticks of a run on pairs. */
export function checkPairsState(what: string, run: Readonly<Record<string, unknown>>): void {
  const yardsticks = objectAt(what, "run.yardsticks", run["yardsticks"]);
  for (const name of ["base", "bm25"]) {
    if (name === "bm25" && yardsticks[name] === null) continue;
    const place = `run.yardsticks.${name}`;
    for (const [metric, value] of Object.entries(objectAt(what, place, yardsticks[name])))
      finite(what, `${place}.${metric}`, value);
  }
}
