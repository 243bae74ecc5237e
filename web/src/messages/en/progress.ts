import { n, some } from "./numbers.js";

/** The texts in English of what a training shows while it runs. */
export const progress = {
  stages: "Stages of the training",
  model: "Loading the model",
  read: "Reading the texts",
  compare: "Simple model, for comparison",
  train: "Training",
  test: "Testing",
  final: "Training on all rows",
  done: "done",
  left: (time: string) => `About ${time} left`,
  watched: "Texts that it was not trained on",
  /** Predictions at the start and now, of the texts that are watched. */
  turned: (right: number, all: number, before: number) =>
    `Right: ${n(right)} of ${some(all, "text", "texts")}; at the start ${n(before)}.`,
  closer: (now: string, before: string) => `Off by ${now} on average; at the start by ${before}.`,
  allRight: "All of them were right from the start.",
  right: "right",
  wrong: "not right yet",
  /** A prediction at the start, and now; one that did not change. */
  changed: (before: string, now: string) => `${before} → ${now}`,
  yours: (target: string) => `in your table: ${target}`,
  finds: (text: string) => `finds: ${text}`,
  ended: "The training has ended.",
  nothing: "none",
  trained: (results: string) => `The training is finished. Its result is under “${results}”.`,
  /** Where to train, in the details of the settings. */
  device: "Train on",
  processor: "Processor",
  graphics: (name: string) => `Graphics card (${name})`,
  deviceHint: "if the graphics card fails, the training continues on the processor",
  softwareHint: "this is a program on the processor, slower than the processor itself: for tests only",
  onGraphics: (name: string) => `on the graphics card: ${name}`,
  fellBack: "The graphics card could not be used. The training runs on the processor.",
};
