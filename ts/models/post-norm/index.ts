import type { HeadPlan, ModelPlan } from "../architecture.js";
import type { EncoderConfig } from "./config.js";
import { PostNormEncoder } from "./encoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { encoderLinears, encoderTensors, type EncoderNames } from "./tensors.js";
import { loadEncoderWeights } from "./weights.js";

export { bertNames } from "./tensors.js";
export type { EncoderNames } from "./tensors.js";

/** The plan of an encoder that differs from BERT by its configuration and by what its layers' modules are called. */
export function postNormEncoder(config: EncoderConfig, names: EncoderNames, head: HeadPlan): ModelPlan {
  return {
    config,
    head,
    targetModules: [names.query, names.key, names.value].map((path) => path.slice(path.lastIndexOf(".") + 1)),
    tensors: () => encoderTensors(config, names),
    linears: () => encoderLinears(config, names),
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
    async load(graph, file, options) {
      const weights = await loadEncoderWeights(graph, file, config, names, options);
      return new PostNormEncoder(graph, config, weights);
    },
  };
}
