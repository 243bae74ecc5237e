import {
  type Architecture,
  beforeHead,
  type ForwardOptions,
  type LinearShape,
  part,
  type StepSize,
} from "../architecture.js";
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
import { debertaConfig, type DebertaConfig, relativeRows } from "./deberta-v2-config.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { AppliedAdapter } from "../../adapters/adapter-parts.js";
import type { NodeId } from "../../graph/graph.js";
import { longestOf } from "../../ops/attention/ragged-attention.js";
import { zeros } from "../../values/tensor.js";
import { activations } from "../config-values.js";
import type { RaggedBatch } from "../ragged-batch.js";

/** DeBERTa-v2 and v3. */
export const debertaV2: Architecture = (json) => {
  const config = debertaConfig(json);
  const traits: ModelTraits = {
    normEps: config.layerNormEps,
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
  };
  const plan = planOf(config, debertaTable(config), traits, (graph, weights) => {
    return new DebertaEncoder(graph, config, weights, traits);
  });
  const head = beforeHead("deberta.", "pooler.dense", { activation: config.poolerActivation });
  const targetModules = ["query_proj", "key_proj", "value_proj"];
  return { ...plan, head, targetModules, packedCopies: 2, usualWeights: () => "f32" };
};

/** Rows from which on a product A·Bᵀ sums each as in a longer one. */
const MANY_ROWS = 9;

/** What the distances of a batch come to: rows of their table in use, and which of them each distance has. */
interface BatchDistances {
  /** Computes the table for a selection of adapters for all texts. */
  readonly table: (selection: AdapterSelection) => NodeId;
  /** How many rows it has. */
  readonly count: number;
  readonly buckets: Int32Array;
}

/**
 * DeBERTa-v2 (arXiv 2006.03654, 2111.09543): a post-norm encoder whose scores add how query and key lie to each other. On ragged
 * batches; dropout of the base is off.
 */
export class DebertaEncoder extends ReadModel<DebertaConfig, DebertaWeights> {
  override linears(): AdaptedLinear[] {
    const { linears, convolution } = this.weights;
    return convolution === null ? [...linears] : [...linears.filter((linear) => linear !== convolution), convolution];
  }

  override forward(batch: RaggedBatch, selection: AdapterSelection, options: ForwardOptions = {}): NodeId {
    const distances = this.distances(batch);
    // Made before any layer: what is made in one that is computed again goes with it.
    distances?.table([]);
    return this.weights.layers.reduce(
      (x, layer) => part(this.graph, options, [x], (input) => this.layer(input, layer, batch, distances, selection)),
      part(this.graph, options, [], () => this.embed(batch, selection)),
    );
  }

