import { ConfigError, ShapeError } from "../errors.js";
import { formatShape, sizeOf } from "../tensor.js";
import { expectInputs } from "./broadcast.js";
import { checkLossReduction, type LossReduction } from "./loss-reduction.js";
import type { Op, Pointer, Shape } from "./op.js";

export interface CrossEntropyAttributes {
  /** A class index for each row of the logits, in row-major order. */
  readonly targets: ArrayLike<number>;
  /** Default "mean": over the targets that are not ignored, by their class weights. */
  readonly reduction?: LossReduction | undefined;
  /** Target whose rows have no loss and no gradient. Default −100. */
  readonly ignoreIndex?: number | undefined;
  /** Share of the target's probability that is spread over all classes, 0 to 1. Default 0. */
  readonly labelSmoothing?: number | undefined;
  /** Weight of each class, `[classes]`; constant. Default 1. */
  readonly weight?: ArrayLike<number> | undefined;
}

/** What the gradient needs. */
interface Saved {
  readonly targets: Pointer;
  readonly weights: Pointer;
  readonly statistics: Pointer;
  /** Factor of each row's loss: 1, or 1 / Σ of the targets' weights for a mean. */
  readonly scale: number;
}

const defaultIgnoreIndex = -100;

/** `[rows, classes]` of logits. */
function sizes(logits: Shape): [number, number] {
  return [sizeOf(logits.slice(0, -1)), logits.at(-1)!];
}

function check(logits: Shape, attributes: CrossEntropyAttributes): void {
  const { targets, reduction = "mean", ignoreIndex = defaultIgnoreIndex, labelSmoothing = 0, weight } = attributes;
  if (logits.length === 0) throw new ShapeError("crossEntropy: logits must be [..., classes], got a scalar");
  const [rows, classes] = sizes(logits);
  if (targets.length !== rows) {
    const message = `crossEntropy: logits ${formatShape(logits)} have ${rows} rows, got ${targets.length} targets`;
    throw new ShapeError(message, { logits, targets: targets.length });
  }
  for (let row = 0; row < rows; row++) {
    const target = targets[row]!;
    if (target !== ignoreIndex && !(Number.isInteger(target) && target >= 0 && target < classes)) {
      const range = classes === 0 ? "there are no classes" : `classes are 0 to ${classes - 1}`;
      throw new ConfigError(`crossEntropy: target ${target} of row ${row}: ${range}, ignored is ${ignoreIndex}`, {
        target,
        row,
        classes,
      });
    }
  }
  checkLossReduction("crossEntropy", reduction);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ConfigError(`crossEntropy: labelSmoothing must be 0 to 1, got ${labelSmoothing}`);
  }
  if (weight !== undefined && weight.length !== classes) {
    throw new ShapeError(`crossEntropy: weight must have ${classes} elements, one a class, got ${weight.length}`);
  }
}

/**
 * Cross entropy of class indices t under softmax(z), logits z `[..., classes]`. For each row, with ε = `labelSmoothing`,
 * w = `weight` and lse = ln Σ eᶻ: loss = (1 − ε)·w_t·(lse − z_t) + ε/classes·Σ_c w_c·(lse − z_c).
 * ∂z_c = g·(p_c·((1 − ε)·w_t + ε/classes·Σ w) − (1 − ε)·w_t·[c = t] − ε/classes·w_c), p = softmax(z).
 * "mean" divides the sum by Σ w_t over all targets that are not ignored; where all are, loss and gradient are 0 (PyTorch
 * gives NaN). Result: a scalar, or `[...]` with reduction "none". Logits of any size stay finite.
 */
export const crossEntropy: Op<CrossEntropyAttributes, Saved> = {
  name: "crossEntropy",
  shape(inputs, attributes) {
    expectInputs("crossEntropy", inputs, 1);
    check(inputs[0]!, attributes);
    return attributes.reduction === "none" ? inputs[0]!.slice(0, -1) : [];
  },
  forward(call) {
    const logits = call.inputs[0]!;
    const { targets, reduction = "mean", ignoreIndex = defaultIgnoreIndex, labelSmoothing = 0 } = call.attributes;
    const weight = call.attributes.weight && Float32Array.from(call.attributes.weight);
    const [rows, classes] = sizes(logits.shape);
    // To the kernel a target that is no class index is one to ignore.
    const indices = Int32Array.from(targets, (target) => (target === ignoreIndex ? -1 : target));
    let total = 0;
    for (const target of indices) if (target >= 0) total += weight === undefined ? 1 : weight[target]!;
    const scale = reduction === "mean" ? (total === 0 ? 0 : 1 / total) : 1;

    const saved = {
      targets: call.upload(indices),
      weights: weight === undefined ? 0 : call.upload(weight),
      statistics: call.recording ? call.allocate(2 * rows) : call.scratch(2 * rows),
      scale,
    };
    const each = reduction === "none";
    call.kernels.cross_entropy_forward(
      logits.pointer,
      saved.targets,
      saved.weights,
      each ? call.output.pointer : call.scratch(rows),
      saved.statistics,
      each ? 0 : call.output.pointer,
      rows,
      classes,
      labelSmoothing,
      scale,
    );
    return saved;
  },
  backward(call) {
    if (!call.wants(0)) return;
    const logits = call.inputs[0]!;
    const { reduction = "mean", labelSmoothing = 0 } = call.attributes;
    const { targets, weights, statistics, scale } = call.saved;
    const [rows, classes] = sizes(logits.shape);
    const { pointer, accumulate } = call.target(0);
    call.kernels.cross_entropy_gradient(
      call.gradient.pointer,
      logits.pointer,
      targets,
      weights,
      statistics,
      pointer,
      rows,
      classes,
      labelSmoothing,
      scale,
      reduction === "none" ? 1 : 0,
      accumulate,
    );
  },
};
