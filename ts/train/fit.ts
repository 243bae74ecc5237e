import { orAborted, throwIfAborted, untilAborted } from "../waiting/abort.js";
import { callable, checkRecord, listFrom, unexpected } from "../arguments/settings.js";
import { ConfigError, NonFiniteError } from "../errors/errors.js";
import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import { breather, nextTask, stopwatch } from "../waiting/next-task.js";
import { AdamW } from "../optim/algorithms.js";
import { listParameters, resolveGroups } from "../optim/optimizer.js";
import { batchOrder } from "./batch-order.js";
import { checkCheckpoint } from "./checkpoint.js";
import { Evaluation } from "./evaluation.js";
import {
  type Checkpoint,
  type EvaluateSettings,
  type FitOptions,
  type FitReport,
  type FitSettings,
  type StepRecord,
  takeFitOptions,
} from "./fit-options.js";
import { claimParameters, type Task } from "./task.js";
import { microBatches, OptimizerStep, roomOfStep } from "./step.js";
import type { Tensor } from "../values/tensor.js";

/**
 * Trains a task with AdamW. Between steps, and between long micro-batches (`accumulate`), the event loop runs: a page stays responsive, and
 * a signal takes effect. Other calls, including other `fit`s of the same graph, may run at the same time and do not affect the result.
 *
 * Throws before any work: `ConfigError` for invalid options, or parameters that another `fit` is training. Rejects with `AbortError` when
 * cancelled, after saving a checkpoint, and with `NonFiniteError` when training diverges; parameters are then those of the last step. With
 * `evaluate`, it ends with the best parameters.
 */
export async function fit<E>(task: Task<E>, examples: readonly E[], options: FitOptions = {}): Promise<FitReport> {
  const taken = listFrom("fit: a list of examples is expected", examples, (example, i) => {
    if (i in examples) return example as E;
    throw new ConfigError(`fit: a list of examples is expected, there is none at place ${i}`, {
      op: "fit",
      option: "examples",
      expected: "an example",
      value: undefined,
      place: i,
    });
  });
  const settings = takeFitOptions(taken.length, options);
  const { graph, params, groups } = takeTask(task);
  const release = claimParameters(graph, params);
  try {
    const optimizer = new AdamW(graph, groups, { lr: settings.learningRate, weightDecay: settings.weightDecay });
    try {
      return await new Run(task, taken, params, optimizer, settings).train();
    } finally {
      optimizer.dispose();
    }
  } finally {
    release();
  }
}

/** The parameters of a task. Throws `ConfigError` for an invalid task. */
function takeTask<E>(task: Task<E>) {
  checkRecord("fit: a task is { graph, params, loss }", task);
  const { graph } = task;
  checkGraph("fit: task", graph);
  for (const name of ["params", "loss"] as const) callable("fit", `task.${name}`, task[name]);
  for (const name of ["memory", "groups"] as const)
    if (task[name] !== undefined) callable("fit", `task.${name}`, task[name]);
  const params = listFrom("fit: a task's params are a list of node ids", task.params(), (id) => id as NodeId);
  const listed = listParameters("fit", graph, params);
  const groups = task.groups?.() ?? [{ params: listed }];
  const grouped = resolveGroups(graph, groups, 1, 0).flatMap(({ params: own }) => own);
  if (grouped.length !== listed.length || grouped.some((id, i) => id !== listed[i]))
    throw unexpected("fit", "task.groups", "the task's params in groups, in their order", groups);
  return { graph, params: listed, groups };
}

/** Number of steps that are checked for their memory in advance; memory grows if a later step of a longer run needs more. */
const STEPS_MEASURED = 4096;

/** The state of a call of `fit`. */
class Run<E> {
  private readonly history: StepRecord[] = [];
  private readonly first: number = 0;
  private readonly batchAt: (step: number) => E[];
  /** Random streams drawn by this run; other calls' draws do not affect it. */
  private streams: number;
  private readonly evaluation: Evaluation | null = null;
  /** Milliseconds spent on measurements. */
  private measuring = 0;