  override infer(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, weights } = this;
    const after = (layers: number): NodeId =>
      graph.scope(() => {
        if (layers === 0) return this.embed(batch, selection);
        const layer = weights.layers[layers - 1]!;
        // What the convolution too begins with.
        const input = layers === 1 && weights.convolution !== null ? after(0) : null;
        const attended = graph.scope(() =>
          this.attend(input ?? after(layers - 1), layer, batch, this.distances(batch), selection),
        );
        const y = this.feedForward(attended, layer, selection);
        return input === null ? y : this.convolve(input, y, batch, selection);
      });
    return after(weights.layers.length);
  }

  private embed({ ids, positions, types }: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, weights } = this;
    let x = weights.words.forward(ids, selection);
    if (weights.positions !== null) x = graph.add(x, weights.positions.forward(positions, selection));
    if (weights.type !== null) x = graph.add(x, weights.type.first(ids.length, selection, types));
    if (weights.projection !== null) x = weights.projection.forward(x, selection);
    return this.norm(x, weights.embeddingNorm, selection);
  }

  /** Relative positions as far as the longest text reaches. */
  private distances({ offsets }: RaggedBatch): BatchDistances | null {
    const { config, weights } = this;
    const { distances, distanceNorm } = weights;
    if (config.relative === null || distances === null) return null;
    const { first, end, buckets } = relativeRows(config.relative, longestOf(offsets));
    const rows = Int32Array.from({ length: end - first }, (_, i) => first + i);
    const made = (selection: AdapterSelection) => {
      const table = distances.forward(rows, selection);
      return distanceNorm === null ? table : this.norm(table, distanceNorm, selection);
    };
    // One for all layers and texts, but for adapters that change it.
    let unchanged: NodeId | null = null;
    const changes = (adapter: AppliedAdapter) =>
      distances.adapts(adapter) || (distanceNorm !== null && distanceNorm.adapts(adapter));
    const table = (selection: AdapterSelection) =>
      selection.some(({ adapter }) => changes(adapter)) ? made(selection) : (unchanged ??= made([]));
    return { table, count: rows.length, buckets };
  }

  private layer(
    x: NodeId,
    layer: DebertaLayer,
    batch: RaggedBatch,
    distances: BatchDistances | null,
    selection: AdapterSelection,
  ): NodeId {
    const y = this.feedForward(this.attend(x, layer, batch, distances, selection), layer, selection);
    return layer === this.weights.layers[0] ? this.convolve(x, y, batch, selection) : y;
  }

  /** The first layer's output, to which a convolution of its input is added, where the model has one. */
  private convolve(x: NodeId, y: NodeId, { offsets }: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const { convolution, convolutionNorm } = this.weights;
    if (config.convolution === null || convolution === null || convolutionNorm === null) return y;
    const { hiddenSize: hidden } = config;
    const { size, activation } = config.convolution;
    const neighbours = neighboursOf(offsets, size);
    const nothing = graph.constant({ shape: [1, hidden], data: new Float32Array(hidden) });
    const rows = graph.indexSelect(graph.concat([x, nothing], 0), { dim: 0, indices: neighbours });
    const tokens = neighbours.length / size;
    const byFeature = graph.permute(graph.reshape(rows, [tokens, size, hidden]), [0, 2, 1]);
    const out = convolution.forward(graph.reshape(byFeature, [tokens, hidden * size]), selection);
    return this.norm(graph.add(y, activations[activation](graph, out)), convolutionNorm, selection);
  }

  private attend(
    x: NodeId,
    layer: DebertaLayer,
    { offsets }: RaggedBatch,
    distances: BatchDistances | null,
    selection: AdapterSelection,
  ): NodeId {
    const { graph, config } = this;
    const { heads, hiddenSize, scoreParts } = config;
    const query = layer.query.forward(x, selection);
    const key = layer.key.forward(x, selection);
    const qkv = graph.concat([query, key, layer.value.forward(x, selection)], 1);
    const scale = 1 / Math.sqrt((hiddenSize / heads) * scoreParts);
    const context =
      distances === null
        ? graph.raggedAttention(qkv, { offsets, heads, scale })
        : graph.disentangledAttention(
            qkv,
            config.relative!.c2p
              ? this.scores(query, distances, layer.positionKey ?? layer.key, offsets, selection)
              : null,
            config.relative!.p2c
              ? this.scores(key, distances, layer.positionQuery ?? layer.query, offsets, selection)
              : null,
            { offsets, heads, scale, buckets: distances.buckets },
          );
    return this.norm(graph.add(layer.attentionOutput.forward(context, selection), x), layer.attentionNorm, selection);
  }

  /**
   * Products of each token's query or key with what a layer makes of the relative positions, `[tokens, heads·buckets]`. Where texts
   * have adapters of their own, so have the relative positions, each text's by its own adapter.
   */
  private scores(
    content: NodeId,
    { table, count }: BatchDistances,
    layer: AdaptedLinear,
    offsets: Int32Array,
    selection: AdapterSelection,
  ): NodeId {
    const { graph, config } = this;
    const { heads, hiddenSize } = config;
    const tokens = offsets.at(-1)!;
    const byHead = (rows: NodeId, length: number) =>
      graph.permute(graph.reshape(rows, [length, heads, hiddenSize / heads]), [1, 0, 2]);
    const parts = partsOf(selection, tokens).map(({ start, end, own }) => {
      const part = end - start === tokens ? content : graph.slice(content, { dim: 0, start, end });
      const positions = byHead(layer.forward(table(own), own), count);
      // Rows of nothing below those of few tokens: fewer would be summed in another order than those of a long text.
      const rows = Math.max(end - start, MANY_ROWS);
      const below = () => graph.constant(zeros([rows - (end - start), hiddenSize]));
      const padded = rows === end - start ? part : graph.concat([part, below()], 0);
      const products = graph.matmul(byHead(padded, rows), positions, { transposeB: true });
      const all = graph.reshape(graph.permute(products, [1, 0, 2]), [rows, heads * count]);
      return rows === end - start ? all : graph.slice(all, { dim: 0, start: 0, end: end - start });
    });
    return parts.length === 1 ? parts[0]! : graph.concat(parts, 0);
  }

  private feedForward(attended: NodeId, layer: DebertaLayer, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const inner = activations[config.activation](graph, layer.intermediate.forward(attended, selection));
    return this.norm(graph.add(layer.output.forward(inner, selection), attended), layer.outputNorm, selection);
  }
}

