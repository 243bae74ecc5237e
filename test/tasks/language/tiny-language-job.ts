import type { FileMap } from "../../../ts/io/file-access.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import type { JobEvent, JobSources, LanguageJobSpec, RunStore } from "../../../ts/jobs/index.js";
import { type JobOptions, runJob } from "../../../ts/jobs/run-job.js";
import { decoderFiles } from "../../models/language/golden-decoder.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const lines = (rows: readonly object[]) => bytes(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

const films = ["Alien", "Brazil", "Heat", "Ran", "Stalker", "Vertigo", "Jaws", "Solaris", "Fargo", "Psycho"];

/** Forty questions about films, with an answer each. */
export const pairs = films.flatMap((film, i) =>
  ["Is it good", "Is it long", "Who made it", "When"].map((question, k) => ({
    question: `${question}: ${film}?`,
    answer: ["Yes.", "Not too long.", "A poet.", `In 19${60 + 3 * i}.`][k]!,
  })),
);

/** The same as conversations. */
export const conversations = pairs.map(({ question, answer }) => ({
  messages: [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ],
}));

/** Files of examples by name. */
export const data: FileMap = {
  "chat.jsonl": lines(conversations),
  "two.jsonl": lines(conversations.slice(0, 2)),
  "shared.json": bytes(
    JSON.stringify({
      rows: pairs.map(({ question, answer }) => ({
        conversations: [
          { from: "human", value: question },
          { from: "gpt", value: answer },
        ],
      })),
    }),
  ),
  "pairs.csv": bytes(`question,answer\n${pairs.map(({ question, answer }) => `"${question}","${answer}"\n`).join("")}`),
  "pairs.jsonl": lines(pairs.map(({ question, answer }) => ({ prompt: question, completion: answer }))),
  "instructions.csv": bytes(
    `instruction,output\n${pairs.map(({ question, answer }) => `"${question}","${answer}"\n`).join("")}`,
  ),
  "texts.jsonl": lines(pairs.map(({ question }) => ({ text: question }))),
  "twice.jsonl": lines(
    pairs.flatMap(({ question, answer }) => [answer, "No."].map((completion) => ({ prompt: question, completion }))),
  ),
  "one.jsonl": lines([{ text: "a film" }]),
  "broken.jsonl": bytes('{"text": "a film"}\n\n{"text": 3}\n'),
  "empty.jsonl": lines([
    { ids: [1, 2], mask: [0, 1] },
    { ids: [1, 2], mask: [1, 0] },
  ]),
  "long.jsonl": lines([{ text: "a film" }, { text: "a film ".repeat(60) }]),
  "labels.csv": bytes("text_,label\na,b\n"),
};

const template =
  "{% for m in messages %}[{{ m.role[0] }}]{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}[a]{% endif %}";

/** A Llama of three layers of 32 with a chat template, and those files, from memory. */
export const sources: JobSources = {
  async findModel(name) {
    const files = await decoderFiles("llama");
    const { open } = await modelSource(name === "bare" ? files : { ...files, "chat_template.jinja": bytes(template) });
    return { name, open, origin: "memory" };
  },
  readData: async (name) => ({ name, bytes: data[name]! }),
  machine: () => ({ userAgent: "a test" }),
};

/** A short run with everything random in it. */
export const spec: LanguageJobSpec = {
  task: "chat",
  model: "tiny",
  data: "chat.jsonl",
  steps: 40,
  batchSize: 6,
  learningRate: 0.01,
  rank: 4,
  alpha: 8,
  dropout: 0.1,
  evaluateEvery: 10,
  validationSplit: 0.2,
};

/** Runs a job from memory. `onProgress` may abort it. */
export const run = (given: LanguageJobSpec, store: RunStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });

/** An event that says that so many steps of training are done. */
export const afterStep = (step: number) => (event: JobEvent) =>
  event.type === "progress" && event.phase === "train" && event.done === step;
