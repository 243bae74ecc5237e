import { entityMetrics, TagScheme } from "../../train/metrics/entities.js";
import { warnMeasured } from "../../training/data/parts.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import type { ReportedMetrics } from "../../training/result/report.js";
import type { PredictedValues, TaskDefinition, TrainedModel } from "../../training/task-definition.js";
import { takeAsked } from "./asked-texts.js";
import type { TokenSettings } from "./settings.js";
import type { TokenizedWords } from "./token-baseline.js";
import { type LocatedText, tokenReader } from "./token-dataset.js";
import { TokenModel } from "./token-model.js";
import { TokenClassifier } from "./token-classifier.js";
import { tokenMetrics } from "./token-metrics.js";
import { scoresOf } from "./token-scores.js";
import { together, wordsOf } from "./token-spans.js";

const trainedOnWords = ({ encoder, labels, parts, modelAdapter }: TokenClassifier): TrainedModel<LocatedText> => ({
  encoder,
  labels,
  async predict(texts, events) {
    const asked = takeAsked("predict", texts);
    const scores = await scoresOf(
      parts,
      asked.map(({ text }) => text),
      modelAdapter,
      events,
    );
    return asked.map((one, i): PredictedValues => {
      const { text, words } = one;
      const found = wordsOf(one, labels, scores[i]!, i);
      const entities = together(
        text,
        found.filter((word) => word !== null),
        labels,
      );
      if (words === null) return { entities };
      const own = words.map(({ start, end }) => text.slice(start, end));
      // Words beyond the maximum length have no label.
      return { words: own, labels: found.map((word) => word?.label ?? null), entities };
    });
  },
  async measure(examples, events) {
    const texts = examples.map(({ text }) => text);
    const scores = await scoresOf(parts, texts, modelAdapter, events);
    const { metrics } = tokenMetrics(labels, examples, scores, parts.tokenizer.maxTokens, false);
    const { count, cut, perEntity, ...shares } = metrics;
    const values = Object.entries(shares).map(([name, value]) => [name, { value }]);
    return { metrics: Object.fromEntries(values) as ReportedMetrics, count, cut, perEntity };
  },
});

/** A classifier of tokens: an adapter and a head on each word's first token. */
export const tokensDefinition: TaskDefinition<TokenSettings, LocatedText, TokenizedWords> = {
  makes: "a token classifier",
  asks: "words",
  reader: tokenReader,
  async survey(data, _, context) {
    warnMeasured(data, context);
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context, _, from) {
    return new TokenModel((base as EncoderBase).encoder, data, settings, context, from);
  },
  trained: (encoder, files, options) => trainedOnWords(TokenClassifier.load(encoder, files, options)),
  opened: async (from, options) => trainedOnWords(await TokenClassifier.open(from, options)),
  about({ examples, labels }) {
    const named = examples.map(({ words }) => words.map(({ target }) => (target < 0 ? "O" : labels[target]!)));
    const { perEntity } = entityMetrics(named, named, { strict: false, scheme: new TagScheme(labels) });
    const entities = Object.fromEntries(perEntity.map(({ label, support }) => [label, support]));
    return { words: named.reduce((sum, { length }) => sum + length, 0), entities };
  },
  labelCounts({ examples, labels }) {
    const counts = labels.map(() => 0);
    for (const { words } of examples) for (const { target } of words) if (target >= 0) counts[target]!++;
    return { of: "words", total: counts.reduce((sum, count) => sum + count, 0), counts };
  },
};
