import { checkRecord } from "../arguments/settings.js";
import type { LateStep } from "../engine/running.js";
import { ConfigError, NonFiniteError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { clipGradNorm, gradientsOf, gradNorm, scaleGrads } from "../optim/clipping.js";
import type { Optimizer } from "../optim/optimizer.js";
import { sizeOf } from "../values/tensor.js";
import { stopwatch } from "../waiting/next-task.js";
import type { BatchLoss, Task } from "./task.js";

const FLOAT = 4;

/**
 * Bytes of the tape to reserve before the first step, so that memory does not grow during training.
 * @param largest bytes of the largest micro-batch; @param accumulate number of micro-batches of a step
 */
export function roomOfStep(graph: Graph, params: readonly NodeId[], largest: number, accumulate: number): number {
  // A step's second backward keeps the first one's gradients until it has finished.
  const kept = accumulate === 1 ? 0 : FLOAT * params.reduce((sum, id) => sum + sizeOf(graph.shape(id)), 0);
  return largest + kept;
}

/** Result of an optimizer step. */
export interface StepResult {
  /** Weighted mean over the step's targets. */
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly gradNorm: number;
  readonly tokens: number;
}

/** Splits a batch into at most `count` micro-batches of the same size; the last may be smaller. */
export function microBatches<E>(batch: readonly E[], count: number): E[][] {
  const size = Math.ceil(batch.length / count);
  return Array.from({ length: Math.ceil(batch.length / size) }, (_, i) => batch.slice(i * size, (i + 1) * size));
}

/**
 * One optimizer step: forward and backward of each micro-batch, then one update. Loss and gradients are those of the weighted mean over all
 * targets, however they are split into micro-batches.
 */
export class OptimizerStep<E> {
  private sum = 0;
  private targets = 0;
  private weight = 0;
  private tokens = 0;
  /** The step's numbers on an engine that reads later: they are read together at its end. */
  private readonly late: LateStep | undefined;

  constructor(
    private readonly task: Task<E>,
    private readonly params: readonly NodeId[],
    private readonly optimizer: Optimizer,
    /** Number of the step's micro-batches. */
    private readonly parts: number,
  ) {
    optimizer.zeroGrad();
    this.late = task.graph.engine.lateStep?.(parts);
  }

  /** Adds a micro-batch's gradient. */
  add(examples: readonly E[]): void {
    const { graph } = this.task;
    graph.step(() => {
      const part = this.task.loss(examples);
      checkRecord("fit: a task's loss is { sum, targets, tokens }", part);
      if (this.late) this.late.add(graph.node(part.sum).value.pointer);
      else this.sum += graph.value(part.sum).data[0]!;
      this.targets += checkTargets(part);
      const own = checkWeight(part);
      this.weight += own;
      this.tokens += part.tokens;
      if (part.targets > 0) differentiate(graph, part, this.parts === 1 ? 1 / own : 1);
    });
  }

  /**
   * Updates the parameters. Throws before that `NonFiniteError` for a loss or gradients that are not finite, so that parameters keep their
   * last good values, and `ConfigError` if no example has a target. On a GPU the result is a promise, and the update is on its way.
   */
  update(maxGradNorm: number | null): StepResult | Promise<StepResult> {
    const { task, params, optimizer, late } = this;
    const { graph } = task;
    if (this.targets === 0)
      throw new ConfigError("fit: no example of this step has a target", {
        op: "fit",
        option: "targets",
        value: 0,
      });
    // With several micro-batches it is known only now: one with many targets must count for more.
    if (this.parts > 1) scaleGrads(graph, params, 1 / this.weight);
    if (late) {
      const updated = late.update(gradientsOf(graph, params), maxGradNorm, () => optimizer.step());
      return updated.then(({ loss, norm }) => this.result(loss, norm));
    }
    const norm = maxGradNorm === null ? gradNorm(graph, params) : clipGradNorm(graph, params, maxGradNorm);
    const result = this.result(this.sum, norm);
    optimizer.step();
    return result;
  }

  /** Frees its memory. */
  end(): void {
    this.late?.end();
  }

  private result(sum: number, norm: number): StepResult {
    const loss = sum / this.weight;
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) throw diverged(loss, norm, this.optimizer.lr);
    return { loss, gradNorm: norm, tokens: this.tokens };
  }
}

function differentiate(graph: Graph, { sum }: BatchLoss, scale: number): void {
  graph.backward(sum, { shape: graph.shape(sum), data: Float32Array.of(scale) });
}

function checkTargets({ targets }: BatchLoss): number {
  if (Number.isSafeInteger(targets) && targets >= 0) return targets;
  throw new ConfigError(`fit: a task's loss counts its targets in whole numbers from 0, got ${String(targets)}`, {
    op: "fit",
    option: "targets",
    expected: "a whole number from 0",
    value: targets,
  });
}

/** Sum of the weights of a micro-batch's targets. */
function checkWeight({ targets, weight = targets }: BatchLoss): number {
  if (targets === 0) return 0;
  if (Number.isFinite(weight) && weight > 0) return weight;
  throw new ConfigError(`fit: the weight of a task's loss is a number above 0, got ${String(weight)}`, {
    op: "fit",
    option: "weight",
    expected: "a number above 0",
    value: weight,
  });
}

function diverged(loss: number, norm: number, learningRate: number): NonFiniteError {
  const what = Number.isFinite(loss) ? `the norm of the gradients is ${norm}` : `the loss is ${loss}`;
  return new NonFiniteError(
    `fit: training diverged: ${what} at learning rate ${learningRate.toPrecision(3)}; the parameters are those before ` +
      "this step. Try a lower learning rate, a longer warm-up or a lower maxGradNorm",
    { loss, gradNorm: norm, learningRate },
  );
}

/**
 * Milliseconds of forward and backward of a batch. Parameters, random streams and mode stay as they are and gradients are zero, so a later
 * run has the same bits.
 */
export async function timeStep<E>(
  task: Pick<Task<E>, "graph" | "params" | "loss">,
  batch: readonly E[],
  accumulate: number,
): Promise<number> {
  const { graph } = task;
  const [training, streams] = [graph.training, graph.streamsDrawn];
  const elapsed = stopwatch();
  let milliseconds: number;
  const late: Promise<unknown>[] = [];
  graph.train();
  try {
    for (const part of microBatches(batch, accumulate))
      graph.step(() => {
        const { sum } = task.loss(part);
        graph.backward(sum);
        // A GPU is still working when the calls return.
        if (!graph.engine.readsLater) return;
        const read = graph.read(sum);
        read.catch(() => undefined);
        late.push(read);
      });
    milliseconds = elapsed();
  } finally {
    graph.zeroGrads();
    graph.streamsDrawn = streams;
    if (!training) graph.eval();
  }
  if (late.length === 0) return milliseconds;
  await Promise.all(late);
  return elapsed();
}
