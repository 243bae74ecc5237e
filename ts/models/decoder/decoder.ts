import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { applyRotary, gated } from "../../graph/decoder-ops.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { log } from "../../values/elementary.js";
import { activations } from "../activation.js";
import { type ForwardOptions, part } from "../layer-checkpoint.js";
import type { RaggedBatch } from "../ragged-batch.js";
import { ReadModel } from "../read-model.js";
import { type Rotation, rotationOf } from "../rotary/rotary.js";
import { type Attend, attendWhole, gatedOf } from "./attention.js";
import { type DecoderConfig, expertsOf } from "./config.js";
import { deltaNet } from "./delta-net.js";
import { mixtureOf } from "./experts.js";
import type { RotaryForm } from "./rotary-form.js";
import type { DecoderLayer, DecoderWeights, LayerWeights } from "./names.js";

/** How a forward pass is recorded. */
export interface DecoderForwardOptions extends ForwardOptions {
  /** Layers from the first on, and the table of words, that get no gradient, and of which nothing is kept; default 0, and the table does. */
  readonly frozenLayers?: number;
}

/** Values shared by all layers in a pass over a batch. */
interface Pass {
  readonly batch: RaggedBatch;
  readonly selection: AdapterSelection;
  readonly rotation: (form: RotaryForm) => Rotation;
  readonly attend: Attend;
}

/** x times a number. */
const times = (graph: Graph, x: NodeId, factor: number): NodeId =>
  factor === 1 ? x : graph.mul(x, graph.constant({ shape: [], data: Float32Array.of(factor) }));

/** The layers of a language model: ids to hidden states. On ragged batches; the base has no dropout. */
export class DecoderLayers<W extends LayerWeights = LayerWeights> extends ReadModel<DecoderConfig, W> {
  /** Last hidden state `[tokens, hidden]`, normalised, recorded for `backward`. */
  override forward(batch: RaggedBatch, selection: AdapterSelection, options: DecoderForwardOptions = {}): NodeId {
    const pass = this.pass(batch, selection, attendWhole);
    const { frozenLayers = 0 } = options;
    let x = frozenLayers > 0 ? this.after(frozenLayers, pass) : part(this.graph, options, [], () => this.embed(pass));
    for (let i = frozenLayers; i < this.config.layers; i++)
      x = part(this.graph, options, [x], (input) => this.layer(input, i, pass));
    return this.norm(x, this.weights.finalNorm, selection);
  }

  /** The same to the bit without a gradient; `attend` may find tokens of before in a cache. */
  override infer(batch: RaggedBatch, selection: AdapterSelection, attend: Attend = attendWhole): NodeId {
    const pass = this.pass(batch, selection, attend);
    return this.graph.scope(() => this.norm(this.after(this.config.layers, pass), this.weights.finalNorm, selection));
  }

  /** Hidden state after this many layers, without a gradient. */
  private after(layers: number, pass: Pass): NodeId {
    return this.graph.scope(() =>
      layers === 0 ? this.embed(pass) : this.layer(this.after(layers - 1, pass), layers - 1, pass),
    );
  }

  private pass(batch: RaggedBatch, selection: AdapterSelection, attend: Attend): Pass {
    // Layers share one or two.
    const known = new Map<RotaryForm, Rotation>();
    const rotation = (form: RotaryForm) => {
      const found = known.get(form) ?? rotationOf(batch.positions, form.frequencies, form.factor);
      known.set(form, found);
      return found;
    };
    return { batch, selection, rotation, attend };
  }

  private embed({ batch: { ids, positions }, selection }: Pass): NodeId {
    const { graph, config, weights } = this;
    const scaled = times(graph, weights.words.forward(ids, selection), config.embeddingScale);
    return weights.positions === null ? scaled : graph.add(scaled, weights.positions.forward(positions, selection));
  }

