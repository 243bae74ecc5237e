import { ConfigError } from "../../errors/errors.js";
import { drawnParts, type TaskData, warnMeasured } from "../../training/data-parts.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import type {
  FileCounts,
  RunContext,
  TaskDefinition,
  TrainedMeasurement,
  TrainedModel,
} from "../../training/task-definition.js";
import type { MeasureEvents } from "../../training/job-events.js";
import { lossOf, trainingOrder, withNegatives } from "./training-rows.js";
import { checkMining, pairsPlan, type PairsSettings } from "./settings.js";
import { PairsModel, type TokenizedPair } from "./pairs-model.js";
import { type PairRow, promptedText, readPairs } from "./read-pairs.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { reportedQuality, rowsToMeasure, TextVectors, vectorMetrics } from "./pair-quality.js";

/** An encoder with the adapter of a finished run, which is active. */
class TrainedPairs implements TrainedModel<PairRow> {
  constructor(readonly encoder: SentenceEncoder) {}

  async measure(
    measured: readonly PairRow[],
    { signal, onProgress }: MeasureEvents,
    others: readonly PairRow[] = [],
  ): Promise<TrainedMeasurement> {
    const { encoder } = this;
    const rows = rowsToMeasure(measured[0]!.form, { measured, others });
    const share = (done: number, all: number) => onProgress?.(Math.floor((done / all) * measured.length));
    const vectorOf = await new TextVectors(encoder).of(rows, encoder.adapterSet.current, { signal, onProgress: share });
    return {
      metrics: await reportedQuality(await vectorMetrics(rows, vectorOf, encoder.graph.engine, signal), signal),
    };
  }
}

/** An adapter of a sentence encoder, trained on pairs of texts. */
export const pairsDefinition: TaskDefinition<PairsSettings, PairRow, TokenizedPair> = {
  repeatsTexts: true,
  texts: (row) => row.texts.map((text, i) => promptedText(row, text, i === 0)),
  makes: "an adapter for sentence vectors",
  usedBy: (folder) =>
    `\`lowrank embed --adapter ${folder}\` makes vectors, \`lowrank index --adapter ${folder}\` an index for \`lowrank search\``,
  reader(settings, context) {
    checkMining(settings, context.optionNames);
    return {
      read: async (path, all) => {
        const file = await readPairs(path, settings, context);
        checkLikeFirst(all?.examples[0], file.examples[0]!, file.file);
        return file;
      },
      ...drawnParts(settings, pairsPlan, context.optionNames),
    };
  },
  async survey(data, settings, context: RunContext) {
    checkVaried(data);
    warnMeasured(data, context);
    return {};
  },
  base: encoderBase,
  augment: async (base, data, settings, context) =>
    settings.mineNegatives === null ? data : withNegatives((base as EncoderBase).encoder, data, settings, context),
  loss: lossOf,
  async open(base, data, settings, context, _, from) {
    const { encoder } = base as EncoderBase;
    const order = await trainingOrder(data, settings, encoder.graph, context);
    return new PairsModel(encoder, data, settings, context, order, from);
  },
  trained(encoder, files) {
    encoder.loadAdapter("adapter", files);
    return new TrainedPairs(encoder);
  },
  about({ examples }): FileCounts {
    const [{ form, texts }] = examples as [PairRow];
    const distinct = (list: readonly string[]) => new Set(list).size;
    const anchors = distinct(examples.map(({ text }) => text));
    if (form === "classes") return { texts: anchors, classes: distinct(examples.map(({ name }) => name!)) };
    const others = distinct(examples.flatMap((row) => row.texts.slice(1)));
    if (form === "search" || form === "margins")
      return { anchors, documents: others, "negatives a row": texts.length - 2 };
    if (form === "vectors") return { texts: anchors, "numbers a vector": examples[0]!.teacher!.length };
    const values = examples.map(({ score, label }) => score ?? label!);
    return { texts: distinct(examples.flatMap((row) => row.texts)), values };
  },
};

/** Throws `ConfigError` unless the rows of another file have the form of the training file's. */
function checkLikeFirst(first: PairRow | undefined, own: PairRow, file: string): void {
  if (first === undefined || (first.form === own.form && first.texts.length === own.texts.length)) return;
  const shape = ({ form, texts }: PairRow) =>
    `${form} with ${texts.length} ${texts.length === 1 ? "text" : "texts"} a row`;
  throw new ConfigError(
    `${file}: the columns are of the form ${shape(own)}, those of the training file of ${shape(first)}`,
    {
      file,
    },
  );
}

/** Throws `ConfigError` if there is nothing to train on: one row, or rows that all have the same value. */
function checkVaried({ train: { file, examples } }: TaskData<PairRow>): void {
  const fail = (problem: string) => new ConfigError(`${file}: ${problem}`, { file, examples: examples.length });
  if (examples.length < 2) throw fail("at least two rows to train on are expected, got one");
  const [first] = examples as readonly [PairRow];
  const { form, score, label, name } = first;
  if (form === "search" || form === "margins" || form === "vectors") return;
  if (examples.some((row) => row.score !== score || row.label !== label || row.name !== name)) return;
  const same = { scores: "score", labels: "label", classes: "label" }[form];
  throw fail(`all ${examples.length} rows to train on have the same ${same}, so there is nothing to tell apart`);
}
