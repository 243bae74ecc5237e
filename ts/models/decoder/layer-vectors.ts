import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { activations } from "../config-values.js";
import type { DecoderConfig } from "./config.js";
import type { DecoderLayer, LayerWeights } from "./names.js";

/** x times a number. */
export const times = (graph: Graph, x: NodeId, factor: number): NodeId =>
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
export function layerVectors(
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
export function withVectors(
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
