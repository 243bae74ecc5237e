import { finite } from "../../arguments/settings.js";
import { objectAt } from "../../training/store/run-state.js";

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has yardsticks of a run on texts of queries. */
export function checkRankState(what: string, run: Readonly<Record<string, unknown>>): void {
  const yardsticks = objectAt(what, "run.yardsticks", run["yardsticks"]);
  const found = ["cosine", "largestClass", "start"].filter((name) => Object.hasOwn(yardsticks, name));
  for (const name of found.length === 0 ? ["cosine"] : found) {
    const place = `run.yardsticks.${name}`;
    for (const [metric, value] of Object.entries(objectAt(what, place, yardsticks[name])))
      finite(what, `${place}.${metric}`, value);
  }
}
