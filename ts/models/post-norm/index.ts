import type { HeadPlan, ModelPlan } from "../architecture.js";
import type { ModelTraits } from "../read-model.js";
import { planOf } from "../weight-table.js";
import type { EncoderConfig } from "./config.js";
import { PostNormEncoder } from "./encoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { type EncoderNames, encoderTable } from "./tensors.js";

export { bertNames } from "./tensors.js";
export type { EncoderNames } from "./tensors.js";

/** The plan of an encoder that differs from BERT by its configuration and by what its layers' modules are called. */
export function postNormEncoder(config: EncoderConfig, names: EncoderNames, head: HeadPlan): ModelPlan {
  const traits: ModelTraits = {
    normEps: config.layerNormEps,
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
  };
  const plan = planOf(config, encoderTable(config, names), traits, (graph, weights) => {
    const { words, positions, type } = weights;
    // Adapters begin with random numbers in this order.
    const tables = [words, positions, type].filter((table) => table !== null);
    return new PostNormEncoder(graph, config, { ...weights, tables }, traits);
  });
  const queryKeyValue = [names.query, names.key, names.value];
  const targetModules = queryKeyValue.map((path) => path.slice(path.lastIndexOf(".") + 1));
  return { ...plan, head, targetModules, packedCopies: 2, usualWeights: () => "f32" };
}
