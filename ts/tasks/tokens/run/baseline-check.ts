import { nonNegative, share, unexpected, whole } from "../../../arguments/settings.js";
import { isJsonObject } from "../../../io/json.js";
import { objectAt } from "../../../training/store/run-state.js";

/** Throws `ConfigError`, naming the field, unless a value from a file is the baseline of a run on labelled words. */
export function checkTokenBaseline(what: string, place: string, value: unknown): void {
  const { largestClass, headOnly, headEntities, headWords } = objectAt(what, place, value);
  share(what, `${place}.largestClass`, largestClass);
  whole(what, `${place}.headWords`, headWords);
  if (headOnly === null && headEntities === null) return;
  const metrics = objectAt(what, `${place}.headOnly`, headOnly);
  for (const name of ["precision", "recall", "f1", "accuracy"]) share(what, `${place}.headOnly.${name}`, metrics[name]);
  nonNegative(what, `${place}.headOnly.loss`, metrics["loss"]);
  for (const name of ["count", "cut"]) whole(what, `${place}.headOnly.${name}`, metrics[name]);
  const counts = Array.isArray(headEntities) ? (headEntities as unknown[]) : null;
  if (!Array.isArray(metrics["perEntity"]) || counts === null || !counts.every(areCounts))
    throw unexpected(what, `${place}.headEntities`, "counts of entities for each example", headEntities);
}

function areCounts(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { right, support, predicted } = value;
  const numbers = [right, support, predicted].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return numbers && (right as number) <= (support as number) && (right as number) <= (predicted as number);
}
