import { namesFrom } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { isJsonObject } from "../../io/json.js";
import { oneOf } from "../../arguments/settings.js";
import { checkOptions } from "../../arguments/options.js";
import { takeFurtherLora } from "./further-lora.js";
import { checkSettings } from "./settings-check.js";
import { recipes } from "./recipes.js";
import { recipeNames, type TrainingSettings } from "./training-settings.js";

/** A training run as plain data, which JSON can carry: what it depends on. All but `data` has a default. */
export type JobSpec = Pick<TrainingSettings, "data"> & Partial<TrainingSettings>;

/** Model that is taken where none is named. */
export const DEFAULT_MODEL = "all-MiniLM-L6-v2";

/** What stands for fields that a spec leaves out; for `validation` that is null. */
export function specDefaults(recipe: TrainingSettings["recipe"]): Omit<TrainingSettings, "data" | "validation"> {
  return {
    model: DEFAULT_MODEL,
    test: null,
    text: "text",
    label: "label",
    labelNames: {},
    group: null,
    nearDuplicates: "together",
    dropDuplicates: false,
    recipe,
    headOnly: false,
    ...{
      evaluateEvery: null,
      classWeights: null,
      sampling: null,
      checkpointing: false,
      loraPlusRatio: null,
      lora: null,
    },
    ...recipes[recipe].settings,
    seed: 0,
    maxTokens: null,
    build: "auto",
    threads: "auto",
    baseline: true,
    allow: [],
  };
}

/** Every field of a spec. */
export const specFields = [
  ...Object.keys(specDefaults("default")),
  "data",
  "validation",
] as readonly (keyof TrainingSettings)[];

/**
 * A copy of a spec with its defaults, every field read once. Throws `ConfigError`, naming the field, for what makes no sense.
 * @param what begins the message
 */
export function takeSpec(what: string, spec: JobSpec): TrainingSettings {
  const given = takeFields(what, spec, specFields);
  const { epochs, validation = null, recipe = "default" } = given;
  const defaults = specDefaults(oneOf(what, "spec.recipe", recipe, recipeNames));
  const settings = { ...defaults, ...(typeof epochs === "number" ? { steps: null } : {}), ...given, validation };
  checkSettings(what, settings, "spec");
  checkLength(what, given);
  return settings;
}

/** A copy of a spec's fields that are given, each read once. Throws `ConfigError` for unknown ones. */
export function takeFields(what: string, spec: object, fields: readonly string[]): Record<string, unknown> {
  checkOptions(`${what}: spec`, spec, fields);
  const given: Record<string, unknown> = {};
  for (const name in spec) {
    const own = (spec as Record<string, unknown>)[name];
    const value = name === "lora" ? takeFurtherLora(what, "spec.lora", own) : copied(`${what}: spec.${name}`, own);
    if (value !== undefined) given[name] = value;
  }
  return given;
}

/** Throws `ConfigError` where a spec says twice how long training lasts. */
export function checkLength(what: string, { steps, epochs }: Readonly<Record<string, unknown>>): void {
  if (typeof steps !== "number" || typeof epochs !== "number") return;
  throw new ConfigError(`${what}: spec.steps and spec.epochs both say how long training lasts; leave one of them out`, {
    steps,
    epochs,
  });
}

function copied(place: string, value: unknown): unknown {
  if (Array.isArray(value)) return namesFrom(`${place} is text or a list of texts`, value);
  return isJsonObject(value) ? { ...value } : value;
}

/** Settings of a run that goes on: where it began before `nearDuplicates` was one, without it, so that its parts stay as they were. */
export function asBegun<S extends object>(settings: S, began: object): S {
  if ("nearDuplicates" in began || !("nearDuplicates" in settings)) return settings;
  const { nearDuplicates: _, ...others } = settings;
  return others as S;
}

/** The first field in which two runs differ; null where they are one. */
export function firstDifference<S extends object>(a: S, b: S): (keyof S & string) | null {
  const names = Object.keys({ ...a, ...b }) as (keyof S & string)[];
  return names.find((name) => text(a[name]) !== text(b[name])) ?? null;
}

/** The same text for the same value: the order of an object's names says nothing. */
function text(value: unknown): string {
  return JSON.stringify(isJsonObject(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : value);
}
