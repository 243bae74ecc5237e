import type { Graph } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { LoadWeightOptions, ModelPlan } from "../architecture.js";
import { gatedOf } from "./attention.js";
import type { DecoderConfig } from "./config.js";
import { Decoder } from "./decoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { decoderLinears, type DecoderNames, decoderTensors } from "./names.js";
import { loadDecoderWeights } from "./weights.js";

/** What a language model's config.json comes to, before any weight is read: as an encoder's, without a head of classes. */
export interface DecoderPlan extends Omit<ModelPlan, "config" | "head" | "load"> {
  readonly config: DecoderConfig;
  load(graph: Graph, file: OpenTensorFile, options: LoadWeightOptions): Promise<Decoder>;
}

/** A row of `../decoders.ts`. */
export type DecoderArchitecture = (json: Readonly<Record<string, unknown>>) => DecoderPlan;

/** The plan of a decoder. Throws `UnsupportedError` for an activation that a gated inner layer cannot have. */
export function decoder(config: DecoderConfig, names: DecoderNames, targetModules: readonly string[]): DecoderPlan {
  if (config.gated) gatedOf(config.activation);
  return {
    config,
    targetModules,
    base: names.base,
    tensors: () => decoderTensors(config, names),
    linears: () => decoderLinears(config, names),
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
    load: async (graph, file, options) =>
      new Decoder(graph, config, await loadDecoderWeights(graph, file, config, names, options)),
  };
}
