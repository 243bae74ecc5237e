import { inferTexts, rowsOf } from "../../../models/sentence/inference.js";
import { ClassificationHead } from "../../../nn/classification-head.js";
import type { LogisticRegression, LogisticRegressionOptions } from "../../../train/logistic/regression-settings.js";
import { balanceOf } from "../../class-weights.js";
import type { TextClassifier } from "../../text-classifier.js";
import { HeadOnlyTask } from "../../../train/head-only.js";
import { fitLogisticRegression } from "../../../train/logistic/logistic-regression.js";
import { measureLogits, type Metrics } from "../../../train/metrics/metrics.js";
import { groupsOf } from "../data/held-out.js";
import type { TokenizedText } from "../tokenized-text.js";
import type { JobPhase } from "../../../training/job-events.js";
import { phaseEvents } from "../../../training/phase.js";
import type { RunContext, TokenizedParts } from "../../../training/task-definition.js";
import { fitsHead, recipes } from "../recipes.js";
import type { TrainingSettings } from "../settings.js";

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
  readonly parts: TokenizedParts<TokenizedText>;
  /** What the head alone is fitted to beside what is trained on. */
  readonly spare: readonly TokenizedText[];
  readonly settings: TrainingSettings;
  readonly context: Pick<RunContext, "emit" | "signal">;
}

type Head = Pick<LogisticRegression, "weight" | "bias">;

/** The head alone, what it says of the texts to test on, and the head that training starts from. */
export interface FittedHead extends Head {
  readonly start: Head;
  readonly logits: readonly Float32Array[];
}

/** Rows of logits that are computed at once. */
const CHUNK = 1024;

/** Measures the untrained head, the largest class, and the head that is fitted to the vectors of the encoder as it is. */
export async function measureBaseline(work: BaselineWork): Promise<{ baseline: Baseline; fitted: FittedHead | null }> {
  const { classifier, parts, spare, settings } = work;
  const { train, measured } = parts;
  const targetsOf = (texts: readonly TokenizedText[]) => texts.map(({ target }) => target);
  const [learnt, targets] = [targetsOf(train), targetsOf(measured)];
  const classes = classifier.labels.length;
  const vectors = await encode(work, "encode-validation", measured);
  const measure = (logits: readonly Float32Array[]) =>
    measureLogits(logits, targets, classes, { signal: work.context.signal });
  const before = await measure(logitsOf(classifier.head, vectors));
  const largest = mostFrequent(learnt, classes);
  const largestClass = targets.filter((target) => target === largest).length / targets.length;
  const { headStart } = recipes[settings.recipe];
  if (!fitsHead(settings)) return { baseline: { before, largestClass, headOnly: null }, fitted: null };
  // As they stand in the file: which of them C is chosen on must not depend on whether some are held out for the adapter.
  const whole = [...train, ...spare].sort((a, b) => a.example.line - b.example.line);
  const all = await encode(work, "encode-train", whole);
  const onProgress: Progress = (event) => work.context.emit({ type: "progress", phase: "head-only", ...event });
  const groups = groupsOf(
    whole.map(({ example }) => example),
    settings,
  );
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
  { classifier, settings, context: { signal } }: BaselineWork,
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
function encode(
  { classifier: { encoder, graph }, context }: BaselineWork,
  phase: JobPhase,
  texts: readonly TokenizedText[],
) {
  const ids = texts.map((text) => text.ids);
  const vectors = rowsOf(graph, (pooled) => pooled);
  return inferTexts(encoder, ids, null, vectors, phaseEvents(context, phase, texts.length));
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
