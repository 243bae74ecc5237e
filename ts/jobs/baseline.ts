import type { Example } from "../io/examples/index.js";
import type { TextClassifier } from "../tasks/text-classifier.js";
import { batchOrder } from "../train/batch-order.js";
import { fit } from "../train/fit.js";
import { HeadOnlyTask, type VectorExample } from "../train/head-only.js";
import { metrics, type Metrics } from "../train/metrics.js";
import { explainDivergence } from "./divergence.js";
import type { JobListener, JobPhase, JobWords } from "./job-events.js";
import { fitOptions, type TrainingSettings } from "./training-settings.js";

/** What the adapter is measured against. */
export interface Baseline {
  /** The head as it is initialised. */
  readonly before: Metrics;
  /** The same head trained for the same steps on the same batches, the encoder left as it is; null where not wanted. */
  readonly headOnly: Metrics | null;
}

/** What the baseline is measured on. */
export interface BaselineWork {
  readonly classifier: TextClassifier;
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly settings: TrainingSettings;
  readonly steps: number;
  readonly emit: JobListener;
  readonly words: JobWords;
  readonly signal: AbortSignal | undefined;
}

/** Rows of logits that are computed at once. */
const CHUNK = 1024;

/** Measures the untrained head, and a clone of it trained on the frozen encoder's vectors. */
export async function measureBaseline(work: BaselineWork): Promise<Baseline> {
  const { classifier, train, validation, settings, steps, signal } = work;
  const classes = new Map(classifier.labels.map((label, i) => [label, i]));
  const targets = validation.map(({ label }) => classes.get(label)!);
  const vectors = await encode(work, "encode-validation", validation);
  const measure = (task: HeadOnlyTask) => metrics(logitsOf(task, vectors), targets, classifier.labels.length);
  const before = measure(new HeadOnlyTask(classifier.head));
  if (!settings.baseline) return { before, headOnly: null };

  const options = fitOptions(settings, steps);
  const rows = rowsUsed(train.length, work);
  const encoded = await encode(
    work,
    "encode-train",
    rows.map((row) => train[row]!),
  );
  // Rows that no batch takes are not encoded; what fills their place, so that the others' numbers are right, has no vector.
  const examples = new Array<VectorExample>(train.length).fill({ vector: new Float32Array(0), target: 0 });
  rows.forEach((row, i) => {
    examples[row] = { vector: encoded[i]!, target: classes.get(train[row]!.label)! };
  });
  const task = new HeadOnlyTask(classifier.head.clone());
  const progress = { type: "progress", phase: "head-only", total: steps } as const;
  work.emit({ ...progress, done: 0 });
  let done = 0;
  const onProgress = ({ step, loss }: { step: number; loss: number }) => {
    done = step + 1;
    work.emit({ ...progress, done, loss });
  };
  try {
    await fit(task, examples, { ...options, ...(signal && { signal }), onProgress });
  } catch (error) {
    throw explainDivergence(error, done + 1, work.words, " (the head alone)");
  }
  return { before, headOnly: measure(task) };
}

/** Row numbers that the batches of a run take, each once, in order. */
function rowsUsed(count: number, { classifier, settings, steps }: BaselineWork): number[] {
  const batchAt = batchOrder(count, settings.batchSize, settings.seed, classifier.encoder.graph.engine);
  const used = new Set<number>();
  for (let step = 0; step < steps && used.size < count; step++) for (const row of batchAt(step)) used.add(row);
  return [...used].sort((a, b) => a - b);
}

function encode({ classifier, emit, signal }: BaselineWork, phase: JobPhase, examples: readonly Example[]) {
  const texts = examples.map(({ text }) => text);
  const onProgress = (done: number) => emit({ type: "progress", phase, done, total: texts.length });
  onProgress(0);
  return classifier.encoder.encode(texts, { adapter: null, signal, onProgress });
}

function logitsOf(task: HeadOnlyTask, vectors: readonly Float32Array[]): Float32Array[] {
  const { graph } = task;
  const rows: Float32Array[] = [];
  for (let start = 0; start < vectors.length; start += CHUNK) {
    const chunk = vectors.slice(start, start + CHUNK);
    const { data, shape } = graph.step(() => graph.noGrad(() => graph.value(task.logits(chunk))));
    chunk.forEach((_, i) => rows.push(data.slice(i * shape[1]!, (i + 1) * shape[1]!)));
  }
  return rows;
}
