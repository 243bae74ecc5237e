import type { AdaptedEmbedding } from "../../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import type { Graph } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { LoadWeightOptions } from "../architecture.js";
import { checkTensors } from "../tensor-check.js";
import { WeightReader } from "../weight-reader.js";
import type { DebertaConfig } from "./config.js";
import { convolution, debertaTensors, layerLinears, layerNorms, paths, projection } from "./tensors.js";

export interface DebertaLayer {
  readonly query: AdaptedLinear;
  readonly key: AdaptedLinear;
  readonly value: AdaptedLinear;
  /** What makes keys and queries of the relative positions, where the layer's own do not. */
  readonly positionKey: AdaptedLinear | null;
  readonly positionQuery: AdaptedLinear | null;
  readonly attentionOutput: AdaptedLinear;
  readonly attentionNorm: AdaptedNorm;
  readonly intermediate: AdaptedLinear;
  readonly output: AdaptedLinear;
  readonly outputNorm: AdaptedNorm;
}

/** All weights, frozen, in a graph. */
export interface DebertaWeights {
  /** Those of these that adapters may change beside the linear layers. */
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly words: AdaptedEmbedding;
  readonly positions: AdaptedEmbedding | null;
  /** Token types, of which all texts have row 0. */
  readonly type: AdaptedEmbedding | null;
  readonly projection: AdaptedLinear | null;
  readonly embeddingNorm: AdaptedNorm;
  /** Relative positions `[2·span, hidden]`. */
  readonly distances: AdaptedEmbedding | null;
  readonly distanceNorm: AdaptedNorm | null;
  /** Of the first layer's input; null where there is none. */
  readonly convolution: AdaptedLinear | null;
  readonly convolutionNorm: AdaptedNorm | null;
  readonly layers: readonly DebertaLayer[];
}

/** Loads the tensors one by one. Throws as `ModelPlan.load`. */
export async function loadDebertaWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: DebertaConfig,
  options: LoadWeightOptions,
): Promise<DebertaWeights> {
  const read = new WeightReader(graph, file, checkTensors(file, debertaTensors(config)), options);
  const { relative } = config;
  const [between, neighbours] = [projection(config), convolution(config)];
  const first = {
    words: await read.table(paths.words),
    positions: config.positions ? await read.table(paths.positions) : null,
    type: config.typeVocabularySize === 0 ? null : await read.smallTable(paths.types),
    projection: between === null ? null : await read.linear(between),
    embeddingNorm: await read.norm(paths.norm),
    distances: relative === null ? null : await read.table(paths.distances),
    distanceNorm: relative?.norm === true ? await read.norm(paths.distanceNorm) : null,
    convolution: neighbours === null ? null : await read.linear(neighbours),
    convolutionNorm: neighbours === null ? null : await read.norm(paths.convolutionNorm),
  };
  const layers: DebertaLayer[] = [];
  for (let i = 0; i < config.layers; i++) {
    const linears = layerLinears(config, i);
    const norms = layerNorms(i);
    layers.push({
      query: await read.linear(linears.query),
      key: await read.linear(linears.key),
      value: await read.linear(linears.value),
      positionKey: linears.positionKey === null ? null : await read.linear(linears.positionKey),
      positionQuery: linears.positionQuery === null ? null : await read.linear(linears.positionQuery),
      attentionOutput: await read.linear(linears.attentionOutput),
      attentionNorm: await read.norm(norms.attention),
      intermediate: await read.linear(linears.intermediate),
      output: await read.linear(linears.output),
      outputNorm: await read.norm(norms.output),
    });
  }
  return { ...first, layers, norms: read.norms, tables: read.tables };
}
