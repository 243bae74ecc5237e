import type { HeadPlan, LinearShape, ModelPlan, StepSize } from "../architecture.js";
import { type ModelTraits, ReadModel } from "../read-model.js";
import {
  linearPart,
  normPart,
  planOf,
  type ReadTable,
  tablePart,
  typesPart,
  type WeightPart,
} from "../weight-table.js";
import { distanceBias, type EncoderConfig, positionRows } from "./post-norm-config.js";
import type { NodeId } from "../../graph/graph.js";
import { longestOf } from "../../ops/attention/ragged-attention.js";
import { activations } from "../config-values.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { type ForwardOptions, part } from "../layer-checkpoint.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";

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
