import type { Task } from "../../data/target.js";
import { n, some } from "./numbers.js";

/** The texts of the model card, on the page and in README.md of the zip file. */
export const card = {
  heading: "What this model is, and what it is not",
  hint: "The zip file has these sentences as README.md, the model card of the Hugging Face hub.",
  intro: (base: string) =>
    `An adapter for ${base}, trained in a browser with lowrank. PEFT in Python and lowrank in JavaScript load it.`,
  simpleIntro: (base: string) =>
    `A simple model on ${base}, trained in a browser with lowrank: a small layer on the unchanged model. lowrank in JavaScript loads it.`,
  adapted: "Adapted model:",
  dataHeading: "Data",
  resultHeading: "Result",
  limitsHeading: "Limits",
  rows: (count: number, name: string) => `${some(count, "text", "texts")} from “${name}”.`,
  labels: (count: number, listed: string) => `${some(count, "label", "labels")}: ${listed}.`,
  split: (trained: number, tested: number, chosen: number) =>
    `It was trained on ${some(trained, "text", "texts")}; ${n(tested)} were set aside for the test${chosen === 0 ? "" : `, and ${n(chosen)} to choose the best step`}.`,
  unknownData: "The model was loaded from a file, so its data are not known here.",
  measured: (count: number) => `Measured once, on ${some(count, "text", "texts")} that it was not trained on.`,
  unknownResult: "There is no test result for it here.",
  few: (count: number) => `A test on ${some(count, "text", "texts")} is a rough measurement.`,
  alike:
    "The result is for texts like these. On texts from another source or time it may be worse: test it on them first.",
  length: (tokens: number) =>
    `It reads the first ${n(tokens)} tokens of a text, about ${n(Math.round((tokens * 3) / 4))} words. The rest is cut off.`,
  always: {
    classify: ["It answers every text with one of these labels, even one that fits none of them."],
    "multi-label": ["It knows these labels only. A text can get none of them."],
    regress: ["It predicts a number for every text, even one that has nothing to do with the data."],
    tokens: ["It marks these kinds of words only, and misses some."],
  } as Readonly<Record<Task, readonly string[]>>,
  english: "The language model was trained mostly on English texts. Its answers are worse in other languages.",
  people:
    "It copies the mistakes and habits of the people who set the labels. Do not let it decide about people on its own.",
};
