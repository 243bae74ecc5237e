import { checkSignal, throwIfAborted, untilAborted } from "../waiting/abort.js";
import { checkRecord, listFrom } from "../arguments/collections.js";
import { ConfigError, NonFiniteError } from "../errors/errors.js";
import { checkGraph, type NodeId } from "../graph/graph.js";
import { breather, nextTask } from "../waiting/next-task.js";
import { AdamW } from "../optim/adamw.js";
import { listParameters, resolveGroups } from "../optim/parameters.js";
import { cosineSchedule } from "../optim/schedules.js";
import { checkOptions } from "../arguments/options.js";
import { callable, nonNegative, positive, unexpected, whole } from "../arguments/settings.js";
import { batchOrder } from "./batch-order.js";
import { checkCheckpoint } from "./checkpoint.js";
import { claimParameters } from "./claims.js";
import type { FitOptions, FitReport, StepRecord } from "./fit-options.js";
import { sizeOf } from "../values/shape.js";
import { stopwatch } from "../waiting/stopwatch.js";
import { microBatches, trainStep } from "./step.js";
import type { Task } from "./task.js";

/**
 * Trains a task with AdamW. Between two steps the event loop runs, so a page stays alive and a signal is heard. Other
 * calls, other `fit`s of the same graph among them, may run meanwhile and change no bit of the result.
 *
 * Throws before any work: `ConfigError` for options that make no sense or parameters that another `fit` trains. Rejects
 * with `AbortError` when cancelled and with `NonFiniteError` when training diverges; parameters are then as the last
 * step left them, and whatever else was made for the run is given back.
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
  const settings = resolve(taken.length, options);
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

  constructor(
    private readonly task: Task<E>,
    examples: readonly E[],
    private readonly params: readonly NodeId[],
    private readonly optimizer: AdamW,
    private readonly settings: Settings,
  ) {
    const order = batchOrder(examples.length, settings.batchSize, settings.seed, task.graph.engine);
    this.batchAt = (step) => Array.from(order(step), (i) => examples[i]!);
    this.streams = task.graph.streamsDrawn;
    if (settings.resume === undefined) return;
    const { graph } = task;
    const shapes = params.map((id) => graph.shape(id));
    const resume = checkCheckpoint(settings.resume, { steps: settings.steps, shapes });
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
      for (let step = this.first; step < steps; step++) {
        if (signal?.aborted) await this.save();
        throwIfAborted(signal, { step, steps, history: this.history });
        const record = this.step(step);
        this.history.push(record);
        tokens += record.tokens;
        const seconds = elapsed() / 1000;
        const secondsLeft = (seconds / (step - this.first + 1)) * (steps - step - 1);
        const shown = onProgress?.({ ...record, steps, tokensPerSecond: tokens / seconds, secondsLeft });
        if (shown !== undefined) await untilAborted(shown, signal);
        const due = checkpoint !== undefined && (step + 1) % checkpoint.every === 0;
        if (due || step + 1 === steps) await this.save();
        await nextTask();
      }
    } finally {
      graph.streamsDrawn = Math.max(graph.streamsDrawn, this.streams);
    }
    const seconds = elapsed() / 1000;
    const tokensPerSecond = tokens / Math.max(seconds, 1e-9);
    return { steps: this.history, seconds, tokensPerSecond, peakMemory: graph.engine.info.memory.peak };
  }

  /** One optimizer step, in training mode and with this run's own random streams. */
  private step(step: number): StepRecord {
    const { task, params, optimizer, settings } = this;
    const { graph } = task;
    const elapsed = stopwatch();
    optimizer.lr = settings.schedule(step);
    const [training, streams] = [graph.training, graph.streamsDrawn];
    graph.streamsDrawn = this.streams;
    graph.train();
    try {
      const result = trainStep(task, params, optimizer, this.batchAt(step), settings);
      this.streams = graph.streamsDrawn;
      return { step, learningRate: optimizer.lr, milliseconds: elapsed(), ...result };
    } catch (error) {
      // A step that breaks off has drawn no random numbers and leaves no part of a gradient.
      optimizer.zeroGrad();
      throw error;
    } finally {
      graph.streamsDrawn = streams;
      if (!training) graph.eval();
    }
  }

  /** Makes room for the largest step ahead of the first, so that memory never grows in the middle of training. */
  private async reserve(): Promise<void> {
    const { task, settings } = this;
    if (task.memory === undefined) return;
    const breathe = breather(settings.signal);
    let most = 0;
    for (let step = 0; step < Math.min(settings.steps, STEPS_MEASURED); step++) {
      await breathe();
      for (const part of microBatches(this.batchAt(step), settings.accumulate))
        most = Math.max(most, task.memory(part));
    }
    // A second backward of a step keeps the gradients of the first until it has come to its end.
    const { graph } = task;
    const kept = settings.accumulate === 1 ? 0 : 4 * this.params.reduce((sum, id) => sum + sizeOf(graph.shape(id)), 0);
    graph.reserve(most + kept);
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
    });
  }
}

type Settings = ReturnType<typeof resolve>;

const OPTIONS: readonly (keyof FitOptions)[] = [
  ...(["steps", "epochs", "batchSize", "learningRate", "schedule", "weightDecay", "maxGradNorm"] as const),
  ...(["accumulate", "seed", "onProgress", "signal", "checkpoint", "resume"] as const),
];

/** The options with their defaults. Throws `ConfigError` for what makes no sense. */
function resolve(count: number, options: FitOptions) {
  checkOptions("fit", options, OPTIONS);
  if (count === 0)
    throw new ConfigError("fit: there are no examples to learn from", { op: "fit", option: "examples", length: 0 });
  const { onProgress, signal, checkpoint, resume } = options;
  const batchSize = whole("fit", "batchSize", options.batchSize ?? 16, 1);
  const perEpoch = Math.floor(count / Math.min(batchSize, count));
  const epochs = positive("fit", "epochs", options.epochs ?? 3);
  const steps = whole("fit", "steps", options.steps ?? Math.max(1, Math.round(epochs * perEpoch)), 1);
  const learningRate = nonNegative("fit", "learningRate", options.learningRate ?? 1e-3);
  const maxGradNorm = options.maxGradNorm === undefined ? 1 : options.maxGradNorm;
  if (onProgress !== undefined) callable("fit", "onProgress", onProgress);
  checkSignal("fit", signal);
  const schedule =
    options.schedule === undefined
      ? cosineSchedule({ peak: learningRate, warmup: Math.round(steps / 10), total: steps })
      : callable("fit", "schedule", options.schedule);
  return {
    batchSize,
    learningRate,
    weightDecay: nonNegative("fit", "weightDecay", options.weightDecay ?? 0.01),
    accumulate: whole("fit", "accumulate", options.accumulate ?? 1, 1),
    seed: whole("fit", "seed", options.seed ?? 0),
    steps,
    schedule,
    maxGradNorm: maxGradNorm === null ? null : positive("fit", "maxGradNorm", maxGradNorm),
    ...{ onProgress, signal, checkpoint: checkpoint === undefined ? undefined : takeCheckpointing(checkpoint), resume },
  };
}

/** How checkpoints are handed over, read once. */
function takeCheckpointing(checkpoint: NonNullable<FitOptions["checkpoint"]>): NonNullable<FitOptions["checkpoint"]> {
  checkOptions("fit: checkpoint", checkpoint, ["every", "save"]);
  const { every, save } = checkpoint;
  whole("fit", "checkpoint.every", every, 1);
  callable("fit", "checkpoint.save", save);
  return { every, save: (made) => save.call(checkpoint, made) };
}
