import type { Graph, NodeId } from "../graph/graph.js";
import type { AppliedAdapter } from "./adapter-parts.js";
import type { ModelAdapter } from "./model-adapter.js";

/** An adapter whose A is constant while the rest is trained (FFA-LoRA, arXiv 2403.12313). */
export interface FrozenA {
  /** The trained parameters, in the adapter's order. */
  params(): NodeId[];
  /** The whole adapter in a step of the graph, with A as constants: no gradient is computed for them. */
  applied(): AppliedAdapter;
}

/** Freezes every A of an adapter at its current value. */
export function frozenA(graph: Graph, adapter: ModelAdapter): FrozenA {
  const values = new Map([...adapter.layers].map(([path, { loraA }]) => [path, graph.value(loraA)]));
  const frozen = new Set([...adapter.layers.values()].map(({ loraA }) => loraA));
  return {
    params: () => adapter.params().filter((id) => !frozen.has(id)),
    applied() {
      const { config, whole, tokens } = adapter;
      const layers = [...adapter.layers].map(
        ([path, weights]) => [path, { ...weights, loraA: graph.constant(values.get(path)!) }] as const,
      );
      return { config, whole, tokens, layers: new Map(layers) };
    },
  };
}
