import { type LoraOptions, resolveLoraOptions } from "../../adapters/lora-options.js";
import { isRecord } from "../../arguments/collections.js";
import { checkOptions } from "../../arguments/options.js";
import { unexpected } from "../../arguments/settings.js";
import type { Check } from "./field-checks.js";

const names = [
  ...(["bias", "excludeModules", "initLoraWeights", "layersToTransform", "layersPattern", "loraBias"] as const),
  ...(["modulesToSave", "rankPattern", "alphaPattern", "trainableTokenIndices"] as const),
];

/** Options of a run's adapter beside those that are settings of their own, as `addAdapter` takes them. */
export type FurtherLora = Pick<LoraOptions, (typeof names)[number]>;

/** What is left of an option that says what is so without it. */
const isDefault = (value: unknown) => value === null || value === undefined;

/**
 * A copy as plain data, which JSON can carry; null where nothing is said. Throws `ConfigError`, `AdapterError` or `UnsupportedError` naming
 * what makes no sense.
 */
export function takeFurtherLora(what: string, name: string, given: unknown): FurtherLora | null {
  if (isDefault(given)) return null;
  if (!isRecord(given)) throw unexpected(what, name, "an object of the adapter's further options, or null", given);
  const place = `${what}: ${name}`;
  checkOptions(place, given, names);
  const taken = { ...(given as FurtherLora) };
  const { config } = resolveLoraOptions(place, taken, []);
  const plain = names
    .filter((option) => !isDefault(taken[option]))
    .map((option) => {
      const value = config[option];
      return [option, value instanceof Map ? (Object.fromEntries(value) as object) : value] as const;
    });
  return plain.length === 0 ? null : Object.fromEntries(plain);
}

/** What a spec's `lora` accepts. */
export const furtherLora: Check<FurtherLora | null> = takeFurtherLora;

/** The options that are given, in words; none for nothing. */
export const formatFurtherLora = (lora: FurtherLora | null): string[] =>
  Object.entries(lora ?? {}).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
