import type { Example, LocatedExample } from "../../io/examples/index.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import { balanceOf } from "../../tasks/class-weights.js";
import type { TextClassifier } from "../../tasks/text-classifier.js";
import { HeadOnlyTask } from "../../train/head-only.js";
import {
  fitLogisticRegression,
  type LogisticRegression,
  type LogisticRegressionOptions,
} from "../../train/logistic/logistic-regression.js";
import { measureLogits, type Metrics } from "../../train/metrics/metrics.js";
import { groupsOf } from "../data/held-out.js";
import type { JobListener, JobPhase } from "../job-events.js";
import { recipes } from "../spec/recipes.js";
import type { ClassifierSettings, TrainingSettings } from "../spec/training-settings.js";

/** What head and adapter are measured against. */
export interface Baseline {
  /** The head as it is initialised. */
  readonly before: Metrics;
  /** Share of right answers where every text is given the label that most of the training texts have. */
  readonly largestClass: number;
  /**
   * The best head on the vectors of the encoder as it is: logistic regression, fitted to convergence, its regularisation chosen on a part
   * of the training texts, of whole groups where there are any. It has no step to choose, so that it learns from what is held out for that, too. Null where not wanted.
   */
  readonly headOnly: Metrics | null;
}

/** What the baseline is measured on. */
export interface BaselineWork {
  readonly classifier: TextClassifier;
  readonly train: readonly LocatedExample[];
  /** What the head alone learns from beside those. */
  readonly spare: readonly LocatedExample[];
  readonly validation: readonly Example[];
  readonly settings: TrainingSettings;
  readonly emit: JobListener;
  readonly signal: AbortSignal | undefined;
}

type Head = Pick<LogisticRegression, "weight" | "bias">;

/** The head alone, what it says of the texts to test on, and the head that training starts from. */
export interface FittedHead extends Head {
  readonly start: Head;
  readonly logits: readonly Float32Array[];
}

/** Whether a head is fitted to all texts to learn from. */
export const fitsHead = ({ baseline, headOnly, recipe }: ClassifierSettings): boolean =>
  baseline || headOnly || recipes[recipe].headStart !== null;

/** Rows of logits that are computed at once. */
const CHUNK = 1024;

/** Measures the untrained head, the largest class, and the head that is fitted to the vectors of the encoder as it is. */
export async function measureBaseline(work: BaselineWork): Promise<{ baseline: Baseline; fitted: FittedHead | null }> {
  const { classifier, train, spare, validation, settings } = work;
  const classes = new Map(classifier.labels.map((label, i) => [label, i]));
  const targetsOf = (examples: readonly Example[]) => examples.map(({ label }) => classes.get(label)!);
  const [learnt, targets] = [targetsOf(train), targetsOf(validation)];
  const vectors = await encode(work, "encode-validation", validation);
  const measure = (logits: readonly Float32Array[]) =>
    measureLogits(logits, targets, classes.size, { signal: work.signal });
  const before = await measure(logitsOf(classifier.head, vectors));
  const largest = mostFrequent(learnt, classes.size);
  const largestClass = targets.filter((target) => target === largest).length / targets.length;
  const { headStart } = recipes[settings.recipe];
  if (!fitsHead(settings)) return { baseline: { before, largestClass, headOnly: null }, fitted: null };
  // As they stand in the file: which of them C is chosen on must not depend on whether some are held out for the adapter.
  const whole = [...train, ...spare].sort((a, b) => a.line - b.line);
  const all = await encode(work, "encode-train", whole);
  const onProgress: Progress = (event) => work.emit({ type: "progress", phase: "head-only", ...event });
  const groups = groupsOf(whole, settings);
  const choice = { onProgress, ...(groups && { groups }) };
  const { weight, bias, regularisation } = await fitted(work, all, targetsOf(whole), choice);
  const held = settings.headOnly || headStart === null ? null : { regularisation: regularisation * headStart };
  // Training may start from what was learnt of its own examples alone: by the others its step is chosen.
  const places = new Map(whole.map((example, i) => [example, i]));
  const own = () => train.map((example) => all[places.get(example)!]!);
  const start = held === null ? { weight, bias } : await fitted(work, own(), learnt, held);
  const { graph } = classifier;
  const head = new ClassificationHead(graph, weight, bias);
  try {
    const logits = logitsOf(head, vectors);
    const headOnly = await measure(logits);
    return { baseline: { before, largestClass, headOnly }, fitted: { weight, bias, start, logits } };
  } finally {
    graph.release(head.params());
  }
}

type Progress = NonNullable<LogisticRegressionOptions["onProgress"]>;

function fitted(
  { classifier, settings, signal }: BaselineWork,
  vectors: Float32Array[],
  targets: number[],
  options: LogisticRegressionOptions,
) {
  const { graph, labels } = classifier;
  const classWeights = balanceOf(settings, labels, targets);
  const common = { seed: settings.seed, classWeights, ...(signal && { signal }) };
  return fitLogisticRegression(graph, vectors, targets, labels.length, { ...common, ...options });
}

function mostFrequent(targets: readonly number[], classes: number): number {
  const counts = new Array<number>(classes).fill(0);
  for (const target of targets) counts[target]!++;
  return counts.indexOf(Math.max(...counts));
}

/** Vectors as the head gets them: without the model's default prompt, and not normalised. */
function encode({ classifier, emit, signal }: BaselineWork, phase: JobPhase, examples: readonly Example[]) {
  const texts = examples.map(({ text }) => text);
  const onProgress = (done: number) => emit({ type: "progress", phase, done, total: texts.length });
  onProgress(0);
  return classifier.encoder.infer(texts, (pooled) => pooled, { adapter: null, signal, onProgress });
}

function logitsOf(head: ClassificationHead, vectors: readonly Float32Array[]): Float32Array[] {
  const task = new HeadOnlyTask(head);
  const { graph } = head;
  const rows: Float32Array[] = [];
  for (let start = 0; start < vectors.length; start += CHUNK) {
    const chunk = vectors.slice(start, start + CHUNK);
    const { data, shape } = graph.step(() => graph.noGrad(() => graph.value(task.logits(chunk))));
    chunk.forEach((_, i) => rows.push(data.slice(i * shape[1]!, (i + 1) * shape[1]!)));
  }
  return rows;
}
