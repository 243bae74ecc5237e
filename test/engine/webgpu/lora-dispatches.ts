import { type Engine, Graph, type NodeId, normal } from "../../../ts/index.js";
import type { Counting } from "./model-files.js";

const [ROWS, INPUT, OUTPUT, RANK] = [20, 24, 16, 4];

/** Dispatches of a frozen linear layer with adapters on `blocks` blocks of its columns: of its value, and of its gradients by ∂L/∂y. */
export async function loraDispatches(engine: Engine, blocks: number): Promise<{ forward: number; backward: number }> {
  using graph = new Graph({ engine, seed: 2 });
  const counted = () => (engine as Counting).counts["dispatches"]!;
  const x = graph.variable(normal(graph, [ROWS, INPUT], 1));
  const weight = graph.constant(normal(graph, [INPUT, blocks * OUTPUT], 1));
  const adapters = Array.from({ length: blocks }, (_, i) => ({ start: i * OUTPUT, width: OUTPUT, scaling: 2 }));
  const matrices = adapters.flatMap(() => [
    graph.variable(normal(graph, [INPUT, RANK], 1)),
    graph.variable(normal(graph, [RANK, OUTPUT], 1)),
  ]);
  // A read encodes what waits, and a sum in front of the layer is one dispatch in each direction.
  const dispatches = async (make: () => NodeId) => {
    const counts: number[] = [];
    const read = graph.step(() => {
      const start = counted();
      const y = make();
      void graph.read(y);
      counts.push(counted() - start);
      const loss = graph.sum(y);
      const before = counted();
      graph.backward(loss);
      const late = graph.readGrad(x);
      counts.push(counted() - before);
      return { late };
    });
    await read.late;
    return counts as [number, number];
  };
  const lora = () => graph.loraLinear([x, weight, ...matrices], { bias: false, adapterInput: false, adapters });
  const plain = await dispatches(() => graph.linear(x, weight));
  const [forward, backward] = await dispatches(lora);
  // What the loss adds is that of the layer without adapters, whose gradient is one product.
  return { forward, backward: backward - plain[1] + 1 };
}