/** Rows of the tokens around each, itself in the middle; where a text has ended, the row behind the batch's last. */
function neighboursOf(offsets: Int32Array, size: number): Int32Array {
  const tokens = offsets.at(-1)!;
  const rows = new Int32Array(tokens * size);
  const before = (size - 1) / 2;
  for (let text = 0; text + 1 < offsets.length; text++)
    for (let token = offsets[text]!; token < offsets[text + 1]!; token++)
      for (let i = 0; i < size; i++) {
        const other = token + i - before;
        rows[token * size + i] = other >= offsets[text]! && other < offsets[text + 1]! ? other : tokens;
      }
  return rows;
}

interface Part {
  readonly start: number;
  readonly end: number;
  /** The selection of these rows, for rows that are not a batch's. */
  readonly own: AdapterSelection;
}

/** The rows of a batch by the adapter that applies to them, in order, those of the base alone among them. */
function partsOf(selection: AdapterSelection, tokens: number): Part[] {
  const parts: Part[] = [];
  let next = 0;
  const base = (end: number) => {
    if (end > next) parts.push({ start: next, end, own: [] });
  };
  for (const { adapter, rows } of selection) {
    const { start, end } = rows ?? { start: 0, end: tokens };
    if (end <= start) continue;
    base(start);
    parts.push({ start, end, own: [{ adapter }] });
    next = end;
  }
  base(tokens);
  return parts.length === 0 ? [{ start: 0, end: tokens, own: [] }] : parts;
}

/** The convolution as a product with each token's neighbours side by side, feature by feature: a file's `[out, in, size]` row by row. */
function convolutionPart(path: string, { hiddenSize, convolution }: DebertaConfig): WeightPart<AdaptedLinear> | null {
  if (convolution === null) return null;
  const { size } = convolution;
  const shape = { paths: [path], inFeatures: hiddenSize * size, outFeatures: hiddenSize, adaptable: false };
  const tensors = [
    { name: `${path}.weight`, shape: [hiddenSize, hiddenSize, size] },
    { name: `${path}.bias`, shape: [hiddenSize] },
  ];
  return { ...linearPart(shape), tensors };
}

