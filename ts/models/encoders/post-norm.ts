import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { ModelError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { longestOf } from "../../ops/attention/ragged-attention.js";
import { log } from "../../values/elementary.js";
import {
  type ForwardOptions,
  type HeadPlan,
  type LinearShape,
  type ModelPlan,
  part,
  type StepSize,
  type TransformerConfig,
} from "../architecture.js";
import {
  type Activation,
  activationNames,
  activations,
  type ConfigJson,
  epsilon,
  refuse,
  whole,
  word,
} from "../config-values.js";
import type { RaggedBatch } from "../ragged-batch.js";
import {
  linearPart,
  type ModelTraits,
  normPart,
  planOf,
  ReadModel,
  type ReadTable,
  tablePart,
  typesPart,
  type WeightPart,
} from "../weight-table.js";

/** The plan of an encoder that differs from BERT by its configuration and by what its layers' modules are called. */
export function postNormEncoder(config: EncoderConfig, names: EncoderNames, head: HeadPlan): ModelPlan {
  const traits: ModelTraits = {
    normEps: config.layerNormEps,
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
  };
  const plan = planOf(config, encoderTable(config, names), traits, (graph, weights) => {
    const { words, positions, type } = weights;
    // Adapters begin with random numbers in this order.
    const tables = [words, positions, type].filter((table) => table !== null);
    return new PostNormEncoder(graph, config, { ...weights, tables }, traits);
  });
  const queryKeyValue = [names.query, names.key, names.value];
  const targetModules = queryKeyValue.map((path) => path.slice(path.lastIndexOf(".") + 1));
  return { ...plan, head, targetModules, packedCopies: 2, usualWeights: () => "f32" };
}

/**
 * BERT's encoder (arXiv 1810.04805) and those that differ from it by configuration and names: a norm after each sum. On ragged batches, tokens
 * `[tokens]` → last hidden state `[tokens, hidden]`. Dropout of the base is off, as in evaluation and in the PEFT recipe this follows.
 */
class PostNormEncoder extends ReadModel<EncoderConfig, EncoderWeights> {
  /** Last hidden state, recorded for `backward`. */
  override forward(batch: RaggedBatch, selection: AdapterSelection, options: ForwardOptions = {}): NodeId {
    let x = part(this.graph, options, [], () => this.embed(batch, selection));
    for (let i = 0; i < this.config.layers; i++)
      x = part(this.graph, options, [x], (input) => this.layer(input, this.weightsOf(i), batch, selection));
    return x;
  }

  /** Last hidden state without a gradient, in the memory of half a layer. */
  override infer(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    // What a layer reads is made within its own scope, and gone as soon as it was read.
    const after = (layers: number): NodeId =>
      graph.scope(() => {
        if (layers === 0) return this.embed(batch, selection);
        const layer = this.weightsOf(layers - 1);
        const attended = graph.scope(() => this.attend(after(layers - 1), layer, batch, selection));
        return this.feedForward(attended, layer, selection);
      });
    return after(config.layers);
  }

  /** The weights of layer `i`: each of those that are there serves as many layers, one after the other or in turn. */
  private weightsOf(i: number): EncoderLayer {
    return this.weights.layers[this.config.ownLayer?.(i) ?? i]!;
  }

  private embed(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, weights } = this;
    const words = weights.words.forward(batch.ids, selection);
    const places = weights.positions.forward(positionRows(batch, this.config), selection);
    const sum = graph.add(words, places);
    const typed =
      weights.type === null ? sum : graph.add(sum, weights.type.first(batch.ids.length, selection, batch.types));
    const x = this.norm(typed, weights.embeddingNorm, selection);
    return weights.projection === null ? x : weights.projection.forward(x, selection);
  }

  private layer(x: NodeId, layer: EncoderLayer, batch: RaggedBatch, selection: AdapterSelection): NodeId {
    return this.feedForward(this.attend(x, layer, batch, selection), layer, selection);
  }

  private attend(x: NodeId, layer: EncoderLayer, { offsets }: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const qkv = layer.queryKeyValue.forward(x, selection);
    const { distances } = this.weights;
    const near = distances === null ? {} : { distanceBias: distanceBias(graph, distances, longestOf(offsets)) };
    const context = graph.raggedAttention(qkv, { offsets, heads: config.heads, ...near });
    return this.norm(graph.add(layer.attentionOutput.forward(context, selection), x), layer.attentionNorm, selection);
  }

  private feedForward(attended: NodeId, layer: EncoderLayer, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const inner = activations[config.activation](graph, layer.intermediate.forward(attended, selection));
    return this.norm(graph.add(layer.output.forward(inner, selection), attended), layer.outputNorm, selection);
  }
}

/** Module paths: those of a layer, below its own. */
export interface EncoderNames {
  /** Path of the layer with weights of its own that has this number. */
  readonly layer: (i: number) => string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
  /** Path of the layer between embeddings and layers. */
  readonly projection: string;
  /** What transformers puts on a text's first token, where it does: no vector here depends on it, but PEFT adapts it too. */
  readonly pooler: string | null;
}

