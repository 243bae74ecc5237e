import { expect, it } from "vitest";
import { AdamW, ClassificationHead, Graph, LoraLinear, MemoryError, tensor } from "../../ts/index.js";
import { refuseAllocation, stateOf } from "../graph/allocations.js";

/** Makes what it needs, then gives what makes several tensors, of which any may find no memory. */
const makers: Record<string, (graph: Graph) => () => unknown> = {
  "LoraLinear.create": (graph) => () => LoraLinear.create(graph, 3, 4),
  "LoraLinear.fromLinear with DoRA": (graph) => {
    const weight = graph.constant(tensor([2, 3], [1, 2, 3, 4, 5, 6]));
    return () => LoraLinear.fromLinear(graph, weight, null, 2, 3, { dora: true });
  },
  "ClassificationHead.create": (graph) => () => ClassificationHead.create(graph, 3, 2),
  "ClassificationHead.clone": (graph) => {
    const head = ClassificationHead.create(graph, 3, 2);
    return () => head.clone();
  },
  AdamW: (graph) => {
    const params = [graph.variable(tensor([2], [1, 2])), graph.variable(tensor([1], [3]))];
    return () => new AdamW(graph, params, { amsgrad: true });
  },
};

it.each(Object.entries(makers))("%s without memory leaves nothing behind", (_, prepare) => {
  using graph = new Graph({ seed: 4 });
  const make = prepare(graph);
  // What the arena takes stays with it: taken here, it is no change later.
  graph.step(() => graph.constant(tensor([1], [1])));
  let failing = 0;
  for (; ; failing++) {
    const before = stateOf(graph);
    const { error } = refuseAllocation([graph], failing, make);
    if (error === undefined) break;
    expect(error).toBeInstanceOf(MemoryError);
    expect({ ...stateOf(graph), unused: null }).toEqual({ ...before, unused: null });
  }
  expect(failing).toBeGreaterThan(1);
});
