import type { Graph, NodeId } from "../graph/graph.js";
import type { Tensor } from "../values/tensor.js";

/** Values of nodes at a call. On a GPU those that cannot be read at once come later: the values at the call, whatever changes them meanwhile. */
export class ValuesAtCall {
  private readonly reads: Promise<void>[] = [];

  constructor(private readonly graph: Graph) {}

  /** A node's value; its data are there once `late` is resolved. */
  readonly of = (id: NodeId): Tensor => {
    const { graph } = this;
    const { pointer, size, shape } = graph.node(id).value;
    if (graph.engine.readsAtOnce(pointer, size)) return graph.value(id);
    const data = new Float32Array(size);
    this.reads.push(graph.read(id).then((read) => data.set(read.data)));
    return { shape: [...shape], data };
  };

  /** Resolves when all values are there; null if they are. */
  get late(): Promise<unknown> | null {
    return this.reads.length === 0 ? null : Promise.all(this.reads);
  }
}
