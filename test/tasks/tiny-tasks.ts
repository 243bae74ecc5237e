import type { FileMap } from "../../ts/io/file-access.js";
import { modelSource } from "../../ts/io/model-locator.js";
import type { AnyJobSpec, JobSources, TaskName } from "../../ts/jobs/index.js";
import { embedderFiles } from "../models/golden-embedder.js";
import { goldenBytes } from "../golden.js";
import { goldenEncoder } from "../models/golden-encoder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { decoderFiles } from "../models/language/golden-decoder.js";
import { csvOf } from "../jobs/tiny-job.js";
import { things, words } from "./question-rows.js";

const encode = (text: string) => new TextEncoder().encode(text);
const lines = (rows: readonly object[]) => encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

/** 48 texts, no two the same, of which the first half of each thing's is good. */
const texts = things
  .slice(0, 4)
  .flatMap((thing) =>
    words.map((word, i) => ({ thing, word, i, text: `The ${thing} was ${word}.`, label: i < 6 ? "good" : "bad" })),
  );
const turns = (question: string, answer: string) => [
  { role: "user", content: question },
  { role: "assistant", content: answer },
];

/** A task's tiny run. */
export interface TinyTask {
  /** Everything but the names of model and data. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly file: string;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly model: () => Promise<FileMap>;
  /** Whether `lowrank predict` uses its model. */
  readonly predicts: boolean;
}

const encoder = { model: () => tinyEncoder(), predicts: true };
const template =
  "{% for m in messages %}[{{ m.role[0] }}]{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}[a]{% endif %}";
const language = {
  model: async () => ({ ...(await decoderFiles("llama")), "chat_template.jinja": encode(template) }),
  predicts: false,
};
/** Everything random in it, and a step that is chosen. */
const short = { steps: 4, batchSize: 4, learningRate: 1e-3, rank: 2, dropout: 0.1, evaluateEvery: 2 };
const parts = { ...short, validationSplit: 0.25, testSplit: 0.25 };
const { testSplit: _, ...onePart } = parts;

/** A tiny run of every task; a task that is missing here does not compile. */
export const tinyTasks: Readonly<Record<TaskName, TinyTask>> = {
  classify: {
    spec: parts,
    file: "labels.csv",
    data: csvOf(texts.map(({ text, label }) => ({ text, label }))),
    ...encoder,
  },
  "multi-label": {
    spec: { ...parts, multiLabel: true },
    file: "lists.csv",
    data: csvOf(texts.map(({ text, label, i }) => ({ text, label: i % 3 === 0 ? `${label};third` : label }))),
    ...encoder,
  },
  tokens: {
    spec: { ...parts, task: "tokens" },
    file: "words.jsonl",
    data: lines(
      texts.map(({ thing, word, label }) => ({
        tokens: ["the", thing, "was", word],
        tags: ["O", "B-THING", "O", `B-${label}`],
      })),
    ),
    ...encoder,
  },
  regress: {
    spec: { ...parts, task: "regress", label: "stars" },
    file: "stars.csv",
    data: csvOf(texts.map(({ text, i }) => ({ text, stars: 100 + (i < 6 ? 30 : -30) + i }))),
    ...encoder,
  },
  pairs: {
    spec: { ...parts, task: "pairs" },
    file: "pairs.csv",
    data: csvOf(
      texts.map(({ thing, text, i }) => ({ anchor: text, positive: `It is ${words[(i + 6) % 12]!}, the ${thing}.` })),
    ),
    ...encoder,
    predicts: false,
  },
  rank: {
    spec: { ...parts, task: "rank" },
    file: "judged.csv",
    data: csvOf(
      texts.flatMap(({ thing, text, i }) =>
        [1, 0].map((label) => ({ query: text, text: `It is ${words[(i + 6 * label) % 12]!}, the ${thing}.`, label })),
      ),
    ),
    ...encoder,
  },
  text: {
    spec: { ...onePart, task: "text" },
    file: "texts.jsonl",
    data: lines(texts.map(({ text }) => ({ text }))),
    ...language,
  },
  chat: {
    spec: { ...onePart, task: "chat" },
    file: "chat.jsonl",
    data: lines(texts.map(({ text, label }) => ({ messages: turns(text, label) }))),
    ...language,
  },
  preferences: {
    spec: { ...onePart, task: "preferences" },
    file: "preferences.jsonl",
    data: lines(texts.map(({ text, label }) => ({ prompt: text, chosen: ` ${label}`, rejected: " who knows" }))),
    ...language,
  },
};

export const taskNames = Object.keys(tinyTasks) as TaskName[];

const onTexts = ["classify", "multi-label", "tokens", "regress", "pairs"] as const;
const reranker = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];

/** Models with the layers of a language model that are no language model, and the tasks that train on them. */
export const layeredModels: Readonly<Record<string, { model: TinyTask["model"]; tasks: readonly TaskName[] }>> = {
  EuroBERT: { model: () => goldenEncoder("eurobert"), tasks: [...onTexts, "rank"] },
  "Qwen3-Embedding": { model: () => embedderFiles("qwen3_embedding"), tasks: [...onTexts, "rank"] },
  // The tiny one's tokenizer has no tokens "yes" and "no".
  EmbeddingGemma: { model: () => embedderFiles("embeddinggemma"), tasks: onTexts },
  "Qwen3-Reranker": {
    model: async () =>
      Object.fromEntries(
        await Promise.all(
          reranker.map(async (file) => [file, await goldenBytes(`embedders/qwen3_reranker/${file}`)] as const),
        ),
      ),
    tasks: [...onTexts, "rank"],
  },
};

/** Every task on its model, and every task of each of these on it. */
export const tinyRuns: readonly { title: string; task: TaskName; model: TinyTask["model"] }[] = [
  ...taskNames.map((task) => ({ title: task, task, model: tinyTasks[task].model })),
  ...Object.entries(layeredModels).flatMap(([name, { model, tasks }]) =>
    tasks.map((task) => ({ title: `${task} on ${name}`, task, model })),
  ),
];

/** The spec of a task's tiny run, and model and data from memory. */
export function tinyRun(
  task: TaskName,
  model = tinyTasks[task].model,
): { readonly spec: AnyJobSpec; readonly sources: JobSources } {
  const { spec, file, data } = tinyTasks[task];
  const sources: JobSources = {
    async findModel(name) {
      const { open } = await modelSource(await model());
      return { name, open, origin: "memory" };
    },
    readData: async (name) => ({ name, bytes: data }),
    machine: () => ({ userAgent: "a test" }),
  };
  return { spec: { ...spec, model: "tiny", data: file }, sources };
}
