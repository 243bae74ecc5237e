import { warnMeasured } from "../../../training/data/parts.js";
import { type EncoderBase, encoderBase } from "../../../training/loading.js";
import { entityMetrics } from "../../../train/metrics/entities.js";
import { TagScheme } from "../../../train/metrics/tag-scheme.js";
import type { TaskDefinition } from "../../../training/task-definition.js";
import type { TokenSettings } from "./settings.js";
import { type LocatedText, tokenReader } from "./token-dataset.js";
import { TokenModel } from "./token-model.js";
import type { TokenizedWords } from "./tokenized-words.js";

/** A classifier of tokens: an adapter and a head on each word's first token. */
export const tokensDefinition: TaskDefinition<TokenSettings, LocatedText, TokenizedWords> = {
  makes: "a token classifier",
  reader: tokenReader,
  async survey(data, _, context) {
    warnMeasured(data, context);
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context, _, from) {
    return new TokenModel((base as EncoderBase).encoder, data, settings, context, from);
  },
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
