import { existsSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { csvOf } from "../jobs/tiny-job.js";
import { lowrank, project } from "./fixture.js";

/** Folders below test/golden with a tiny model of each name in the README's table. */
export const encoders: Readonly<Record<string, string>> = {
  BERT: "encoders/bert",
  RoBERTa: "encoders/roberta",
  "XLM-RoBERTa": "encoders/xlm-roberta",
  CamemBERT: "encoders/camembert",
  DistilBERT: "encoders/distilbert",
  MPNet: "encoders/mpnet",
  ALBERT: "encoders/albert",
  ELECTRA: "encoders/electra",
  "DeBERTa-v2": "encoders/deberta-v2",
  v3: "encoders/deberta-v3",
  ModernBERT: "encoders/modernbert",
  NomicBERT: "encoders/nomic-bert",
  EuroBERT: "encoders/eurobert",
  "Qwen3-Embedding": "embedders/qwen3_embedding",
  EmbeddingGemma: "embedders/embeddinggemma",
};
export const rerankers: Readonly<Record<string, string>> = { "Qwen3-Reranker": "embedders/qwen3_reranker" };

/** Encoders whose layers are a language model's. */
export const layered = ["EuroBERT", "Qwen3-Embedding", "EmbeddingGemma"].map(
  (name) => [name, encoders[name]!] as const,
);

export const golden = (name: string) => join(project, "test/golden", name);

export const words = [
  "river",
  "stone",
  "letter",
  "window",
  "garden",
  "engine",
  "pepper",
  "candle",
  "harbour",
  "meadow",
];
const texts = words.map((word, i) => ({ text: `the ${word} is ${i % 2 === 0 ? "good" : "bad"}`, even: i % 2 === 0 }));
const data = {
  "classify.csv": csvOf(texts.map(({ text, even }) => ({ text, label: even ? "good" : "bad" }))),
  "multi-label.csv": csvOf(
    texts.map(({ text, even }, i) => ({ text, label: [even ? "good" : "bad", ...(i < 5 ? ["early"] : [])].join(";") })),
  ),
  "regress.csv": csvOf(texts.map(({ text, even }, i) => ({ text, label: (even ? 3 : 1) + i / 10 }))),
  "pairs.csv": csvOf(words.map((word, i) => ({ anchor: `where is the ${word}`, positive: `the ${word} is at ${i}` }))),
  "rank.csv": csvOf(
    words.flatMap((word, i) =>
      [word, words[(i + 1) % words.length]!].map((other, place) => ({
        query: `where is the ${word}`,
        text: `the ${other} is at ${i}`,
        label: 1 - place,
      })),
    ),
  ),
  "tokens.jsonl": new TextEncoder().encode(
    words.map((word) => JSON.stringify({ tokens: ["the", word, "is"], tags: ["O", "B-THING", "O"] })).join("\n"),
  ),
  "text.csv": csvOf(texts.map(({ text }) => ({ text }))),
};
export type Task = "classify" | "multi-label" | "regress" | "pairs" | "rank" | "tokens" | "text";
export type Answer = Readonly<Record<string, unknown>>;

/** Options of a run of two steps. */
export const short = ["--steps", "2", "--batch-size", "4", "--learning-rate", "1e-4", "--validation-split", "0.3"];

/** Runs a command that must succeed; its output. */
export async function output(args: readonly string[]): Promise<string> {
  const { code, out, err } = await lowrank(args);
  if (code !== 0) throw new Error(`lowrank ${args.join(" ")}: ${err}`);
  return out.trim();
}

/** The object that a command prints. */
export const answered = async (args: readonly string[]) => JSON.parse(await output(args)) as Answer;

/** Data of each task, and short runs of tiny models on them, in a folder of their own. */
export class TinyRuns {
  private constructor(private readonly folder: string) {}

  static async make(): Promise<TinyRuns> {
    const made = new TinyRuns(await mkdtemp(join(tmpdir(), "lowrank-models-")));
    for (const [name, bytes] of Object.entries(data)) await writeFile(made.at(name), bytes);
    return made;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  at(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  dataOf(task: Task): string {
    return this.at(Object.keys(data).find((name) => name.startsWith(`${task}.`))!);
  }

  /** A model below test/golden, without the adapters and results beside it. */
  async model(place: string): Promise<string> {
    const to = this.at("models", place);
    if (existsSync(to)) return to;
    await cp(golden(place), to, {
      recursive: true,
      filter: (path) => !/(adapter|replay|adapters?_\w+|init_adapter)$/.test(path),
    });
    return to;
  }

  /** A run of two steps of a task on a model; its folder. */
  async trained(task: Task, model: string, name: string, ...more: string[]): Promise<string> {
    const named = task === "classify" ? [] : ["--task", task];
    const steps = more.includes("--head-only") ? ["--validation-split", "0.3"] : short;
    const run = ["finetune", ...named, "--model", model, "--data", this.dataOf(task), "--out", this.at(name)];
    await output([...run, ...steps, ...more]);
    return this.at(name);
  }
}
