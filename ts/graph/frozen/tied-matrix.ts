import { type Graph, checkGraph } from "../graph.js";
import type { Pointer } from "../../ops/op.js";
import type { GraphMemory } from "../memory.js";
import { newNode, type Node, type NodeId } from "../node.js";
import { FrozenMatrix } from "./frozen-weight.js";
import { storedMatrix, StoredWeight } from "./stored-weight.js";

/** A table's transpose, in the table's own memory; follows the table's values. */
class TiedMatrix extends FrozenMatrix {
  constructor(
    memory: GraphMemory,
    private readonly node: Node,
  ) {
    const [rows, width] = node.value.shape as [number, number];
    super(memory, [width, rows], "f32", 0, 0, false, true);
  }

  override withValues(values: Float32Array): FrozenMatrix {
    const { inFeatures, outFeatures, memory } = this;
    const bytes = [new Uint8Array(values.buffer)];
    return StoredWeight.of(memory, { shape: [inFeatures, outFeatures], format: "f32", transposed: false, bytes }, true);
  }

  override times(rows: number, x: Pointer, bias: Pointer, y: Pointer): void {
    this.table.timesTransposed(rows, x, 0, y);
    const { outFeatures: n } = this;
    if (bias !== 0) this.memory.engine.kernels.add_forward(y, bias, y, 1, rows, n, 0, n, 1, 0, 0, 1, 0);
  }

  override timesTransposed(rows: number, g: Pointer, accumulate: 0 | 1, gradient: Pointer): void {
    const { table, memory } = this;
    if (accumulate === 0) return table.times(rows, g, 0, gradient);
    const size = rows * this.inFeatures;
    memory.withScratch(size, (product) => {
      table.times(rows, g, 0, product);
      memory.engine.kernels.axpy(size, 1, product, gradient);
    });
  }

  override columns(start: number, end: number, y: Pointer): void {
    const { inFeatures, outFeatures, table } = this;
    const transposed = table.transposed ? 0 : 1;
    this.memory.engine.kernels.stored_columns(
      inFeatures,
      outFeatures,
      table.number,
      table.pointer,
      transposed,
      start,
      end,
      y,
    );
  }

  private get table(): FrozenMatrix {
    return this.node.frozen!;
  }
}

/**
 * A table `[rows, width]` (not transposed, from `frozenMatrix`) as the weight `[width, rows]` of a tied output layer, in the table's
 * memory. It has no gradient.
 */
export function tiedMatrix(graph: Graph, table: NodeId): NodeId {
  const frozen = new TiedMatrix(graph, checkGraph("tiedMatrix", graph).node(table));
  const { inFeatures, outFeatures } = frozen;
  const value = { shape: [inFeatures, outFeatures], size: inFeatures * outFeatures, pointer: 0 };
  return graph.push(newNode(value, false, null, undefined, undefined, undefined, true, 0, frozen));
}

/** Gives a tied matrix its own memory, with the table's current values. */
export function untie(graph: Graph, id: NodeId, table: NodeId): void {
  const { shape, ...stored } = storedMatrix(graph, table);
  const [rows, width] = shape;
  const node = graph.node(id);
  node.frozen = graph.attempt.run(() => StoredWeight.of(graph, { ...stored, shape: [width, rows], transposed: true }));
}

/** Ties it to the table again. */
export function tie(graph: Graph, id: NodeId, table: NodeId): void {
  const node = graph.node(id);
  const former = node.frozen!;
  node.frozen = new TiedMatrix(graph, graph.node(table));
  former.release();
}
