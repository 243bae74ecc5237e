import { type LoraOptions, resolveLoraOptions } from "../../adapters/lora-options.js";
import { isRecord } from "../../arguments/collections.js";
import { checkOptions } from "../../arguments/options.js";
import { unexpected } from "../../arguments/settings.js";

const names = [
  "bias",
  "excludeModules",
  "initLoraWeights",
  "layersToTransform",
  "layersPattern",
  "loraBias",
  "modulesToSave",
  "rankPattern",
  "alphaPattern",
  "trainableTokenIndices",
] as const;

/** Options of `addAdapter` that are not separate settings. */
export type FurtherLora = Pick<LoraOptions, (typeof names)[number]>;

/** An option, or undefined if it equals its default. */
const isDefault = (value: unknown) => value === null || value === undefined;

/**
 * A copy as plain data that JSON can hold; null if no option is set. Throws `ConfigError`, `AdapterError` or `UnsupportedError`, naming the
 * invalid option.
 */
export function takeFurtherLora(what: string, name: string, given: unknown): FurtherLora | null {
  if (isDefault(given)) return null;
  if (!isRecord(given)) throw unexpected(what, name, "an object of further options of the adapter, or null", given);
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

/** The options as text; empty if there are none. */
export const formatFurtherLora = (lora: FurtherLora | null): string[] =>
  Object.entries(lora ?? {}).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
