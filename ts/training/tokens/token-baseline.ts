import { shuffled } from "../../io/examples/parts/assign.js";
import { balanceOf } from "../../tasks/class-weights.js";
import { fitToWordVectors, type WordVectors, wordVectors } from "../../tasks/tokens/fit-token-head.js";
import { type MeasuredTokens, tokenMetrics } from "../../tasks/tokens/token-metrics.js";
import type { TokenClassifier } from "../../tasks/tokens/token-classifier.js";
import { scoresOf } from "../../tasks/tokens/token-scores.js";
import type { TokenTargets } from "../../tasks/tokens/token-training.js";
import type { LogisticRegression } from "../../train/logistic/logistic-regression.js";
import { measuredPart } from "../data/dataset.js";
import type { JobPhase } from "../job-events.js";
import type { JobContext } from "../job-task.js";
import { fitsHead } from "../result/baseline.js";
import { recipes } from "../spec/recipes.js";
import type { PreparedTokens } from "./prepared-tokens.js";
import type { TokenBaseline } from "./token-report.js";

/** Numbers of the vectors that a head is fitted to, at most: 128 MB of them, in a few copies. */
const MOST_NUMBERS = 2 ** 25;

/** What was measured before training; where a head was fitted, it is the classifier's, or that which training starts from. */
export async function measureTokenBaseline(prepared: PreparedTokens, context: JobContext): Promise<TokenBaseline> {
  const { settings, classifier, learnt, spare } = prepared;
  const largestClass = shareOfLargest(prepared);
  if (!fitsHead(settings)) return { largestClass, headOnly: null, headEntities: null, headWords: 0 };
  const { signal, emit } = context;
  const { parts, head } = classifier;
  const { graph } = classifier.encoder;
  // Whole texts, in an order of their own, as far as memory goes.
  const all = [...learnt, ...spare];
  const chosen = withinMemory(all, classifier.encoder.model.config.hiddenSize, settings.seed);
  const onProgress = (done: number) => emit({ type: "progress", phase: "encode-train", done, total: chosen.length });
  onProgress(0);
  const vectors = await wordVectors(parts, chosen, null, { signal, onProgress });
  // Of the two fits the one that chooses is told.
  const told = {
    onProgress: ({ done, total }: { readonly done: number; readonly total: number }) =>
      emit({ type: "progress", phase: "head-only", done, total }),
  };
  const fitted = (some: WordVectors, regularisation?: number) => {
    const targets = some.texts.flatMap((text) => text.targets);
    const classWeights = balanceOf(settings, classifier.labels, targets);
    return fitToWordVectors(parts, some, {
      ...{ classWeights, seed: settings.seed, ...(regularisation === undefined ? told : { regularisation }) },
      ...(signal && { signal }),
    });
  };
  const set = ({ weight, bias }: Pick<LogisticRegression, "weight" | "bias">) => {
    graph.setValue(head.weight, weight);
    graph.setValue(head.bias, bias);
  };
  const before = { weight: graph.value(head.weight), bias: graph.value(head.bias) };
  const best = await fitted(vectors);
  set(best);
  const { metrics: headOnly, entities: headEntities } = await measured(prepared, null, "encode-validation", context);
  const { headStart } = recipes[settings.recipe];
  if (!settings.headOnly) {
    // Training may start from what was learnt of its own examples alone: by the others its step is chosen.
    const own = new Set(learnt);
    const places = [...vectors.texts.keys()].filter((i) => own.has(vectors.texts[i]!));
    const some = { texts: places.map((i) => vectors.texts[i]!), rows: places.map((i) => vectors.rows[i]!) };
    set(headStart === null ? before : await fitted(some, best.regularisation * headStart));
  }
  return { largestClass, headOnly, headEntities, headWords: countWords(chosen) };
}

const countWords = (texts: readonly TokenTargets[]) => texts.reduce((sum, { places }) => sum + places.length, 0);

/** The texts, or as many of them as their words' vectors may take of memory. */
function withinMemory(texts: readonly TokenTargets[], hidden: number, seed: number): readonly TokenTargets[] {
  const most = MOST_NUMBERS / hidden;
  if (countWords(texts) <= most) return texts;
  let words = 0;
  const chosen = shuffled([...texts.keys()], seed).filter((i) => (words += texts[i]!.places.length) <= most);
  return chosen.sort((a, b) => a - b).map((i) => texts[i]!);
}

/** Share of the measured words that have the label that most words to learn from have. */
function shareOfLargest({ learnt, dataset, classifier }: PreparedTokens): number {
  const counts = new Array<number>(classifier.labels.length).fill(0);
  for (const { targets } of learnt) for (const target of targets) counts[target]!++;
  const largest = counts.indexOf(Math.max(...counts));
  const words = measuredPart(dataset).examples.flatMap((example) => example.words.filter(({ target }) => target >= 0));
  return words.filter(({ target }) => target === largest).length / words.length;
}

/** What classifier and adapter, null for the base alone, say of what is measured at the end. */
export async function measured(
  { classifier, dataset }: PreparedTokens,
  adapter: TokenClassifier["modelAdapter"],
  phase: JobPhase,
  { emit, signal }: JobContext,
): Promise<MeasuredTokens> {
  const { examples } = measuredPart(dataset);
  const onProgress = (done: number) => emit({ type: "progress", phase, done, total: examples.length });
  onProgress(0);
  const texts = examples.map(({ text }) => text);
  const scores = await scoresOf(classifier.parts, texts, adapter, { signal, onProgress });
  return tokenMetrics(classifier.labels, examples, scores, classifier.parts.tokenizer.maxTokens, false);
}
