import { finite } from "../../arguments/settings.js";
import { objectAt } from "../../training/store/run-state.js";

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the base model's measurement; null if nothing is measured. */
export function checkPreferenceState(what: string, run: Readonly<Record<string, unknown>>): void {
  if (run["base"] === null) return;
  const base = objectAt(what, "run.base", run["base"]);
  for (const [name, value] of Object.entries(base)) finite(what, `run.base.${name}`, value);
}
