import { choice, optional, or, type Read, readOptions } from "../arguments/options.js";
import { checkFills, checkShape, sizeOf, wrongShape } from "../values/tensor.js";
import type { Pointer, Shape, TakingOp } from "./op.js";
import { ConfigError } from "../errors/errors.js";
import { floatsOf, hostArray, integersOf } from "../values/number-list.js";
import { finite, share, whole } from "../arguments/settings.js";

/** How a loss becomes one number: the mean or sum of its elements, or "none": the elements themselves. */
type LossReduction = "mean" | "sum" | "none";

/** Reads a `reduction`, "mean" by default. */
const readReduction: Read<LossReduction> = choice("mean", "sum", "none");

export interface MseLossAttributes {
  /** Default "mean": over all elements. */
  readonly reduction?: LossReduction | undefined;
}

const mseReaders = { reduction: readReduction };

/** Factor of each element's loss. The mean of nothing is 0 (PyTorch gives NaN). */
const scaleOf = (reduction: LossReduction, size: number) => (reduction === "mean" && size > 0 ? 1 / size : 1);

/**
 * loss = (x − y)², x and y of one shape; their mean (default), their sum, or each with reduction "none".
 * ∂x = 2·g·(x − y), divided by the number of elements for a mean; ∂y = −∂x.
 */
export const mseLoss: TakingOp<MseLossAttributes, LossReduction, void> = {
  name: "mseLoss",
  take: (given = {}, what) => readOptions(what, given, mseReaders).reduction,
  shape(inputs, reduction, what) {
    const [x, y] = inputs as [Shape, Shape];
    checkShape(what, "the target", y, x, "the input's ");
    return reduction === "none" ? x : [];
  },
  forward({ kernels, inputs, output, attributes }) {
    const [x, y] = [inputs[0]!, inputs[1]!];
    if (attributes === "none") {
      kernels.mse_loss_forward(x.pointer, y.pointer, output.pointer, x.size);
    } else {
      kernels.mse_loss_total(x.pointer, y.pointer, output.pointer, x.size, scaleOf(attributes, x.size));
    }
  },
  backward(call) {
    const { kernels, gradient, inputs, attributes } = call;
    const scale = 2 * scaleOf(attributes, inputs[0]!.size);
    const step = attributes === "none" ? 1 : 0;
    for (const i of [0, 1]) {
      if (!call.wants(i)) continue;
      // The gradient of y is that of x with the two exchanged.
      const [x, y] = [inputs[i]!, inputs[1 - i]!];
      const { pointer, accumulate } = call.target(i);
      kernels.mse_loss_gradient(gradient.pointer, x.pointer, y.pointer, pointer, x.size, scale, step, accumulate);
    }
  },
};

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

/** The checked attributes. */
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

const INT32 = 2 ** 31;

const weights: Read<Float32Array> = (what, name, value) => {
  const data = floatsOf(what, name, value as number[]);
  data.forEach((each, place) => finite(what, `${name}[${place}]`, each));
  return data;
};

const crossEntropyReaders = {
  reduction: readReduction,
  ignoreIndex: or(-100, whole, -INT32, INT32 - 1),
  labelSmoothing: or(0, share),
  weight: optional(weights),
};

/** `[rows, classes]` of logits. */
function sizes(logits: Shape): [number, number] {
  return [sizeOf(logits.slice(0, -1)), logits.at(-1)!];
}

function check(logits: Shape, { targets, ignoreIndex, weight }: Taken, what: string): void {
  if (logits.length === 0) throw wrongShape(what, "logits", "[..., classes]", logits);
  const classes = logits.at(-1)!;
  checkFills(what, logits.slice(0, -1), "targets", targets.length);
  const row = targets.findIndex((target) => (target < 0 || target >= classes) && target !== ignoreIndex);
  if (row >= 0) {
    const range = classes === 0 ? "there are no classes" : `classes are 0 to ${classes - 1}`;
    const message = `${what}: target ${targets[row]} of row ${row}: ${range}, ignored is ${ignoreIndex}`;
    throw new ConfigError(message, { option: "targets", value: targets[row], place: row, length: classes });
  }
  if (weight !== undefined) checkShape(what, "weight", [weight.length], [classes]);
}

/**
 * Cross entropy of class indices t under softmax(z), logits z `[..., classes]`. For each row, with ε = `labelSmoothing`,
 * w = `weight` and lse = ln Σ eᶻ: loss = (1 − ε)·w_t·(lse − z_t) + ε/classes·Σ_c w_c·(lse − z_c).
 * ∂z_c = g·(p_c·((1 − ε)·w_t + ε/classes·Σ w) − (1 − ε)·w_t·[c = t] − ε/classes·w_c), p = softmax(z).
 * "mean" divides the sum by Σ w_t over all targets that are not ignored; where all are, loss and gradient are 0 (PyTorch
 * gives NaN). Result: a scalar, or `[...]` with reduction "none". Logits of any size stay finite.
 */
export const crossEntropy: TakingOp<Given, Taken, Saved> = {
  name: "crossEntropy",
  take(given, what) {
    const { targets, options } = given!;
    return { ...readOptions(what, options, crossEntropyReaders), targets: integersOf(what, "targets", targets).data };
  },
  shape([logits], attributes, what) {
    check(logits!, attributes, what);
    return attributes.reduction === "none" ? logits!.slice(0, -1) : [];
  },
  forward(call) {
    const logits = call.inputs[0]!;
    const { targets, reduction, ignoreIndex, labelSmoothing, weight } = call.attributes;
    const [rows, classes] = sizes(logits.shape);
    // To the kernel a target that is no class index is one to ignore.
    const indices = hostArray("crossEntropy", Int32Array, rows);
    let total = 0;
    targets.forEach((target, row) => {
      indices[row] = target === ignoreIndex ? -1 : target;
      if (target !== ignoreIndex) total += weight === undefined ? 1 : weight[target]!;
    });
    const scale = reduction === "mean" ? (total === 0 ? 0 : 1 / total) : 1;

    const saved = {
      targets: call.upload(indices),
      weights: weight === undefined ? 0 : call.upload(weight),
      statistics: call.keep(2 * rows),
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
