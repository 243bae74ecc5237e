import type { Architecture } from "../architecture.js";
import { beforeHead } from "../heads.js";
import type { ModelTraits } from "../read-model.js";
import { planOf } from "../weight-table.js";
import { debertaConfig } from "./config.js";
import { DebertaEncoder } from "./encoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { debertaTable } from "./tensors.js";

/** DeBERTa-v2 and v3. */
export const debertaV2: Architecture = (json) => {
  const config = debertaConfig(json);
  const traits: ModelTraits = {
    normEps: config.layerNormEps,
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
  };
  const plan = planOf(config, debertaTable(config), traits, (graph, weights) => {
    return new DebertaEncoder(graph, config, weights, traits);
  });
  const head = beforeHead("deberta.", "pooler.dense", { activation: config.poolerActivation });
  const targetModules = ["query_proj", "key_proj", "value_proj"];
  return { ...plan, head, targetModules, packedCopies: 2, usualWeights: () => "f32" };
};
