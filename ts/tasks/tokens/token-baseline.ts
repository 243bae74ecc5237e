import { shuffled } from "../../io/examples/parts/assign.js";
import type { TokensInText } from "../../tokenize/text-tokenizer.js";
import type { LogisticRegression } from "../../train/logistic/regression-settings.js";
import { phaseEvents } from "../../training/phase.js";
import type { RunContext, TokenizedParts } from "../../training/task-definition.js";
import { fitsHead, recipes } from "../classify/recipes.js";
import { balanceOf } from "../head/class-weights.js";
import { fitToWordVectors, type WordVectors, wordVectors } from "./fit-token-head.js";
import type { LocatedText } from "./token-dataset.js";
import type { TokenBaseline } from "./token-report.js";
import type { TokenSettings } from "./settings.js";
import type { TokenClassifier } from "./token-classifier.js";
import type { MeasuredTokens } from "./token-metrics.js";
import type { TokenTargets } from "./token-training.js";

/** The most numbers in the vectors that a head is fitted to: 128 MB, in a few copies. */
const MOST_NUMBERS = 2 ** 25;

/** The examples that the baseline is measured on. */
interface TokenBaselineWork {
  readonly classifier: TokenClassifier;
  readonly parts: TokenizedParts<TokenizedWords>;
  /** Examples that only the head-only baseline is fitted to, in addition to the training examples. */
  readonly spare: readonly TokenizedWords[];
  readonly settings: TokenSettings;
  readonly context: Pick<RunContext, "emit" | "signal">;
  /** Predictions of frozen encoder and head for the measured examples. */
  readonly measure: () => Promise<MeasuredTokens>;
}

/** The measurement before training. A fitted head is the classifier's, or the one that training starts from. */
export async function measureTokenBaseline(work: TokenBaselineWork): Promise<TokenBaseline> {
  const { settings, classifier, parts: tokenized, spare, context } = work;
  const { train: learnt } = tokenized;
  const largestClass = shareOfLargest(work);
  if (!fitsHead(settings)) return { largestClass, headOnly: null, headEntities: null, headWords: 0 };
  const { signal, emit } = context;
  const { parts, head } = classifier;
  const { graph } = classifier.encoder;
  // Whole texts, in a seeded order, as many as fit in memory.
  const all = [...learnt, ...spare];
  const chosen = withinMemory(all, classifier.encoder.model.config.hiddenSize, settings.seed);
  const vectors = await wordVectors(parts, chosen, null, phaseEvents(context, "encode-train", chosen.length));
  // Only the fit that chooses the regularisation reports progress.
  const told = {
    onProgress: ({ done, total }: { readonly done: number; readonly total: number }) =>
      emit({ type: "progress", phase: "head-only", done, total }),
  };
  const fitted = (some: WordVectors, regularisation?: number) => {
    const targets = some.texts.flatMap((text) => text.targets);
    const classWeights = balanceOf(settings, classifier.labels, targets);
    return fitToWordVectors(parts, some, {
      classWeights,
      seed: settings.seed,
      ...(regularisation === undefined ? told : { regularisation }),
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
  const { metrics: headOnly, entities: headEntities } = await work.measure();
  const { headStart } = recipes[settings.recipe];
  if (!settings.headOnly) {
    // Training starts from a head fitted to its own examples only: the others choose its step.
    const own = new Set<TokenTargets>(learnt);
    const places = [...vectors.texts.keys()].filter((i) => own.has(vectors.texts[i]!));
    const some = { texts: places.map((i) => vectors.texts[i]!), rows: places.map((i) => vectors.rows[i]!) };
    set(headStart === null ? before : await fitted(some, best.regularisation * headStart));
  }
  return { largestClass, headOnly, headEntities, headWords: countWords(chosen) };
}

const countWords = (texts: readonly TokenTargets[]) => texts.reduce((sum, { places }) => sum + places.length, 0);

/** The texts, as many as the memory limit for their words' vectors allows. */
function withinMemory(texts: readonly TokenTargets[], hidden: number, seed: number): readonly TokenTargets[] {
  const most = MOST_NUMBERS / hidden;
  if (countWords(texts) <= most) return texts;
  let words = 0;
  const chosen = shuffled([...texts.keys()], seed).filter((i) => (words += texts[i]!.places.length) <= most);
  return chosen.sort((a, b) => a - b).map((i) => texts[i]!);
}

/** Share of the measured words that have the most frequent label of the training words. */
function shareOfLargest({ parts: { train, measured }, classifier }: TokenBaselineWork): number {
  const counts = new Array<number>(classifier.labels.length).fill(0);
  for (const { targets } of train) for (const target of targets) counts[target]!++;
  const largest = counts.indexOf(Math.max(...counts));
  const words = measured.flatMap(({ example }) => example.words.filter(({ target }) => target >= 0));
  return words.filter(({ target }) => target === largest).length / words.length;
}

/** A text of labelled words as tokens. */
export interface TokenizedWords extends TokenTargets {
  readonly example: LocatedText;
  readonly tokens: TokensInText;
}
