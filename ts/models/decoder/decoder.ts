import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { gated, softplusOf } from "../../graph/decoder-ops.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { type ForwardOptions, part } from "../architecture.js";
import { activations, gatedOf } from "../config-values.js";
import type { RaggedBatch } from "../ragged-batch.js";
import { ReadModel } from "../weight-table.js";
import { type Rotation, rotationOf } from "../rotary-embedding.js";
import { type Attend, attended, type AttendedPass, attendWhole } from "./attention.js";
import { type DecoderConfig, deltaWidths, expertsOf, keySources, sizesOf } from "./config.js";
import { mixtureOf } from "./experts.js";
import type { DecoderLayer, DecoderWeights, LayerWeights } from "./names.js";
import type { RotaryForm } from "./rotary-form.js";

/** How a forward pass is recorded. */
interface DecoderForwardOptions extends ForwardOptions {
  /** Layers from the first on, and the table of words, that get no gradient, and of which nothing is kept; default 0, and the table does. */
  readonly frozenLayers?: number;
}

/** Values shared by all layers in a pass over a batch. */
interface Pass extends AttendedPass {
  readonly keys: Map<number, NodeId>;
  /** Vectors that layers get of each token, of all layers, where they get any. */
  vectors: NodeId | null;
}

/** The layers of a language model: ids to hidden states. On ragged batches; the base has no dropout. */
export class DecoderLayers<W extends LayerWeights = LayerWeights> extends ReadModel<DecoderConfig, W> {
  /** Layers whose keys and values later ones use. */
  private readonly sources = keySources(this.config);

  /** Last hidden state `[tokens, hidden]`, normalised, recorded for `backward`. */
  override forward(batch: RaggedBatch, selection: AdapterSelection, options: DecoderForwardOptions = {}): NodeId {
    const pass = this.pass(batch, selection, attendWhole);
    const { frozenLayers = 0 } = options;
    let x = frozenLayers > 0 ? this.after(frozenLayers, pass) : part(this.graph, options, [], () => this.embed(pass));
    if (frozenLayers === 0) pass.vectors = this.vectors(x, pass, (body) => part(this.graph, options, [], body));
    for (let i = frozenLayers; i < this.config.layers; i++)
      x = this.hidden(
        part(this.graph, options, [x], (input) => this.layer(input, i, pass)),
        i,
        pass,
      );
    return this.norm(x, this.weights.finalNorm, selection);
  }

  /** Computes the same bits without a gradient; `attend` may find earlier tokens in a cache. */
  override infer(batch: RaggedBatch, selection: AdapterSelection, attend: Attend = attendWhole): NodeId {
    const pass = this.pass(batch, selection, attend);
    return this.graph.scope(() => this.norm(this.after(this.config.layers, pass), this.weights.finalNorm, selection));
  }

  /** Hidden state after this many layers, without a gradient. */
  private after(layers: number, pass: Pass): NodeId {
    const { graph } = this;
    let [first, start] = [() => this.embed(pass), 0];
    if (this.config.perLayer !== null) {
      const words = graph.scope(first);
      pass.vectors = this.vectors(words, pass, (body) => graph.scope(body));
      first = () => words;
    }
    // Keys and values that later layers use outlive their layer.
    for (const source of this.sources) {
      if (pass.attend.keeps || source >= layers) continue;
      const x = this.hidden(this.through(first, start, source + 1, pass), source, pass);
      [first, start] = [() => x, source + 1];
    }
    return this.through(first, start, layers, pass);
  }

