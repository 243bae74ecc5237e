import { isRecord } from "../../arguments/settings.js";
import { checkOptions } from "../../arguments/options.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Json } from "../json.js";

/**
 * `adapter_config.json` of a LoRA adapter: the fields of PEFT's LoraConfig in camel case (`loraAlpha` is `lora_alpha`). PEFT's
 * documentation describes them.
 */
export interface AdapterConfig {
  /** Rank, unless `rankPattern` gives another. */
  readonly r: number;
  /** α, unless `alphaPattern` gives another. */
  readonly loraAlpha: number;
  /** Names at the end of module paths, or a regular expression for whole paths, or "all-linear". */
  readonly targetModules: readonly string[] | string;
  /** Modules to leave out of the targets, in the form of `targetModules`. Default null: none. */
  readonly excludeModules: readonly string[] | string | null;
  /** Ranks of modules whose path ends with the key, a regular expression; the first match counts. Default empty. */
  readonly rankPattern: ReadonlyMap<string, number>;
  /** α, likewise. Default empty. */
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** Use the scaling α/√r instead of α/r. Default false. */
  readonly useRslora: boolean;
  /** Layers have a magnitude (DoRA). Default false. */
  readonly useDora: boolean;
  /** Dropout probability before A, in training. Default 0. */
  readonly loraDropout: number;
  /** Which of the base's biases are trained and saved. Default "none". */
  readonly bias: "none" | "all" | "lora_only";
  /** B has a bias. Default false. */
  readonly loraBias: boolean;
  /** The base's weights are `[in, out]` (GPT-2's Conv1D). Default false. */
  readonly fanInFanOut: boolean;
  /** Indices of the layers to adapt. Default null: all. */
  readonly layersToTransform: readonly number[] | number | null;
  /** Name of the module list in which `layersToTransform` counts. Default null: any. */
  readonly layersPattern: readonly string[] | string | null;
  /** Modules trained and saved as a whole. Default null. */
  readonly modulesToSave: readonly string[] | null;
  /**
   * Trained rows of embeddings, by the embedding's name, or those of the word embeddings; they are saved. Default null.
   */
  readonly trainableTokenIndices: readonly number[] | ReadonlyMap<string, readonly number[]> | null;
  /** Name of the base model. Default null. */
  readonly baseModelNameOrPath: string | null;
  /** PEFT's task, such as "SEQ_CLS". Default null. */
  readonly taskType: string | null;
  /** Initialisation of A and B. Default true: A Kaiming uniform, B zero. */
  readonly initLoraWeights: boolean | string;
  /** All other fields of the file, by their names there. */
  readonly other: ReadonlyMap<string, Json>;
}

/** A kind of field value: how to read it from JSON or a caller, and its description for messages. */
export interface FieldType<T> {
  readonly expected: string;
  /** A copy of the value, or undefined if `json` is not of this kind. */
  read(json: unknown): T | undefined;
}

function type<T>(expected: string, read: (json: unknown) => T | undefined): FieldType<T> {
  return { expected, read };
}

const isText = (json: unknown): json is string => typeof json === "string";
const isNumber = (json: unknown): json is number => typeof json === "number" && Number.isFinite(json);
const isRank = (json: unknown): json is number => Number.isSafeInteger(json) && (json as number) > 0;
const isIndex = (json: unknown): json is number => Number.isSafeInteger(json) && (json as number) >= 0;

const only =
  <T>(test: (json: unknown) => json is T) =>
  (json: unknown) =>
    test(json) ? json : undefined;

const listOf =
  <T>(test: (json: unknown) => json is T) =>
  (json: unknown): readonly T[] | undefined => {
    if (!Array.isArray(json)) return undefined;
    const list: T[] = [];
    // A gap ends the walk, however long the list claims to be.
    for (let i = 0; i < json.length; i++) {
      const item: unknown = json[i];
      if (!test(item)) return undefined;
      list.push(item);
    }
    return list;
  };

/** Numbers by name as a Map, which no key can confuse. */
const mapOf = (test: (json: unknown) => json is number) => (json: unknown) => {
  if (json === null) return new Map<string, number>();
  if (!(json instanceof Map) && !isRecord(json)) return undefined;
  const entries: [unknown, unknown][] = json instanceof Map ? [...json.entries()] : Object.entries(json);
  const isEntry = (entry: [unknown, unknown]): entry is [string, number] => isText(entry[0]) && test(entry[1]);
  return entries.every(isEntry) ? new Map(entries) : undefined;
};

/** Lists of row numbers by name, or one list. */
function tokens(json: unknown): readonly number[] | ReadonlyMap<string, readonly number[]> | undefined {
  if (Array.isArray(json)) return listOf(isIndex)(json);
  if (!(json instanceof Map) && !isRecord(json)) return undefined;
  const rows = new Map<string, readonly number[]>();
  for (const [name, value] of json instanceof Map ? json : Object.entries(json)) {
    const list = listOf(isIndex)(value);
    if (!isText(name) || list === undefined) return undefined;
    rows.set(name, list);
  }
  return rows;
}

