import { finite } from "../../arguments/settings.js";
import { objectAt } from "../../training/store/run-state.js";

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the yardstick of a run on texts of queries. */
export function checkRankState(what: string, run: Readonly<Record<string, unknown>>): void {
  const place = "run.yardsticks.cosine";
  const cosine = objectAt(what, place, objectAt(what, "run.yardsticks", run["yardsticks"])["cosine"]);
  for (const [name, value] of Object.entries(cosine)) finite(what, `${place}.${name}`, value);
}