  private layer(x: NodeId, i: number, pass: Pass): NodeId {
    const { graph, config } = this;
    const layer = this.weights.layers[i]!;
    const attended = this.norm(this.attention(x, i, layer, pass), layer.attentionPostNorm, pass.selection);
    const sum = graph.add(x, times(graph, attended, config.residualScale));
    const inner = this.norm(this.inner(config.parallel ? x : sum, i, layer, pass), layer.innerPostNorm, pass.selection);
    return graph.add(sum, times(graph, inner, config.residualScale));
  }

  private attention(x: NodeId, i: number, layer: DecoderLayer, pass: Pass): NodeId {
    const { selection } = pass;
    const input = this.norm(x, layer.attentionNorm, selection);
    const mixed =
      layer.queryKeyValue === null ? this.convolved(input, i, layer, pass) : this.attended(input, i, layer, pass);
    return layer.attentionOutput.forward(mixed, selection);
  }

  /** A gated short convolution (LFM2, arXiv 2511.23404): C ⊙ conv(B ⊙ u), where B, C and u come from the input. */
  private convolved(input: NodeId, i: number, layer: DecoderLayer, { batch, selection, attend }: Pass): NodeId {
    const { graph } = this;
    const given = layer.convolutionInput!.forward(input, selection);
    if (layer.deltaNorm !== null) return deltaNet(graph, given, this.config, i, layer, { batch, selection, attend });
    const width = graph.shape(input)[1]!;
    const part = (start: number) => graph.slice(given, { dim: 1, start: start * width, end: (start + 1) * width });
    const gated = graph.mul(part(0), part(2));
    return graph.mul(part(1), attend.convolution(graph, gated, layer.convolutionKernel!, batch, i));
  }

  private attended(
    input: NodeId,
    i: number,
    layer: DecoderLayer,
    { batch, selection, rotation, attend }: Pass,
  ): NodeId {
    const { graph, config } = this;
    const { heads, kvHeads, headDim, causal, scale, scoreCap: cap } = config;
    const { rotary, window } = config.attention(i);
    const { qkv: given, gates } = this.withoutGates(layer.queryKeyValue!.forward(input, selection));
    let qkv = this.byKind(given);
    if (layer.queryNorm !== null || layer.keyNorm !== null) qkv = this.normedQueriesAndKeys(qkv, layer, selection);
    if (rotary !== null) {
      const shape = { pairs: rotary.frequencies.length, heads: heads + kvHeads, headDim, interleaved: false };
      qkv = applyRotary(graph, qkv, { ...rotation(rotary), ...shape });
    }
    qkv = this.grownQueries(qkv, batch);
    const attended = attend.attention(graph, qkv, batch, { layer: i, heads, kvHeads, causal, window, scale, cap });
    return gates === null ? attended : graph.mul(attended, graph.sigmoid(gates));
  }

  /** Parts the queries from the gates beside them. */
  private withoutGates(given: NodeId): { readonly qkv: NodeId; readonly gates: NodeId | null } {
    const { graph, config } = this;
    const { gatedQueries, heads, headDim } = config;
    if (!gatedQueries) return { qkv: given, gates: null };
    const [tokens, width] = graph.shape(given) as [number, number];
    const queries = graph.slice(given, { dim: 1, start: 0, end: 2 * heads * headDim });
    const byHead = graph.reshape(queries, [tokens, heads, 2 * headDim]);
    const half = (start: number) =>
      graph.reshape(graph.slice(byHead, { dim: 2, start, end: start + headDim }), [tokens, heads * headDim]);
    const rest = graph.slice(given, { dim: 1, start: 2 * heads * headDim, end: width });
    return { qkv: graph.concat([half(0), rest], 1), gates: half(headDim) };
  }

