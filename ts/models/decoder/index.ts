import { OutputLayer } from "../../adapters/output-layer.js";
import type { Graph } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { WeightFormat } from "../../ops/product/frozen-weight.js";
import { sizeOf } from "../../values/tensor.js";
import type { HeadPlan, LoadWeightOptions, ModelPlan } from "../architecture.js";
import { type ModelTraits, planOf } from "../weight-table.js";
import { gatedOf } from "../config-values.js";
import type { DecoderConfig } from "./config.js";
import { Decoder, DecoderLayers } from "./decoder.js";
import { inferenceMemory, stepMemory } from "./memory.js";
import { type DecoderNames, decoderTable, encoderTable } from "./names.js";

/** Number of parameters from which float32 leaves little memory, and from which four bits lose little. */
const [MANY, MOST] = [5e8, 1e9];

/** Maximum number of tensors: no model has as many, and none is allocated before its tensors are checked. */
const MOST_TENSORS = 1e5;

/**
 * The default format of weights: float32 for small models, so that numbers equal transformers' and PEFT's; four bits lose more in small
 * models.
 */
function usualWeights(plan: Pick<ModelPlan, "tensors">): WeightFormat {
  let [parameters, tensors] = [0, 0];
  for (const { shape } of plan.tensors()) {
    parameters += sizeOf(shape);
    tensors += 1;
    if (parameters >= MOST || tensors >= MOST_TENSORS) break;
  }
  return parameters < MANY ? "f32" : parameters < MOST ? "q8" : "q4";
}

/** A language model from its config.json, before any weight is read: as an encoder, without a classification head. */
export interface DecoderPlan extends Omit<ModelPlan, "config" | "head" | "load"> {
  readonly config: DecoderConfig;
  load(graph: Graph, file: OpenTensorFile, options: LoadWeightOptions): Promise<Decoder>;
  /** Layers as an encoder, without the head. */
  encoder(): ModelPlan;
}

/** A row of `../decoders.ts`. */
export type DecoderArchitecture = (json: Readonly<Record<string, unknown>>) => DecoderPlan;

/**
 * The plan of a decoder; `head` is that of its checkpoints for sequence classification. Throws `UnsupportedError` for an activation that a
 * gated inner layer cannot have.
 */
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
