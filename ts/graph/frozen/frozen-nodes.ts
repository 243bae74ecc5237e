import { namingTraps } from "../../engine/trap.js";
import { ConfigError } from "../../errors/errors.js";
import { whole } from "../../arguments/settings.js";
import type { Value } from "../../ops/op.js";
import { sizeOf } from "../../values/tensor.js";
import { newNode, type Node, type NodeId } from "../node.js";
import { Steps } from "../steps.js";
import { FrozenMatrix } from "./frozen-weight.js";

/** What a graph does with frozen weights, and with nodes whose values are stored as such. */
export class FrozenNodes extends Steps {
  /** Columns `start` to `end` of a frozen weight or another constant `[rows, columns]`, without a gradient. */
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
      return this.push(newNode({ shape, size: sizeOf(shape), pointer }, false));
    });
  }

  /**
   * @internal The frozen weight of a node; null for other nodes. Without gradients, any matrix can be one: a row's bits then do not depend
   *   on the other rows, as they may in products of few rows with other matrices.
   */
  frozenWeight(node: Node, recorded = true): FrozenMatrix | null {
    if (node.frozen !== undefined) return node.frozen;
    const { shape, pointer } = node.value;
    if (shape.length !== 2) return null;
    const matrix = shape as readonly [number, number];
    if (!node.persistent || node.op !== null || node.requiresGrad)
      return recorded ? null : FrozenMatrix.inPlace(this, matrix, pointer);
    return (node.frozen = FrozenMatrix.ofConstant(this, matrix, pointer));
  }

  /** A node's value as float32: its own memory, or a copy while `body` runs. */
  protected withValue<T>({ frozen, value }: Node, body: (value: Value) => T): T {
    if (frozen === undefined || frozen.isNodeValue) return body(value);
    return this.withScratch(value.size, (pointer) => {
      namingTraps(() => frozen.columns(0, frozen.outFeatures, pointer));
      return body({ ...value, pointer });
    });
  }

  /** A node's value; of a stored matrix as float32, until the step ends. */
  protected decoded({ frozen, value }: Node): Value {
    if (value.pointer !== 0) return value;
    const pointer = this.arena.allocate(value.size);
    frozen!.columns(0, frozen!.outFeatures, pointer);
    return { ...value, pointer };
  }
}
