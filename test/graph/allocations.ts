import { engine } from "../../ts/engine/engine.js";
import type { Graph } from "../../ts/index.js";
import { MemoryError } from "../../ts/index.js";
import { unused } from "./unused.js";

/** How a run went: how often it asked for memory, and what it gave or threw. */
export interface Outcome<T> {
  readonly allocations: number;
  readonly result?: T;
  readonly error?: unknown;
}

/**
 * Runs `body` with the `failing`-th request for memory refused, the first being 0, be it a block of a tape or of the heap.
 * The memory is real; only where it ends is chosen.
 */
export function refuseAllocation<T>(graphs: readonly Graph[], failing: number, body: () => T): Outcome<T> {
  let allocations = 0;
  const restore = [engine().heap, ...graphs.map((graph) => graph.arena)].map((owner) => {
    const { allocate: former } = owner;
    const allocate = former.bind(owner);
    owner.allocate = (amount) => {
      if (allocations++ === failing) throw new MemoryError("refused by the test");
      return allocate(amount);
    };
    return () => (owner.allocate = former);
  });
  try {
    const result = body();
    return { allocations, result };
  } catch (error) {
    return { allocations, error };
  } finally {
    for (const undo of restore) undo();
  }
}

/** Everything that a method which throws must leave as it was. */
export function stateOf(graph: Graph) {
  const nodes = graph.nodes.map((node) => ({
    id: node.id,
    // A stored matrix has no float32 value of its own.
    value: node.value.pointer === 0 ? null : bits(graph, node.value.pointer, node.value.size),
    gradient: node.gradient === 0 ? null : bits(graph, node.gradient, node.value.size),
    gradientMemory: node.gradientMemory,
    packed: [...(node.frozen?.owned ?? [])],
  }));
  return {
    nodes,
    unused: unused(graph.arena),
    streams: graph.streamsDrawn,
    used: engine().heap.used,
    running: graph.attempt.running,
  };
}

/** Bits rather than numbers: NaN and −0 count. */
function bits(graph: Graph, pointer: number, size: number): string {
  return new Uint32Array(graph.engine.read(pointer, size).buffer).join(" ");
}
