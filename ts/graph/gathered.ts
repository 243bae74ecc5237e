import { nowOrLater } from "./inferring.js";
import type { Graph, NodeId } from "./graph.js";

/** Copies values to places of `target`, at once, or on a GPU until `end` resolves. */
export class Gathered {
  private readonly reads: Promise<void>[] = [];

  constructor(
    private readonly graph: Graph,
    private readonly target: Float32Array,
  ) {}

  /** Copies a node's value to the place `start`. */
  set(id: NodeId, start: number): void {
    const value = nowOrLater(this.graph, id);
    if (value instanceof Promise) this.reads.push(value.then(({ data }) => this.target.set(data, start)));
    else this.target.set(value.data, start);
  }

  async end(): Promise<void> {
    await Promise.all(this.reads);
  }
}