  /** What layers from `start` to `end` make of the first hidden state: each one's memory is freed before the next. */
  private through(first: () => NodeId, start: number, end: number, pass: Pass): NodeId {
    return this.graph.scope(() =>
      start === end ? first() : this.layer(this.through(first, start, end - 1, pass), end - 1, pass),
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
    return { batch, selection, rotation, attend, keys: new Map(), vectors: null };
  }

  private embed({ batch: { ids, positions }, selection }: Pass): NodeId {
    const { graph, config, weights } = this;
    const scaled = times(graph, weights.words.forward(ids, selection), config.embeddingScale);
    return weights.positions === null ? scaled : graph.add(scaled, weights.positions.forward(positions, selection));
  }

  /** Vectors of all layers; null for a model without. @param within runs what computes them */
  private vectors(words: NodeId, { batch: { ids }, selection }: Pass, within: (body: () => NodeId) => NodeId) {
    const { graph, config, weights } = this;
    if (config.perLayer === null) return null;
    return within(() => layerVectors(graph, { ids, words, selection }, config, weights));
  }

  /** What a layer makes of x, with its keys and values in further columns if later layers use them. */
  private layer(x: NodeId, i: number, pass: Pass): NodeId {
    const { graph, config } = this;
    const { selection, vectors } = pass;
    const layer = this.weights.layers[i]!;
    const { mixed, keys } = this.mixed(x, i, layer, pass);
    const attended = this.norm(layer.attentionOutput.forward(mixed, selection), layer.attentionPostNorm, selection);
    const sum = graph.add(x, times(graph, attended, config.residualScale));
    const inner = this.norm(this.inner(config.parallel ? x : sum, i, layer, pass), layer.innerPostNorm, selection);
    let made = graph.add(sum, times(graph, inner, config.residualScale));
    if (vectors !== null) made = withVectors(graph, made, vectors, config, i, layer, selection);
    if (layer.scale !== null) made = graph.mul(made, layer.scale);
    return keys === null ? made : graph.concat([made, keys], 1);
  }

  /** Whether later layers use this one's keys and values, which only the pass keeps. */
  private isSource(i: number, { attend }: Pass): boolean {
    return !attend.keeps && this.sources.has(i);
  }

  /** The hidden state of what a layer made; keys and values beside it are kept for later layers. */
  private hidden(made: NodeId, i: number, pass: Pass): NodeId {
    if (!this.isSource(i, pass)) return made;
    const { graph, config } = this;
    const [, width] = graph.shape(made) as [number, number];
    const columns = (start: number, end: number) => graph.slice(made, { dim: 1, start, end });
    pass.keys.set(i, columns(config.hiddenSize, width));
    return columns(0, config.hiddenSize);
  }

  /** What attention or a convolution makes of x, and keys and values that later layers use. */
  private mixed(
    x: NodeId,
    i: number,
    layer: DecoderLayer,
    pass: Pass,
  ): { readonly mixed: NodeId; readonly keys: NodeId | null } {
    const { graph, config } = this;
    const input = this.norm(x, layer.attentionNorm, pass.selection);
    if (layer.queryKeyValue === null) return { mixed: this.convolved(input, i, layer, pass), keys: null };
    const { mixed, qkv } = attended(graph, input, config, i, layer, pass);
    if (!this.isSource(i, pass)) return { mixed, keys: null };
    const start = config.heads * sizesOf(config, i).headDim;
    return { mixed, keys: graph.slice(qkv, { dim: 1, start, end: graph.shape(qkv)[1]! }) };
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
    const modules = [...linears.filter((linear) => linear !== output), ...norms];
    // A layer's tensors that are no module's, such as a convolution's and experts'.
    const others = layers.flatMap((layer) => Object.values(layer).flat());
    return [
      ...modules.flatMap(({ weight, bias }) => (bias === null ? [weight] : [weight, bias])),
      ...tables.map(({ table }) => table),
      ...others.filter((part) => typeof part === "number"),
    ];
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

/** Added to the sum of a head's squares, by whose root queries and keys are divided. */
const EPS = 1e-6;

/**
 * A gated delta net (arXiv 2412.06464), without its first and its last linear layer: a short convolution and an activation, queries and keys
 * of length 1, the delta rule, a norm over each head, a gate. `given` is what the convolution sees, the gate, and what beta and the decay
 * come from, side by side.
 */
function deltaNet(
  graph: Graph,
  given: NodeId,
  config: DecoderConfig,
  i: number,
  layer: DecoderLayer,
  { batch, selection, attend }: { batch: RaggedBatch; selection: AdapterSelection; attend: Attend },
): NodeId {
  const delta = config.attention(i).delta!;
  const { keyHeads, valueHeads, keyDim, valueDim } = delta;
  const { keys, values, mixed } = deltaWidths(delta);
  const tokens = graph.shape(given)[0]!;
  const columns = (x: NodeId, start: number, width: number) => graph.slice(x, { dim: 1, start, end: start + width });
  const seen = attend.convolution(graph, columns(given, 0, mixed), layer.convolutionKernel!, batch, i);
  const active = activations[config.activation](graph, seen);
  /** x / √(Σx² + eps) of each head, times a number: as a root-mean-square norm. */
  const unit = (start: number, factor: number) => {
    const byHead = graph.reshape(columns(active, start, keys), [tokens, keyHeads, keyDim]);
    const data = new Float32Array(keyDim).fill(factor / Math.sqrt(keyDim));
    const weight = graph.constant({ shape: [keyDim], data });
    return graph.reshape(graph.rmsNorm(byHead, weight, { eps: EPS / keyDim }), [tokens, keys]);
  };
  const ofHeads = (place: number) => columns(given, mixed + values + place * valueHeads, valueHeads);
  const steps = softplusOf(graph, graph.add(ofHeads(1), layer.decayBias!));
  const decay = graph.neg(graph.mul(graph.exp(layer.decay!), steps));
  const inputs = [
    unit(0, 1 / Math.sqrt(keyDim)),
    unit(keys, 1),
    columns(active, 2 * keys, values),
    decay,
    graph.sigmoid(ofHeads(0)),
  ] as const;
  const read = attend.recurrence(graph, inputs, batch, { layer: i, keyHeads });
  const byHead = graph.reshape(read, [tokens, valueHeads, valueDim]);
  const normed = layer.deltaNorm!.forward(byHead, selection, config.normEps);
  return graph.mul(graph.reshape(normed, [tokens, values]), graph.silu(columns(given, mixed, values)));
}

/** x times a number. */
const times = (graph: Graph, x: NodeId, factor: number): NodeId =>
  factor === 1 ? x : graph.mul(x, graph.constant({ shape: [], data: Float32Array.of(factor) }));

/** What the vectors of a batch are computed from. */
interface Given {
  readonly ids: Int32Array;
  /** Embeddings of the ids, scaled: `[tokens, hidden]`. */
  readonly words: NodeId;
  readonly selection: AdapterSelection;
}

/**
 * The vectors that layers get of each token (Gemma 4's per-layer embeddings), of all layers side by side: `[tokens, layers·width]`. A vector is
 * the token's row of a table plus a norm of what a linear layer makes of its word, over √2.
 */
function layerVectors(
  graph: Graph,
  { ids, words, selection }: Given,
  config: DecoderConfig,
  { vectors, vectorProjection, vectorNorm }: LayerWeights,
): NodeId {
  const { width } = config.perLayer!;
  const projected = vectorProjection!.forward(words, selection);
  const [tokens, all] = graph.shape(projected) as [number, number];
  const byLayer = graph.reshape(projected, [tokens, config.layers, width]);
  // The norm of x over √hidden: x by itself with so much larger an epsilon.
  const normed = vectorNorm!.forward(byLayer, selection, config.normEps * config.hiddenSize);
  const own = times(graph, vectors!.forward(ids, selection), Math.sqrt(width));
  return times(graph, graph.add(graph.reshape(normed, [tokens, all]), own), Math.SQRT1_2);
}

/** x `[tokens, hidden]` plus the norm of W₂(f(W₁x) ⊙ v), where v is a layer's vector of each token. */
function withVectors(
  graph: Graph,
  x: NodeId,
  vectors: NodeId,
  config: DecoderConfig,
  i: number,
  { vectorGate, vectorOutput, vectorNorm }: DecoderLayer,
  selection: AdapterSelection,
): NodeId {
  const { width } = config.perLayer!;
  const own = graph.slice(vectors, { dim: 1, start: i * width, end: (i + 1) * width });
  const gate = activations[config.activation](graph, vectorGate!.forward(x, selection));
  const added = vectorOutput!.forward(graph.mul(gate, own), selection);
  return graph.add(x, vectorNorm!.forward(added, selection, config.normEps));
}
