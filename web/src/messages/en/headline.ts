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
