import type { AdapterConfig } from "./config.js";
import { types } from "./fields.js";
import type { FieldType } from "./fields.js";

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
