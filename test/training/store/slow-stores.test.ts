import { expect, it } from "vitest";
import { AbortError, engineInfo } from "../../../ts/index.js";
import type { ByteSource } from "../../../ts/io/byte-source.js";
import { type JobModel, type JobSources, memoryStore, type RunStore } from "../../../ts/jobs/index.js";
import { afterStep, run, runUntil, sources, spec } from "../../jobs/tiny-job.js";

/** Sources whose model has other functions. */
const withModel = (change: (model: JobModel) => Partial<JobModel>): Partial<JobSources> => ({
  async findModel(...args) {
    const model = await sources.findModel(...args);
    return { ...model, ...change(model) };
  },
});

/** Sources whose model's files have other functions. */
const withFiles = (change: Partial<ByteSource>) =>
  withModel((model) => ({
    async open(file) {
      const source = await model.open(file);
      return source && { ...source, ...change };
    },
  }));

/** A call that aborts the job that makes it, and never answers. */
type Hang = () => Promise<never>;
const slow: Record<string, (hang: Hang) => { store?: Partial<RunStore>; from?: Partial<JobSources> }> = {
  "store.claim": (hang) => ({ store: { claim: hang } }),
  "store.read": (hang) => ({ store: { read: hang } }),
  "store.has": (hang) => ({ store: { has: hang } }),
  "sources.readData": (hang) => ({ from: { readData: hang } }),
  "sources.findModel": (hang) => ({ from: { findModel: hang } }),
  "the model's digest": (hang) => ({ from: withModel(() => ({ digest: hang })) }),
  "the model's open": (hang) => ({ from: withModel(() => ({ open: hang })) }),
  "a file's read": (hang) => ({ from: withFiles({ read: hang }) }),
  "a file's close": (hang) => ({ from: withFiles({ close: hang }) }),
};

it.each(Object.keys(slow))("an abort is heard while %s does not answer", async (name) => {
  const [inner, before] = [memoryStore(), engineInfo().memory.used];
  const abort = new AbortController();
  const hang = () => {
    setTimeout(() => abort.abort(new RangeError("enough")), 1);
    return new Promise<never>(() => undefined);
  };
  const { store, from } = slow[name]!(hang);
  const job = run(spec, { ...inner, ...store }, { sources: { ...sources, ...from }, signal: abort.signal });
  const error = await job.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AbortError);
  expect((error as AbortError).cause).toEqual(new RangeError("enough"));
  // Once it could read its store, it has left what it was to do, and nothing else.
  expect(Object.keys(inner.files())).toEqual(name.startsWith("store.") ? [] : ["run.json"]);
  expect(engineInfo().memory.used).toBe(before);
  // Free again.
  await (
    await inner.claim()
  )();
});

it("what comes after an abort is given back: a claim, a file", async () => {
  const given: string[] = [];
  const abort = new AbortController();
  const late = async <T>(what: T): Promise<T> => {
    abort.abort();
    await Promise.resolve();
    return what;
  };
  const claim = () => late(() => void given.push("claim"));
  await expect(run(spec, { ...memoryStore(), claim }, { signal: abort.signal })).rejects.toThrow(AbortError);

  const other = new AbortController();
  const close = async () => void given.push("file");
  const open = async () => {
    other.abort();
    await Promise.resolve();
    return { size: 1, read: async () => new Uint8Array(1), close };
  };
  const from = { ...sources, ...withModel(() => ({ open })) };
  await expect(run(spec, memoryStore(), { sources: from, signal: other.signal })).rejects.toThrow(AbortError);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(given).toEqual(["claim", "file"]);
});

it("reading data gets the job's signal", async () => {
  const abort = new AbortController();
  const signals: unknown[] = [];
  const readData: JobSources["readData"] = (name, options) => {
    signals.push(options?.signal);
    return sources.readData(name);
  };
  await run({ ...spec, steps: 1 }, memoryStore(), { sources: { ...sources, readData }, signal: abort.signal });
  expect(signals).toEqual([abort.signal]);
});

it("a checkpoint that is being written when the abort comes is waited for", async () => {
  const inner = memoryStore();
  const abort = new AbortController();
  const write: RunStore["write"] = async (blobs) => {
    if (Object.hasOwn(blobs, "checkpoint.safetensors")) abort.abort();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await inner.write(blobs);
  };
  await expect(run(spec, { ...inner, write }, { signal: abort.signal })).rejects.toThrow(AbortError);
  expect(Object.keys(inner.files()).sort()).toEqual(["checkpoint.history.jsonl", "checkpoint.safetensors", "run.json"]);
});

it("a store that fails after the abort does not hide it", async () => {
  const inner = memoryStore();
  let aborted = false;
  const has = (blob: string) => (aborted ? Promise.reject(new RangeError("no more")) : inner.has(blob));
  const remove = () => Promise.reject(new RangeError("no more"));
  const { error } = await runUntil(spec, { ...inner, has, remove }, (event) => (aborted = afterStep(3)(event)));
  expect(error).toBeInstanceOf(AbortError);
});
