import { shuffled } from "../../../io/examples/parts/assign.js";
import type { LogisticRegression } from "../../../train/logistic/regression-settings.js";
import { phaseEvents } from "../../../training/phase.js";
import type { RunContext, TokenizedParts } from "../../../training/task-definition.js";
import { balanceOf } from "../../class-weights.js";
import { fitsHead, recipes } from "../../classify/recipes.js";
import { fitToWordVectors, type WordVectors, wordVectors } from "../fit-token-head.js";
import type { TokenClassifier } from "../token-classifier.js";
import type { MeasuredTokens } from "../token-metrics.js";
import type { TokenTargets } from "../token-training.js";
import type { TokenSettings } from "./settings.js";
import type { TokenBaseline } from "./token-report.js";
import type { TokenizedWords } from "./tokenized-words.js";

/** Numbers of the vectors that a head is fitted to, at most: 128 MB of them, in a few copies. */
const MOST_NUMBERS = 2 ** 25;

/** What the baseline is measured on. */
export interface TokenBaselineWork {
  readonly classifier: TokenClassifier;
  readonly parts: TokenizedParts<TokenizedWords>;
  /** What the head alone is fitted to beside what is trained on. */
  readonly spare: readonly TokenizedWords[];
  readonly settings: TokenSettings;
  readonly context: Pick<RunContext, "emit" | "signal">;
  /** What the encoder as it is and the head say of what is measured. */
  readonly measure: () => Promise<MeasuredTokens>;
}

/** What was measured before training; where a head was fitted, it is the classifier's, or that which training starts from. */
export async function measureTokenBaseline(work: TokenBaselineWork): Promise<TokenBaseline> {
  const { settings, classifier, parts: tokenized, spare, context } = work;
  const { train: learnt } = tokenized;
  const largestClass = shareOfLargest(work);
  if (!fitsHead(settings)) return { largestClass, headOnly: null, headEntities: null, headWords: 0 };
  const { signal, emit } = context;
  const { parts, head } = classifier;
  const { graph } = classifier.encoder;
  // Whole texts, in an order of their own, as far as memory goes.
  const all = [...learnt, ...spare];
  const chosen = withinMemory(all, classifier.encoder.model.config.hiddenSize, settings.seed);
  const vectors = await wordVectors(parts, chosen, null, phaseEvents(context, "encode-train", chosen.length));
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
  const { metrics: headOnly, entities: headEntities } = await work.measure();
  const { headStart } = recipes[settings.recipe];
  if (!settings.headOnly) {
    // Training may start from what was learnt of its own examples alone: by the others its step is chosen.
    const own = new Set<TokenTargets>(learnt);
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

/** Share of the measured words that have the label that most words to train on have. */
function shareOfLargest({ parts: { train, measured }, classifier }: TokenBaselineWork): number {
  const counts = new Array<number>(classifier.labels.length).fill(0);
  for (const { targets } of train) for (const target of targets) counts[target]!++;
  const largest = counts.indexOf(Math.max(...counts));
  const words = measured.flatMap(({ example }) => example.words.filter(({ target }) => target >= 0));
  return words.filter(({ target }) => target === largest).length / words.length;
}
