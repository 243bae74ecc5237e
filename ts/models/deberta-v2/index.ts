import type { Architecture } from "../architecture.js";
import { beforeHead } from "../heads.js";
import { debertaConfig } from "./config.js";
import { DebertaEncoder } from "./encoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { debertaLinears, debertaTensors } from "./tensors.js";
import { loadDebertaWeights } from "./weights.js";

/** DeBERTa-v2 and v3. */
export const debertaV2: Architecture = (json) => {
  const config = debertaConfig(json);
  return {
    config,
    head: beforeHead("deberta.", "pooler.dense", { activation: config.poolerActivation }),
    targetModules: ["query_proj", "key_proj", "value_proj"],
    tensors: () => debertaTensors(config),
    linears: () => debertaLinears(config),
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
    load: async (graph, file, options) =>
      new DebertaEncoder(graph, config, await loadDebertaWeights(graph, file, config, options)),
  };
};
