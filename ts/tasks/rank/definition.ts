import { ConfigError } from "../../errors/errors.js";
import { drawnParts } from "../../training/data/drawn.js";
import { warnSeen, type TaskData } from "../../training/data/parts.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import { loraOptions } from "../../training/spec/training-settings.js";
import type { TaskDefinition } from "../../training/task-definition.js";
import { CrossEncoder } from "../cross/cross-encoder.js";
import { pairsPlan } from "../pairs/settings.js";
import { RankModel, type TokenizedRank } from "./rank-model.js";
import { byQuery, isLists, type RankedRow, readRanked } from "./read-ranked.js";
import type { RankSettings } from "./settings.js";

/** A cross-encoder: an adapter and a head on an encoder, which score a text for a query. */
export const rankDefinition: TaskDefinition<RankSettings, RankedRow, TokenizedRank> = {
  reader: (settings, context) => ({
    read: (path, all) => readRanked(path, settings, all?.examples[0]!.loss, context),
    ...drawnParts(settings, pairsPlan, context.words),
  }),
  async survey(data, _, { emit }) {
    checkVaried(data);
    warnSeen(data, emit);
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context) {
    const { encoder } = base as EncoderBase;
    const activation = data.train.examples[0]!.loss === "mse" ? "identity" : "sigmoid";
    const cross = CrossEncoder.create(encoder, { labels: 1, lora: loraOptions(settings), activation });
    return new RankModel(cross, data, settings, context);
  },
  about({ examples }): Record<string, number> {
    const groups = byQuery(examples);
    const labels = examples.flatMap((row) => row.labels).sort((a, b) => a - b);
    const mean = labels.reduce((sum, label) => sum + label / labels.length, 0);
    return {
      queries: groups.length,
      texts: labels.length,
      ...{ smallest: labels[0]!, mean, largest: labels.at(-1)! },
    };
  },
};

/** Throws `ConfigError` if there is nothing to train on: equal labels, or for a loss of lists only queries with one text. */
function checkVaried({ train: { file, examples } }: TaskData<RankedRow>): void {
  const fail = (problem: string) => new ConfigError(`${file}: ${problem}`, { file, examples: examples.length });
  const [
    {
      loss,
      labels: [label],
    },
  ] = examples as [RankedRow];
  if (isLists(loss) && examples.every(({ texts }) => texts.length < 2))
    throw fail(`the loss "${loss}" orders the texts of a query, and each query to train on has one text`);
  if (examples.every(({ labels }) => labels.every((one) => one === label)))
    throw fail(`all ${examples.length} examples to train on have the same label, so there is nothing to tell apart`);
}