/** All weights. */
export function debertaTable(config: DebertaConfig) {
  const { hiddenSize: hidden, embeddingSize, intermediateSize: inner, relative } = config;
  const shape = (paths: string[], inFeatures: number, outFeatures: number, hasBias = true): LinearShape => {
    return { paths, inFeatures, outFeatures, hasBias };
  };
  // Layers of their own for the relative positions, where they do not go through those of the tokens.
  const own = relative !== null && !relative.shared;
  return {
    first: {
      words: tablePart("embeddings.word_embeddings", [config.vocabularySize, embeddingSize]),
      positions: config.positions
        ? tablePart("embeddings.position_embeddings", [config.maxPositions, embeddingSize])
        : null,
      type: typesPart("embeddings.token_type_embeddings", [config.typeVocabularySize, embeddingSize]),
      /** The layer between embeddings and hidden states of another width. */
      projection:
        embeddingSize === hidden ? null : linearPart(shape(["embeddings.embed_proj"], embeddingSize, hidden, false)),
      embeddingNorm: normPart("embeddings.LayerNorm", hidden),
      /** Relative positions. */
      distances: relative === null ? null : tablePart("encoder.rel_embeddings", [2 * relative.span, hidden]),
      distanceNorm: relative?.norm === true ? normPart("encoder.LayerNorm", hidden) : null,
      /** Convolution of the first layer's input. */
      convolution: convolutionPart("encoder.conv.conv", config),
      convolutionNorm: config.convolution === null ? null : normPart("encoder.conv.LayerNorm", hidden),
    },
    layers: config.layers,
    layer(i: number) {
      const linear = (name: string, inFeatures = hidden, outFeatures = hidden) =>
        linearPart(shape([`encoder.layer.${i}.${name}`], inFeatures, outFeatures));
      const norm = (name: string) => normPart(`encoder.layer.${i}.${name}`, hidden);
      return {
        query: linear("attention.self.query_proj"),
        key: linear("attention.self.key_proj"),
        value: linear("attention.self.value_proj"),
        positionKey: own && relative.c2p ? linear("attention.self.pos_key_proj") : null,
        positionQuery: own && relative.p2c ? linear("attention.self.pos_query_proj") : null,
        attentionOutput: linear("attention.output.dense"),
        intermediate: linear("intermediate.dense", hidden, inner),
        output: linear("output.dense", inner),
        attentionNorm: norm("attention.output.LayerNorm"),
        outputNorm: norm("output.LayerNorm"),
      };
    },
    last: {},
  };
}

export type DebertaWeights = ReadTable<ReturnType<typeof debertaTable>>;
export type DebertaLayer = DebertaWeights["layers"][number];

const FLOAT = 4;

/** Numbers a token that the scores by distance take: the products, and the same by head, for each kind. */
function distanceScores({ heads, relative }: DebertaConfig, tokens: number): number {
  if (relative === null) return 0;
  const rows = Math.min(2 * relative.span, 2 * tokens);
  return 2 * heads * rows * (Number(relative.c2p) + Number(relative.p2c));
}

/** Numbers a token that the convolution takes: the neighbours as rows and by feature, the product, what is active, the sum and its norm. */
const convolved = ({ hiddenSize, convolution }: DebertaConfig) =>
  convolution === null ? 0 : hiddenSize * (2 * convolution.size + 6);

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k and v, the three side by side, both of the first by head,
 * their context and four more of the hidden size, the inner layer twice, and the scores by distance, whose gradients live as
 * those of one layer. How far texts reach is not known here, so distances are counted as those of one text.
 */
export function stepMemory(config: DebertaConfig, { tokens, adapted, checkpointing = false }: StepSize): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const distances = distanceScores(config, tokens);
  const layer = 13 * h + 2 * inner + heads + 4 + distances;
  const forward = checkpointing ? (layers + 1) * h + layer + adapted.widest : layers * layer + 6 * h + adapted.kept;
  const widest = 2 * inner + 5 * h + distances + convolved(config);
  const back = Math.max(tokens * (widest + adapted.back), adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory(config: DebertaConfig, tokens: number): number {
  const { hiddenSize, intermediateSize } = config;
  return FLOAT * tokens * (16 * hiddenSize + 2 * intermediateSize + distanceScores(config, tokens) + convolved(config));
}
