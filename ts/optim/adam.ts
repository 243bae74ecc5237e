import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { or, type Readers, readOptions } from "../arguments/options.js";
import { flag, fraction, nonNegative } from "../arguments/settings.js";
import { Optimizer, type Slot } from "./optimizer.js";
import type { ParameterGroup } from "./parameters.js";

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

const readers: Readers<Required<AdamWOptions>> = {
  lr: /* @__PURE__ */ or(1e-3, nonNegative),
  betas: /* @__PURE__ */ or([0.9, 0.999], betas),
  eps: /* @__PURE__ */ or(1e-8, nonNegative),
  weightDecay: /* @__PURE__ */ or(0.01, nonNegative),
  amsgrad: /* @__PURE__ */ or(false, flag),
};

/** The base class of both. */
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
    const own = decoupled ? readers : { ...readers, weightDecay: or(0, nonNegative) };
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
