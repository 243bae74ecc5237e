import type { Graph, NodeId } from "../graph/graph.js";
import { type Adapter, type AdapterConfig, type AdapterLayer, withoutTaking } from "../io/peft/index.js";
import { transpose } from "../io/peft/transpose.js";
import type { LowRank } from "../nn/low-rank-update.js";
import type { Tensor } from "../values/tensor.js";
import type { TokenRows, WholeTensor } from "./whole-tensors.js";

/** An adapter's tensors for one module, in the model's graph. */
export interface AdapterWeights extends LowRank {
  readonly kind: "linear" | "embedding";
  /** B's bias `[out]`, or null. */
  readonly bias: NodeId | null;
  /** DoRA's `[out]`, or null. */
  readonly magnitude: NodeId | null;
  readonly rank: number;
  readonly alpha: number;
  /**
   * What PiSSA or OLoRA took from the base's weight at the start, A₀ `[in, rank]` and −B₀ `[rank, out]`, frozen; null for
   * others. The base stays as it is, and s·A₀·B₀ is taken off where the adapter applies, so other adapters and the base
   * alone are not touched.
   */
  readonly taken: { readonly loraA: NodeId; readonly loraB: NodeId } | null;
}

/** What a forward pass needs of an adapter. */
export interface AppliedAdapter {
  readonly config: AdapterConfig;
  /** Tensors by module path. */
  readonly layers: ReadonlyMap<string, AdapterWeights>;
  /** Tensors in place of the base's, by the base's name for them. */
  readonly whole: ReadonlyMap<string, WholeTensor>;
  /** Rows in place of a table's, by its module path. */
  readonly tokens: ReadonlyMap<string, TokenRows>;
}

/** What an adapter holds, in a graph: all but its name. */
export interface AdapterParts extends AppliedAdapter {
  /** Tensors of its file that change nothing here, by their name there. */
  readonly kept: ReadonlyMap<string, Tensor>;
}

/** An adapter on a model: trainable tensors by module path, and the configuration they came from. */
export class ModelAdapter implements AppliedAdapter {
  readonly config: AdapterConfig;
  readonly whole: ReadonlyMap<string, WholeTensor>;
  readonly tokens: ReadonlyMap<string, TokenRows>;
  private factor = 1;
  private scaled: ReadonlyMap<string, AdapterWeights>;
  /** As files have them: without the factor. */
  private readonly unscaled: ReadonlyMap<string, AdapterWeights>;
  private readonly kept: ReadonlyMap<string, Tensor>;

  constructor(
    private readonly graph: Graph,
    /** Changed by renaming alone. */
    public name: string,
    { config, layers, whole, tokens, kept }: AdapterParts,
  ) {
    this.config = config;
    this.scaled = this.unscaled = layers;
    this.whole = whole;
    this.tokens = tokens;
    this.kept = kept;
  }

  /** What applies: tensors by module path, with the scaling times the factor. */
  get layers(): ReadonlyMap<string, AdapterWeights> {
    return this.scaled;
  }

  /** What s·A·B is multiplied by where the adapter applies; 1 unless it was set. It is no part of the adapter's files. */
  get scale(): number {
    return this.factor;
  }

  /** @internal Set by the adapters' set alone, which sees to it that nobody is using the adapter. */
  set scale(factor: number) {
    const layers = [...this.unscaled].map(
      ([path, weights]) => [path, { ...weights, scaling: weights.scaling * factor }] as const,
    );
    [this.factor, this.scaled] = [factor, new Map(layers)];
  }

  /** Every A and B (magnitude, bias), layer by layer, then whole tensors and rows that are trained along. */
  params(): NodeId[] {
    const layers = [...this.layers.values()].flatMap(({ loraA, loraB, magnitude, bias }) =>
      [loraA, loraB, magnitude, bias].filter((id) => id !== null),
    );
    const whole = [...this.whole.values()].filter(({ trainable }) => trainable).map(({ node }) => node);
    return [...layers, ...whole, ...[...this.tokens.values()].map(({ rows }) => rows)];
  }

  /** @internal Every tensor that it has in the graph. */
  nodes(): NodeId[] {
    const taken = [...this.layers.values()].flatMap(({ taken }) => (taken === null ? [] : [taken.loraA, taken.loraB]));
    const frozen = [...this.whole.values()].filter(({ trainable }) => !trainable).map(({ node }) => node);
    return [...this.params(), ...taken, ...frozen];
  }