  constructor(
    private readonly task: Task<E>,
    examples: readonly E[],
    private readonly params: readonly NodeId[],
    private readonly optimizer: AdamW,
    private readonly settings: FitSettings,
  ) {
    const { order = batchOrder(examples.length, settings.batchSize, settings.seed, task.graph.engine) } = settings;
    this.batchAt = (step) => Array.from(order(step), (i) => examples[i]!);
    this.streams = task.graph.streamsDrawn;
    if (settings.resume === undefined) {
      this.evaluation = settings.evaluate && new Evaluation(settings.evaluate, settings.steps, 0);
      return;
    }
    const { graph } = task;
    const shapes = params.map((id) => graph.shape(id));
    const resume = checkCheckpoint(settings.resume, { steps: settings.steps, shapes });
    this.evaluation = resumedEvaluation(settings.evaluate, settings.steps, resume);
    optimizer.load(resume.optimizer);
    params.forEach((id, i) => graph.setValue(id, resume.parameters[i]!));
    this.history = [...resume.history];
    this.first = resume.step;
    this.streams = resume.streams;
  }

  async train(): Promise<FitReport> {
    const { graph } = this.task;
    const { steps, signal, checkpoint, onProgress } = this.settings;
    await this.reserve();
    const elapsed = stopwatch();
    let tokens = 0;
    try {
      await this.measure(this.first);
      for (let step = this.first; step < steps && !this.evaluation?.over; step++) {
        if (signal?.aborted) await this.save();
        throwIfAborted(signal, { step, steps, history: this.history });
        const record = await this.step(step);
        this.history.push(record);
        tokens += record.tokens;
        const secondsLeft = (elapsed() / 1000 / (step - this.first + 1)) * (steps - step - 1);
        const seconds = (elapsed() - this.measuring) / 1000;
        const shown = onProgress?.({ ...record, steps, tokensPerSecond: tokens / seconds, secondsLeft });
        if (shown !== undefined) await untilAborted(Promise.resolve(shown), signal);
        await this.measure(step + 1);
        const due = checkpoint !== undefined && (step + 1) % checkpoint.every === 0;
        if (due || step + 1 === steps || this.evaluation?.over) await this.save();
        await nextTask();
      }
    } catch (error) {
      // What was trained can be saved. If the device is lost, the error says so.
      await graph.engine.refresh?.().catch(() => undefined);
      throw error;
    } finally {
      graph.streamsDrawn = Math.max(graph.streamsDrawn, this.streams);
    }
    const seconds = (elapsed() - this.measuring) / 1000;
    const tokensPerSecond = tokens / Math.max(seconds, 1e-9);
    const evaluation = this.keepBest();
    return { steps: this.history, seconds, tokensPerSecond, peakMemory: graph.engine.info.memory.peak, evaluation };
  }

  /** Measures if it is due after this many steps. If cancelled meanwhile, nothing is recorded. */
  private async measure(step: number): Promise<void> {
    const { evaluation, task, params } = this;
    const { signal } = this.settings;
    if (!evaluation?.due(step) || signal?.aborted) return;
    const elapsed = stopwatch();
    try {
      await task.graph.engine.refresh?.();
      const value = await orAborted(() => evaluation.settings.measure(step), signal);
      evaluation.add(step, value, () => params.map((id) => task.graph.value(id)));
    } catch (error) {
      // The caller saves a checkpoint and throws the same error.
      if (!signal?.aborted) throw error;
    } finally {
      this.measuring += elapsed();
    }
  }

  /** Restores the best parameters. Throws `AbortError` if the last ones were not measured. */
  private keepBest(): FitReport["evaluation"] {
    const { evaluation, history, task, params } = this;
    const { steps, signal } = this.settings;
    if (evaluation === null) return null;
    if (evaluation.due(history.length)) throwIfAborted(signal, { step: history.length, steps, history });
    const { report, parameters } = evaluation.result(history.length);
    if (report.best.step < history.length) params.forEach((id, i) => task.graph.setValue(id, parameters[i]!));
    return report;
  }

