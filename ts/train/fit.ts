import { throwIfAborted } from "../abort.js";
import { engineInfo } from "../engine/engine.js";
import { ConfigError } from "../errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { nextTask } from "../next-task.js";
import { AdamW } from "../optim/adamw.js";
import { clipGradNorm, gradNorm } from "../optim/clipping.js";
import { cosineSchedule } from "../optim/schedules.js";
import { batchOrder } from "./batch-order.js";
import type { Checkpoint, FitOptions, FitReport, StepRecord } from "./fit-options.js";
import type { Task } from "./task.js";

/**
 * Trains a task with AdamW. Between two steps the event loop runs, so a page stays alive and a signal is heard.
 *
 * Throws `ConfigError` for options that make no sense, before any work, and `AbortError` when cancelled.
 */
export async function fit<E>(task: Task<E>, examples: readonly E[], options: FitOptions = {}): Promise<FitReport> {
  const settings = resolve(examples.length, options);
  const { graph } = task;
  const params = task.params();
  const optimizer = new AdamW(graph, params, { lr: settings.learningRate, weightDecay: settings.weightDecay });
  const history: StepRecord[] = [];
  let first = 0;
  if (options.resume !== undefined) {
    restore(graph, params, optimizer, options.resume, settings.steps);
    history.push(...options.resume.history);
    first = options.resume.step;
  }
  const order = batchOrder(examples.length, settings.batchSize, settings.seed);
  const batchAt = (step: number) => Array.from(order(step), (i) => examples[i]!);
  reserve(task, batchAt, settings);
  const save = async () => options.checkpoint?.save(checkpointOf(graph, params, optimizer, history));
  const started = performance.now();
  let tokens = 0;
  graph.train();
  for (let step = first; step < settings.steps; step++) {
    if (options.signal?.aborted) await save();
    throwIfAborted(options.signal, { step, steps: settings.steps, history });
    const begin = performance.now();
    optimizer.lr = settings.schedule(step);
    const result = trainStep(task, params, optimizer, batchAt(step), settings);
    tokens += result.tokens;
    const record = { step, learningRate: optimizer.lr, milliseconds: performance.now() - begin, ...result };
    history.push(record);
    const seconds = (performance.now() - started) / 1000;
    const secondsLeft = (seconds / (step - first + 1)) * (settings.steps - step - 1);
    await options.onProgress?.({ ...record, steps: settings.steps, tokensPerSecond: tokens / seconds, secondsLeft });
    const due = options.checkpoint !== undefined && (step + 1) % options.checkpoint.every === 0;
    if (due || step + 1 === settings.steps) await save();
    await nextTask();
  }
  const seconds = (performance.now() - started) / 1000;
  optimizer.dispose();
  return {
    steps: history,
    seconds,
    tokensPerSecond: tokens / Math.max(seconds, 1e-9),
    peakMemory: engineInfo().memory.peak,
  };
}

/** Makes room for the largest step ahead of the first, so that memory never grows in the middle of training. */
function reserve<E>(task: Task<E>, batchAt: (step: number) => E[], settings: Settings): void {
  if (task.memory === undefined) return;
  let most = 0;
  for (let step = 0; step < settings.steps; step++) {
    for (const part of microBatches(batchAt(step), settings.accumulate)) most = Math.max(most, task.memory(part));
  }
  task.graph.reserve(most);
}

function microBatches<E>(batch: readonly E[], count: number): E[][] {
  const size = Math.ceil(batch.length / count);
  return Array.from({ length: Math.ceil(batch.length / size) }, (_, i) => batch.slice(i * size, (i + 1) * size));
}

type Settings = ReturnType<typeof resolve>;

/** Forward and backward of each micro-batch, then one update. Gradients are of the mean over all targets of the step. */
function trainStep<E>(
  task: Task<E>,
  params: NodeId[],
  optimizer: AdamW,
  batch: E[],
  { accumulate, maxGradNorm }: Settings,
) {
  const { graph } = task;
  let loss = 0;
  let targets = 0;
  let tokens = 0;
  optimizer.zeroGrad();
  for (const examples of microBatches(batch, accumulate)) {
    graph.step(() => {
      const part = task.loss(examples);
      const scale = 1 / batch.length;
      graph.backward(part.sum, { shape: graph.shape(part.sum), data: Float32Array.of(scale) });
      loss += graph.value(part.sum).data[0]!;
      targets += part.targets;
      tokens += part.tokens;
    });
  }
  const norm = maxGradNorm === null ? gradNorm(graph, params) : clipGradNorm(graph, params, maxGradNorm);
  optimizer.step();
  return { loss: loss / targets, gradNorm: norm, tokens };
}

function resolve(count: number, options: FitOptions) {
  const { batchSize = 16, learningRate = 1e-3, weightDecay = 0.01, accumulate = 1, seed = 0, epochs = 3 } = options;
  if (count === 0) throw new ConfigError("fit: there are no examples to learn from");
  wholeFrom("batchSize", batchSize, 1);
  wholeFrom("accumulate", accumulate, 1);
  wholeFrom("seed", seed, 0);
  if (!(epochs > 0)) throw new ConfigError(`fit: epochs is above 0, got ${String(epochs)}`);
  const perEpoch = Math.floor(count / Math.min(batchSize, count));
  const steps = options.steps ?? Math.max(1, Math.round(epochs * perEpoch));
  wholeFrom("steps", steps, 1);
  if (options.checkpoint !== undefined) wholeFrom("checkpoint.every", options.checkpoint.every, 1);
  const schedule =
    options.schedule ?? cosineSchedule({ peak: learningRate, warmup: Math.round(steps / 10), total: steps });
  const maxGradNorm = options.maxGradNorm === undefined ? 1 : options.maxGradNorm;
  return { batchSize, learningRate, weightDecay, accumulate, seed, steps, schedule, maxGradNorm };
}

function wholeFrom(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ConfigError(`fit: ${name} is a whole number from ${least}, got ${String(value)}`, { [name]: value });
}

function checkpointOf(graph: Graph, params: NodeId[], optimizer: AdamW, history: readonly StepRecord[]): Checkpoint {
  const parameters = params.map((id) => graph.value(id));
  return {
    step: history.length,
    parameters,
    optimizer: optimizer.state(),
    streams: graph.streamsDrawn,
    history: [...history],
  };
}

function restore(graph: Graph, params: NodeId[], optimizer: AdamW, checkpoint: Checkpoint, steps: number): void {
  if (checkpoint.step > steps || checkpoint.parameters.length !== params.length) {
    throw new ConfigError(
      `fit: the checkpoint (step ${checkpoint.step}, ${checkpoint.parameters.length} parameters) is not of this run ` +
        `(${steps} steps, ${params.length} parameters)`,
    );
  }
  optimizer.load(checkpoint.optimizer);
  params.forEach((id, i) => graph.setValue(id, checkpoint.parameters[i]!));
  graph.streamsDrawn = checkpoint.streams;
}
