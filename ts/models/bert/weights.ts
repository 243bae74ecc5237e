import { ModelError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { type OpenTensorFile, weightProblem, type WeightOptions } from "../../io/safetensors/index.js";
import type { Tensor } from "../../values/tensor.js";
import { AdaptedLinear } from "../adapted-linear.js";
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

/**
 * Loads an encoder's tensors one by one into `graph`. Throws `ModelError` for a missing one, another shape, elements that are
 * no floats, or values that are not finite (`options.allowNonFinite` accepts those).
 */
export async function loadBertWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: BertConfig,
  options: WeightOptions = {},
): Promise<BertWeights> {
  checkBertTensors(file, config);
  const read = new WeightReader(graph, file, options);
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const types = await read.tensor("embeddings.token_type_embeddings.weight");
  const layers: BertLayer[] = [];
  const embeddings = {
    words: await read.constant("embeddings.word_embeddings.weight"),
    positions: await read.constant("embeddings.position_embeddings.weight"),
    type: graph.constant({ shape: [1, hidden], data: types.data.slice(0, hidden) }),
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
    private readonly options: WeightOptions,
  ) {
    this.prefix = tensorPrefix(file);
  }

  async tensor(name: string): Promise<Tensor> {
    const key = this.prefix + name;
    const tensor = await this.file.tensor(key);
    const problem = weightProblem(this.file.info(key).dtype, tensor, this.options);
    if (problem === null) return tensor;
    throw new ModelError(`model.safetensors: ${key} ${problem}`, { tensor: key });
  }

  async constant(name: string): Promise<NodeId> {
    return this.graph.constant(await this.tensor(name));
  }

  async norm(name: string): Promise<LayerNormWeights> {
    const weight = await this.constant(`${name}.weight`);
    return { weight, bias: await this.constant(`${name}.bias`) };
  }

  /** Layers of one input, side by side: files hold `[out, in]` each, the graph `[in, parts·out]`. */
  async linear(paths: readonly string[], inFeatures: number, outFeatures: number): Promise<AdaptedLinear> {
    const columns = paths.length * outFeatures;
    const weight = new Float32Array(inFeatures * columns);
    const bias = new Float32Array(columns);
    for (const [part, path] of paths.entries()) {
      const { data } = await this.tensor(`${path}.weight`);
      const start = part * outFeatures;
      for (let out = 0; out < outFeatures; out++) {
        for (let i = 0; i < inFeatures; i++) weight[i * columns + start + out] = data[out * inFeatures + i]!;
      }
      bias.set((await this.tensor(`${path}.bias`)).data, start);
    }
    return new AdaptedLinear(
      this.graph,
      { shape: [inFeatures, columns], data: weight },
      { shape: [columns], data: bias },
      paths.map((path, part) => ({ path, start: part * outFeatures, width: outFeatures })),
    );
  }
}
