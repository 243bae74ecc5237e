import type { Task } from "../../data/target.js";
import { n, some } from "./numbers.js";

/** The texts of a task. */
export interface TaskTexts {
  readonly name: string;
  /** What a row says, the columns that say it, and what a row without it lacks. */
  readonly column: string;
  readonly columns: string;
  readonly missing: string;
  /** Heading of rows with the same text. */
  readonly same: string;
  readonly different: string;
  /** What there is to train on. */
  readonly given: (rows: number, labels: number) => string;
  /** The metric on the validation rows: the title of its curve, and its newest and best value. */
  readonly chart: string;
  readonly measured: (now: string, best: string) => string;
}

const rows = (count: number) => some(count, "row", "rows");
const labelled = (count: number, labels: number) => `${rows(count)}, ${some(labels, "label", "labels")}`;

const each: Readonly<Record<Task, TaskTexts>> = {
  classify: {
    name: "One label per text",
    column: "Label",
    columns: "Label column",
    missing: "a label",
    same: "the same label",
    different: "different labels",
    given: labelled,
    chart: "Correct validation rows; higher is better",
    measured: (now, best) => `${now} of the validation rows correct, ${best} at best`,
  },
  "multi-label": {
    name: "Several labels per text",
    column: "Labels",
    columns: "Label columns",
    missing: "a label",
    same: "the same labels",
    different: "different labels",
    given: labelled,
    chart: "Labels found on the validation rows (micro F1); higher is better",
    measured: (now, best) => `F1 ${now} on the validation rows, ${best} at best`,
  },
  regress: {
    name: "A number per text",
    column: "Number",
    columns: "Column of numbers",
    missing: "a number",
    same: "the same number",
    different: "different numbers",
    given: (count) => `${rows(count)} with a number`,
    chart: "Order of the validation rows (Spearman); higher is better",
    measured: (now, best) => `Spearman ${now} on the validation rows, ${best} at best`,
  },
  tokens: {
    name: "Labels of words in a text",
    column: "Marked words",
    columns: "Column of tags",
    missing: "a label",
    same: "the same words marked",
    different: "different words marked",
    given: labelled,
    chart: "Words found on the validation rows (entity F1); higher is better",
    measured: (now, best) => `F1 ${now} on the validation rows, ${best} at best`,
  },
};

/** The texts in English of each task, and of the results for several labels, numbers and words. */
export const forTasks = {
  each,
  labels: {
    mostFrequent: "Always the most frequent labels",
    mostFrequentHint: "a guess that does not read the text: the most frequent combination",
    interval:
      "F1 over all labels together (micro F1): 100\u00a0% if every label is found and none too many. Marked on the bar: the range in which it most likely lies on other texts like these (95\u00a0%).",
    others: "Further measurements",
    metrics: { f1Macro: "Mean over the labels", map: "Order (mAP)", exactMatch: "All labels right" },
    metricHints: {
      f1Macro: "macro F1; rare labels count as much as frequent ones",
      map: "whether texts with a label come before those without; independent of thresholds",
      exactMatch: "share of texts with exactly their labels",
    },
    each: "Each label",
    eachChosen:
      "A text gets a label from its threshold on: the probability that gave the best result on the validation rows.",
    eachAtHalf:
      "A text gets a label from a probability of 50\u00a0% on: there were too few rows for a validation, which chooses better thresholds.",
    eachHint:
      "Precision: of the texts that got the label, the share that should. Recall: of the texts that should get it, the share that did.",
    eachColumns: ["Label", "Texts", "F1", "Precision", "Recall", "Threshold", "Mistakes"],
    mistakes: (count: number, label: string) => `${some(count, "mistake", "mistakes")} with “${label}”`,
    mistakesOf: (label: string) => `Mistakes with “${label}”`,
    missed: "The label is in your data, but the model did not find it",
    extra: "The model found the label, but it is not in your data",
    none: "No label reaches its threshold.",
    found: (labels: string) => `Labels: ${labels}`,
    answerHint: "the probability of each label by itself; marked labels reach their threshold",
    fileHint: "A table with a column of texts. You get it back with two more columns: labels and their probabilities.",
    filePredicted: "labels_predicted",
    fileProbabilities: "probabilities",
  },
  numbers: {
    compared: "Errors of the models",
    mean: "Always the mean",
    meanHint: "a guess that does not read the text",
    metrics: { spearman: "Order (Spearman)", rmse: "Error (RMSE)", mae: "Mean error (MAE)", r2: "R²" },
    metricHints: {
      spearman: "1: the same order as your numbers, 0: no relation",
      rmse: "in the unit of your numbers; large errors count more",
      mae: "in the unit of your numbers",
      r2: "1: no errors, 0: as good as the mean",
    },
    interval:
      "Below the numbers of the adapted model: the range in which each most likely lies on other texts like these (95\u00a0%).",
    scatter: "Predicted and true numbers",
    scatterHint: "Each point is a test text. On the line, the prediction is right; above it, it is too high.",
    scatterLabel: (count: number) =>
      `${some(count, "text", "texts")} as points: the number in your data to the right, the predicted number upwards`,
    target: "your data",
    predicted: "predicted",
    errors: "The largest errors",
    errorsHint: "Test texts whose number is predicted worst. Their number in your table may be wrong.",
    said: (target: string, predicted: string) => `In your data ${target}, predicted ${predicted}`,
    file: "Predict for a whole file",
    fileHint: "A table with a column of texts. You get it back with one more column: the predicted number.",
    filePredicted: "number_predicted",
    fileDo: (count: number) => `Predict ${n(count)} rows`,
  },
  words: {
    unmark: "no label",
    compared: "Words found by the models",
    metrics: { f1: "Found (F1)", precision: "Precision", recall: "Recall", accuracy: "Words with their label" },
    metricHints: {
      f1: "100\u00a0% if every name, place, … is found as a whole with its label, and none too many",
      precision: "of what the model marked, the share that is right",
      recall: "of what is marked in your data, the share that was found",
      accuracy: "of all words; most of them usually have no label",
    },
    eachHint: "What is marked in the test texts counts as found if all its words are marked, with the right label.",
    eachColumns: ["Label", "Marked", "F1", "Precision", "Recall"],
    none: "No words are marked.",
    answerHint: "marked words with their label and its probability",
    file: "Mark words in a whole file",
    fileHint:
      "A table with a column of texts. You get it back with one more column: labels, and the words that have them.",
    filePredicted: "words_predicted",
    fileDo: (count: number) => `Mark words in ${rows(count)}`,
  },
};
