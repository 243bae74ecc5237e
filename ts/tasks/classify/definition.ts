import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Survey } from "../../io/examples/summary/survey.js";
import type { LocatedExample } from "../../io/examples/index.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import type { RunContext, TaskDefinition, TrainedModel } from "../../training/task-definition.js";
import { TextClassifier } from "./text-classifier.js";
import {
  type DataAccess,
  type DataCheck,
  type Dataset,
  labelledReader,
  surveyDataset,
  type TokenizedText,
} from "./dataset.js";
import { recipes, type TrainingSettings } from "./settings.js";
import { checkBaselineFits } from "./report.js";
import { FewShotModel } from "./few-shot-model.js";
import { TextModel } from "./text-model.js";
import type { OptionNames } from "../../training/spec/option-names.js";
import { type ModelSource, readJson } from "../../io/model-source.js";
import { kindOfHead } from "../head/transformers-head.js";

const accessOf = ({ sources, emit, optionNames, signal, isPart = false }: RunContext): DataAccess => ({
  sources,
  optionNames,
  signal,
  isPart,
  onWarning: (message) => emit({ type: "warning", message }),
});

const checkOf = ({ allow }: TrainingSettings, { emit, optionNames, signal }: RunContext): DataCheck => ({
  allow,
  emit,
  optionNames,
  signal,
});

const trainedClassifier = (classifier: TextClassifier): TrainedModel<LocatedExample> => ({
  encoder: classifier.encoder,
  labels: classifier.labels,
  predict: async (texts: readonly string[], events) =>
    (await classifier.predict(texts, events)).map(({ label, probability, probabilities, unsure }) => ({
      label,
      probability,
      probabilities,
      ...(unsure !== undefined && { unsure }),
    })),
  async measure(examples, events) {
    const { accuracy, macroF1, loss, intervals, ...found } = await classifier.evaluate(examples, events);
    const largest = found.perClass.reduce((most, { support }) => Math.max(most, support), 0);
    return {
      metrics: {
        accuracy: { value: accuracy, interval: intervals!.accuracy },
        macroF1: { value: macroF1, interval: intervals!.macroF1 },
        loss: { value: loss },
      },
      largestClass: largest / found.count,
      ...found,
    };
  },
});

/** A classifier of texts: an adapter and a head. */
export const classifyDefinition: TaskDefinition<TrainingSettings, LocatedExample, TokenizedText> = {
  makes: "a text classifier",
  reader(settings, context) {
    checkFewShot(settings, context.optionNames);
    return labelledReader(settings, accessOf(context));
  },
  async survey(data, settings, context) {
    checkAbstain(settings, data.validation.examples.length, context.optionNames);
    const twice = twiceBalancedText(settings, context.optionNames);
    if (twice !== null) context.emit({ type: "warning", message: twice });
    return surveyDataset(data as Dataset, checkOf(settings, context));
  },
  async base(hashed, settings, engine, context) {
    const ownHead = await ownHeadText(hashed.model);
    if (ownHead !== null) context.emit({ type: "warning", message: ownHead });
    return encoderBase(hashed, settings, engine, context);
  },
  async open(base, data, settings, context, surveyed, from) {
    const { encoder } = base as EncoderBase;
    const check = checkOf(settings, context);
    const Model = recipes[settings.recipe].pairs && !settings.headOnly ? FewShotModel : TextModel;
    return new Model(encoder, data as Dataset, settings, surveyed as Survey | null, check, context, from);
  },
  trained: (encoder, files, options) => trainedClassifier(TextClassifier.load(encoder, files, options)),
  async opened(from, options) {
    const classifier = await TextClassifier.open(from, options);
    if (classifier.multi === null) return trainedClassifier(classifier);
    const { name } = classifier.encoder;
    classifier.dispose();
    throw new ConfigError(
      `${clip(name)} gives a text several labels (problem_type in config.json): name the folder of this base in adapter_config.json (base_model_name_or_path), where the command line sees that`,
      { model: name, option: "multiLabel" },
    );
  },
  labelOf: ({ label }) => label,
  about: ({ labels }) => ({ labels: labels.length }),
  checkStateFits: checkBaselineFits,
};

// Settings that are rarely intended: with a warning, or refused.

/** Throws `ConfigError` for a setting of a loss that the recipe "few-shot" does not have. */
export function checkFewShot(settings: TrainingSettings, { setting }: OptionNames): void {
  if (settings.headOnly || !recipes[settings.recipe].pairs) return;
  for (const name of ["headLearningRate", "labelSmoothing", "sampling"] as const) {
    const value = settings[name];
    if (value === null || value === 0) continue;
    const why = {
      headLearningRate: "fits the head to the trained vectors, without steps",
      labelSmoothing: "trains on pairs of texts, whose loss has no labels",
      sampling: "has every label equally often in its batches anyway",
    }[name];
    throw new ConfigError(
      `${setting(name)} ${value} has no effect: the recipe "${settings.recipe}" ${why}; leave ${setting(name)} out, or choose another recipe`,
      { option: name, value, recipe: settings.recipe },
    );
  }
}

/** Throws `ConfigError` if unsure predictions are asked for, and no validation says from which probability on they are right. */
export function checkAbstain({ abstain }: TrainingSettings, validation: number, { setting }: OptionNames): void {
  if (abstain === null || validation > 0) return;
  throw new ConfigError(
    `${setting("abstain")} ${abstain} needs a validation, which says from which probability on so large a share of predictions is right, and ` +
      `none is held out: add examples, set ${setting("validationSplit")} (such as 0.2) and ${setting("evaluateEvery")}, or pass a file with ` +
      setting("validation"),
    { option: "abstain", value: abstain },
  );
}

/** A warning if two settings both make rare labels count more; otherwise null. */
export function twiceBalancedText(
  { classWeights, sampling, headOnly }: TrainingSettings,
  optionNames: OptionNames,
): string | null {
  if (classWeights === null || sampling === null || headOnly) return null;
  return (
    `${optionNames.setting("classWeights")} and ${optionNames.setting("sampling")} both make rare labels count more, so together they count twice: ` +
    "use one of them"
  );
}

/** A warning that the head of a checkpoint for sequence classification is not used; null for other models. */
export async function ownHeadText(model: ModelSource): Promise<string | null> {
  const config = await readJson(model, "config.json");
  if (config === null || kindOfHead(config) !== "ForSequenceClassification") return null;
  return (
    `${clip(model.name)} is a checkpoint with a classification head. The run ignores it and trains a new head on the encoder's vectors ` +
    "(to continue training that head, call TextClassifier.open with the option lora)"
  );
}
