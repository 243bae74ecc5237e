import type { Graph, NodeId } from "../../graph/graph.js";
import { frozenMatrix } from "../../graph/stored-weight.js";
import type { OpenTensorFile, WeightOptions } from "../../io/safetensors/index.js";
import type { Tensor } from "../../values/tensor.js";
import { AdaptedLinear } from "../adapted-linear.js";
import { formatOf, storedTensor, type WeightsOption, weightTensor } from "../stored-weights.js";
import type { BertConfig } from "./config.js";
import { checkBertTensors, tensorPrefix } from "./tensors.js";

/** Weight and bias of a layer norm, `[hidden]` each. */
export interface LayerNormWeights {
  readonly weight: NodeId;
  readonly bias: NodeId;
}

/** One transformer layer. Query, key and value read one input, so they stand in one weight. */
export interface BertLayer {
  readonly queryKeyValue: AdaptedLinear;
  readonly attentionOutput: AdaptedLinear;
  readonly attentionNorm: LayerNormWeights;
  readonly intermediate: AdaptedLinear;
  readonly output: AdaptedLinear;
  readonly outputNorm: LayerNormWeights;
}

/** All weights of an encoder, frozen, in a graph. */
export interface BertWeights {
  readonly words: NodeId;
  readonly positions: NodeId;
  /** Row 0 of the token types: a single text has no other. `[1, hidden]` */
  readonly type: NodeId;
  readonly embeddingNorm: LayerNormWeights;
  readonly layers: readonly BertLayer[];
}

/** How weights are read and kept. */
export interface BertWeightOptions extends WeightOptions {
  /** Format of the matrices: of linear layers and embeddings. */
  readonly weights: WeightsOption;
}

/**
 * Loads an encoder's tensors one by one into `graph`. Throws `ModelError` for a missing one, another shape, elements that are
 * no floats, values that are not finite (`options.allowNonFinite` accepts those), or too large for the format.
 */
export async function loadBertWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: BertConfig,
  options: BertWeightOptions,
): Promise<BertWeights> {
  checkBertTensors(file, config);
  const read = new WeightReader(graph, file, options);
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const layers: BertLayer[] = [];
  const embeddings = {
    words: await read.table("embeddings.word_embeddings.weight"),
    positions: await read.table("embeddings.position_embeddings.weight"),
    type: await read.firstRow("embeddings.token_type_embeddings.weight"),
    embeddingNorm: await read.norm("embeddings.LayerNorm"),
  };
  for (let i = 0; i < config.layers; i++) {
    const at = `encoder.layer.${i}`;
    const self = `${at}.attention.self`;
    layers.push({
      queryKeyValue: await read.linear([`${self}.query`, `${self}.key`, `${self}.value`], hidden, hidden),
      attentionOutput: await read.linear([`${at}.attention.output.dense`], hidden, hidden),
      attentionNorm: await read.norm(`${at}.attention.output.LayerNorm`),
      intermediate: await read.linear([`${at}.intermediate.dense`], hidden, inner),
      output: await read.linear([`${at}.output.dense`], inner, hidden),
      outputNorm: await read.norm(`${at}.output.LayerNorm`),
    });
  }
  return { ...embeddings, layers };
}

/** Reads tensors of shapes that have been checked. */
class WeightReader {
  private readonly prefix: string;

  constructor(
    private readonly graph: Graph,
    private readonly file: OpenTensorFile,
    private readonly options: BertWeightOptions,
  ) {
    this.prefix = tensorPrefix(file);
  }

  /** Row 0, in float32 whatever the matrices are. */
  async firstRow(name: string): Promise<NodeId> {
    const { shape, data } = await this.tensor(name);
    return this.graph.constant({ shape: [1, shape[1]!], data: data.slice(0, shape[1]) });
  }

  /** A table whose rows are looked up. */
  async table(name: string): Promise<NodeId> {
    const key = this.prefix + name;
    const format = formatOf(this.options.weights, [this.file.info(key).dtype]);
    const bytes = await storedTensor(this.file, key, format, this.options);
    return frozenMatrix(this.graph, { shape: this.file.info(key).shape, format, bytes });
  }

  async norm(name: string): Promise<LayerNormWeights> {
    const weight = this.graph.constant(await this.tensor(`${name}.weight`));
    return { weight, bias: this.graph.constant(await this.tensor(`${name}.bias`)) };
  }

  /** Layers of one input, side by side: files hold `[out, in]` each, so that they stand one below the other. */
  async linear(paths: readonly string[], inFeatures: number, outFeatures: number): Promise<AdaptedLinear> {
    const { graph, file, options, prefix } = this;
    const columns = paths.length * outFeatures;
    const bias = new Float32Array(columns);
    const keys = paths.map((path) => `${prefix}${path}.weight`);
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
    return weightTensor(this.file, this.prefix + name, this.options);
  }
}
