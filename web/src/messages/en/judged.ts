import { some } from "./numbers.js";

const pairs = (count: number) => some(count, "pair", "pairs");

/** The texts in English of thumbs up and down in the chat. */
export const judged = {
  good: "Good answer",
  bad: "Bad answer",
  other: { good: "A worse answer", bad: "A better answer" },
  hint: {
    good: "Write one, or let the model write others until one is worse. Training makes the good answer more probable.",
    bad: "Write one, or let the model write others until one is better. Training makes the better answer more probable.",
  },
  another: "Write another",
  writing: "Writing …",
  keep: "Keep this pair",
  cancel: "Cancel",
  same: "Both answers are the same.",
  kept: "Kept for training",
  removed: "Pair removed",
  heading: "Judged answers",
  intro: (count: number) => `${pairs(count)} of a better and a worse answer, from your thumbs up and down.`,
  show: "Show the pairs",
  better: "Better:",
  worse: "Worse:",
  remove: (asked: string) => `Remove the pair of “${asked}”`,
  train: (count: number) => (count === 1 ? "Train on this pair" : `Train on these ${pairs(count)}`),
  save: "Save as a table",
  name: "Judged answers",
  file: "judged-answers.jsonl",
};
