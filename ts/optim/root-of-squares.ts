import { or, type Readers, readOptions } from "../arguments/options.js";
import { flag, fraction, nonNegative } from "../arguments/settings.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { Optimizer, type Slot } from "./optimizer.js";
import type { ParameterGroup } from "./parameters.js";

/** Options of `RMSprop`; defaults are PyTorch's. */
export interface RMSpropOptions {
  /** Learning rate; default 1e-2. */
  readonly lr?: number;
  /** Decay of the mean of squares; default 0.99. */
  readonly alpha?: number;
  /** Added to its root; default 1e-8. */
  readonly eps?: number;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
  /** Momentum; default 0. */
  readonly momentum?: number;
  /** Divide by the standard deviation of the gradients instead of their root mean square; default false. */
  readonly centered?: boolean;
}

const rmspropReaders: Readers<Required<RMSpropOptions>> = {
  lr: /* @__PURE__ */ or(1e-2, nonNegative),
  alpha: /* @__PURE__ */ or(0.99, fraction),
  eps: /* @__PURE__ */ or(1e-8, nonNegative),
  weightDecay: /* @__PURE__ */ or(0, nonNegative),
  momentum: /* @__PURE__ */ or(0, nonNegative),
  centered: /* @__PURE__ */ or(false, flag),
};

/** Divides by the root of a running mean of squares, as torch.optim.RMSprop: v ← α·v + (1 − α)·g², p ← p − lr·g/(√v + eps). */
export class RMSprop extends Optimizer {
  private readonly alpha: number;
  private readonly eps: number;
  private readonly momentum: number;

  /** Throws `ConfigError` for invalid options, and for parameters that are constants. */
  constructor(graph: Graph, params: readonly NodeId[] | readonly ParameterGroup[], options: RMSpropOptions = {}) {
    const { lr, alpha, eps, weightDecay, momentum, centered } = readOptions("RMSprop", options, rmspropReaders);
    super(graph, params, lr, weightDecay, ["v", ...(centered ? ["mean"] : []), ...(momentum > 0 ? ["momentum"] : [])]);
    this.alpha = alpha;
    this.eps = eps;
    this.momentum = momentum;
  }

  protected update({ size, value, gradient, buffers }: Slot, lr: number, weightDecay: number): void {
    const { alpha, eps, momentum } = this;
    const { v, mean = 0, momentum: buffer = 0 } = buffers as { v: number; mean?: number; momentum?: number };
    const { kernels } = this.graph.engine;
    kernels.root_of_squares(gradient, value, v, mean, buffer, size, lr, alpha, 1 - alpha, eps, weightDecay, momentum);
  }
}

/** Options of `Adagrad`; defaults are PyTorch's. */
export interface AdagradOptions {
  /** Learning rate; default 1e-2. */
  readonly lr?: number;
  /** Decay of the learning rate: at step t, from 1, it is lr/(1 + (t − 1)·lrDecay); default 0. */
  readonly lrDecay?: number;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
  /** Added to the root of the sum; default 1e-10. */
  readonly eps?: number;
}

const adagradReaders: Readers<Required<AdagradOptions>> = {
  lr: /* @__PURE__ */ or(1e-2, nonNegative),
  lrDecay: /* @__PURE__ */ or(0, nonNegative),
  weightDecay: /* @__PURE__ */ or(0, nonNegative),
  eps: /* @__PURE__ */ or(1e-10, nonNegative),
};

/** Divides by the root of the sum of all squares so far, as torch.optim.Adagrad: v ← v + g², p ← p − lr·g/(√v + eps). */
export class Adagrad extends Optimizer {
  private readonly lrDecay: number;
  private readonly eps: number;

  /** Throws `ConfigError` for invalid options, and for parameters that are constants. */
  constructor(graph: Graph, params: readonly NodeId[] | readonly ParameterGroup[], options: AdagradOptions = {}) {
    const { lr, lrDecay, weightDecay, eps } = readOptions("Adagrad", options, adagradReaders);
    super(graph, params, lr, weightDecay, ["v"]);
    this.lrDecay = lrDecay;
    this.eps = eps;
  }

  protected update({ size, value, gradient, buffers, step }: Slot, lr: number, weightDecay: number): void {
    const rate = lr / (1 + (step - 1) * this.lrDecay);
    this.graph.engine.kernels.root_of_squares(
      gradient,
      value,
      buffers["v"]!,
      0,
      0,
      size,
      rate,
      1,
      1,
      this.eps,
      weightDecay,
      0,
    );
  }
}
