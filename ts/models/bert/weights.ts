import { ModelError } from "../../errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { formatShape, type Tensor } from "../../tensor.js";
import { AdaptedLinear } from "../adapted-linear.js";
import type { BertConfig } from "./config.js";

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

/** Loads an encoder's tensors one by one into `graph`. Throws `ModelError` for a missing one or another shape. */
export async function loadBertWeights(graph: Graph, file: OpenTensorFile, config: BertConfig): Promise<BertWeights> {
  const read = new WeightReader(graph, file, file.has("bert.embeddings.word_embeddings.weight") ? "bert." : "");
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const types = await read.tensor("embeddings.token_type_embeddings.weight", [config.typeVocabularySize, hidden]);
  const layers: BertLayer[] = [];
  const embeddings = {
    words: await read.constant("embeddings.word_embeddings.weight", [config.vocabularySize, hidden]),
    positions: await read.constant("embeddings.position_embeddings.weight", [config.maxPositions, hidden]),
    type: graph.constant({ shape: [1, hidden], data: types.data.slice(0, hidden) }),
    embeddingNorm: await read.norm("embeddings.LayerNorm", hidden),
  };
  for (let i = 0; i < config.layers; i++) {
    const at = `encoder.layer.${i}`;
    const self = `${at}.attention.self`;
    layers.push({
      queryKeyValue: await read.linear([`${self}.query`, `${self}.key`, `${self}.value`], hidden, hidden),
      attentionOutput: await read.linear([`${at}.attention.output.dense`], hidden, hidden),
      attentionNorm: await read.norm(`${at}.attention.output.LayerNorm`, hidden),
      intermediate: await read.linear([`${at}.intermediate.dense`], hidden, inner),
      output: await read.linear([`${at}.output.dense`], inner, hidden),
      outputNorm: await read.norm(`${at}.output.LayerNorm`, hidden),
    });
  }
  return { ...embeddings, layers };
}

class WeightReader {
  constructor(
    private readonly graph: Graph,
    private readonly file: OpenTensorFile,
    private readonly prefix: string,
  ) {}

  async tensor(name: string, shape: readonly number[]): Promise<Tensor> {
    const key = this.prefix + name;
    if (!this.file.has(key)) {
      throw new ModelError(`model.safetensors has no tensor "${key}", which config.json calls for`, { tensor: key });
    }
    const found = this.file.info(key).shape;
    if (formatShape(found) !== formatShape(shape)) {
      throw new ModelError(
        `model.safetensors: ${key} is ${formatShape(found)}; config.json calls for ${formatShape(shape)}`,
        {
          tensor: key,
          found,
          expected: shape,
        },
      );
    }
    return this.file.tensor(key);
  }

  async constant(name: string, shape: readonly number[]): Promise<NodeId> {
    return this.graph.constant(await this.tensor(name, shape));
  }

  async norm(name: string, size: number): Promise<LayerNormWeights> {
    const weight = await this.constant(`${name}.weight`, [size]);
    return { weight, bias: await this.constant(`${name}.bias`, [size]) };
  }

  /** Layers of one input, side by side: files hold `[out, in]` each, the graph `[in, parts·out]`. */
  async linear(paths: readonly string[], inFeatures: number, outFeatures: number): Promise<AdaptedLinear> {
    const columns = paths.length * outFeatures;
    const weight = new Float32Array(inFeatures * columns);
    const bias = new Float32Array(columns);
    for (const [part, path] of paths.entries()) {
      const { data } = await this.tensor(`${path}.weight`, [outFeatures, inFeatures]);
      const start = part * outFeatures;
      for (let out = 0; out < outFeatures; out++) {
        for (let i = 0; i < inFeatures; i++) weight[i * columns + start + out] = data[out * inFeatures + i]!;
      }
      bias.set((await this.tensor(`${path}.bias`, [outFeatures])).data, start);
    }
    return new AdaptedLinear(
      this.graph,
      { shape: [inFeatures, columns], data: weight },
      { shape: [columns], data: bias },
      paths.map((path, part) => ({ path, start: part * outFeatures, width: outFeatures })),
    );
  }
}
