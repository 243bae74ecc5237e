import { ConfigError } from "../errors/errors.js";
import { whole } from "../arguments/settings.js";
import type { Value } from "../ops/op.js";
import { checkShape } from "../values/shape.js";
import { sizeOf } from "../values/tensor.js";
import { FrozenMatrix } from "./frozen-weight.js";
import type { Node, NodeId } from "./node.js";
import { Steps } from "./steps.js";
import { readStored, type StoredMatrix, type StoredMatrixInput } from "./stored-matrix.js";

/** Nodes whose matrices are kept as they are stored. */
export class FrozenNodes extends Steps {
  /**
   * A matrix that never gets a gradient, kept as it is stored and decoded where it is used; to the bit as the float32
   * matrix of its values. `linear`, `loraLinear` and `embedding` take it as it is, for other ops it becomes float32 for as
   * long as the step lasts. A float32 one that is `transposed` is kept in the matrix product's order instead, in as much memory.
   *
   * @param matrix shape of the matrix meant, format, whether the bytes are the transpose's, and the bytes, which are copied
   * Inside a step it is a float32 constant. Throws `ShapeError` or `ConfigError` for a matrix that makes no sense.
   */
  frozen(matrix: StoredMatrixInput): NodeId {
    this.assertUsable();
    const read = readStored("frozen", matrix, this.engine.kernels);
    return this.attempt.run(() => {
      const frozen = FrozenMatrix.ofStored(this, read);
      const value = { shape: read.shape, size: sizeOf(read.shape), pointer: 0 };
      if (this.inStep) {
        const { size } = value;
        const pointer = this.arena.allocate(size);
        frozen.columns(0, frozen.outFeatures, pointer);
        const id = this.push({ ...value, pointer }, false);
        frozen.release();
        return id;
      }
      return this.push(value, false, null, undefined, undefined, undefined, undefined, true, 0, frozen);
    });
  }

  /** A copy of what `frozen` or `setStored` was given; of a float32 matrix perhaps its transpose. Throws `ConfigError` for other nodes. */
  stored(id: NodeId): StoredMatrix {
    return this.frozenNode("stored", id).frozen.stored();
  }

  /** Replaces a frozen matrix, in whatever format. Throws `ShapeError` where the shapes differ, `ConfigError` for other nodes. */
  setStored(id: NodeId, matrix: StoredMatrixInput): void {
    this.assertUsable();
    const node = this.frozenNode("setStored", id);
    const read = readStored("setStored", matrix, this.engine.kernels);
    checkShape("setStored", "the matrix", read.shape, node.value.shape, "the node's ");
    const former = node.frozen;
    const forProduct = read.transposed || former.forProduct;
    node.frozen = this.attempt.run(() => FrozenMatrix.ofStored(this, read, forProduct));
    former.release();
  }

  /** Columns start to end of a frozen weight or another constant `[rows, columns]`, without a gradient. */
  columns(id: NodeId, start: number, end: number): NodeId {
    this.assertUsable();
    const frozen = this.frozenWeight(this.node(id));
    if (frozen === null)
      throw new ConfigError(`columns: node ${id} is no constant matrix that outlives steps`, {
        op: "columns",
        node: id,
      });
    whole("columns", "end", end, 0, frozen.outFeatures);
    whole("columns", "start", start, 0, end);
    return this.attempt.run(() => {
      const shape = [frozen.inFeatures, end - start];
      const pointer = this.arena.allocate(sizeOf(shape));
      frozen.columns(start, end, pointer);
      return this.push({ shape, size: sizeOf(shape), pointer }, false);
    });
  }

  /** The value of a node; of a stored matrix as float32, until the step ends. */
  protected decoded({ frozen, value }: Node): Value {
    if (value.pointer !== 0) return value;
    const pointer = this.arena.allocate(value.size);
    frozen!.columns(0, frozen!.outFeatures, pointer);
    return { ...value, pointer };
  }

  private frozenNode(what: string, id: NodeId): Node & { frozen: FrozenMatrix } {
    const node = this.node(id);
    if (node.frozen !== undefined && !node.frozen.isNodeValue) return node as Node & { frozen: FrozenMatrix };
    throw new ConfigError(`${what}: node ${id} is not one that \`frozen\` made`, { op: what, node: id });
  }
}