  /** Queries of long texts times a factor by their positions (Ministral 3). */
  private grownQueries(qkv: NodeId, { positions }: RaggedBatch): NodeId {
    const { graph } = this;
    const { queryGrowth, heads, headDim } = this.config;
    if (queryGrowth === null || positions.every((position) => position < queryGrowth.length)) return qkv;
    const { beta, length } = queryGrowth;
    const data = Float32Array.from(positions, (position) => 1 + beta * log(1 + Math.floor(position / length)));
    const [tokens, width] = graph.shape(qkv) as [number, number];
    const columns = (start: number, end: number) => graph.slice(qkv, { dim: 1, start, end });
    const queries = graph.mul(columns(0, heads * headDim), graph.constant({ shape: [tokens, 1], data }));
    return graph.concat([queries, columns(heads * headDim, width)], 1);
  }

  /** Columns in the order of all queries, all keys, all values. */
  private byKind(qkv: NodeId): NodeId {
    const { graph, config } = this;
    if (!config.byHead) return qkv;
    const [tokens, width] = graph.shape(qkv) as [number, number];
    const byHead = graph.reshape(qkv, [tokens, config.heads, 3, config.headDim]);
    return graph.reshape(graph.permute(byHead, [0, 2, 1, 3]), [tokens, width]);
  }

  private normedQueriesAndKeys(qkv: NodeId, layer: DecoderLayer, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const { heads, kvHeads, headDim, wholeQueryKeyNorm } = config;
    const [tokens, width] = graph.shape(qkv) as [number, number];
    const columns = (start: number, end: number) => graph.slice(qkv, { dim: 1, start, end });
    const normed = (x: NodeId, count: number, norm: AdaptedNorm | null) => {
      if (norm === null) return x;
      if (wholeQueryKeyNorm) return this.norm(x, norm, selection);
      const byHead = this.norm(graph.reshape(x, [tokens, count, headDim]), norm, selection);
      return graph.reshape(byHead, [tokens, count * headDim]);
    };
    const [keys, values] = [heads * headDim, (heads + kvHeads) * headDim];
    const parts = [
      normed(columns(0, keys), heads, layer.queryNorm),
      normed(columns(keys, values), kvHeads, layer.keyNorm),
    ];
    return graph.concat([...parts, columns(values, width)], 1);
  }

  private inner(x: NodeId, i: number, layer: DecoderLayer, { selection }: Pass): NodeId {
    const { graph, config } = this;
    const input = this.norm(x, layer.innerNorm, selection);
    const shape = expertsOf(config, i);
    if (shape === null) return this.dense(input, layer, selection);
    const mixture = mixtureOf(graph, input, layer, shape, config.activation);
    return layer.inner === null ? mixture : graph.add(mixture, this.dense(input, layer, selection));
  }

  /** The inner layer that all tokens go through. */
  private dense(input: NodeId, layer: DecoderLayer, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const given = layer.inner!.forward(input, selection);
    const active = config.gated
      ? gated(graph, given, gatedOf(config.activation))
      : activations[config.activation](graph, given);
    return layer.output!.forward(active, selection);
  }
}

/** A language model without its sampling: the layers, and the head that computes logits of their hidden states. */
export class Decoder extends DecoderLayers<DecoderWeights> {
  get output() {
    return this.weights.output;
  }

  /** All weights but the output layer's: hidden states, and with them keys and values, depend on these. */
  hiddenWeights(): NodeId[] {
    const { linears, norms, tables, layers, output } = this.weights;
    const nodes = [
      ...[...linears.filter((linear) => linear !== output), ...norms].flatMap(({ weight, bias }) => [weight, bias]),
      ...tables.map(({ table }) => table),
      ...layers.flatMap(({ convolutionKernel, decay, decayBias }) => [convolutionKernel, decay, decayBias]),
    ];
    return nodes.filter((id) => id !== null);
  }

  /** Logits `[rows, vocabulary]` of rows of the last hidden state; the selection's rows are these. */
  logits(hidden: NodeId, selection: AdapterSelection): NodeId {
    const { graph, config, weights } = this;
    // Of the narrower of the product's two sides.
    const logits = weights.output.forward(times(graph, hidden, config.logitScale), selection);
    const { logitCap } = config;
    if (logitCap === null) return logits;
    return times(graph, graph.tanh(times(graph, logits, 1 / logitCap)), logitCap);
  }
}
