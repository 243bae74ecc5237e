import type { Task } from "../../data/target.js";

/** The result in a person's words, above its details. */
export const headline = {
  classify: (right: string, guess: string) =>
    `${right} texts get the right label. Always guessing the most frequent label: ${guess}.`,
  labels: (right: string, guess: string) =>
    `${right} texts get exactly their labels. Always guessing the most frequent ones: ${guess}.`,
  numbers: (error: string, guess: string) =>
    `The predicted number is off by ${error} on average. Always guessing the mean: ${guess}.`,
  words: (found: string, right: string) =>
    `${found} of what is marked in your texts is found, and ${right} of what the model marks is right.`,
  /** How many of how many. */
  of: (count: string, all: string) => `${count} of ${all}`,
  /** Which model is better by the test. The values of the models and of the guess are those of `measured`. */
  verdict: {
    heads: {
      better: "The adapted model is better.",
      rare: "The adapted model is better with rare labels.",
      equal: "About equal.",
      simple: "The simple model is better.",
      guess: "No better than guessing.",
      worse: "Worse than guessing.",
      alone: "Better than guessing.",
    },
    measured: {
      classify: (share) => `${share} texts right`,
      "multi-label": (share) => `${share} texts exactly right`,
      regress: (error) => `off by ${error} on average`,
      tokens: (share) => `F1 ${share}`,
    } as Readonly<Record<Task, (value: string) => string>>,
    better: (adapted: string, simple: string) =>
      `Adapted model: ${adapted}; simple model: ${simple}. The difference is probably more than chance.`,
    rare: (adapted: string, simple: string, points: string) =>
      `Adapted model: ${adapted}; simple model: ${simple}. In the average over the labels (macro F1), the adapted model is ${points} percentage points better, which is more than chance.`,
    equal: (adapted: string, simple: string) =>
      `Adapted model: ${adapted}; simple model: ${simple}. The difference may be chance. Use the simple model: it is smaller.`,
    simple: (simple: string, adapted: string) =>
      `Simple model: ${simple}; adapted model: ${adapted}. Use the simple model: the full training does not help here.`,
    guess: (best: string, guess: string) =>
      `The model: ${best}; guessing: ${guess}. Do not use it yet. More rows, or clearer ones, may help.`,
    alone: (adapted: string, guess: string) => `Adapted model: ${adapted}; guessing: ${guess}.`,
    below: "The adapted model is even worse than guessing.",
  },
  rounds: (results: readonly string[]) => `Your trainings with this table: ${results.join(" → ")}`,
  errors: (results: readonly string[]) =>
    `Mean error of your trainings with this table, the smaller the better: ${results.join(" → ")}`,
  toDoubts: "Next: check the labels that may be wrong",
  toMistakes: "Next: read the mistakes",
  toTake: "Next: use the model",
  details: "Details",
  unchanged: "No changes since this training.",
  foreign:
    "Your texts are not all in English. With the multilingual model, which you choose under Data, most likely more of them get the right label.",
  manyDoubts: (share: string) =>
    `The simple model disagrees with ${share} of the rows. With so many, it is mostly the model that is wrong: change a label only after reading its text.`,
};
