import { ConfigError, ShapeError } from "../errors.js";
import { checkTensor, formatShape, type Tensor } from "../tensor.js";
import type { Call } from "./call.js";
import type { Node } from "./node.js";
import type { Tape } from "./tape.js";

/**
 * Reverse-mode differentiation: nodes stand on the tape in an order in which inputs come first, so one walk back from
 * the loss meets every node after all its uses. A node's gradient is given back as soon as its rule has run.
 */
export function backward(tape: Tape, call: Call, loss: Node, gradient?: Tensor): void {
  const { arena, nodes } = tape;
  const size = loss.value.size;
  if (loss.op === null) return seedLeaf(tape, loss, gradient);
  loss.gradient = arena.allocate(size);
  tape.floats(loss.gradient, size).set(gradient?.data ?? [1]);
  let position = nodes.length - 1;
  while (nodes[position] !== loss) position--;
  for (; position >= 0; position--) {
    const node = nodes[position]!;
    if (node.op === null || node.gradient === 0) continue;
    const passedOn = call.backward(node);
    if (!passedOn) arena.release(node.gradient, node.value.size);
    node.gradient = 0;
  }
}

/** The loss is itself a variable: its gradient is the one that was passed. */
function seedLeaf(tape: Tape, leaf: Node, gradient?: Tensor): void {
  const size = leaf.value.size;
  if (leaf.gradient === 0) {
    leaf.gradient = leaf.gradientMemory ||= tape.allocateOwned(size);
    tape.floats(leaf.gradient, size).fill(0);
  }
  const sum = tape.floats(leaf.gradient, size);
  const added = gradient?.data ?? Float32Array.of(1);
  for (let i = 0; i < size; i++) sum[i]! += added[i]!;
}

/** Throws where `loss` is no scalar, or the gradient has another shape, or nothing trainable lies under it. */
export function checkBackward({ value, requiresGrad }: Node, gradient: Tensor | undefined): void {
  if (gradient !== undefined) {
    checkTensor("backward", gradient);
    if (formatShape(gradient.shape) !== formatShape(value.shape)) {
      throw new ShapeError(
        `backward: the gradient has shape ${formatShape(gradient.shape)}, its node ${formatShape(value.shape)}`,
      );
    }
  } else if (value.size !== 1) {
    throw new ShapeError(
      `backward: the loss has shape ${formatShape(value.shape)}, not one value; reduce it, or pass ∂L/∂loss`,
    );
  }
  if (!requiresGrad) {
    throw new ConfigError(
      "backward: nothing trainable lies under this node (variables, made outside noGrad, are needed)",
    );
  }
}