/** The kinds of value that LoraConfig's fields take. */
const types = {
  rank: type("a whole number above 0", only(isRank)),
  number: type("a number", only(isNumber)),
  probability: type("a number from 0 to 1", (json) => (isNumber(json) && json >= 0 && json <= 1 ? json : undefined)),
  flag: type("true or false", (json) => (typeof json === "boolean" ? json : undefined)),
  bias: type(`"none", "all" or "lora_only"`, (json) =>
    json === "none" || json === "all" || json === "lora_only" ? json : undefined,
  ),
  textOrNull: type("a string or null", (json) => (json === null ? null : only(isText)(json))),
  flagOrText: type("true, false or a string", (json) =>
    json === null ? true : typeof json === "boolean" || isText(json) ? json : undefined,
  ),
  names: type("a list of module names or a regular expression", (json) => (isText(json) ? json : listOf(isText)(json))),
  namesOrNull: type("a list of module names, a string or null", (json) =>
    json === null || isText(json) ? json : listOf(isText)(json),
  ),
  listOrNull: type("a list of module names or null", (json) => (json === null ? null : listOf(isText)(json))),
  indicesOrNull: type("a layer number, a list of them or null", (json) =>
    json === null || isIndex(json) ? json : listOf(isIndex)(json),
  ),
  tokensOrNull: type("a list of row numbers, an object of such lists by an embedding's name, or null", (json) =>
    json === null ? null : tokens(json),
  ),
  ranks: type("an object of whole numbers above 0", mapOf(isRank)),
  numbers: type("an object of numbers", mapOf(isNumber)),
};

type Essential = "r" | "loraAlpha" | "targetModules";

const defaults: Omit<AdapterConfig, Essential | "other"> = {
  excludeModules: null,
  rankPattern: new Map(),
  alphaPattern: new Map(),
  useRslora: false,
  useDora: false,
  loraDropout: 0,
  bias: "none",
  loraBias: false,
  fanInFanOut: false,
  layersToTransform: null,
  layersPattern: null,
  modulesToSave: null,
  trainableTokenIndices: null,
  baseModelNameOrPath: null,
  taskType: null,
  initLoraWeights: true,
};

/**
 * A configuration from its required fields; others have the defaults of `AdapterConfig`. Lists and Maps are copied. Throws `ConfigError`,
 * naming the field, for an unknown field or a wrong type.
 */
export function adapterConfig(fields: Pick<AdapterConfig, Essential> & Partial<AdapterConfig>): AdapterConfig {
  return takeConfig("adapterConfig", fields);
}

/** `adapterConfig` for the function `what`, which errors name. */
export function takeConfig(what: string, fields: Partial<AdapterConfig>): AdapterConfig {
  checkOptions(what, fields, [...Object.keys(layout), "other"]);
  const taken: Record<string, unknown> = {};
  for (const [name, [, type]] of Object.entries(layout)) {
    const given: unknown = fields[name as keyof AdapterConfig];
    const value = given === undefined ? defaults[name as keyof typeof defaults] : given;
    taken[name] = type.read(value);
    if (taken[name] === undefined) throw unlike(what, name, type.expected, value);
  }
  const { other = new Map<string, Json>() } = fields;
  if (!(other instanceof Map)) throw unlike(what, "other", "a Map of the file's further fields", other);
  return { ...(taken as unknown as AdapterConfig), other: new Map(other) };
}

function unlike(what: string, name: string, expected: string, given: unknown): ConfigError {
  return new ConfigError(`${what}: ${name} is ${expected}, got ${excerpt(given)}`, { option: name });
}

/** The typed fields. */
export type Typed = Omit<AdapterConfig, "other">;

/** Name of each typed field in the file, and its kind of value. */
export const layout: { readonly [K in keyof Typed]: readonly [name: string, type: FieldType<Typed[K]>] } = {
  r: ["r", types.rank],
  loraAlpha: ["lora_alpha", types.number],
  targetModules: ["target_modules", types.names],
  excludeModules: ["exclude_modules", types.namesOrNull],
  rankPattern: ["rank_pattern", types.ranks],
  alphaPattern: ["alpha_pattern", types.numbers],
  useRslora: ["use_rslora", types.flag],
  useDora: ["use_dora", types.flag],
  loraDropout: ["lora_dropout", types.probability],
  bias: ["bias", types.bias],
  loraBias: ["lora_bias", types.flag],
  fanInFanOut: ["fan_in_fan_out", types.flag],
  layersToTransform: ["layers_to_transform", types.indicesOrNull],
  layersPattern: ["layers_pattern", types.namesOrNull],
  modulesToSave: ["modules_to_save", types.listOrNull],
  trainableTokenIndices: ["trainable_token_indices", types.tokensOrNull],
  baseModelNameOrPath: ["base_model_name_or_path", types.textOrNull],
  taskType: ["task_type", types.textOrNull],
  initLoraWeights: ["init_lora_weights", types.flagOrText],
};
