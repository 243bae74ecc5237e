import type { Graph, NodeId } from "../graph/graph.js";
import type { LayerScaling } from "../io/peft/adapter.js";
import type { AdapterConfig, AdapterLayer } from "../io/peft/index.js";
import { oloraFactors, pissaFactors, type WeightInit } from "../nn/lora-config.js";
import type { LowRank } from "../nn/low-rank-update.js";
import type { Tensor } from "../values/tensor.js";

/** An adapter's tensor that replaces one of the base's, in the model's graph. */
export interface WholeTensor {
  /** A linear layer's weight is `[in, out]`; others are as in files. */
  readonly node: NodeId;
  /** Name in the adapter's file. */
  readonly name: string;
  /** Whether it is transposed in files. */
  readonly transposed: boolean;
  /** Whether it is trained, or only kept: PEFT also saves unchanged embedding tables. */
  readonly trainable: boolean;
  /** Whether LoRA+ applies weight decay to it, as `decayTest` decides. */
  readonly decays: boolean;
}

/** Trained rows of a table. */
export interface TokenRows {
  /** Indices of the rows, in the order of `rows`. */
  readonly indices: readonly number[];
  /** `[indices, width]` */
  readonly rows: NodeId;
  /** Name in the adapter's file. */
  readonly name: string;
}

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
   * Start of PiSSA and OLoRA: the initial A₀ `[in, rank]` and −B₀ `[rank, out]`, frozen; null for others. The base stays unchanged: s·A₀·B₀ is
   * subtracted where the adapter applies, so other adapters and the base alone are not affected.
   */
  readonly taken: { readonly loraA: NodeId; readonly loraB: NodeId } | null;
}

/** What a forward pass needs of an adapter. */
export interface AppliedAdapter {
  readonly config: AdapterConfig;
  /** Tensors by module path. */
  readonly layers: ReadonlyMap<string, AdapterWeights>;
  /** Tensors that replace the base's, by the base's names. */
  readonly whole: ReadonlyMap<string, WholeTensor>;
  /** Rows that replace a table's, by its module path. */
  readonly tokens: ReadonlyMap<string, TokenRows>;
}

/** The tensors of an adapter in a graph. */
export interface AdapterParts extends AppliedAdapter {
  /** Tensors of its file that have no effect here, by their names there. */
  readonly kept: ReadonlyMap<string, Tensor>;
  /** Updates of layers that the model's files lack, by module path: they have no effect, and are written again. */
  readonly idle: ReadonlyMap<string, AdapterLayer>;
}

/** A and B as applied: followed by A₀ and −B₀ for PiSSA and OLoRA. */
export function effective(graph: Graph, weights: AdapterWeights): AdapterWeights {
  const { taken } = weights;
  if (taken === null) return weights;
  return {
    ...weights,
    loraA: graph.concat([weights.loraA, taken.loraA], 1),
    loraB: graph.concat([weights.loraB, taken.loraB], 0),
  };
}

/** A module's tensors on the host, as applied; `later` gives values that may come later. */
export function hostWeights(graph: Graph, weights: AdapterWeights, later?: (id: NodeId) => Tensor): AdapterLayer {
  const { kind, bias, magnitude, rank, alpha, scaling, taken } = weights;
  const value = taken === null && later !== undefined ? later : (id: NodeId) => graph.value(id);
  const [a, b] = [value(weights.loraA), value(weights.loraB)];
  return {
    kind,
    loraA: taken === null ? a : besides(a, graph.value(taken.loraA)),
    loraB: taken === null ? b : below(b, graph.value(taken.loraB)),
    ...(bias === null ? {} : { bias: value(bias) }),
    ...(magnitude === null ? {} : { magnitude: value(magnitude) }),
    rank,
    alpha,
    scaling,
  };
}

/** Two matrices with the same number of rows, side by side. */
export function besides(left: Tensor, right: Tensor): Tensor {
  const [rows, columns] = left.shape as [number, number];
  const width = columns + right.shape[1]!;
  const data = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) {
    data.set(left.data.subarray(i * columns, (i + 1) * columns), i * width);
    data.set(right.data.subarray(i * (width - columns), (i + 1) * (width - columns)), i * width + columns);
  }
  return { shape: [rows, width], data };
}

/** Two matrices with the same number of columns, stacked. */
export function below(upper: Tensor, lower: Tensor): Tensor {
  const data = new Float32Array(upper.data.length + lower.data.length);
  data.set(upper.data);
  data.set(lower.data, upper.data.length);
  return { shape: [upper.shape[0]! + lower.shape[0]!, upper.shape[1]!], data };
}

export const hostLayers = (graph: Graph, layers: ReadonlyMap<string, AdapterWeights>, later?: (id: NodeId) => Tensor) =>
  new Map([...layers].map(([path, weights]) => [path, hostWeights(graph, weights, later)] as const));

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

/** Every A and B (magnitude, bias), layer by layer, then replaced tensors and rows that are trained. */
export function paramsOf({ layers, whole, tokens }: AdapterParts): NodeId[] {
  const ofLayers = [...layers.values()].flatMap(({ loraA, loraB, magnitude, bias }) =>
    [loraA, loraB, magnitude, bias].filter((id) => id !== null),
  );
  const trained = [...whole.values()].filter(({ trainable }) => trainable).map(({ node }) => node);
  return [...ofLayers, ...trained, ...[...tokens.values()].map(({ rows }) => rows)];
}

/** Every tensor of an adapter in the graph, by a name that describes it. */
export function tensorsOf({ layers, whole, tokens }: AdapterParts): Map<string, NodeId> {
  const named = new Map<string, NodeId>();
  for (const [path, { loraA, loraB, magnitude, bias, taken }] of layers) {
    const own = { loraA, loraB, magnitude, bias, "taken loraA": taken?.loraA, "taken loraB": taken?.loraB };
    for (const [name, id] of Object.entries(own))
      if (id !== null && id !== undefined) named.set(`${path}: ${name}`, id);
  }
  for (const [name, { node }] of whole) named.set(name, node);
  for (const [path, { indices, rows }] of tokens) named.set(`${path}: rows ${indices.join(", ")}`, rows);
  return named;
}

/** The initialisation of PiSSA or OLoRA, from the base's weights. */
export const baseWeightInit = ({ initLoraWeights }: Pick<AdapterConfig, "initLoraWeights">): WeightInit =>
  String(initLoraWeights).toLowerCase() === "pissa" ? pissaFactors : oloraFactors;

/** Initial A and B from a weight `[out, in]`, and the same A₀ and −B₀ to subtract. */
export function factorsOf(
  graph: Graph,
  weight: Tensor,
  { rank, scaling }: LayerScaling,
  init: WeightInit,
): { loraA: NodeId; loraB: NodeId; taken: NonNullable<AdapterWeights["taken"]> } {
  const { a, b } = init(weight, rank, scaling);
  return { loraA: graph.variable(a), loraB: graph.variable(b), taken: taking(graph, a, b) };
}

/** A₀ and −B₀, frozen. */
export function taking(graph: Graph, a: Tensor, b: Tensor): NonNullable<AdapterWeights["taken"]> {
  const negative = { shape: b.shape, data: b.data.map((x) => -x) };
  return { loraA: graph.constant(a), loraB: graph.constant(negative) };
}
