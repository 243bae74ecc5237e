import { ConfigError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { or, type Readers, readOptions } from "../arguments/options.js";
import { flag, nonNegative } from "../arguments/settings.js";
import { Optimizer, type Slot } from "./optimizer.js";
import type { ParameterGroup } from "./parameters.js";

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

const readers: Readers<Required<SGDOptions>> = {
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
    const { lr, momentum, dampening, weightDecay, nesterov } = readOptions("SGD", options, readers);
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
