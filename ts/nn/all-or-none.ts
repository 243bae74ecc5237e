import type { Graph, NodeId } from "../graph/graph.js";

/**
 * Runs `make`, which lists the leaves it puts on the graph. Where it throws, those are released and the random streams that
 * were drawn are given back: half a layer is never left. Inside a step leaves go when the step ends.
 */
export function allOrNone<T>(graph: Graph, make: (made: NodeId[]) => T): T {
  const made: NodeId[] = [];
  const drawn = graph.streamsDrawn;
  try {
    return make(made);
  } catch (error) {
    graph.release(made.filter((id) => graph.node(id).persistent));
    graph.streamsDrawn = drawn;
    throw error;
  }
}
