import { checkOptions } from "../../arguments/options.js";
import { notExpected, positive, whole } from "../../arguments/settings.js";
import type { ForwardOptions } from "../../models/layer-checkpoint.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import type { FitReport } from "../../train/fit-options.js";
import { fit } from "../../train/fit.js";
import type { BatchLoss } from "../../train/task.js";
import {
  type ClassifierFitOptions,
  type ClassifierTraining,
  readFitOptions,
  type TrainedTextClassifier,
  trainingOf,
} from "../head/classifier-training.js";
import { type FitHeadOptions, type FitHeadReport, setFitted } from "../head/fit-head.js";
import { emptyTextsOf, refuseEmpty } from "../head/given-examples.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { labelLoss, posWeightsOf } from "./label-loss.js";
import { bestThresholds, measureLabels, type MultiLabelResult } from "./label-metrics.js";
import { type LabelRow, labelRows, type MultiLabelExample } from "./listed-examples.js";
import { fitOneVsRest } from "./one-vs-rest.js";

// What a `TextClassifier` with several labels a text does; loaded when one is used.

type Classifier = TrainedTextClassifier & { readonly tokenizer: TextTokenizer };

/** A text as the model reads it, with its labels. */
export interface TokenizedLabels {
  readonly ids: Int32Array;
  readonly row: LabelRow;
}

/** Summed binary cross entropy of examples; its mean is over texts and labels. */
function listLoss(
  { encoder, head, modelAdapter, graph }: TrainedTextClassifier,
  examples: readonly TokenizedLabels[],
  weights: readonly number[],
  options: ForwardOptions,
): BatchLoss {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const logits = head.logits(encoder.pooled(batch, modelAdapter, options));
  const rows = examples.map(({ row }) => row);
  const targets = rows.length * weights.length;
  return { sum: labelLoss(graph, logits, rows, weights), targets, tokens: batch.ids.length };
}

/** The training by a classifier's options. Throws `ConfigError` for invalid ones. */
export function takeListTraining(
  classifier: TrainedTextClassifier,
  examples: readonly TokenizedLabels[],
  given: Omit<ClassifierFitOptions, "sampling" | "freezeA">,
): ClassifierTraining<TokenizedLabels> {
  const { emptyTexts: _, classWeights, ...own } = readFitOptions<ClassifierFitOptions>(given, ["emptyTexts"]);
  const rows = examples.map(({ row }) => row);
  const weights = posWeightsOf(classWeights, classifier.labels, rows);
  return trainingOf<TokenizedLabels>(classifier, own, {
    targets: [],
    loss: (part, _, checkpointing) => listLoss(classifier, part, weights, { checkpointing }),
    memory: (part, checkpointing) =>
      classifier.memory(
        part.map(({ ids }) => ({ ids, target: 0 })),
        { checkpointing },
      ),
  });
}

/** `TextClassifier.fit` */
export async function fitLists(
  classifier: Classifier,
  examples: readonly MultiLabelExample[],
  options: ClassifierFitOptions,
): Promise<FitReport> {
  refuseEmpty("fit", examples, emptyTextsOf(options));
  const rows = labelRows(
    classifier.labels,
    examples.map(({ labels }) => labels),
  );
  const { tokenizer } = classifier;
  const prepared = examples.map(({ text }, i): TokenizedLabels => {
    let tokens: Int32Array | undefined;
    return {
      row: rows[i]!,
      get ids() {
        return (tokens ??= tokenizer.encode(text));
      },
    };
  });
  const { task, options: rest } = takeListTraining(classifier, prepared, options);
  return fit(task, prepared, rest);
}

/** `TextClassifier.fitHead` */
export async function fitListHead(
  classifier: Classifier,
  examples: readonly MultiLabelExample[],
  options: FitHeadOptions,
): Promise<FitHeadReport> {
  const what = "fitHead";
  checkOptions(what, options, ["regularisation", "classWeights", "seed", "onProgress", "signal", "emptyTexts"]);
  const { regularisation, classWeights = "none", seed = 0, onProgress, signal, emptyTexts } = options;
  refuseEmpty(what, examples, emptyTexts);
  if (regularisation !== undefined) positive(what, "regularisation", regularisation);
  whole(what, "seed", seed);
  if (examples.length === 0) throw notExpected(what, "one training example or more", examples);
  const { labels, encoder, graph, head, modelAdapter, tokenizer } = classifier;
  const rows = labelRows(
    labels,
    examples.map((example) => example.labels),
  );
  const weights = posWeightsOf(classWeights === "none" ? null : classWeights, labels, rows, what);
  const params = [...(modelAdapter?.params() ?? []), ...head.params()];
  return setFitted(head, params, async () => {
    const texts = tokenized(
      tokenizer,
      examples.map(({ text }) => text),
    );
    const total = examples.length;
    const vectors = await inferTexts(
      encoder,
      texts,
      modelAdapter,
      rowsOf(graph, (pooled) => pooled),
      {
        signal,
        onProgress: (done) => onProgress?.({ phase: "encode", done, total }),
      },
    );
    const told = { onProgress: (event: { done: number; total: number }) => onProgress?.({ phase: "fit", ...event }) };
    return fitOneVsRest(graph, vectors, rows, weights, { seed, regularisation, signal, ...told });
  });
}

/** `TextClassifier.evaluate`, from logits. */
export function evaluateLists(
  labels: readonly string[],
  thresholds: readonly number[],
  examples: readonly MultiLabelExample[],
  logits: readonly Float32Array[],
): MultiLabelResult {
  return measureLabels(logits, rowsOfExamples(labels, examples), thresholds);
}

/** `TextClassifier.chooseThresholds`, from logits. */
export const thresholdsFrom = (
  labels: readonly string[],
  examples: readonly MultiLabelExample[],
  logits: readonly Float32Array[],
): number[] => bestThresholds(logits, rowsOfExamples(labels, examples));

const rowsOfExamples = (labels: readonly string[], examples: readonly MultiLabelExample[]) =>
  labelRows(
    labels,
    examples.map((example) => example.labels),
  );
