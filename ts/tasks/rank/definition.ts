import type { LoraOptions } from "../../adapters/lora-options.js";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { FileMap } from "../../io/file-access.js";
import type { Json } from "../../io/json.js";
import { modelSource } from "../../io/model-locator.js";
import { type ModelSource, readJson, readRequiredJson } from "../../io/model-source.js";
import { modelPlan } from "../../models/architectures.js";
import { moduleFolders } from "../../models/sentence/layout.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { drawnParts, type TaskData, type TaskFile, warnMeasured } from "../../training/data-parts.js";
import type { JobListener, MeasureEvents } from "../../training/job-events.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import type { JobModel } from "../../training/sources/job-sources.js";
import { loraOptions } from "../../training/spec/shared-fields.js";
import type {
  FileCounts,
  PredictedValues,
  RunContext,
  TaskDefinition,
  TrainedMeasurement,
  TrainedModel,
} from "../../training/task-definition.js";
import type { Tensor } from "../../values/tensor.js";
import { CrossEncoder } from "../cross/cross-encoder.js";
import type { CrossParts, HeadTensors } from "../cross/cross-head.js";
import { activationOf, type CrossActivation, defaultActivation } from "../cross/cross-options.js";
import { headOf, isLanguageModel, labelsOf, partsOn } from "../cross/open-cross.js";
import { kindOfHead } from "../head/transformers-head.js";
import { minedNegatives } from "../pairs/training-rows.js";
import { reportedQuality } from "../pairs/pair-quality.js";
import { checkMining, type Mining, pairsPlan } from "../pairs/settings.js";
import { RankModel, type TokenizedRank } from "./rank-model.js";
import {
  classQuality,
  judgedQueries,
  logitsOf,
  ndcgOfQueries,
  orderedRows,
  rankMetrics,
  relevantAbove,
  reportedClasses,
  scoresIn,
  withClasses,
  withEvents,
} from "./rank-quality.js";
import { byQuery, isLists, type RankedRow, readRanked } from "./read-ranked.js";
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
  asks: "pairs",
  // The template that writes a language model's pairs.
  modelFiles: ["chat_template.jinja"],
  reader(settings, context) {
    checkMining(settings, context.optionNames);
    return {
      read: (path, all) => readRanked(path, settings, all, context),
      ...drawnParts(settings, pairsPlan, context.optionNames),
    };
  },
  async survey(data, { mineNegatives }, context) {
    if (mineNegatives === null) checkVaried(data);
    warnMeasured(data, context);
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
  opened: async (from, options) => new TrainedRank(await CrossEncoder.load(from, options)),
  about({ examples, labels: classes }): FileCounts {
    const queries = byQuery(examples).length;
    const texts = examples.reduce((sum, row) => sum + row.texts.length, 0);
    if (classes.length > 0) return { classes: classes.length, "different first texts": queries };
    return { queries, texts, labels: examples.flatMap((row) => row.labels) };
  },
  labelCounts({ examples, labels: classes }) {
    if (classes.length === 0) return null;
    const counts = classes.map(() => 0);
    for (const index of examples.flatMap((row) => row.labels)) counts[index]!++;
    return { of: "pairs", total: examples.length, counts };
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

/**
 * The head of a ready cross-encoder for the labels of some data, one score if there are none, its logits in their order; null, with a warning,
 * if it has others.
 *
 * @param out path of the head's last layer
 */
function headFor(
  { tensors, labels: own }: ReadyHead,
  labels: readonly string[],
  out: string,
  emit: JobListener,
): HeadTensors | null {
  if (labels.length === 0 && own.length === 1) return tensors;
  const isNumbered = own.every((name, i) => name === `LABEL_${i}`);
  const places = labels.map((label) => own.indexOf(isNumbered && /^\d+$/.test(label) ? `LABEL_${label}` : label));
  if (labels.length !== own.length || places.includes(-1)) {
    const [has, needs] = [own, labels].map((names) =>
      names.length < 2 ? "one score" : `the classes ${clip(names.map((name) => excerpt(name)).join(", "), 200)}`,
    );
    emit({
      type: "warning",
      message: `the model's head has ${has}, and the data have ${needs}: a new head is trained`,
    });
    return null;
  }
  const inOrder = ({ shape, data }: Tensor): Tensor => {
    const width = data.length / own.length;
    const ordered = new Float32Array(data.length);
    places.forEach((place, i) => ordered.set(data.subarray(place * width, (place + 1) * width), i * width));
    return { shape, data: ordered };
  };
  const isLast = (name: string) => name === `${out}.weight` || name === `${out}.bias`;
  return new Map([...tensors].map(([name, tensor]) => [name, isLast(name) ? inOrder(tensor) : tensor]));
}

/**
 * The data with texts that fit no query beside those that fit one. Those to train on are found among the texts to train on, those to measure
 * among all. Throws `ConfigError` if there are none to train on.
 */
async function withMinedRows(
  encoder: SentenceEncoder,
  data: TaskData<RankedRow>,
  mining: Mining,
  context: RunContext,
): Promise<TaskData<RankedRow>> {
  const { train, validation, test } = data;
  const all = [train, validation, ...(test === null ? [] : [test])].flatMap(({ examples }) =>
    examples.flatMap(({ text, texts }) => texts.map((own) => [text, own] as const)),
  );
  const mined = async <F extends TaskFile<RankedRow>>(part: F, corpus: readonly string[]): Promise<F> => {
    if (part.examples.length === 0) return part;
    const queries = new Set(part.examples.map(({ text }) => text));
    // All texts that fit a query, those of other parts too.
    const pairs = all.filter(([query]) => queries.has(query));
    const found = await minedNegatives(encoder, { pairs, corpus }, mining, context);
    return { ...part, examples: part.examples.flatMap((row) => rowsWith(row, found)) };
  };
  const trained = await mined(train, []);
  if (trained.examples.every(({ labels }) => labels.every((label) => label === 1))) {
    const option = context.optionNames.setting("mineNegatives");
    const message = `${train.file}: ${option} finds no text that fits no query: relax its limits, or add rows`;
    throw new ConfigError(message, { file: train.file, option: "mineNegatives" });
  }
  const texts = all.map(([, text]) => text);
  return {
    ...data,
    train: trained,
    validation: await mined(validation, texts),
    test: test === null ? null : await mined(test, texts),
  };
}

/** A row, and the texts that were found for its query if it is the query's first. */
function rowsWith(row: RankedRow, found: Map<string, readonly string[]>): RankedRow[] {
  const negatives = found.get(row.text) ?? [];
  found.delete(row.text);
  if (isLists(row.loss)) {
    const { texts, labels } = row;
    return [{ ...row, texts: [...texts, ...negatives], labels: [...labels, ...negatives.map(() => 0)] }];
  }
  return [row, ...negatives.map((text) => ({ ...row, texts: [text], labels: [0] }))];
}

/** The cross-encoder of a finished run. */
class TrainedRank implements TrainedModel<RankedRow> {
  constructor(readonly encoder: CrossEncoder<number | number[]>) {}

  /** The score of each pair; of several labels the most probable one, with the probability of each. */
  async predict(
    pairs: readonly (readonly [string, string])[],
    { signal, onProgress }: MeasureEvents,
  ): Promise<PredictedValues[]> {
    const { encoder: cross } = this;
    const { labels } = cross;
    const events = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    if (labels.length === 1) return (await cross.predict(pairs, events)).map((score) => ({ score: score as number }));
    const rows = (await cross.predict(pairs, { ...events, activation: "softmax" })) as number[][];
    return rows.map((row) => {
      const best = row.indexOf(Math.max(...row));
      const probabilities = Object.fromEntries(labels.map((name, i) => [name, row[i]!]));
      return { predicted: labels[best]!, probability: row[best]!, probabilities };
    });
  }

  async measure(
    measured: readonly RankedRow[],
    events: MeasureEvents,
    others: readonly RankedRow[] = [],
  ): Promise<TrainedMeasurement> {
    const { encoder: cross } = this;
    const ofClasses = measured[0]!.loss === "cross-entropy";
    const rows = ofClasses ? withClasses(measured, cross.labels) : measured;
    if (!ofClasses && cross.labels.length > 1)
      throw new ConfigError(
        `evaluate: the cross-encoder knows the classes ${cross.labels.join(", ")}, and these rows have no classes`,
        { op: "evaluate", allowed: cross.labels },
      );
    const logits = await logitsOf(cross, rows, withEvents(events, rows));
    const { signal } = events;
    if (ofClasses)
      return { metrics: reportedClasses(await classQuality(rows, logits.flat(), cross.labels.length, signal, true)) };
    const above = relevantAbove([...rows, ...others]);
    const ordered = orderedRows(rows, scoresIn(logits));
    const judged = judgedQueries(ordered.rows, ordered.scores, above);
    const quality = { metrics: rankMetrics(judged, above), ofQueries: ndcgOfQueries(judged) };
    return { metrics: await reportedQuality(quality, signal) };
  }
}

/** Name of its adapter in the encoder. */
const adapter = "cross-encoder";

/** What a run knows of its cross-encoder, in place of what the files say. */
interface Known {
  readonly labels?: readonly string[] | undefined;
  readonly activation?: CrossActivation | undefined;
}

/**
 * The cross-encoder of a run's files, on a loaded base. Throws as `CrossEncoder.load`; on an error the base is as before.
 *
 * @param names of its classes; empty for one score
 */
async function crossEncoderOn(encoder: SentenceEncoder, files: FileMap, names: readonly string[]) {
  const [base, run] = [await encoder.origin.reopen(), await modelSource(files)];
  const from: ModelSource = { name: base.name, open: async (file) => (await run.open(file)) ?? base.open(file) };
  const parts = await partsOn(encoder, { from, saved: files, adapter });
  return crossOf(parts, { labels: names.length > 0 ? names : undefined });
}

/** A new adapter on a language model that answers for pairs of texts. Throws as `CrossEncoder.load`. */
async function answersOn(encoder: SentenceEncoder, lora: LoraOptions | null, activation: CrossActivation | undefined) {
  const from = await encoder.origin.reopen();
  return crossOf(await partsOn(encoder, { from, saved: null, adapter, lora: lora ?? undefined }), { activation });
}

function crossOf(parts: Omit<CrossParts, "ownsEncoder">, known: Known) {
  const { labels = parts.labels, activation = parts.activation } = known;
  const Cross = CrossEncoder as unknown as new (parts: CrossParts) => CrossEncoder<number | number[]>;
  return new Cross({ ...parts, labels, activation, ownsEncoder: false });
}

type Settings = Readonly<Record<string, Json>>;

/** The head of a checkpoint, to train further. */
interface ReadyHead {
  /** Tensors by their names in a file, in its orientation. */
  readonly tensors: HeadTensors;
  /** Names of its logits. */
  readonly labels: readonly string[];
  readonly activation: CrossActivation;
}

/** The head that the files of an encoder have, a checkpoint of transformers' `AutoModelForSequenceClassification`; null for a language model. */
async function readyHead(encoder: SentenceEncoder): Promise<ReadyHead | null> {
  if (isLanguageModel(encoder.headPlan)) return null;
  const from = await encoder.origin.reopen();
  const config: Settings = (await readJson(from, "config.json")) ?? {};
  const settings: Settings = (await readJson(from, "config_sentence_transformers.json")) ?? {};
  const tensors = await headOf(from, encoder, new Map(), false);
  const count = tensors.get(`${encoder.headPlan.out}.weight`)!.shape[0]!;
  const activation = activationOf(encoder.name, settings, config) ?? defaultActivation(count);
  return { tensors, labels: labelsOf(from, settings, config, count), activation };
}
