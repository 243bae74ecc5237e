import { ModelError } from "../../errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { type OpenTensorFile, weightProblem, type WeightOptions } from "../../io/safetensors/index.js";
import type { Tensor } from "../../tensor.js";
import { AdaptedLinear } from "../adapted-linear.js";
import type { LinearShape } from "../architecture.js";
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
 * no floats, or values that are not finite (`options.allowNonFinite` accepts those).
 */
export async function loadEncoderWeights(
  graph: Graph,
  file: OpenTensorFile,
  config: EncoderConfig,
  names: LayerNames,
  options: WeightOptions = {},
): Promise<EncoderWeights> {
  const nameOf = checkTensors(file, encoderTensors(config, names));
  const read = new WeightReader(graph, file, nameOf, options);
  const between = projection(config);
  const first = {
    words: await read.constant(`${embeddings.words}.weight`),
    positions: await read.constant(`${embeddings.positions}.weight`),
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
    private readonly options: WeightOptions,
  ) {}

  async firstRow(name: string): Promise<NodeId> {
    const { shape, data } = await this.tensor(name);
    return this.graph.constant({ shape: [1, shape[1]!], data: data.slice(0, shape[1]) });
  }

  async tensor(name: string): Promise<Tensor> {
    const key = this.nameOf(name);
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
  async linear({ paths, inFeatures, outFeatures }: LinearShape): Promise<AdaptedLinear> {
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
