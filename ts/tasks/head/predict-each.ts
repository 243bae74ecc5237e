import { callable, checkRecord, listFrom } from "../../arguments/settings.js";
import { checkOptions } from "../../arguments/options.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { inferTexts, type ReadRows } from "../../models/sentence/inference.js";
import { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { checkSignal } from "../../waiting/abort.js";
import { inSteps } from "../../waiting/next-task.js";
import { checkClassifier, TextClassifier } from "../classify/text-classifier.js";
import type { ClassifyOptions } from "./classifier-parts.js";
import { answerOf, type MultiLabelPrediction, type Prediction } from "./prediction.js";

const what = "predictEach";

/** A text and the classifier for it. */
export interface PredictionRequest {
  /** A classifier; all requests of a call share one encoder. */
  readonly classifier: TextClassifier | TextClassifier<string, true>;
  /** The text. */
  readonly text: string;
}

/** The prediction of a request's classifier. */
export type PredictionFor<Request extends PredictionRequest> =
  Request["classifier"] extends TextClassifier<string, true> ? MultiLabelPrediction : Prediction;

/**
 * The prediction of each text's own classifier, in order. Texts of all classifiers share batches: the encoder's products are computed once
 * for all rows, followed by each text's adapter and its classifier's head. Results are bit-identical to those of `classifier.predict`, with
 * adapters and heads as they are at the call.
 *
 * Throws `StaleNodeError` before any work if one was disposed, `ConfigError` if the classifiers have different encoders or an adapter is merged that is not
 * all texts'; `NonFiniteError` as `predict`.
 *
 * @example
 * await predictEach([{ classifier: spam, text: mail }, { classifier: mood, text: mail }]);
 */
export async function predictEach<Request extends PredictionRequest>(
  requests: readonly Request[],
  options: ClassifyOptions = {},
): Promise<PredictionFor<Request>[]> {
  const asked = listFrom(`${what}: a list of { classifier, text } is expected`, requests, takeRequest);
  checkOptions(what, options, ["signal", "onProgress"]);
  const { signal, onProgress } = options;
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  const encoder = asked[0]?.classifier.encoder;
  if (encoder === undefined) return [];
  asked.forEach(({ classifier }, i) => {
    checkClassifier(what, classifier);
    if (classifier.encoder === encoder) return;
    throw new ConfigError(
      `${what}: all classifiers must share one encoder, but request ${i} has another; make one call for each encoder`,
      { op: what, option: "classifier", place: i },
    );
  });
  const { graph } = encoder;
  const heads = new Map(
    [...new Set(asked.map(({ classifier }) => classifier))].map((one) => [one, one.head.snapshot()]),
  );
  const answers = asked.map(({ classifier }) => answerOf(classifier));

  const read: ReadRows = async (pooled, first, count) => {
    const rows = new Array<Float32Array>(count);
    const batch = asked.slice(first, first + count);
    const reads = Array.from(heads, async ([classifier, logits]) => {
      const places = [...batch.keys()].filter((i) => batch[i]!.classifier === classifier);
      if (places.length === 0) return;
      const { data } = await graph.read(logits(graph.embedding(pooled, places)));
      const classes = classifier.labels.length;
      places.forEach((place, i) => (rows[place] = data.slice(i * classes, (i + 1) * classes)));
    });
    await Promise.all(reads);
    return rows;
  };
  const adapters = asked.map(({ classifier }) => classifier.modelAdapter);
  // Each text by its own classifier's tokenizer.
  const tokens = inSteps(asked, ({ classifier, text }) => classifier.tokenizer.encodeSteps(text));
  const all = await inferTexts(encoder, tokens, adapters, read, { signal, onProgress });
  return asked.map(({ text }, i) => answers[i]!(text, all[i]!, i) as PredictionFor<Request>);
}

function takeRequest(request: unknown, i: number): PredictionRequest {
  checkRecord(`${what}: request ${i} is { classifier, text }`, request);
  const { classifier, text } = request as Partial<PredictionRequest>;
  if (!(classifier instanceof TextClassifier && classifier.encoder instanceof SentenceEncoder))
    throw new ConfigError(`${what}: request ${i}: classifier is a TextClassifier, got ${excerpt(classifier)}`, {
      op: what,
      option: "classifier",
      value: classifier,
      place: i,
    });
  if (typeof text !== "string")
    throw new ConfigError(`${what}: request ${i}: text is a string, got ${excerpt(text)}`, {
      op: what,
      option: "text",
      value: text,
      place: i,
    });
  return { classifier, text };
}
