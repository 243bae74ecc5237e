import type { Graph, NodeId } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { AdaptedEmbedding } from "../../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import type { LoadWeightOptions } from "../architecture.js";
import { checkTensors } from "../tensor-check.js";
import { WeightReader } from "../weight-reader.js";
import type { EncoderConfig } from "./config.js";
import { embeddings, encoderTensors, type EncoderNames, layerLinears, pooler, projection } from "./tensors.js";

/** One transformer layer. Query, key and value read one input, so they stand in one weight. */
export interface EncoderLayer {
  readonly queryKeyValue: AdaptedLinear;
  readonly attentionOutput: AdaptedLinear;
  readonly attentionNorm: AdaptedNorm;
  readonly intermediate: AdaptedLinear;
  readonly output: AdaptedLinear;
  readonly outputNorm: AdaptedNorm;
}

/** All weights of an encoder, frozen, in a graph. */
export interface EncoderWeights {
  /** Those of these that adapters may change beside the linear layers. */
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly words: AdaptedEmbedding;
  readonly positions: AdaptedEmbedding;
  /** Token types, where there are any: a single text has row 0 alone. */
  readonly type: AdaptedEmbedding | null;
  readonly embeddingNorm: AdaptedNorm;
  /** Between embeddings and layers, where their widths differ. */
  readonly projection: AdaptedLinear | null;
  /** Those that have weights of their own. */
  readonly layers: readonly EncoderLayer[];
  /** Biases of scores by distance, `[buckets, heads]`, in float32. */
  readonly distances: NodeId | null;
  /** Where the file has one. */
  readonly pooler: AdaptedLinear | null;
  /** The pooler's path where the files have none. */
  readonly absent: readonly string[];
}

/**
 * Loads an encoder's tensors one by one into `graph`. Throws `ModelError` for a missing one, another shape, elements that are
 * no floats, values that are not finite (`options.allowNonFinite` accepts those), or too large for the format.
 */
export async function loadEncoderWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: EncoderConfig,
  names: EncoderNames,
  options: LoadWeightOptions,
): Promise<EncoderWeights> {
  const nameOf = checkTensors(file, encoderTensors(config, names));
  const read = new WeightReader(graph, file, nameOf, options);
  const between = projection(config, names);
  const first = {
    words: await read.table(embeddings.words),
    positions: await read.table(embeddings.positions),
    type: config.typeVocabularySize === 0 ? null : await read.smallTable(embeddings.types),
    embeddingNorm: await read.norm(embeddings.norm),
    distances:
      config.distanceBuckets === 0 ? null : graph.constant(await read.tensor(`${embeddings.distances}.weight`)),
    projection: between === null ? null : await read.linear(between),
  };
  const layers: EncoderLayer[] = [];
  for (let i = 0; i < config.ownLayers; i++) {
    const linears = layerLinears(config, names, i);
    const at = names.layer(i);
    layers.push({
      queryKeyValue: await read.linear(linears.queryKeyValue),
      attentionOutput: await read.linear(linears.attentionOutput),
      attentionNorm: await read.norm(`${at}.${names.attentionNorm}`),
      intermediate: await read.linear(linears.intermediate),
      output: await read.linear(linears.output),
      outputNorm: await read.norm(`${at}.${names.outputNorm}`),
    });
  }
  const last = pooler(config, names);
  const found = last === null ? null : await read.linearIfThere(last);
  const absent = last === null || found !== null ? [] : last.paths;
  return { ...first, layers, pooler: found, absent, norms: read.norms, tables: read.tables };
}
