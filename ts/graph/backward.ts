import { ConfigError, ShapeError } from "../errors/errors.js";
import { checkShape, formatShape, type Tensor } from "../values/tensor.js";
import type { Call } from "./call.js";
import { checkpointOp, recompute } from "./checkpoint.js";
import type { Gradients } from "./gradients.js";
import type { Node } from "./node.js";
import type { Modes } from "./modes.js";

const ONE = Float32Array.of(1);

/**
 * Reverse-mode differentiation. On the tape, inputs come before results, so one walk back from the loss meets every node after all its
 * uses. A node's gradient is freed as soon as its rule has run.
 */
export function backward(tape: Modes, call: Call, gradients: Gradients, loss: Node, gradient?: Float32Array): void {
  const { arena, nodes } = tape;
  const { length } = nodes;
  gradients.begin(nodes);
  if (loss.op === null) addTo(tape, call, gradients, loss, gradient ?? ONE);
  else {
    const pointer = gradients.start(loss);
    if (gradient === undefined) call.kernels.fill(1, 1, pointer);
    else tape.engine.write(pointer, gradient, loss.value.size);
    let position = nodes.length - 1;
    while (nodes[position] !== loss) position--;
    try {
      walk(position, 0);
    } catch (error) {
      while (nodes.length > length) nodes.pop();
      throw error;
    }
  }
  gradients.end();

  function walk(last: number, first: number): void {
    for (let position = last; position >= first; position--) {
      const node = nodes[position]!;
      if (node.op === null || node.gradient === 0) continue;
      const passedOn = node.op === checkpointOp ? walkAgain(node) : call.backward(node);
      if (!passedOn) arena.release(node.gradient, node.value.size);
      node.gradient = 0;
    }
  }

  /** A checkpoint's gradient is that of its segment, which is on the tape during its part of the walk. */
  function walkAgain(node: Node): boolean {
    const first = nodes.length;
    const { result, release } = recompute(tape, node);
    const passedOn = call.passTo(result, node);
    walk(nodes.length - 1, first);
    while (nodes.length > first) nodes.pop();
    release();
    return passedOn;
  }
}

/** Adds a gradient to that of a node. If the loss is itself a variable, its gradient is the one that was passed. */
function addTo(
  { arena, engine }: Modes,
  { kernels }: Call,
  gradients: Gradients,
  leaf: Node,
  added: Float32Array,
): void {
  const { size } = leaf.value;
  if (!gradients.begun(leaf)) return engine.write(gradients.start(leaf), added, size);
  const pointer = arena.allocate(size);
  engine.write(pointer, added, size);
  kernels.axpy(size, 1, pointer, leaf.gradient);
  arena.release(pointer, size);
}

/** Throws if `loss` is not a scalar, the gradient has another shape, or nothing trainable is below it. */
export function checkBackward({ id, value, requiresGrad }: Node, gradient: Tensor | undefined): void {
  if (gradient !== undefined) {
    checkShape("backward", "the gradient", gradient.shape, value.shape, "the node's ");
  } else if (value.size !== 1) {
    const message = `backward: the loss is ${formatShape(value.shape)}, not one value; reduce it, or pass ∂L/∂loss`;
    throw new ShapeError(message, { op: "backward", input: "loss", expected: [], actual: value.shape });
  }
  if (!requiresGrad) {
    const message = "backward: nothing trainable lies under this node: no variable, or all in noGrad";
    throw new ConfigError(message, { op: "backward", node: id });
  }
}
