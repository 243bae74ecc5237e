import { checkOptions } from "../../../arguments/options.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Json } from "../../json.js";
import type { AdapterConfig } from "./config.js";
import { type FieldType, types } from "./fields.js";

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
