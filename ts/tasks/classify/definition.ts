import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Survey } from "../../io/examples/summary/index.js";
import type { LocatedExample } from "../../io/examples/index.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import type { RunContext, TaskDefinition, TrainedModel } from "../../training/task-definition.js";
import { TextClassifier } from "../text-classifier.js";
import { type DataCheck, surveyDataset } from "./data/data-check.js";
import { type DataAccess, type Dataset, labelledReader } from "./data/dataset.js";
import { checkAbstain, checkFewShot, ownHeadText, twiceBalancedText } from "./data/odd-settings.js";
import type { TrainingSettings } from "./settings.js";
import { checkBaselineFits } from "./stored/state-check.js";
import { FewShotModel } from "./few-shot/few-shot-model.js";
import { recipes } from "./recipes.js";
import { TextModel } from "./text-model.js";
import type { TokenizedText } from "./tokenized-text.js";

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
