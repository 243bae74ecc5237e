import { orAborted, throwIfAborted, untilAborted } from "../waiting/abort.js";
import { checkRecord, listFrom } from "../arguments/collections.js";
import { ConfigError, NonFiniteError } from "../errors/errors.js";
import { checkGraph, type NodeId } from "../graph/graph.js";
import { breather, nextTask } from "../waiting/next-task.js";
import { AdamW } from "../optim/adam.js";
import { listParameters, resolveGroups } from "../optim/parameters.js";
import { callable, unexpected } from "../arguments/settings.js";
import { batchOrder } from "./batch-order.js";
import { checkCheckpoint } from "./checkpoint.js";
import { type EvaluateSettings, Evaluation } from "./evaluation.js";
import { claimParameters } from "./claims.js";
import type { Checkpoint, FitOptions, FitReport, StepRecord } from "./fit-options.js";
import { setAside } from "./kept-gradients.js";
import { type FitSettings, takeFitOptions } from "./fit-settings.js";
import { stopwatch } from "../waiting/stopwatch.js";
import { microBatches, OptimizerStep } from "./step.js";
import { roomOfStep } from "./step-room.js";
import type { Task } from "./task.js";

/**
 * Trains a task with AdamW. Between two steps, and between micro-batches that take long (`accumulate`), the event loop runs, so
 * a page stays alive and a signal is heard between two steps. Other
 * calls, other `fit`s of the same graph among them, may run meanwhile and change no bit of the result.
 *
 * Throws before any work: `ConfigError` for options that make no sense or parameters that another `fit` trains. Rejects
 * with `AbortError` when cancelled, a checkpoint having been handed over, before the first step too, and with `NonFiniteError`
 * when training diverges; parameters are then as the last step left them, and whatever else was made for the run is given back. With `evaluate` it ends with the parameters that
 * measured best.
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

/** What a task trains. Throws `ConfigError` for what is no task. */
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

/** Steps that are looked at for the memory they need; a longer run grows where a later one needs more. */
const STEPS_MEASURED = 4096;

/** One call of `fit`: where it stands. */
class Run<E> {
  private readonly history: StepRecord[] = [];
  private readonly first: number = 0;
  private readonly batchAt: (step: number) => E[];
  /** Random streams drawn, as if nothing else drew from the graph: another call's draws change no bit of this run. */
  private streams: number;
  private readonly evaluation: Evaluation | null = null;
  /** Milliseconds that measuring took. */
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
    } finally {
      graph.streamsDrawn = Math.max(graph.streamsDrawn, this.streams);
    }
    const seconds = (elapsed() - this.measuring) / 1000;
    const tokensPerSecond = tokens / Math.max(seconds, 1e-9);
    const evaluation = this.keepBest();
    return { steps: this.history, seconds, tokensPerSecond, peakMemory: graph.engine.info.memory.peak, evaluation };
  }

  /** Measures after so many steps where that is due. Where it is cancelled meanwhile, nothing is noted. */
  private async measure(step: number): Promise<void> {
    const { evaluation, task, params } = this;
    const { signal } = this.settings;
    if (!evaluation?.due(step) || signal?.aborted) return;
    const elapsed = stopwatch();
    try {
      const value = await orAborted(() => evaluation.settings.measure(step), signal);
      evaluation.add(step, value, () => params.map((id) => task.graph.value(id)));
    } catch (error) {
      // The caller saves, and then throws the same.
      if (!signal?.aborted) throw error;
    } finally {
      this.measuring += elapsed();
    }
  }

  /** Puts the best parameters in place of the last ones. Throws `AbortError` where the last were not measured. */
  private keepBest(): FitReport["evaluation"] {
    const { evaluation, history, task, params } = this;
    const { steps, signal } = this.settings;
    if (evaluation === null) return null;
    if (evaluation.due(history.length)) throwIfAborted(signal, { step: history.length, steps, history });
    const { report, parameters } = evaluation.result(history.length);
    if (report.best.step < history.length) params.forEach((id, i) => task.graph.setValue(id, parameters[i]!));
    return report;
  }

  /** One optimizer step. Between two micro-batches the event loop runs, where the last turn is some milliseconds ago. */
  private async step(number: number): Promise<StepRecord> {
    const { task, params, optimizer, settings } = this;
    const before = this.streams;
    const breathe = breather(undefined);
    optimizer.lr = settings.schedule(number);
    let milliseconds = 0;
    const timed = <T>(work: () => T): T => {
      const elapsed = stopwatch();
      const result = this.alone(work);
      milliseconds += elapsed();
      return result;
    };
    try {
      const parts = microBatches(this.batchAt(number), settings.accumulate);
      const step = new OptimizerStep(task, params, optimizer, parts.length);
      for (const [i, part] of parts.entries()) {
        timed(() => step.add(part));
        if (i + 1 === parts.length) break;
        const pause = breathe();
        if (pause === undefined) continue;
        const putBack = setAside(task.graph, params);
        await pause;
        putBack();
      }
      const result = timed(() => step.update(settings.maxGradNorm));
      return { step: number, learningRate: optimizer.lr, milliseconds, ...result };
    } catch (error) {
      // A step that breaks off has drawn no random numbers and leaves no part of a gradient.
      this.streams = before;
      optimizer.zeroGrad();
      throw error;
    }
  }

  /** Work in training mode and with this run's own random streams, of which others see nothing. */
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
   * Makes room for the largest step ahead of the first, so that memory never grows in the middle of training. An abort meanwhile is
   * left to what comes next, which hands over a checkpoint first: however early it comes, there is one.
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
        // One by one, since a text that was not yet asked for its tokens may be long.
        most = Math.max(most, task.memory(part));
      }
    }
    task.graph.reserve(roomOfStep(task.graph, this.params, most, settings.accumulate));
  }

  /** Hands over where the run stands. Throws `NonFiniteError` rather than a checkpoint that nothing can go on from. */
  private async save(): Promise<void> {
    const { task, params, history } = this;
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

/** Where watching goes on. Throws `ConfigError` where the run was watched and is not now, or the other way round. */
function resumedEvaluation(settings: EvaluateSettings | null, steps: number, resume: Checkpoint): Evaluation | null {
  const { step, evaluation } = resume;
  if (settings !== null && (evaluation !== undefined || step === 0))
    return new Evaluation(settings, steps, step, evaluation);
  if (settings === null && evaluation === undefined) return null;
  throw new ConfigError(
    settings === null
      ? "fit: the checkpoint is of a run with `evaluate`: give the same again"
      : "fit: the checkpoint is of a run without `evaluate`: leave it out, or begin anew",
    { op: "fit", option: "evaluate", step },
  );
}
