import { inferTexts, rowsOf } from "../../models/sentence/inference.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import { HeadOnlyTask } from "../../train/head-only.js";
import type { LogisticRegression, LogisticRegressionOptions } from "../../train/logistic/head-fit.js";
import { fitLogisticRegression } from "../../train/logistic/logistic-regression.js";
import { measureLogits } from "../../train/metrics/metrics.js";
import { type JobPhase, phaseEvents } from "../../training/job-events.js";
import type { RunContext, TokenizedParts } from "../../training/task-definition.js";
import { balanceOf } from "../head/class-weights.js";
import { logitsOfVectors } from "../head/prediction.js";
import type { TokenizedText } from "./dataset.js";
import { groupsOf } from "./held-out.js";
import type { Baseline } from "./report.js";
import { fitsHead, recipes, type TrainingSettings } from "./settings.js";
import type { TextClassifier } from "./text-classifier.js";

/** The examples that the baseline is measured on. */
export interface BaselineWork {
  readonly classifier: TextClassifier;
  readonly parts: TokenizedParts<TokenizedText>;
  /** Examples that only the head-only baseline is fitted to, in addition to the training examples. */
  readonly spare: readonly TokenizedText[];
  readonly settings: TrainingSettings;
  readonly context: Pick<RunContext, "emit" | "signal">;
}

type Head = Pick<LogisticRegression, "weight" | "bias">;

/** The head-only baseline, and the head that training starts from. */
interface FittedHeads extends Head {
  readonly start: Head;
}

/** A fitted head with its logits of the test texts. */
export interface FittedHead extends FittedHeads {
  readonly logits: readonly Float32Array[];
}

/** Measures the untrained head, the majority-class baseline and the head-only baseline. */
export async function measureBaseline(work: BaselineWork): Promise<{ baseline: Baseline; fitted: FittedHead | null }> {
  const { classifier, parts, spare, settings } = work;
  const { train, measured } = parts;
  const targets = targetsOf(measured);
  const classes = classifier.labels.length;
  const vectors = await encode(work, "encode-validation", measured);
  const measure = (logits: readonly Float32Array[]) =>
    measureLogits(logits, targets, classes, { signal: work.context.signal });
  const before = await measure(await logitsOf(classifier.head, vectors));
  const largest = mostFrequent(targetsOf(train), classes);
  const largestClass = targets.filter((target) => target === largest).length / targets.length;
  if (!fitsHead(settings)) return { baseline: { before, largestClass, headOnly: null }, fitted: null };
  // In the file's order: the part that chooses C must not depend on what is held out for the adapter.
  const whole = [...train, ...spare].sort((a, b) => a.example.line - b.example.line);
  const { weight, bias, start } = await fitHeads(work, whole, train);
  const { graph } = classifier;
  const head = new ClassificationHead(graph, weight, bias);
  try {
    const logits = await logitsOf(head, vectors);
    const headOnly = await measure(logits);
    return { baseline: { before, largestClass, headOnly }, fitted: { weight, bias, start, logits } };
  } finally {
    graph.release(head.params());
  }
}

const targetsOf = (texts: readonly TokenizedText[]) => texts.map(({ target }) => target);

/**
 * Fits the head-only baseline to the vectors of the frozen encoder, and the head that training starts from.
 * @param whole the examples of the baseline; @param train those of training
 */
export async function fitHeads(
  work: Pick<BaselineWork, "classifier" | "settings" | "context">,
  whole: readonly TokenizedText[],
  train: readonly TokenizedText[],
): Promise<FittedHeads> {
  const { settings } = work;
  const { headStart } = recipes[settings.recipe];
  const all = await encode(work, "encode-train", whole);
  const onProgress: Progress = (event) => work.context.emit({ type: "progress", phase: "head-only", ...event });
  const groups = groupsOf(
    whole.map(({ example }) => example),
    settings,
  );
  const choice = { onProgress, ...(groups && { groups }) };
  const { weight, bias, regularisation } = await fitted(work, all, targetsOf(whole), choice);
  const held = settings.headOnly || headStart === null ? null : { regularisation: regularisation * headStart };
  // Training starts from a head fitted to its own examples only: the others choose its step.
  const places = new Map(whole.map((example, i) => [example, i]));
  const own = () => train.map((example) => all[places.get(example)!]!);
  const start = held === null ? { weight, bias } : await fitted(work, own(), targetsOf(train), held);
  return { weight, bias, start };
}

type Progress = NonNullable<LogisticRegressionOptions["onProgress"]>;

function fitted(
  { classifier, settings, context: { signal } }: Pick<BaselineWork, "classifier" | "settings" | "context">,
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

/** Vectors for the head: without the model's default prompt, and not normalised. */
function encode(
  { classifier: { encoder, graph }, context }: Pick<BaselineWork, "classifier" | "context">,
  phase: JobPhase,
  texts: readonly TokenizedText[],
) {
  const ids = texts.map((text) => text.ids);
  const vectors = rowsOf(graph, (pooled) => pooled);
  return inferTexts(encoder, ids, null, vectors, phaseEvents(context, phase, texts.length));
}

function logitsOf(head: ClassificationHead, vectors: readonly Float32Array[]): Promise<Float32Array[]> {
  const task = new HeadOnlyTask(head);
  return logitsOfVectors(head.graph, vectors, (chunk) => task.logits(chunk));
}
