import type { AdaptedEmbedding } from "../../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import { OutputLayer } from "../../adapters/output-layer.js";
import type { Graph } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { LoadWeightOptions } from "../architecture.js";
import { checkTensors } from "../tensor-check.js";
import { WeightReader } from "../weight-reader.js";
import type { DecoderConfig } from "./config.js";
import { decoderTensors, type DecoderNames, headShape, layerLinears, layerNorms } from "./names.js";

/** Null for norms that the architecture does not have. */
export interface DecoderLayer {
  readonly queryKeyValue: AdaptedLinear;
  readonly attentionOutput: AdaptedLinear;
  readonly inner: AdaptedLinear;
  readonly output: AdaptedLinear;
  readonly attentionNorm: AdaptedNorm | null;
  readonly attentionPostNorm: AdaptedNorm | null;
  readonly innerNorm: AdaptedNorm | null;
  readonly innerPostNorm: AdaptedNorm | null;
  readonly queryNorm: AdaptedNorm | null;
  readonly keyNorm: AdaptedNorm | null;
}

/** All weights, frozen, in a graph. */
export interface DecoderWeights {
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly words: AdaptedEmbedding;
  readonly positions: AdaptedEmbedding | null;
  readonly layers: readonly DecoderLayer[];
  readonly finalNorm: AdaptedNorm;
  readonly output: OutputLayer;
}

/** Loads the tensors one by one. Throws as `ModelPlan.load`. */
export async function loadDecoderWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: DecoderConfig,
  names: DecoderNames,
  options: LoadWeightOptions,
): Promise<DecoderWeights> {
  const nameOf = checkTensors(file, decoderTensors(config, names), names.base);
  const read = new WeightReader(graph, file, nameOf, options);
  const norm = (path: string) => read.norm(path, { hasBias: config.norm === "layer", form: config.norm });
  const words = await read.table(names.words);
  const positions = names.positions === null ? null : await read.table(names.positions);
  const layers: DecoderLayer[] = [];
  for (let i = 0; i < config.layers; i++) {
    const linears = layerLinears(config, names, i);
    const norms = layerNorms(config, names, i);
    const normIfThere = async ([path]: readonly [string | null, number]) => (path === null ? null : norm(path));
    layers.push({
      attentionNorm: await normIfThere(norms.attentionNorm),
      queryKeyValue: await read.linear(linears.queryKeyValue),
      queryNorm: await normIfThere(norms.queryNorm),
      keyNorm: await normIfThere(norms.keyNorm),
      attentionOutput: await read.linear(linears.attentionOutput),
      attentionPostNorm: await normIfThere(norms.attentionPostNorm),
      innerNorm: await normIfThere(norms.innerNorm),
      inner: await read.linear(linears.inner),
      output: await read.linear(linears.output),
      innerPostNorm: await normIfThere(norms.innerPostNorm),
    });
  }
  const finalNorm = await norm(names.finalNorm);
  const output = config.tied
    ? OutputLayer.tiedTo(graph, words, names.head)
    : OutputLayer.of(graph, await read.linear(headShape(config, names)));
  return { words, positions, layers, finalNorm, output, norms: read.norms, tables: read.tables };
}
