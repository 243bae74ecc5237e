import { OutputLayer } from "../../adapters/output-layer.js";
import type { Graph } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { HeadPlan, LoadWeightOptions, ModelPlan } from "../architecture.js";
import { gatedOf } from "./attention.js";
import type { DecoderConfig } from "./config.js";
import { Decoder, DecoderLayers } from "./decoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import type { ModelTraits } from "../read-model.js";
import { usualWeights } from "./usual-weights.js";
import { planOf } from "../weight-table.js";
import { type DecoderNames, decoderTable, encoderTable } from "./names.js";

/** A language model from its config.json, before any weight is read: as an encoder, without a classification head. */
export interface DecoderPlan extends Omit<ModelPlan, "config" | "head" | "load"> {
  readonly config: DecoderConfig;
  load(graph: Graph, file: OpenTensorFile, options: LoadWeightOptions): Promise<Decoder>;
  /** Its layers as an encoder, without the head. */
  encoder(): ModelPlan;
}

/** A row of `../decoders.ts`. */
export type DecoderArchitecture = (json: Readonly<Record<string, unknown>>) => DecoderPlan;

/** The plan of a decoder; `head` is that of its checkpoints for sequence classification. Throws `UnsupportedError` for an activation that a gated inner layer cannot have. */
export function decoder(
  config: DecoderConfig,
  names: DecoderNames,
  targetModules: readonly string[],
  head: HeadPlan = scoreOf(names),
): DecoderPlan {
  if (config.gated) gatedOf(config.activation);
  const traits: ModelTraits = {
    normEps: config.normEps,
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, names, step),
  };
  const plan = planOf(config, decoderTable(config, names), traits, (graph, { head: read, ...weights }) => {
    const output = read === null ? OutputLayer.tiedTo(graph, weights.words, names.head) : OutputLayer.of(graph, read);
    // The output layer takes the place of the one that was read.
    const linears = [...weights.linears.filter((linear) => linear !== read), output];
    return new Decoder(graph, config, { ...weights, linears, output }, traits);
  });
  const defaults = { targetModules, packedCopies: 1 } as const;
  return {
    ...plan,
    ...defaults,
    usualWeights: () => usualWeights(plan),
    encoder() {
      const layers = encoderPlan(config, names);
      return { ...layers, ...defaults, head, usualWeights: () => usualWeights(layers) };
    },
  };
}

/** The head of a language model's: one layer on the last token. */
function scoreOf({ base: prefix }: DecoderNames): HeadPlan {
  return {
    prefix,
    pooling: "lasttoken",
    dense: "",
    denseBias: false,
    activation: "relu",
    norm: null,
    out: "score",
    outBias: false,
  };
}

/** The plan of a decoder's layers, by the names of a bare model. */
function encoderPlan(config: DecoderConfig, names: DecoderNames) {
  // No logits are computed.
  const sizes = { ...config, vocabularySize: 0 };
  const traits: ModelTraits = {
    normEps: config.normEps,
    inferenceMemory: (tokens) => inferenceMemory(sizes, tokens),
    stepMemory: (step) => stepMemory(sizes, names, step),
  };
  return planOf(config, encoderTable(config, names), traits, (graph, weights) => {
    return new DecoderLayers(graph, config, weights, traits);
  });
}
