import type { HeadPlan, ModelPlan } from "../architecture.js";
import type { RotaryConfig } from "./config.js";
import { RotaryEncoder } from "./encoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { type RotaryNames, rotaryLinears, rotaryTensors } from "./tensors.js";
import { loadRotaryWeights } from "./weights.js";

export type { RotaryNames } from "./tensors.js";

/** The plan of an encoder with rotated queries and keys and a gated inner layer. */
export function rotaryEncoder(
  config: RotaryConfig,
  names: RotaryNames,
  targetModules: readonly string[],
  head: HeadPlan,
): ModelPlan {
  return {
    config,
    head,
    targetModules,
    tensors: () => rotaryTensors(config, names),
    linears: () => rotaryLinears(config, names),
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
    load: async (graph, file, options) =>
      new RotaryEncoder(graph, config, await loadRotaryWeights(graph, file, config, names, options)),
  };
}
