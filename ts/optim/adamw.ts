import { ConfigError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { checkOptions } from "../options.js";
import { flag, fraction, nonNegative } from "../settings.js";
import { Optimizer, type Slot } from "./optimizer.js";
import type { ParameterGroup } from "./parameters.js";

/** Settings of `AdamW`; defaults are PyTorch's. */
export interface AdamWOptions {
  /** Learning rate; default 1e-3. */
  readonly lr?: number;
  /** Decay of the first and second moment; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; default 1e-8. */
  readonly eps?: number;
  /** Decoupled weight decay; default 0.01. */
  readonly weightDecay?: number;
  /** Divide by the largest second moment so far (arXiv 1904.09237); default false. */
  readonly amsgrad?: boolean;
}

const names = ["lr", "betas", "eps", "weightDecay", "amsgrad"];

/**
 * Adam with decoupled weight decay (arXiv 1711.05101), as torch.optim.AdamW: p ← p·(1 − lr·λ), then
 * p ← p − lr·m̂/(√v̂ + eps).
 */
export class AdamW extends Optimizer {
  private readonly betas: readonly [number, number];
  private readonly eps: number;

  /** Throws `ConfigError` for settings out of range and for parameters that are constants. */
  constructor(graph: Graph, params: readonly NodeId[] | readonly ParameterGroup[], options: AdamWOptions = {}) {
    checkOptions("AdamW", options, names);
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01, amsgrad = false } = options;
    const moments = checkBetas(betas);
    nonNegative("AdamW", "eps", eps);
    super(graph, params, lr, weightDecay, flag("AdamW", "amsgrad", amsgrad) ? ["m", "v", "vMax"] : ["m", "v"]);
    this.betas = moments;
    this.eps = eps;
  }

  protected update({ size, value, gradient, buffers, step }: Slot, lr: number, weightDecay: number): void {
    const [beta1, beta2] = this.betas;
    const { m, v, vMax = 0 } = buffers as { m: number; v: number; vMax?: number };
    const { kernels } = this.graph.engine;
    kernels.adamw(gradient, value, m, v, vMax, size, lr, beta1, beta2, this.eps, weightDecay, step, 1);
  }
}

function checkBetas(betas: readonly [number, number]): readonly [number, number] {
  if (!Array.isArray(betas) || betas.length !== 2) {
    throw new ConfigError(`AdamW: betas are two numbers, got ${excerpt(betas)}`, { betas });
  }
  return [fraction("AdamW", "betas[0]", betas[0]), fraction("AdamW", "betas[1]", betas[1])];
}
