import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { exampleFormat, placeIn, readExamples } from "../../io/examples/index.js";
import { type DataReader, drawnParts, type TaskData, warnMeasured } from "../../training/data-parts.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import { sha256 } from "../../io/sha256.js";
import type { RunContext, TaskDefinition } from "../../training/task-definition.js";
import { classifierPlan } from "../classify/settings.js";
import { checkColumnsDiffer, withoutEmptyRows } from "../table-rows.js";
import { checkScoresFit } from "../head/head-comparison.js";
import { loraOptions } from "../../training/spec/shared-fields.js";
import { type NumberScale, TextRegressor } from "./text-regressor.js";
import { type NumberedText, RegressModel, reportedNumbers, type TokenizedNumber } from "./regress-model.js";
import type { RegressSettings } from "./settings.js";
import type { FileMap } from "../../io/file-access.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { type ClassifierParts, loadedParts } from "../head/classifier-parts.js";

/** What to write in place of a number with a decimal comma; null for anything else. */
const hint = (label: string) =>
  /^[-+]?\d+,\d+$/.test(label.trim()) ? `write a decimal point: ${clip(label.trim().replace(",", "."), 40)}` : null;

/**
 * Reads texts with numbers, and draws parts of them, equal texts on one side. Throws as `readExamples`, and `ConfigError` for other values,
 * with the line.
 */
function numberReader(settings: RegressSettings, { sources, emit, optionNames }: RunContext): DataReader<NumberedText> {
  const { text, label, min, max, allow } = settings;
  checkColumnsDiffer({ text, label }, optionNames);
  if (min !== null && max !== null && min >= max)
    throw new ConfigError(
      `${optionNames.setting("min")} is below ${optionNames.setting("max")}, got ${min} and ${max}`,
      {
        option: "min",
        value: min,
      },
    );
  const onWarning = (message: string) => emit({ type: "warning", message });
  const limits = `${min === null ? "" : ` from ${min}`}${max === null ? "" : ` up to ${max}`}`;
  return {
    async read(path) {
      const { name: file, bytes } = await sources.readData(path);
      const format = exampleFormat(path);
      const read = await withoutEmptyRows(file, allow, { onWarning, optionNames }, (empty) =>
        readExamples(bytes, { format, text, label, file, onWarning, ...empty }),
      );
      const examples = read.examples.map((example) => {
        const target = Number(example.label);
        const isNumber = example.label.trim() !== "" && Number.isFinite(Math.fround(target));
        if (isNumber && target >= (min ?? target) && target <= (max ?? target)) return { ...example, target };
        throw new ConfigError(
          `${file}, ${placeIn(file, example.line)}: a number${limits} is expected in column ${JSON.stringify(label)}, ` +
            `got ${excerpt(example.label)}; ${hint(example.label) ?? `${optionNames.setting("label")} names the column of the numbers`}`,
          { file, line: example.line, column: label, value: example.label },
        );
      });
      return { file, sha256: await sha256(bytes), examples, labels: [] };
    },
    ...drawnParts(settings, classifierPlan, optionNames),
  };
}

/** Mean and deviation of the numbers to train on, and the limits. Throws `ConfigError` if all numbers are equal. */
function scaleOf(
  { train: { file, examples } }: TaskData<NumberedText>,
  { label, min, max }: RegressSettings,
): NumberScale {
  const { length } = examples;
  const mean = Math.fround(examples.reduce((sum, { target }) => sum + target / length, 0));
  const squares = examples.reduce((sum, { target }) => sum + ((target - mean) * (target - mean)) / length, 0);
  const deviation = Math.fround(Math.sqrt(squares));
  const first = examples[0]!.target;
  if (deviation > 0 && deviation < Infinity && examples.some(({ target }) => target !== first))
    return { mean, deviation, min, max };
  const found = deviation < Infinity ? "the same number" : "numbers too far apart for float32";
  throw new ConfigError(`${file}: column ${JSON.stringify(label)} has ${found} in all ${length} examples to train on`, {
    file,
    column: label,
    value: first,
  });
}

/** A regressor: an adapter and a head with one output. */
export const regressDefinition: TaskDefinition<RegressSettings, NumberedText, TokenizedNumber> = {
  makes: "a regressor",
  reader: numberReader,
  async survey(data, settings, context) {
    scaleOf(data, settings);
    warnMeasured(data, context);
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context, _, from) {
    const { encoder } = base as EncoderBase;
    const scale = scaleOf(data, settings);
    const regressor =
      from === undefined
        ? TextRegressor.create(encoder, settings.label, scale, loraOptions(settings))
        : furtherRegressor(encoder, from, scale);
    return new RegressModel(regressor, data, settings, context);
  },
  trained(encoder, files, options) {
    const regressor = TextRegressor.load(encoder, files, options);
    return {
      encoder,
      predict: async (texts: readonly string[], events) =>
        (await regressor.predict(texts, events)).map((predicted) => ({ predicted })),
      async measure(examples, events) {
        const texts = examples.map(({ text }) => text);
        const targets = examples.map(({ target }) => target);
        return { metrics: await reportedNumbers(await regressor.predict(texts, events), targets, events.signal) };
      },
    };
  },
  about: ({ examples }) => ({ numbers: examples.map(({ target }) => target) }),
  checkStateFits: checkScoresFit,
};

type FromParts = new (parts: ClassifierParts, scale: NumberScale) => TextRegressor;

/**
 * The regressor of some files, with outputs in another scale, to train it further. A head of zeros, which no data have trained, predicts the
 * mean of that scale. Limits are those of the files.
 */
function furtherRegressor(encoder: SentenceEncoder, files: FileMap, { mean, deviation }: NumberScale) {
  const parts = loadedParts(encoder, files, {}, "TextRegressor.load", "regress");
  const { head, limits } = parts;
  const { graph } = encoder;
  const [weight, bias] = [graph.value(head.weight), graph.value(head.bias)];
  if ([...weight.data, ...bias.data].some((x) => x !== 0)) {
    graph.setValue(head.weight, { ...weight, data: weight.data.map((x) => x / deviation) });
    graph.setValue(head.bias, { ...bias, data: bias.data.map((x) => (x - mean) / deviation) });
  }
  return new (TextRegressor as unknown as FromParts)(parts, { mean, deviation, ...limits! });
}
