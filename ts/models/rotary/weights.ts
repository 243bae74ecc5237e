import type { AdaptedEmbedding } from "../../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import type { Graph } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { LoadWeightOptions } from "../architecture.js";
import { checkTensors } from "../tensor-check.js";
import { WeightReader } from "../weight-reader.js";
import type { RotaryConfig } from "./config.js";
import { layerLinears, type RotaryNames, rotaryTensors } from "./tensors.js";

export interface RotaryLayer {
  readonly queryKeyValue: AdaptedLinear;
  readonly attentionOutput: AdaptedLinear;
  readonly attentionNorm: AdaptedNorm | null;
  readonly gated: AdaptedLinear;
  readonly output: AdaptedLinear;
  readonly outputNorm: AdaptedNorm;
}

/** All weights, frozen, in a graph. */
export interface RotaryWeights {
  /** Those of these that adapters may change beside the linear layers. */
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly words: AdaptedEmbedding;
  /** Token types, of which all texts have row 0. */
  readonly type: AdaptedEmbedding | null;
  readonly embeddingNorm: AdaptedNorm;
  readonly layers: readonly RotaryLayer[];
  readonly finalNorm: AdaptedNorm | null;
}

/** Loads the tensors one by one. Throws as `ModelPlan.load`. */
export async function loadRotaryWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: RotaryConfig,
  names: RotaryNames,
  options: LoadWeightOptions,
): Promise<RotaryWeights> {
  const read = new WeightReader(graph, file, checkTensors(file, rotaryTensors(config, names)), options);
  const norm = (name: string) => read.norm(names.normPath?.(name) ?? name, { hasBias: config.normBias, name });
  const words = await read.table(names.words);
  const type = config.typeVocabularySize === 0 ? null : await read.smallTable(names.types);
  const embeddingNorm = await norm(names.embeddingNorm);
  const layers: RotaryLayer[] = [];
  for (let i = 0; i < config.layers; i++) {
    const linears = layerLinears(config, names, i);
    const { attentionNorm, outputNorm } = names.layer(i);
    layers.push({
      queryKeyValue: await read.linear(linears.queryKeyValue),
      attentionOutput: await read.linear(linears.attentionOutput),
      attentionNorm: attentionNorm === null ? null : await norm(attentionNorm),
      gated: await read.linear(linears.gated),
      output: await read.linear(linears.output),
      outputNorm: await norm(outputNorm),
    });
  }
  const finalNorm = names.finalNorm === null ? null : await norm(names.finalNorm);
  return { words, type, embeddingNorm, layers, finalNorm, norms: read.norms, tables: read.tables };
}
