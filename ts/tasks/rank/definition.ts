import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { readRequiredJson } from "../../io/model-source.js";
import { modelPlan } from "../../models/architectures.js";
import { moduleFolders } from "../../models/sentence/layout.js";
import { drawnParts } from "../../training/data/drawn.js";
import { warnSeen, type TaskData } from "../../training/data/parts.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import type { JobModel } from "../../training/sources/job-sources.js";
import { loraOptions } from "../../training/spec/training-settings.js";
import type { RunContext, TaskDefinition } from "../../training/task-definition.js";
import { kindOfHead } from "../checkpoint.js";
import { CrossEncoder } from "../cross/cross-encoder.js";
import { isLanguageModel } from "../cross/open-cross.js";
import { checkMining } from "../pairs/mining-check.js";
import { pairsPlan } from "../pairs/settings.js";
import { answersOn, crossEncoderOn } from "./cross-encoder-on.js";
import { withMinedRows } from "./mined-rows.js";
import { RankModel, type TokenizedRank } from "./rank-model.js";
import { byQuery, isLists, type RankedRow, readRanked } from "./read-ranked.js";
import { type ReadyHead, readyHead } from "./ready-head.js";
import { headFor } from "./ready-rank.js";
import type { RankSettings } from "./settings.js";

/** An encoder, which may be a cross-encoder already. */
interface RankBase extends EncoderBase {
  /** The head of a checkpoint; null for none, and for a language model. */
  readonly ready: ReadyHead | null;
  /** Whether it scores pairs before training: a checkpoint with a head, or a language model without sentence vectors. */
  readonly wasReady: boolean;
}

/** A cross-encoder: an adapter and a head on an encoder, which score a text for a query. */
export const rankDefinition: TaskDefinition<RankSettings, RankedRow, TokenizedRank> = {
  repeatsTexts: true,
  texts: ({ text: query, texts }) => texts.map((text) => `${query} ${text}`),
  makes: "a cross-encoder",
  // The template that writes a language model's pairs.
  modelFiles: ["chat_template.jinja"],
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
    const wasReady = await scoresPairs(hashed.model);
    if (wasReady && settings.mineNegatives !== null) throw noVectors(hashed.model.name, context);
    const base = await encoderBase(hashed, settings, engine, context, wasReady ? { of: "pairs" } : null);
    try {
      return { ...base, wasReady, ready: wasReady ? await readyHead(base.encoder) : null };
    } catch (error) {
      base.dispose();
      throw error;
    }
  },
  augment: async (base, data, settings, context) =>
    settings.mineNegatives === null ? data : withMinedRows((base as RankBase).encoder, data, settings, context),
  loss: ({ train: { examples } }) => examples[0]!.loss,
  async open(base, data, settings, context, _, from) {
    const { encoder, ready, wasReady } = base as RankBase;
    const { labels } = data;
    const made = (cross: CrossEncoder<number | number[]>, isReady: boolean) =>
      new RankModel(cross, data, settings, context, isReady);
    if (isLanguageModel(encoder.headPlan) && labels.length > 0) throw oneScore(encoder.name, labels);
    if (from !== undefined) return made(await crossEncoderOn(encoder, from, labels), wasReady);
    const { loss } = data.train.examples[0]!;
    const isFree = loss === "mse" || loss === "margin-mse" || labels.length > 0;
    if (isLanguageModel(encoder.headPlan))
      return made(await answersOn(encoder, loraOptions(settings), isFree ? "identity" : undefined), wasReady);
    const head = ready === null ? null : headFor(ready, labels, encoder.headPlan.out, context.emit);
    const activation = isFree ? "identity" : head === null ? "sigmoid" : ready!.activation;
    const named = labels.length > 0 ? labels : 1;
    const cross = CrossEncoder.create(encoder, { labels: named, lora: loraOptions(settings), activation }, head);
    return made(cross, head !== null);
  },
  about({ examples, labels: classes }): Record<string, number | readonly number[]> {
    const queries = byQuery(examples).length;
    const texts = examples.reduce((sum, row) => sum + row.texts.length, 0);
    if (classes.length > 0) return { "first texts": queries, classes: classes.length };
    return { queries, texts, labels: examples.flatMap((row) => row.labels) };
  },
};

/** Whether a model scores pairs before training: a checkpoint with a head, or a language model whose files pool no sentence vectors. */
async function scoresPairs(model: JobModel): Promise<boolean> {
  const config = await readRequiredJson(model, "config.json");
  if (kindOfHead(config) === "ForSequenceClassification") return true;
  const { head } = await modelPlan(config);
  return isLanguageModel(head) && !(await moduleFolders(model)).some(({ kind }) => kind === "Pooling");
}

const oneScore = (model: string, labels: readonly string[]) =>
  new ConfigError(
    `${clip(model)} is a language model, whose answer is one score, and the data have the classes ${clip(labels.join(", "), 200)}: use labels ` +
      "from 0 to 1, or start from an encoder such as BERT",
    { option: "model", model, labels },
  );

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