  /** One optimizer step. Between micro-batches the event loop runs if some milliseconds have passed since the last time. */
  private async step(number: number): Promise<StepRecord> {
    const { task, params, optimizer, settings } = this;
    const before = this.streams;
    const breathe = breather(undefined);
    optimizer.lr = settings.schedule(number);
    let milliseconds = 0;
    let step: OptimizerStep<E> | undefined;
    try {
      const parts = microBatches(this.batchAt(number), settings.accumulate);
      const current = (step = new OptimizerStep(task, params, optimizer, parts.length));
      for (const [i, part] of parts.entries()) {
        const elapsed = stopwatch();
        this.alone(() => current.add(part));
        milliseconds += elapsed();
        if (i + 1 === parts.length) break;
        const pause = breathe();
        if (pause === undefined) continue;
        const gradients = readGradients(task.graph, params);
        await pause;
        putBack(task.graph, params, await gradients);
      }
      const elapsed = stopwatch();
      const result = await this.alone(() => current.update(settings.maxGradNorm));
      milliseconds += elapsed();
      return { step: number, learningRate: optimizer.lr, milliseconds, ...result };
    } catch (error) {
      // A step that fails has used up no random numbers and leaves no gradients.
      this.streams = before;
      optimizer.zeroGrad();
      throw error;
    } finally {
      step?.end();
    }
  }

  /** Runs `body` in training mode with this run's own random streams; other calls are not affected. */
  private alone<T>(work: () => T): T {
    const { graph } = this.task;
    const [training, streams] = [graph.training, graph.streamsDrawn];
    graph.streamsDrawn = this.streams;
    graph.train();
    try {
      const result = work();
      this.streams = graph.streamsDrawn;
      return result;
    } finally {
      graph.streamsDrawn = streams;
      if (!training) graph.eval();
    }
  }

  /**
   * Reserves memory for the largest step, so that memory does not grow during training. If cancelled meanwhile, the next check handles it,
   * after saving a checkpoint.
   */
  private async reserve(): Promise<void> {
    const { task, settings } = this;
    if (task.memory === undefined) return;
    const breathe = breather(undefined);
    let most = 0;
    for (let step = 0; step < Math.min(settings.steps, STEPS_MEASURED); step++) {
      for (const part of microBatches(this.batchAt(step), settings.accumulate)) {
        await breathe();
        if (settings.signal?.aborted) return;
        // One by one, since tokenizing a long text takes time.
        most = Math.max(most, task.memory(part));
      }
    }
    task.graph.reserve(roomOfStep(task.graph, this.params, most, settings.accumulate));
  }

  /** Saves a checkpoint. Throws `NonFiniteError` instead of saving one that cannot be resumed. */
  private async save(): Promise<void> {
    const { task, params, history } = this;
    // On a GPU parameters and moments have to be read first.
    await task.graph.engine.refresh?.();
    const parameters = params.map((id) => task.graph.value(id));
    if (!parameters.every(({ data }) => data.every(Number.isFinite))) {
      throw new NonFiniteError(
        `fit: training diverged: after step ${history.length} a parameter is not finite; try a lower learning rate`,
        { step: history.length },
      );
    }
    const { streams } = this;
    await this.settings.checkpoint?.save({
      step: history.length,
      parameters,
      optimizer: this.optimizer.state(),
      streams,
      history: [...history],
      ...(this.evaluation && { evaluation: this.evaluation.state() }),
    });
  }
}

/** The measurements to resume. Throws `ConfigError` if only one of checkpoint and options has `evaluate`. */
function resumedEvaluation(settings: EvaluateSettings | null, steps: number, resume: Checkpoint): Evaluation | null {
  const { step, evaluation } = resume;
  if (settings !== null && (evaluation !== undefined || step === 0))
    return new Evaluation(settings, steps, step, evaluation);
  if (settings === null && evaluation === undefined) return null;
  throw new ConfigError(
    settings === null
      ? "fit: the checkpoint is of a run with `evaluate`: give the same again"
      : "fit: the checkpoint is of a run without `evaluate`: omit it, or start again without the checkpoint",
    { op: "fit", option: "evaluate", step },
  );
}

/** Gradients of some variables, to save them while others may use the graph. */
const readGradients = (graph: Graph, params: readonly NodeId[]): Promise<(Tensor | null)[]> =>
  Promise.all(params.map((id) => graph.readGrad(id)));

/** Restores saved gradients. */
function putBack(graph: Graph, params: readonly NodeId[], gradients: readonly (Tensor | null)[]): void {
  params.forEach((id, i) => {
    const node = graph.node(id);
    const gradient = gradients[i] ?? null;
    // Its memory belongs to the variable.
    node.gradient = gradient === null ? 0 : node.gradientMemory;
    if (gradient !== null) graph.engine.write(node.gradient, gradient.data, gradient.data.length);
  });
}
