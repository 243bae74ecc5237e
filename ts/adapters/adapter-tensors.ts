import type { Graph, NodeId } from "../graph/graph.js";
import type { AdapterLayer } from "../io/peft/index.js";
import type { Tensor } from "../values/tensor.js";
import type { AdapterParts, AdapterWeights } from "./adapter-parts.js";

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
