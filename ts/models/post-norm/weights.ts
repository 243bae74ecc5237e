import type { Graph, NodeId } from "../../graph/graph.js";
import { frozenMatrix } from "../../graph/frozen/stored-weight.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { Tensor } from "../../values/tensor.js";
import { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { LinearShape, LoadWeightOptions } from "../architecture.js";
import { formatOf, storedTensor, weightTensor } from "../stored-weights.js";
import { checkTensors, type TensorNames } from "../tensor-check.js";
import type { EncoderConfig } from "./config.js";
import { embeddings, encoderTensors, type LayerNames, layerLinears, projection } from "./tensors.js";

/** Weight and bias of a layer norm, `[hidden]` each. */
export interface LayerNormWeights {
  readonly weight: NodeId;
  readonly bias: NodeId;
}

/** One transformer layer. Query, key and value read one input, so they stand in one weight. */
export interface EncoderLayer {
  readonly queryKeyValue: AdaptedLinear;
  readonly attentionOutput: AdaptedLinear;
  readonly attentionNorm: LayerNormWeights;
  readonly intermediate: AdaptedLinear;
  readonly output: AdaptedLinear;
  readonly outputNorm: LayerNormWeights;
}

/** All weights of an encoder, frozen, in a graph. */
export interface EncoderWeights {
  readonly words: NodeId;
  readonly positions: NodeId;
  /** Row 0 of the token types, where there are any: a single text has no other. `[1, hidden]` */
  readonly type: NodeId | null;
  readonly embeddingNorm: LayerNormWeights;
  /** Between embeddings and layers, where their widths differ. */
  readonly projection: AdaptedLinear | null;
  readonly layers: readonly EncoderLayer[];
}

/**
 * Loads an encoder's tensors one by one into `graph`. Throws `ModelError` for a missing one, another shape, elements that are
 * no floats, values that are not finite (`options.allowNonFinite` accepts those), or too large for the format.
 */
export async function loadEncoderWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: EncoderConfig,
  names: LayerNames,
  options: LoadWeightOptions,
): Promise<EncoderWeights> {
  const nameOf = checkTensors(file, encoderTensors(config, names));
  const read = new WeightReader(graph, file, nameOf, options);
  const between = projection(config);
  const first = {
    words: await read.table(`${embeddings.words}.weight`),
    positions: await read.table(`${embeddings.positions}.weight`),
    type: config.typeVocabularySize === 0 ? null : await read.firstRow(`${embeddings.types}.weight`),
    embeddingNorm: await read.norm(embeddings.norm),
    projection: between === null ? null : await read.linear(between),
  };
  const layers: EncoderLayer[] = [];
  for (let i = 0; i < config.layers; i++) {
    const linears = layerLinears(config, names, i);
    const at = `${names.layers}.${i}`;
    layers.push({
      queryKeyValue: await read.linear(linears.queryKeyValue),
      attentionOutput: await read.linear(linears.attentionOutput),
      attentionNorm: await read.norm(`${at}.${names.attentionNorm}`),
      intermediate: await read.linear(linears.intermediate),
      output: await read.linear(linears.output),
      outputNorm: await read.norm(`${at}.${names.outputNorm}`),
    });
  }
  return { ...first, layers };
}

/** Reads tensors of shapes that have been checked. */
class WeightReader {
  constructor(
    private readonly graph: Graph,
    private readonly file: OpenTensorFile,
    private readonly nameOf: TensorNames,
    private readonly options: LoadWeightOptions,
  ) {}

  /** Row 0, in float32 whatever the matrices are. */
  async firstRow(name: string): Promise<NodeId> {
    const { shape, data } = await this.tensor(name);
    return this.graph.constant({ shape: [1, shape[1]!], data: data.slice(0, shape[1]) });
  }

  /** A table whose rows are looked up. */
  async table(name: string): Promise<NodeId> {
    const key = this.nameOf(name);
    const format = formatOf(this.options.weights, [this.file.info(key).dtype]);
    const bytes = await storedTensor(this.file, key, format, this.options);
    return frozenMatrix(this.graph, { shape: this.file.info(key).shape, format, bytes });
  }

  async norm(name: string): Promise<LayerNormWeights> {
    const weight = this.graph.constant(await this.tensor(`${name}.weight`));
    return { weight, bias: this.graph.constant(await this.tensor(`${name}.bias`)) };
  }

  /** Layers of one input, side by side: files hold `[out, in]` each, so that they stand one below the other. */
  async linear({ paths, inFeatures, outFeatures }: LinearShape): Promise<AdaptedLinear> {
    const { graph, file, options } = this;
    const columns = paths.length * outFeatures;
    const bias = new Float32Array(columns);
    const keys = paths.map((path) => this.nameOf(`${path}.weight`));
    const format = formatOf(
      options.weights,
      keys.map((key) => file.info(key).dtype),
    );
    const bytes: Uint8Array[] = [];
    for (const [part, path] of paths.entries()) {
      bytes.push(await storedTensor(file, keys[part]!, format, options));
      bias.set((await this.tensor(`${path}.bias`)).data, part * outFeatures);
    }
    return new AdaptedLinear(
      graph,
      frozenMatrix(graph, { shape: [inFeatures, columns], format, transposed: true, bytes }),
      graph.constant({ shape: [columns], data: bias }),
      paths.map((path, part) => ({ path, start: part * outFeatures, width: outFeatures })),
    );
  }

  private tensor(name: string): Promise<Tensor> {
    return weightTensor(this.file, this.nameOf(name), this.options);
  }
}
