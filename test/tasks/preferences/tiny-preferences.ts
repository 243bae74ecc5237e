import type { JobSources, PreferenceJobSpec, RunStore } from "../../../ts/jobs/index.js";
import { type JobOptions, runJob } from "../../../ts/jobs/run-job.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import * as language from "../language/tiny-language-job.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const lines = (rows: readonly object[]) => bytes(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
const quoted = (rows: readonly (readonly (string | boolean)[])[]) =>
  bytes(rows.map((row) => `${row.map((cell) => `"${cell}"`).join(",")}\n`).join(""));

/** Forty questions about films, with an answer that is preferred and one that is not. */
export const pairs = language.pairs.map(({ question, answer }, i) => ({
  prompt: question,
  chosen: ` ${answer}`,
  rejected: i % 2 === 0 ? " Nobody knows that, nobody ever did." : " No.",
}));

const turn = (role: string, content: string) => ({ role, content });

/** Files of preferences by name. */
export const data: FileMap = {
  "pairs.jsonl": lines(pairs),
  "turns.jsonl": lines(
    pairs.map(({ prompt, chosen, rejected }) => ({
      prompt,
      chosen: [turn("user", prompt), turn("assistant", chosen)],
      rejected: [turn("user", prompt), turn("assistant", rejected)],
    })),
  ),
  "bare.jsonl": lines(
    pairs.map(({ prompt, chosen, rejected }) => ({
      chosen: [turn("user", prompt), turn("assistant", chosen)],
      rejected: [turn("user", prompt), turn("assistant", rejected)],
    })),
  ),
  "lists.jsonl": lines(
    pairs.map(({ prompt, chosen, rejected }) => ({
      prompt: [turn("user", prompt)],
      chosen: [turn("assistant", chosen)],
      rejected: [turn("assistant", rejected)],
    })),
  ),
  "pairs.csv": quoted([
    ["question", "good", "bad"],
    ...pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]),
  ]),
  "labelled.csv": quoted([
    ["prompt", "completion", "label"],
    ...pairs.flatMap(({ prompt, chosen, rejected }) => [
      [prompt, chosen, true],
      [prompt, rejected, false],
    ]),
  ]),
  "equal.jsonl": lines([...pairs.slice(0, 3), { prompt: "Why", chosen: " so", rejected: " so" }]),
  "half.jsonl": lines([...pairs.slice(0, 1), { prompt: "Why", chosen: " so" }]),
  "labels.jsonl": lines([{ prompt: "Why", completion: " so", label: "good" }]),
  "one.jsonl": lines([{ prompt: "Why", completion: " so", label: true }]),
  "chat.jsonl": language.data["chat.jsonl"]!,
};

/** A Llama of three layers of 32 with a chat template, and those files, from memory. */
export const sources: JobSources = { ...language.sources, readData: async (name) => ({ name, bytes: data[name]! }) };

/** A short run with everything random in it. */
export const spec: PreferenceJobSpec = {
  task: "preferences",
  model: "tiny",
  data: "pairs.jsonl",
  steps: 30,
  batchSize: 6,
  learningRate: 0.01,
  rank: 4,
  alpha: 8,
  dropout: 0.1,
  evaluateEvery: 10,
  validationSplit: 0.2,
  patience: null,
};

/** Runs a job from memory. `onProgress` may abort it. */
export const run = (given: PreferenceJobSpec, store: RunStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });
