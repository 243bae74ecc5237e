import { or, type Readers, readOptions } from "../arguments/options.js";
import { flag, fraction, nonNegative } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { Optimizer, type ParameterGroup, type Slot } from "./optimizer.js";

/** Options of `AdamW` and `Adam`; defaults are PyTorch's. */
export interface AdamWOptions {
  /** Learning rate; default 1e-3. */
  readonly lr?: number;
  /** Decay of the first and second moment; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; default 1e-8. */
  readonly eps?: number;
  /** `AdamW`: decoupled weight decay, default 0.01. `Adam`: L2 penalty, added to the gradient, default 0. */
  readonly weightDecay?: number;
  /** Divide by the largest second moment so far (arXiv 1904.09237); default false. */
  readonly amsgrad?: boolean;
}

const adamReaders: Readers<Required<AdamWOptions>> = {
  lr: /* @__PURE__ */ or(1e-3, nonNegative),
  betas: /* @__PURE__ */ or([0.9, 0.999], betas),
  eps: /* @__PURE__ */ or(1e-8, nonNegative),
  weightDecay: /* @__PURE__ */ or(0.01, nonNegative),
  amsgrad: /* @__PURE__ */ or(false, flag),
};

/** The base class of `AdamW` and `Adam`. */
abstract class Moments extends Optimizer {
  private readonly betas: readonly [number, number];
  private readonly eps: number;

  protected constructor(
    what: string,
    private readonly decoupled: boolean,
    graph: Graph,
    params: readonly NodeId[] | readonly ParameterGroup[],
    options: AdamWOptions,
  ) {
    const own = decoupled ? adamReaders : { ...adamReaders, weightDecay: or(0, nonNegative) };
    const { lr, betas, eps, weightDecay, amsgrad } = readOptions(what, options, own);
    super(graph, params, lr, weightDecay, amsgrad ? ["m", "v", "vMax"] : ["m", "v"]);
    this.betas = betas;
    this.eps = eps;
  }

  protected update({ size, value, gradient, buffers, step }: Slot, lr: number, weightDecay: number): void {
    const [beta1, beta2] = this.betas;
    const { m, v, vMax = 0 } = buffers as { m: number; v: number; vMax?: number };
    const { kernels } = this.graph.engine;
    const [decay, penalty] = this.decoupled ? [weightDecay, 0] : [0, weightDecay];
    kernels.adamw(gradient, value, m, v, vMax, size, lr, beta1, beta2, this.eps, decay, penalty, step);
  }
}

/**
 * Adam with decoupled weight decay (arXiv 1711.05101), as torch.optim.AdamW: p ← p·(1 − lr·λ), then
 * p ← p − lr·m̂/(√v̂ + eps).
 */
export class AdamW extends Moments {
  /** Throws `ConfigError` for invalid options, and for parameters that are constants. */
  constructor(graph: Graph, params: readonly NodeId[] | readonly ParameterGroup[], options: AdamWOptions = {}) {
    super("AdamW", true, graph, params, options);
  }
}

/** Adam (arXiv 1412.6980), as torch.optim.Adam: g ← g + λ·p, then p ← p − lr·m̂/(√v̂ + eps). */
export class Adam extends Moments {
  /** Throws `ConfigError` for invalid options, and for parameters that are constants. */
  constructor(graph: Graph, params: readonly NodeId[] | readonly ParameterGroup[], options: AdamWOptions = {}) {
    super("Adam", false, graph, params, options);
  }
}

function betas(what: string, name: string, value: unknown): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) {
    const details = { op: what, option: name, expected: "two numbers", value };
    throw new ConfigError(`${what}: ${name} are two numbers, got ${excerpt(value)}`, details);
  }
  return [fraction(what, "betas[0]", value[0]), fraction(what, "betas[1]", value[1])];
}

/** Options of `SGD`; defaults are PyTorch's. */
export interface SGDOptions {
  /** Learning rate; default 1e-3. */
  readonly lr?: number;
  /** Momentum; default 0. */
  readonly momentum?: number;
  /** Dampening of the momentum: the share of the gradient that is left out of it; default 0. */
  readonly dampening?: number;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
  /** Nesterov's momentum; needs momentum and no dampening. Default false. */
  readonly nesterov?: boolean;
}

const sgdReaders: Readers<Required<SGDOptions>> = {
  lr: /* @__PURE__ */ or(1e-3, nonNegative),
  momentum: /* @__PURE__ */ or(0, nonNegative),
  dampening: /* @__PURE__ */ or(0, nonNegative),
  weightDecay: /* @__PURE__ */ or(0, nonNegative),
  nesterov: /* @__PURE__ */ or(false, flag),
};

/** Gradient descent with momentum, as torch.optim.SGD: b ← μ·b + (1 − d)·g, p ← p − lr·b; the first b is g. */
export class SGD extends Optimizer {
  private readonly momentum: number;
  private readonly dampening: number;
  private readonly nesterov: boolean;

  /** Throws `ConfigError` for invalid options, and for parameters that are constants. */
  constructor(graph: Graph, params: readonly NodeId[] | readonly ParameterGroup[], options: SGDOptions = {}) {
    const { lr, momentum, dampening, weightDecay, nesterov } = readOptions("SGD", options, sgdReaders);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      const details = { op: "SGD", option: "nesterov", momentum, dampening };
      throw new ConfigError("SGD: nesterov needs a momentum above 0 and no dampening", details);
    }
    super(graph, params, lr, weightDecay, momentum > 0 ? ["momentum"] : []);
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
  }

  protected update({ size, value, gradient, buffers, step }: Slot, lr: number, weightDecay: number): void {
    const { kernels } = this.graph.engine;
    const { momentum, dampening } = this;
    const buffer = buffers["momentum"] ?? 0;
    const [nesterov, first] = [this.nesterov ? 1 : 0, step === 1 ? 1 : 0];
    kernels.sgd(gradient, value, buffer, size, lr, momentum, dampening, weightDecay, nesterov, first);
  }
}

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
