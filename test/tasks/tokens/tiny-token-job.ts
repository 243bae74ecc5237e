import type { FileMap } from "../../../ts/io/file-access.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import type { JobSources, RunStore, TokenJobSpec } from "../../../ts/jobs/index.js";
import { type JobOptions, runJob } from "../../../ts/jobs/run-job.js";
import { goldenEncoder } from "../../models/golden-encoder.js";

const bytes = (text: string) => new TextEncoder().encode(text);

const people = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Emmy Noether", "Marie Curie", "Niels Bohr"];
const places = ["London", "Rome", "Paris", "Oslo", "Lima"];

/** Thirty sentences as words with tags. */
export const sentences = people.flatMap((person, i) =>
  places.map((place, k) => {
    const [first, last] = person.split(" ") as [string, string];
    const verb = ["lived", "wrote", "worked", "sang"][(i + k) % 4]!;
    return [
      [first, "B-PER"],
      [last, "I-PER"],
      [verb, "O"],
      ["in", "O"],
      [place, "B-LOC"],
    ] as const;
  }),
);

export const conll = (some: readonly (readonly (readonly [string, string])[])[], separator = " ") =>
  some.map((words) => words.map((pair) => `${pair.join(separator)}\n`).join("")).join("\n");

/** Files of examples by name. */
export const data: FileMap = {
  "names.conll": bytes(`-DOCSTART- O\n\n${conll(sentences)}`),
  "names.jsonl": bytes(
    sentences
      .map((words) => {
        const text = words.map(([word]) => word).join(" ");
        const person = { start: 0, end: words[0][0].length + 1 + words[1][0].length, label: "PER" };
        return `${JSON.stringify({ text, spans: [person, [text.length - words[4][0].length, text.length, "LOC"]] })}\n`;
      })
      .join(""),
  ),
};

/** A BERT of random weights, and those files, from memory. */
export const sources: JobSources = {
  async findModel(name) {
    const { open } = await modelSource(await goldenEncoder("bert"));
    return { name, open, origin: "memory" };
  },
  readData: async (name) => ({ name, bytes: data[name]! }),
  machine: () => ({ userAgent: "a test" }),
};

/** A short run with everything random in it. */
export const spec: TokenJobSpec = {
  task: "tokens",
  model: "tiny",
  data: "names.conll",
  steps: 40,
  batchSize: 6,
  learningRate: 0.01,
  rank: 4,
  dropout: 0.1,
  evaluateEvery: 10,
  validationSplit: 0.2,
  testSplit: 0.2,
  targetModules: "all-linear",
};

/** Runs a job from memory. `onProgress` may abort it. */
export const run = (given: TokenJobSpec, store: RunStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });
