import type { Graph, NodeId } from "../graph/graph.js";
import type { LayerScaling } from "../io/peft/adapter.js";
import type { AdapterConfig } from "../io/peft/index.js";
import { oloraFactors, pissaFactors, type WeightInit } from "../nn/initial-factors.js";
import type { Tensor } from "../values/tensor.js";
import type { AdapterWeights } from "./adapter-parts.js";

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
