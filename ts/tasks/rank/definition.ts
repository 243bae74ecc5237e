import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { readJson } from "../../io/model-source.js";
import { drawnParts } from "../../training/data/drawn.js";
import { warnSeen, type TaskData } from "../../training/data/parts.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import { loraOptions } from "../../training/spec/training-settings.js";
import type { RunContext, TaskDefinition } from "../../training/task-definition.js";
import { kindOfHead } from "../checkpoint.js";
import { CrossEncoder } from "../cross/cross-encoder.js";
import { checkMining } from "../pairs/mining-check.js";
import { pairsPlan } from "../pairs/settings.js";
import { crossEncoderOn } from "./cross-encoder-on.js";
import { withMinedRows } from "./mined-rows.js";
import { RankModel, type TokenizedRank } from "./rank-model.js";
import { byQuery, isLists, type RankedRow, readRanked } from "./read-ranked.js";
import { type ReadyHead, readyHead } from "./ready-head.js";
import { headFor } from "./ready-rank.js";
import type { RankSettings } from "./settings.js";

/** An encoder, and its head if it is a cross-encoder already. */
interface RankBase extends EncoderBase {
  readonly ready: ReadyHead | null;
}

/** A cross-encoder: an adapter and a head on an encoder, which score a text for a query. */
export const rankDefinition: TaskDefinition<RankSettings, RankedRow, TokenizedRank> = {
  repeatsTexts: true,
  texts: ({ text: query, texts }) => texts.map((text) => `${query} ${text}`),
  makes: "a cross-encoder",
  reader(settings, context) {
    checkMining(settings, context.optionNames);
    return {
      read: (path, all) => readRanked(path, settings, all, context),
      ...drawnParts(settings, pairsPlan, context.optionNames),
    };
  },
  async survey(data, { mineNegatives }, { emit }) {
    if (mineNegatives === null) checkVaried(data);
    warnSeen(data, emit);
    return {};
  },
  async base(hashed, settings, engine, context): Promise<RankBase> {
    const config = await readJson(hashed.model, "config.json");
    const isReady = config !== null && kindOfHead(config) === "ForSequenceClassification";
    if (isReady && settings.mineNegatives !== null) throw noVectors(hashed.model.name, context);
    const base = await encoderBase(hashed, settings, engine, context, isReady ? { of: "pairs" } : null);
    try {
      return { ...base, ready: isReady ? await readyHead(base.encoder) : null };
    } catch (error) {
      base.dispose();
      throw error;
    }
  },
  augment: async (base, data, settings, context) =>
    settings.mineNegatives === null ? data : withMinedRows((base as RankBase).encoder, data, settings, context),
  loss: ({ train: { examples } }) => examples[0]!.loss,
  async open(base, data, settings, context, _, from) {
    const { encoder, ready } = base as RankBase;
    const { labels } = data;
    if (from !== undefined)
      return new RankModel(crossEncoderOn(encoder, from, labels), data, settings, context, ready !== null);
    const head = ready === null ? null : headFor(ready, labels, encoder.headPlan.out, context.emit);
    const { loss } = data.train.examples[0]!;
    const isFree = loss === "mse" || loss === "margin-mse" || labels.length > 0;
    const activation = isFree ? "identity" : head === null ? "sigmoid" : ready!.activation;
    const named = labels.length > 0 ? labels : 1;
    const cross = CrossEncoder.create(encoder, { labels: named, lora: loraOptions(settings), activation }, head);
    return new RankModel(cross, data, settings, context, head !== null);
  },
  about({ examples, labels: classes }): Record<string, number | readonly number[]> {
    const queries = byQuery(examples).length;
    const texts = examples.reduce((sum, row) => sum + row.texts.length, 0);
    if (classes.length > 0) return { "first texts": queries, classes: classes.length };
    return { queries, texts, labels: examples.flatMap((row) => row.labels) };
  },
};

const noVectors = (model: string, { optionNames: { setting } }: RunContext) =>
  new ConfigError(
    `${setting("mineNegatives")} compares vectors of texts, and ${clip(model)} is a cross-encoder, whose vectors are not made for that: find ` +
      `negatives with a sentence encoder (mineHardNegatives), and pass them in a column "negative"`,
    { option: "mineNegatives", model },
  );

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
  // A teacher's margins may be equal: the two texts differ.
  if (loss !== "margin-mse" && examples.every(({ labels }) => labels.every((one) => one === label)))
    throw fail(`all ${examples.length} examples to train on have the same label, so there is nothing to tell apart`);
}