/** BERT's own, which most took over. */
export const bertNames: EncoderNames = {
  layer: (i) => `encoder.layer.${i}`,
  query: "attention.self.query",
  key: "attention.self.key",
  value: "attention.self.value",
  attentionOutput: "attention.output.dense",
  attentionNorm: "attention.output.LayerNorm",
  intermediate: "intermediate.dense",
  output: "output.dense",
  outputNorm: "output.LayerNorm",
  projection: "embeddings_project",
  pooler: "pooler.dense",
};

/** All weights. */
function encoderTable(config: EncoderConfig, names: EncoderNames) {
  const { hiddenSize: hidden, embeddingSize: width, intermediateSize: inner, distanceBuckets } = config;
  const linear = (paths: readonly string[], inFeatures: number, outFeatures: number) =>
    linearPart({ paths, inFeatures, outFeatures });
  return {
    first: {
      words: tablePart("embeddings.word_embeddings", [config.vocabularySize, width]),
      type: typesPart("embeddings.token_type_embeddings", [config.typeVocabularySize, width]),
      positions: tablePart("embeddings.position_embeddings", [config.firstPosition + config.maxPositions, width]),
      embeddingNorm: normPart("embeddings.LayerNorm", width),
      /** The layer between embeddings and layers, where their widths differ. */
      projection: config.projected ? linear([names.projection], width, hidden) : null,
      /** Biases of scores by distance, in float32. */
      distances: distanceBuckets === 0 ? null : constantPart(DISTANCES, [distanceBuckets, config.heads]),
    },
    layers: config.ownLayers,
    layer(i: number) {
      const at = (name: string) => `${names.layer(i)}.${name}`;
      return {
        // They read one input, so they stand in one weight.
        queryKeyValue: linear([names.query, names.key, names.value].map(at), hidden, hidden),
        attentionOutput: linear([at(names.attentionOutput)], hidden, hidden),
        intermediate: linear([at(names.intermediate)], hidden, inner),
        output: linear([at(names.output)], inner, hidden),
        attentionNorm: normPart(at(names.attentionNorm), hidden),
        outputNorm: normPart(at(names.outputNorm), hidden),
      };
    },
    last: {
      pooler:
        names.pooler === null
          ? null
          : optionalLinear({ paths: [names.pooler], inFeatures: hidden, outFeatures: hidden }),
    },
  };
}

const DISTANCES = "encoder.relative_attention_bias.weight";

const constantPart = (name: string, shape: number[]): WeightPart<NodeId> => ({
  tensors: [{ name, shape }],
  read: (reader) => reader.constant(name),
});

/** A layer that not every file has. */
const optionalLinear = (shape: LinearShape): WeightPart<AdaptedLinear | null> => ({
  tensors: [],
  read: (reader) => reader.linearIfThere(shape),
});

type EncoderWeights = ReadTable<ReturnType<typeof encoderTable>>;
type EncoderLayer = EncoderWeights["layers"][number];

const FLOAT = 4;

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k, v, their context and six more of the hidden size, the
 * inner layer before and after its activation, and a few numbers a token; going back, the widest gradients that live at
 * once are two inner ones and six hidden ones. With checkpoints only one layer has all of that at a time, the others what they
 * came to. A hundredth goes to rounding blocks up.
 */
