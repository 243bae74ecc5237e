import { clip } from "../errors/excerpt.js";
import type { Json } from "../io/json.js";
import type { AdapterConfig, AdapterLayer } from "../io/peft/index.js";

/** Architectures whose transformer layers are transformers' Conv1D, which keeps its weight `[in, out]`. */
const conv1dModels = new Set(["gpt2", "openai-gpt", "imagegpt", "decision_transformer", "clvp"]);
const conv1dLayers = /(^|\.)(c_attn|c_proj|c_fc|q_attn)$/;

/** A model's type, as its config.json says it; null where none does. */
export function modelTypeOf(config: { readonly [key: string]: Json } | null): string | null {
  const type = config?.["model_type"];
  return typeof type === "string" ? type : null;
}

/** Whether a module of a model of that type is a Conv1D. */
export const isConv1d = (modelType: string | null, path: string) =>
  modelType !== null && conv1dModels.has(modelType) && conv1dLayers.test(path);

/** How modules of a model keep their weights. */
export interface Orientation {
  /** The configuration with fan_in_fan_out as it should be. */
  readonly config: AdapterConfig;
  /** What was wrong with it; null where nothing was. */
  readonly warning: string | null;
  /** Whether a module's weight of that shape is `[in, out]`. */
  isInFirst(path: string, layer: AdapterLayer, shape: readonly number[]): boolean;
}

/**
 * Which weights are `[in, out]`. PEFT asks each module's class, overruling fan_in_fan_out; a file has no classes, but the
 * model's type says which modules are Conv1D. Where the type is not known, the configuration is believed, and a shape that can be
 * only one of the two decides.
 * @param modelType `model_type` of config.json; null where there is none
 */
export function orientationOf(config: AdapterConfig, modelType: string | null, paths: Iterable<string>): Orientation {
  const known = modelType === null ? null : conv1dModels.has(modelType);
  const fanInFanOut = known === null ? config.fanInFanOut : known && [...paths].some((path) => conv1dLayers.test(path));
  const warning =
    fanInFanOut === config.fanInFanOut || (known === true && !fanInFanOut)
      ? null
      : `fan_in_fan_out is ${config.fanInFanOut}, but the layers of ${clip(modelType!, 40)} that are adapted keep their weights ` +
        `${fanInFanOut ? "[in, out]" : "[out, in]"}: it is taken as ${fanInFanOut}`;
  return {
    config: { ...config, fanInFanOut },
    warning,
    isInFirst(path, { kind, loraA, loraB }, shape) {
      if (kind === "embedding") return true;
      if (!fanInFanOut || shape[0] !== loraA.shape[0] || shape[1] !== loraB.shape[1]) return false;
      return shape[0] !== shape[1] || known !== true || conv1dLayers.test(path);
    },
  };
}
