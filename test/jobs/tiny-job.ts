import type { FileMap } from "../../ts/io/file-access.js";
import { expect } from "vitest";
import { AbortError } from "../../ts/index.js";
import {
  type JobEvent,
  type JobSources,
  type JobSpec,
  memoryStore,
  type MemoryStore,
  type RunStore,
  unfinishedSpec,
} from "../../ts/jobs/index.js";
import { type JobOptions, runJob } from "../../ts/jobs/run-job.js";
import { modelSource } from "../../ts/io/model-locator.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const csv = (rows: readonly { text: string; label: string }[]) =>
  new TextEncoder().encode(`text,label\n${rows.map(({ text, label }) => `"${text}",${label}\n`).join("")}`);

/** The examples as a file, fewer of them, and texts where labels should be. */
export const data: FileMap = {
  "examples.csv": csv(examples),
  "others.csv": csv(examples.slice(0, 20)),
  "texts.csv": csv(examples.map(({ text }, i) => ({ text, label: `it is number ${i}` }))),
};

/** A BERT of two layers of 32, and files of examples, from memory. */
export const sourcesOf = (files: FileMap): JobSources => ({
  async findModel() {
    const { name, open } = await modelSource(await tinyEncoder());
    return { name, open, origin: "memory" };
  },
  readData: async (name) => ({ name, bytes: files[name]! }),
  machine: () => ({ userAgent: "a test" }),
});

/** The same with forty labelled texts. */
export const sources = sourcesOf(data);

/** Rows as CSV, with the names of their columns. */
export const csvOf = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  new TextEncoder().encode(
    [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))]
      .map((cells) => `${cells.map((cell) => `"${String(cell)}"`).join(",")}\n`)
      .join(""),
  );

/** A short run with everything random in it, of two parts: the last step is kept, measured on the other part, and saved. */
export const spec: JobSpec = {
  model: "tiny",
  data: "examples.csv",
  testSplit: 0,
  patience: null,
  steps: 60,
  batchSize: 8,
  learningRate: 0.01,
  dropout: 0.2,
  baseline: false,
  finalFit: false,
  calibrate: false,
};

/** Runs a job from memory. `onProgress` may abort it. */
export function run(given: JobSpec, store: RunStore, options: JobOptions = {}) {
  return runJob(given, store, { sources, ...options });
}

/** Runs the job until an event fits, and aborts it there; gives the events that came after. */
export async function runUntil(
  given: JobSpec,
  store: RunStore,
  fits: (event: JobEvent) => boolean,
): Promise<{ error: unknown; after: JobEvent[] }> {
  const abort = new AbortController();
  const after: JobEvent[] = [];
  const onProgress = (event: JobEvent) => {
    if (abort.signal.aborted) after.push(event);
    else if (fits(event)) abort.abort();
  };
  const error = await run(given, store, { signal: abort.signal, onProgress }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { error, after };
}

/** An event that says that so many steps of training are done. */
export const afterStep = (step: number) => (event: JobEvent) =>
  event.type === "progress" && event.phase === "train" && event.done === step;

/** What is the same in every run of a spec: files to the byte, the report without times. */
export function results(files: FileMap) {
  const { "report.json": bytes, "loss.svg": curve, ...rest } = files;
  const report = JSON.parse(new TextDecoder().decode(bytes));
  const steps = report.steps.map(({ milliseconds: _, ...record }: { milliseconds: number }) => record);
  return {
    files: rest,
    curve: new TextDecoder().decode(curve),
    report: { ...report, created: null, estimate: null, training: null, engine: null, steps },
  };
}

/** The results of a job that was aborted after a step, and went on from what its store has. */
export async function resumedResults<S>(
  runIt: (given: S, store: MemoryStore, options?: JobOptions) => Promise<unknown>,
  given: S,
  step: number,
) {
  const stopped = memoryStore();
  const abort = new AbortController();
  const onProgress = (event: JobEvent) => void (afterStep(step)(event) && abort.abort());
  await expect(runIt(given, stopped, { signal: abort.signal, onProgress })).rejects.toBeInstanceOf(AbortError);
  await runIt((await unfinishedSpec(stopped)) as S, stopped);
  return results(stopped.files());
}
