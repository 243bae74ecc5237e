import { ConfigError } from "../../errors/errors.js";
import { whole } from "../../arguments/settings.js";
import type { Value } from "../../ops/op.js";
import { sizeOf } from "../../values/tensor.js";
import { newNode, type Node, type NodeId } from "../node.js";
import { Steps } from "../steps.js";

/** The parts of a graph used here. */
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

  /** A node's value; of a stored matrix as float32, until the step ends. */
  protected decoded({ frozen, value }: Node): Value {
    if (value.pointer !== 0) return value;
    const pointer = this.arena.allocate(value.size);
    frozen!.columns(0, frozen!.outFeatures, pointer);
    return { ...value, pointer };
  }
}