function stepMemory(config: EncoderConfig, { tokens, adapted, checkpointing = false }: StepSize): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const layer = 10 * h + 2 * inner + heads + 4;
  const forward = checkpointing
    ? (layers + 1) * h + layer + adapted.widest + (config.projected ? embeddings(config) : 0)
    : layers * layer + embeddings(config) + 4 + served(config) * adapted.kept;
  const back = Math.max(tokens * (2 * inner + 6 * h + adapted.back), adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
function inferenceMemory({ hiddenSize: h, intermediateSize: inner }: EncoderConfig, tokens: number): number {
  return FLOAT * tokens * (12 * h + 2 * inner);
}

/** How many layers each of those that have weights serves as. */
function served({ layers, ownLayer }: EncoderConfig): number {
  if (ownLayer === undefined) return 1;
  return layers / new Set(Array.from({ length: layers }, (_, i) => ownLayer(i))).size;
}

/** Numbers a token that the embeddings keep. */
function embeddings({ hiddenSize, embeddingSize, projected }: EncoderConfig): number {
  return 5 * embeddingSize + (projected ? hiddenSize : 0);
}

/** Sizes and constants of a post-norm encoder. */
export interface EncoderConfig extends TransformerConfig {
  readonly heads: number;
  readonly intermediateSize: number;
  /** Width of the embeddings. */
  readonly embeddingSize: number;
  /** Whether a linear layer stands between embeddings and layers. */
  readonly projected: boolean;
  /** Layers that have weights of their own, where several of `layers` share some. */
  readonly ownLayers: number;
  /** Which of them layer `i` uses; default its own. */
  readonly ownLayer?: (i: number) => number;
  /** Token types that have an embedding, of which a single text uses the first; 0 for none. */
  readonly typeVocabularySize: number;
  /** Row of a text's first position. */
  readonly firstPosition: number;
  /** Token that is no text and takes no position, where positions are counted so; else null. */
  readonly paddingIndex: number | null;
  /** Rows of the table of biases by distance; 0 for none. */
  readonly distanceBuckets: number;
  readonly layerNormEps: number;
  readonly activation: Activation;
}

/** The config.json of those that follow BERT's in their names. */
export function bertLikeConfig(json: ConfigJson): EncoderConfig {
  word(json, "position_embedding_type", ["absolute"]);
  refuse(json, "is_decoder");
  const hiddenSize = whole(json, "hidden_size");
  const layers = whole(json, "num_hidden_layers");
  return checkHeads(
    {
      hiddenSize,
      layers,
      heads: whole(json, "num_attention_heads"),
      intermediateSize: whole(json, "intermediate_size"),
      embeddingSize: hiddenSize,
      projected: false,
      ownLayers: layers,
      vocabularySize: whole(json, "vocab_size"),
      // The special tokens around a text take two.
      maxPositions: whole(json, "max_position_embeddings", 2),
      typeVocabularySize: whole(json, "type_vocab_size", 1, 2),
      firstPosition: 0,
      paddingIndex: null,
      distanceBuckets: 0,
      layerNormEps: epsilon(json, "layer_norm_eps"),
      activation: word(json, "hidden_act", activationNames),
    },
    ["hidden_size", "num_attention_heads"],
  );
}

/** Throws `ModelError` where heads do not share the width evenly; `keys` are what config.json calls the two. */
export function checkHeads(config: EncoderConfig, [size, heads]: readonly [string, string]): EncoderConfig {
  if (config.hiddenSize % config.heads === 0) return config;
  throw new ModelError(`config.json: ${size} ${config.hiddenSize} is no multiple of ${heads} ${config.heads}`, {
    key: heads,
    value: config.heads,
  });
}

/** Positions that begin after the padding token's own row. Throws `ModelError` where that leaves none for a text. */
export function afterPadding(config: EncoderConfig, paddingIndex: number): EncoderConfig {
  const firstPosition = paddingIndex + 1;
  const maxPositions = config.maxPositions - firstPosition;
  if (maxPositions >= 2) return { ...config, firstPosition, maxPositions, paddingIndex };
  throw new ModelError(
    `config.json: max_position_embeddings ${config.maxPositions} leaves no two positions after pad_token_id ${paddingIndex}`,
    { key: "max_position_embeddings", value: config.maxPositions },
  );
}

/**
 * @internal Rows of the position embeddings. Where a padding token takes no position, one that occurs in a text has the row of its own
 * number, and those after it count on without it.
 */
export function positionRows(
  { ids, positions, offsets }: RaggedBatch,
  { firstPosition, paddingIndex }: Pick<EncoderConfig, "firstPosition" | "paddingIndex">,
): Int32Array {
  if (firstPosition === 0 && paddingIndex === null) return positions;
  const rows = positions.map((position) => firstPosition + position);
  if (paddingIndex === null || !ids.includes(paddingIndex)) return rows;
  for (let text = 0; text + 1 < offsets.length; text++) {
    let skipped = 0;
    for (let t = offsets[text]!; t < offsets[text + 1]!; t++) {
      if (ids[t] === paddingIndex) skipped++;
      rows[t] = ids[t] === paddingIndex ? paddingIndex : rows[t]! - skipped;
    }
  }
  return rows;
}

/** Buckets of relative positions, which transformers' MPNet has whatever config.json says. */
export const DISTANCE_BUCKETS = 32;
const MAX_DISTANCE = 128;

/** Bucket of a distance i − j of query i and key j: near ones by themselves, far ones by their logarithm (arXiv 1910.10683). */
function bucketOf(distance: number): number {
  const half = DISTANCE_BUCKETS / 2;
  const exact = half / 2;
  const away = Math.abs(distance);
  const side = distance < 0 ? half : 0;
  if (away < exact) return side + away;
  // In float32, as transformers computes it.
  const far = Math.fround(Math.fround(log(away / exact)) / Math.fround(log(MAX_DISTANCE / exact)));
  return side + Math.min(exact + Math.trunc(Math.fround(far * (half - exact))), half - 1);
}

/** What a table `[buckets, heads]` adds to scores by head and distance: `[heads, 2·longest − 1]`, as `raggedAttention` takes it. */
function distanceBias(graph: Graph, table: NodeId, longest: number): Float32Array {
  const [, heads] = graph.shape(table) as [number, number];
  const reach = Math.max(longest, 1) - 1;
  const columns = 2 * reach + 1;
  const bias = new Float32Array(heads * columns);
  const { data } = graph.value(table);
  for (let distance = -reach; distance <= reach; distance++) {
    const bucket = bucketOf(distance);
    for (let head = 0; head < heads; head++) bias[head * columns + distance + reach] = data[bucket * heads + head]!;
  }
  return bias;
}
