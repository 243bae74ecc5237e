import { expect, it } from "vitest";
import { AbortError, readSafetensors, writeSafetensors } from "../../ts/index.js";
import type { FileMap } from "../../ts/io/file-map.js";
import { modelSource } from "../../ts/io/model-locator.js";
import { readFolds } from "../../ts/jobs/run-folds.js";
import { writeFolds } from "../../ts/training/folds/folds-so-far.js";
import {
  type FoldsReport,
  type JobEvent,
  type JobOptions,
  type JobSources,
  type JobSpec,
  memoryStore,
  type RunStore,
  runFolds,
} from "../../ts/jobs/index.js";
import { miniLM } from "../models/minilm.js";
import { afterStep, results, run, sources as tiny, spec as tinySpec } from "./tiny-job.js";

// MiniLM's copies without modules.json were cut to the tokenizer's 512 tokens before its modules, with 256, were known.

const text = (word: string) => `the ${word} film was very long and the end was ${word} too `.repeat(25);
const words = ["good", "bad", "funny", "awful", "warm", "cold"];
const csv = `text,label\n${words.map((word, i) => `${text(word)},${i % 2 === 0 ? "good" : "bad"}\n`).join("")}`;

const sources: JobSources = {
  ...tiny,
  async findModel() {
    const { name, open } = await modelSource(await miniLM());
    return { name, open, origin: "memory" };
  },
  readData: async (name) => ({ name, bytes: new TextEncoder().encode(csv) }),
};
const spec: JobSpec = { ...tinySpec, steps: 3, batchSize: 2, rank: 2 };

type Json = Record<string, unknown>;
const decoded = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as Json;
const encoded = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
const byDefault = (settings: unknown) => ({ ...(settings as Json), maxTokens: null });

/** The unfinished run of a default length as it was written when that was 512. */
async function asBefore(store: RunStore): Promise<void> {
  const record = decoded((await store.read("run.json"))!);
  const file = readSafetensors((await store.read("checkpoint.safetensors"))!);
  const { state, ...metadata } = Object.fromEntries(file.metadata) as Record<string, string>;
  const kept = JSON.parse(state!) as { run: Json };
  const { settings } = kept.run;
  const written = { ...kept, run: { ...kept.run, settings: byDefault(settings) } };
  await store.write({
    "run.json": encoded({ ...record, settings: byDefault(record["settings"]) }),
    "checkpoint.safetensors": writeSafetensors(new Map(file.names.map((name) => [name, file.tensor(name)])), {
      ...metadata,
      state: JSON.stringify(written),
    }),
  });
}

const adapterOf = (files: FileMap) => {
  const { "adapter_model.safetensors": adapter, "head.safetensors": head, "labels.json": labels } = files;
  return { adapter, head, maxTokens: decoded(labels!)["maxTokens"] };
};

async function finished(given: JobSpec) {
  const store = memoryStore();
  await run(given, store, { sources });
  return store.files();
}

/** A store with what a call leaves that is cancelled at an event. */
async function stopped(
  at: (event: JobEvent) => boolean,
  call: (store: RunStore, options: JobOptions) => Promise<unknown>,
) {
  const [store, abort] = [memoryStore(), new AbortController()];
  const onProgress = (event: JobEvent) => {
    if (at(event)) abort.abort();
  };
  await expect(call(store, { sources, signal: abort.signal, onProgress })).rejects.toThrow(AbortError);
  return store;
}
const interrupted = (given: JobSpec) => stopped(afterStep(1), (store, options) => run(given, store, options));

it(
  "a run that began before MiniLM's modules were known goes on to the same bytes; a new one takes 256 tokens",
  { timeout: 300_000 },
  async () => {
    const former = await finished({ ...spec, maxTokens: 512 });
    const store = await interrupted({ ...spec, maxTokens: 512 });
    await asBefore(store);
    await run(spec, store, { sources });
    expect(adapterOf(store.files())).toEqual(adapterOf(former));
    const now = await finished(spec);
    expect(adapterOf(now).maxTokens).toBe(256);
    const again = await interrupted(spec);
    await run(spec, again, { sources });
    expect(results(again.files())).toEqual(results(now));
  },
);

it("so do folds", { timeout: 300_000 }, async () => {
  const { testSplit: _, ...whole } = spec;
  const folded: JobSpec = { ...whole, headOnly: true, baseline: true };
  const folds = (given: JobSpec, store: RunStore = memoryStore(), options: JobOptions = {}) =>
    runFolds(given, 2, store, { sources, ...options });
  const untimed = (report: FoldsReport) => report.folds.map(({ after }) => after);
  const former = await folds({ ...folded, maxTokens: 512 });
  const second = (event: JobEvent) => event.type === "fold" && event.fold === 2;
  const store = await stopped(second, (to, options) => folds({ ...folded, maxTokens: 512 }, to, options));
  const soFar = (await readFolds(store))!;
  await writeFolds(store, { ...soFar, settings: { ...soFar.settings, maxTokens: null } });
  expect(untimed(await folds(folded, store))).toEqual(untimed(former));
  const now = await folds(folded);
  expect(untimed(now)).toEqual(untimed(await folds({ ...folded, maxTokens: 256 })));
  expect(untimed(now)).not.toEqual(untimed(former));
});
