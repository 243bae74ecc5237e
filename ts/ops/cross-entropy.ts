import { ConfigError, ShapeError } from "../errors.js";
import { floatsOf, hostArray, integersOf } from "../number-list.js";
import { checkOptions } from "../options.js";
import { finite, fraction, whole } from "../settings.js";
import { formatShape, sizeOf } from "../shape.js";
import { expectInputs } from "./broadcast.js";
import { type LossReduction, takeLossReduction } from "./loss-reduction.js";
import type { Pointer, Shape, TakingOp } from "./op.js";

export interface CrossEntropyAttributes {
  /** Default "mean": over the targets that are not ignored, by their class weights. */
  readonly reduction?: LossReduction | undefined;
  /** Target whose rows have no loss and no gradient. Default −100. */
  readonly ignoreIndex?: number | undefined;
  /** Share of the target's probability that is spread over all classes, 0 to 1. Default 0. */
  readonly labelSmoothing?: number | undefined;
  /** Weight of each class, `[classes]`; constant. Default 1. */
  readonly weight?: ArrayLike<number> | undefined;
}

/** What a caller gives: a class index for each row of the logits, in row-major order, and how the loss is made. */
interface Given {
  readonly targets: ArrayLike<number>;
  readonly options: CrossEntropyAttributes;
}

/** As the op keeps them. */
interface Taken {
  readonly targets: Int32Array;
  readonly reduction: LossReduction;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly weight: Float32Array | undefined;
}

/** What the gradient needs. */
interface Saved {
  readonly targets: Pointer;
  readonly weights: Pointer;
  readonly statistics: Pointer;
  /** Factor of each row's loss: 1, or 1 / Σ of the targets' weights for a mean. */
  readonly scale: number;
}

const what = "crossEntropy";
const names = ["reduction", "ignoreIndex", "labelSmoothing", "weight"];
const INT32 = 2 ** 31;

function take(given: Given | undefined): Taken {
  const { targets, options } = given!;
  checkOptions(what, options, names);
  const { reduction, ignoreIndex = -100, labelSmoothing = 0, weight } = options;
  const weights = weight === undefined ? undefined : floatsOf(what, "weight", weight);
  weights?.forEach((each, place) => finite(what, `weight ${place}`, each));
  return {
    reduction: takeLossReduction(what, reduction),
    ignoreIndex: whole(what, "ignoreIndex", ignoreIndex, -INT32, INT32 - 1),
    labelSmoothing: fraction(what, "labelSmoothing", labelSmoothing, true),
    weight: weights,
    targets: integersOf(what, "targets", targets).data,
  };
}

/** `[rows, classes]` of logits. */
function sizes(logits: Shape): [number, number] {
  return [sizeOf(logits.slice(0, -1)), logits.at(-1)!];
}

function check(logits: Shape, { targets, ignoreIndex, weight }: Taken): void {
  if (logits.length === 0) throw new ShapeError("crossEntropy: logits must be [..., classes], got a scalar");
  const [rows, classes] = sizes(logits);
  if (targets.length !== rows) {
    const message = `crossEntropy: logits ${formatShape(logits)} have ${rows} rows, got ${targets.length} targets`;
    throw new ShapeError(message, { logits, targets: targets.length });
  }
  for (let row = 0; row < rows; row++) {
    const target = targets[row]!;
    if ((target < 0 || target >= classes) && target !== ignoreIndex) {
      const range = classes === 0 ? "there are no classes" : `classes are 0 to ${classes - 1}`;
      throw new ConfigError(`crossEntropy: target ${target} of row ${row}: ${range}, ignored is ${ignoreIndex}`, {
        target,
        row,
        classes,
      });
    }
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
export const crossEntropy: TakingOp<Given, Taken, Saved> = {
  name: what,
  take,
  shape(inputs, attributes) {
    expectInputs(what, inputs, 1);
    check(inputs[0]!, attributes);
    return attributes.reduction === "none" ? inputs[0]!.slice(0, -1) : [];
  },
  forward(call) {
    const logits = call.inputs[0]!;
    const { targets, reduction, ignoreIndex, labelSmoothing, weight } = call.attributes;
    const [rows, classes] = sizes(logits.shape);
    // To the kernel a target that is no class index is one to ignore.
    const indices = hostArray(what, Int32Array, rows);
    let total = 0;
    for (let row = 0; row < rows; row++) {
      const target = targets[row]!;
      indices[row] = target === ignoreIndex ? -1 : target;
      if (target !== ignoreIndex) total += weight === undefined ? 1 : weight[target]!;
    }
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
    const { reduction, labelSmoothing } = call.attributes;
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
