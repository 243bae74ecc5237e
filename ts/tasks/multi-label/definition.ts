import { warnMeasured } from "../../training/data/parts.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import type { TaskDefinition, TrainedModel } from "../../training/task-definition.js";
import { TextClassifier } from "../classify/text-classifier.js";
import { checkScoresFit } from "../head/head-comparison.js";
import { labelQuality } from "./label-quality.js";
import { labelRows } from "./listed-examples.js";
import type { TokenizedLabels } from "./multi-label-calls.js";
import { MultiLabelModel } from "./multi-label-model.js";
import { type ListedText, listReader } from "./list-reader.js";
import type { MultiLabelSettings } from "./settings.js";

const trainedLists = (classifier: TextClassifier<string, true>): TrainedModel<ListedText> => ({
  encoder: classifier.encoder,
  labels: classifier.labels,
  predict: async (texts: readonly string[], events) =>
    (await classifier.predict(texts, events)).map(({ labels, scores }) => ({ predicted: labels, scores })),
  async measure(examples, events) {
    const known = classifier.labels;
    const rows = labelRows(
      known,
      examples.map((example) => example.labels),
    );
    const texts = examples.map(({ text }) => text);
    const logits = await classifier.logits(texts, events);
    const { thresholds } = classifier.multi!;
    const { metrics, labels } = await labelQuality(known, thresholds, logits, rows, events.signal);
    return { metrics, labels };
  },
});

/** A classifier with several labels a text: an adapter and a head. */
export const multiLabelDefinition: TaskDefinition<MultiLabelSettings, ListedText, TokenizedLabels> = {
  makes: "a classifier of several labels a text",
  reader: listReader,
  async survey(data, _, context) {
    warnMeasured(data, context);
    const found = new Set(data.train.examples.flatMap(({ labels }) => labels));
    const without = data.labels.filter((label) => !found.has(label));
    if (without.length > 0)
      context.emit({
        type: "warning",
        message: `${data.train.file}: no training text has ${without.length === 1 ? "the label" : "the labels"} ${without.slice(0, 5).join(", ")}${without.length > 5 ? ` and ${without.length - 5} more` : ""}`,
      });
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context, _, from) {
    const { encoder } = base as EncoderBase;
    return new MultiLabelModel(encoder, data, settings, context, from);
  },
  trained: (encoder, files, options) => trainedLists(TextClassifier.load<string, true>(encoder, files, options)),
  opened: async (from, options) => trainedLists(await TextClassifier.open<string, true>(from, options)),
  about({ examples, labels }) {
    const total = examples.reduce((sum, example) => sum + example.labels.length, 0);
    const none = examples.filter((example) => example.labels.length === 0).length;
    return { labels: labels.length, "labels a text": total / examples.length, "texts without a label": none };
  },
  labelCounts({ examples, labels }) {
    const counts = new Map(labels.map((label) => [label, 0]));
    for (const label of examples.flatMap((example) => example.labels)) counts.set(label, counts.get(label)! + 1);
    return { of: "texts", total: examples.length, counts: [...counts.values()] };
  },
  checkStateFits: checkScoresFit,
};
