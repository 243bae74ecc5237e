import type { HeadPlan, ModelPlan } from "../architecture.js";
import type { ModelTraits } from "../read-model.js";
import { planOf } from "../weight-table.js";
import type { RotaryConfig } from "./config.js";
import { RotaryEncoder } from "./encoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { type RotaryNames, rotaryTable } from "./tensors.js";

export type { RotaryNames } from "./tensors.js";

/** The plan of an encoder with rotated queries and keys and a gated inner layer. */
export function rotaryEncoder(
  config: RotaryConfig,
  names: RotaryNames,
  targetModules: readonly string[],
  head: HeadPlan,
): ModelPlan {
  const traits: ModelTraits = {
    normEps: config.layerNormEps,
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
  };
  const plan = planOf(config, rotaryTable(config, names), traits, (graph, weights) => {
    return new RotaryEncoder(graph, config, weights, traits);
  });
  return { ...plan, head, targetModules, packedCopies: 2, usualWeights: () => "f32" };
}
