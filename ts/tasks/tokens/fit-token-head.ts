import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { notExpected } from "../../arguments/settings.js";
import { UnsupportedError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import type { InferenceEvents } from "../../models/sentence/inference.js";
import type { LogisticRegression, RegressionSettings } from "../../train/logistic/regression-settings.js";
import { inSteps } from "../../waiting/next-task.js";
import { encodingEvents, type FitHeadProgress, fitToVectors } from "../head/fit-head.js";
import type { LabelledText } from "./token-examples.js";
import type { TokenParts } from "./token-parts.js";
import { inferTokens } from "./token-scores.js";
import { targetsOf, type TokenTargets } from "./token-training.js";

const what = "fitHead";

/** Vectors of the labelled words of texts, the last layer's input. */
export interface WordVectors {
  readonly texts: readonly TokenTargets[];
  /** `[words, hidden]` of each text, row by row. */
  readonly rows: readonly Float32Array[];
}

/** The best last layer on the vectors of the examples' labelled words. */
export async function fitToWords(
  parts: TokenParts,
  examples: readonly LabelledText[],
  settings: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  if (examples.length === 0) throw notExpected(what, "one training example or more", examples);
  checkHasBias(parts);
  const targets = inSteps(examples.entries(), ([i, example]) => targetsOf(what, parts.tokenizer, example, i));
  const events = encodingEvents(settings, examples.length);
  return fitToWordVectors(parts, await wordVectors(parts, targets, parts.modelAdapter, events), settings);
}

/** Computes those vectors; texts are read batch by batch. */
export async function wordVectors(
  parts: TokenParts,
  given: Iterable<TokenTargets | null>,
  adapter: ModelAdapter | null,
  events: InferenceEvents,
): Promise<WordVectors> {
  const { graph, model } = parts.encoder;
  const { hiddenSize } = model.config;
  const texts: TokenTargets[] = [];
  function* tokens() {
    for (const text of given) {
      if (text !== null) texts.push(text);
      yield text && text.ids;
    }
  }
  const read = async (hidden: NodeId, first: number, count: number) => {
    const batch = texts.slice(first, first + count);
    let start = 0;
    const places = batch.flatMap((text) => {
      const own = text.places.map((place) => start + place);
      start += text.ids.length;
      return own;
    });
    const { data } = await graph.read(graph.embedding(hidden, places));
    let at = 0;
    return batch.map(({ places: { length } }) => data.slice(at, (at += length * hiddenSize)));
  };
  const rows = await inferTokens(parts, tokens(), adapter, read, events);
  return { texts, rows };
}

/** The best last layer on such vectors. The words of a text are held out together. */
export function fitToWordVectors(
  { encoder: { graph, model }, labels }: TokenParts,
  { texts, rows }: WordVectors,
  settings: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  const { hiddenSize } = model.config;
  const vectors = rows.flatMap((row) =>
    Array.from({ length: row.length / hiddenSize }, (_, i) => row.subarray(i * hiddenSize, (i + 1) * hiddenSize)),
  );
  const targets = texts.flatMap((text) => text.targets);
  const groups = texts.flatMap((text, i) => text.targets.map(() => i));
  return fitToVectors(graph, vectors, targets, labels.length, { ...settings, groups });
}

function checkHasBias({ head, encoder: { name } }: TokenParts): void {
  if (head.hasBias) return;
  throw new UnsupportedError(`${what}: the head of ${name} has no bias, and fitHead needs one; train it with \`fit\``, {
    op: what,
    model: name,
  });
}