  /** The tensors as they are now. What PiSSA or OLoRA took from the base makes an ordinary adapter of twice the rank. */
  toFile(): Adapter {
    const { graph } = this;
    const extra = new Map(this.kept);
    for (const { node, name, transposed } of this.whole.values())
      extra.set(name, transposed ? transpose(graph.value(node)) : graph.value(node));
    for (const { rows, name } of this.tokens.values()) extra.set(name, graph.value(rows));
    const taking = [...this.unscaled.values()].some(({ taken }) => taken !== null);
    const file = { config: this.config, layers: hostLayers(graph, this.unscaled), extra };
    return taking ? withoutTaking(file) : file;
  }

  /**
   * The adapter as it is now, whatever is trained, merged or removed afterwards: a function that brings it into a step
   * of the graph, as constants.
   */
  snapshot(): () => AppliedAdapter {
    const { graph, config } = this;
    const layers = hostLayers(graph, this.layers);
    const whole = [...this.whole].map(([name, { node, ...rest }]) => [name, graph.value(node), rest] as const);
    const tokens = [...this.tokens].map(([path, { rows, ...rest }]) => [path, graph.value(rows), rest] as const);
    const place = (tensor: Tensor) => graph.constant(tensor);
    return () => ({
      config,
      layers: weightsOf(layers, place),
      whole: new Map(whole.map(([name, tensor, rest]) => [name, { ...rest, node: place(tensor) }])),
      tokens: new Map(tokens.map(([path, tensor, rest]) => [path, { ...rest, rows: place(tensor) }])),
    });
  }
}

/** A and B as they apply: with what was taken from the base, behind each other. */
export function effective(graph: Graph, weights: AdapterWeights): AdapterWeights {
  const { taken } = weights;
  if (taken === null) return weights;
  return {
    ...weights,
    loraA: graph.concat([weights.loraA, taken.loraA], 1),
    loraB: graph.concat([weights.loraB, taken.loraB], 0),
  };
}

/** A module's tensors on the host, as they apply. */
export function hostWeights(graph: Graph, weights: AdapterWeights): AdapterLayer {
  const { kind, bias, magnitude, rank, alpha, scaling, taken } = weights;
  const [a, b] = [graph.value(weights.loraA), graph.value(weights.loraB)];
  return {
    kind,
    loraA: taken === null ? a : besides(a, graph.value(taken.loraA)),
    loraB: taken === null ? b : below(b, graph.value(taken.loraB)),
    ...(bias === null ? {} : { bias: graph.value(bias) }),
    ...(magnitude === null ? {} : { magnitude: graph.value(magnitude) }),
    ...{ rank, alpha, scaling },
  };
}

/** Two matrices of as many rows, side by side. */
function besides(left: Tensor, right: Tensor): Tensor {
  const [rows, columns] = left.shape as [number, number];
  const width = columns + right.shape[1]!;
  const data = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) {
    data.set(left.data.subarray(i * columns, (i + 1) * columns), i * width);
    data.set(right.data.subarray(i * (width - columns), (i + 1) * (width - columns)), i * width + columns);
  }
  return { shape: [rows, width], data };
}

/** Two matrices of as many columns, one below the other. */
function below(upper: Tensor, lower: Tensor): Tensor {
  const data = new Float32Array(upper.data.length + lower.data.length);
  data.set(upper.data);
  data.set(lower.data, upper.data.length);
  return { shape: [upper.shape[0]! + lower.shape[0]!, upper.shape[1]!], data };
}

const hostLayers = (graph: Graph, layers: ReadonlyMap<string, AdapterWeights>) =>
  new Map([...layers].map(([path, weights]) => [path, hostWeights(graph, weights)] as const));

/** Puts layers into the graph. */
export function weightsOf(
  layers: ReadonlyMap<string, AdapterLayer>,
  place: (tensor: Tensor) => NodeId,
): Map<string, AdapterWeights> {
  const nodes = new Map<string, AdapterWeights>();
  const optional = (tensor: Tensor | undefined) => (tensor === undefined ? null : place(tensor));
  for (const [path, { kind, loraA, loraB, bias, magnitude, rank, alpha, scaling }] of layers) {
    const weights = { kind, loraA: place(loraA), loraB: place(loraB), rank, alpha, scaling, taken: null };
    nodes.set(path, { ...weights, magnitude: optional(magnitude), bias: optional(bias) });
  }
  return nodes;
}
