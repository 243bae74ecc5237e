import { beforeAll, describe, expect, it } from "vitest";
import { AbortError, ConfigError, engineInfo, FormatError, readAdapter, TextClassifier } from "../../ts/index.js";
import type { FileMap } from "../../ts/io/file-access.js";
import { type JobEvent, type JobSpec, memoryStore, runStatus, unfinishedSpec } from "../../ts/jobs/index.js";
import { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { afterStep, data, results, run, runUntil, sources, spec } from "./tiny-job.js";

/** What the run leaves that nobody disturbs. */
let whole: FileMap;
beforeAll(async () => {
  const store = memoryStore();
  await run(spec, store);
  whole = store.files();
});

const FINISHED = [
  "adapter_config.json",
  "adapter_model.safetensors",
  "head.safetensors",
  "labels.json",
  "loss.svg",
  "report.json",
];
const INTERRUPTED = ["checkpoint.history.jsonl", "checkpoint.safetensors", "run.json"];
const names = (files: FileMap) => Object.keys(files).sort();
const used = () => engineInfo().memory.used;

/** A store of a run that was interrupted after a step. */
async function interrupted(step = 27) {
  const store = memoryStore();
  const { error } = await runUntil(spec, store, afterStep(step));
  expect(error).toBeInstanceOf(AbortError);
  return store;
}

describe("a job", () => {
  it("leaves adapter, head, report and curve, and gives what they say", async () => {
    const store = memoryStore();
    const before = used();
    const { report, predictions } = await run({ ...spec, baseline: true }, store);
    expect(used()).toBe(before);
    const files = store.files();
    expect(names(files)).toEqual(FINISHED);
    expect(JSON.parse(new TextDecoder().decode(files["report.json"]))).toEqual(JSON.parse(JSON.stringify(report)));
    expect(report).toMatchObject({
      settings: { ...spec, baseline: true, rank: 8 },
      engine: { userAgent: "a test" },
      training: { steps: 60 },
      data: { labels: ["bad", "good"], train: { file: "examples.csv", examples: 32 }, validation: { examples: 8 } },
    });
    expect(report.result.headOnly!.count).toBe(8);
    expect(report.steps.at(-1)!.loss).toBeLessThan(report.steps[0]!.loss);
    expect([...readAdapter(files).layers.keys()]).toHaveLength(6);

    // The files are the classifier that was measured.
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.load(encoder, files);
    const again = await classifier.predict(predictions.map(({ text }) => text));
    expect(again.map(({ label }) => label)).toEqual(predictions.map(({ predicted }) => predicted));
    const right = predictions.filter(({ label, predicted }) => label === predicted).length;
    expect(right / predictions.length).toBe(report.result.after.accuracy);
    const known = new Set(examples.map(({ text, label }) => `${label} ${text}`));
    expect(predictions.every(({ text, label }) => known.has(`${label} ${text}`))).toBe(true);
  });

  it("gives the same bits for the same spec, which may have come as JSON", async () => {
    const store = memoryStore();
    await run(JSON.parse(JSON.stringify(spec)), store);
    expect(results(store.files())).toEqual(results(whole));
  });

  it("reads each file of its model once, and trains on what it hashed", async () => {
    const opened: string[] = [];
    const findModel: typeof sources.findModel = async (...args) => {
      const model = await sources.findModel(...args);
      const open: typeof model.open = (file) => {
        opened.push(file);
        return model.open(file);
      };
      return { ...model, open };
    };
    const store = memoryStore();
    await run(spec, store, { sources: { ...sources, findModel } });
    expect(opened.sort()).toEqual([
      "1_Pooling/config.json",
      "2_Dense/config.json",
      "2_Dense/model.safetensors",
      "config.json",
      "config_sentence_transformers.json",
      "model.safetensors",
      "model.safetensors.index.json",
      "modules.json",
      "sentence_bert_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(results(store.files())).toEqual(results(whole));
  });

  it("takes the spec when it begins: what is done to it afterwards changes nothing", async () => {
    const own = { ...spec, targetModules: ["query", "key", "value"] };
    const undisturbed = memoryStore();
    await run(structuredClone(own), undisturbed);
    const store = memoryStore();
    const job = run(own, store);
    own.targetModules.length = 1;
    own.seed = 7;
    await job;
    expect(results(store.files())).toEqual(results(undisturbed.files()));
  });

  it("tells of each phase from 0 to its end, in their order, and of each checkpoint", async () => {
    const events: JobEvent[] = [];
    await run({ ...spec, baseline: true }, memoryStore(), { onProgress: (event) => events.push(event) });
    const progress = events.filter((event) => event.type === "progress");
    const phases = [...new Set(progress.map(({ phase }) => phase))];
    expect(phases).toEqual(["tokenize", "encode-validation", "encode-train", "head-only", "train", "validate"]);
    for (const phase of phases) {
      const own = progress.filter((event) => event.phase === phase);
      const done = own.map((event) => event.done);
      expect(done[0]).toBe(0);
      expect(done.at(-1)).toBe(own[0]!.total);
      expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
      const trains = phase === "train" || phase === "head-only";
      for (const event of own.slice(1)) expect(Number.isFinite(event.loss ?? NaN)).toBe(trains);
    }
    const others = events.filter(({ type }) => type !== "progress");
    expect(others).toMatchObject([
      { type: "model", origin: "memory" },
      { type: "data", summary: { train: { examples: 32 }, validation: { examples: 8 }, test: null } },
      {
        type: "ready",
        job: { steps: 60, resumedAfter: null, model: { layers: 2, hiddenSize: 32 }, settings: { rank: 8 } },
      },
      ...[25, 50, 60].map((step) => ({ type: "checkpoint", step })),
    ]);
  });

  it("ends with what its listener throws, and the store is free again", async () => {
    const store = memoryStore();
    const before = used();
    const onProgress = (event: JobEvent) => {
      if (afterStep(30)(event)) throw new RangeError("enough");
    };
    await expect(run(spec, store, { onProgress })).rejects.toThrow(new RangeError("enough"));
    expect(used()).toBe(before);
    expect(names(store.files())).toEqual(INTERRUPTED);
    await run(spec, store);
    expect(results(store.files())).toEqual(results(whole));
  });

  it("that diverges names the settings that help, and keeps the last checkpoint", async () => {
    const store = memoryStore();
    const wild = { ...spec, learningRate: 1e30, maxGradNorm: null, warmup: 0 };
    const error = await run(wild, store).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(
      /^training diverged: .* of step \d+ is NaN.*; try a lower learningRate, a longer warmup or a lower maxGradNorm$/,
    );
    // It came before the first checkpoint.
    expect(names(store.files())).toEqual(["run.json"]);
    expect(await runStatus(store)).toMatchObject({ status: "failed", step: null, error: (error as Error).message });
    // Nothing is lost by a run with other settings in its place.
    await run(spec, store);
    expect(results(store.files())).toEqual(results(whole));
  });
});

describe("an aborted job", () => {
  it("answers within a step, keeps a checkpoint of it, and goes on to the same bits", async () => {
    const store = memoryStore();
    const before = used();
    const { error, after } = await runUntil(spec, store, afterStep(27));
    expect(used()).toBe(before);
    expect(error).toBeInstanceOf(AbortError);
    // Nothing but the checkpoint: no other step began.
    expect(after).toEqual([{ type: "checkpoint", step: 27 }]);
    expect(names(store.files())).toEqual(INTERRUPTED);
    expect(await unfinishedSpec(store)).toEqual({ ...(await unfinishedSpec(store)), ...spec });

    // In another store with the same blobs, as another machine would.
    const other = memoryStore(store.files());
    const events: JobEvent[] = [];
    await run(spec, other, { onProgress: (event) => events.push(event) });
    expect(events.find(({ type }) => type === "ready")).toMatchObject({ job: { resumedAfter: 27 } });
    const trained = events.filter((event) => event.type === "progress" && event.phase === "train");
    expect(trained.map((event) => event.type === "progress" && event.done)).toEqual(
      Array.from({ length: 34 }, (_, i) => 27 + i),
    );
    expect(results(other.files())).toEqual(results(whole));
    expect(await unfinishedSpec(other)).toBeNull();
  });

  it("goes on however often it is aborted, before its first step too", async () => {
    const store = memoryStore();
    const stops = [0, 1, 2, 25, 26, 59];
    for (const step of stops) {
      const { error } = await runUntil({ ...spec, baseline: true }, store, (event) => {
        return event.type === "progress" && event.phase === "train" && event.done >= step;
      });
      expect(error).toBeInstanceOf(AbortError);
      expect(names(store.files())).toEqual(step === 0 ? INTERRUPTED.slice(1) : INTERRUPTED);
    }
    await run({ ...spec, baseline: true }, store);
    const undisturbed = memoryStore();
    await run({ ...spec, baseline: true }, undisturbed);
    expect(results(store.files())).toEqual(results(undisturbed.files()));
  });

  it.each(["ready", "encode-validation", "encode-train", "head-only"])(
    "begins anew where it was in %s",
    async (phase) => {
      const store = memoryStore();
      const fits = (event: JobEvent) =>
        event.type === phase || (event.type === "progress" && event.phase === phase && event.done > 0);
      const { error, after } = await runUntil({ ...spec, baseline: true }, store, fits);
      expect(error).toBeInstanceOf(AbortError);
      // Another phase may be named, of which nothing is done.
      expect(after.filter((event) => event.type !== "progress" || event.done > 0)).toEqual([]);
      expect(names(store.files())).toEqual(["run.json"]);
      expect(await runStatus(store)).toMatchObject({ status: "interrupted", step: null, steps: 60, error: null });
      await run((await unfinishedSpec(store)) as JobSpec, store);
      const undisturbed = memoryStore();
      await run({ ...spec, baseline: true }, undisturbed);
      expect(results(store.files())).toEqual(results(undisturbed.files()));
    },
  );

  it("of less than one pass over its data has a baseline too", async () => {
    const { report } = await run({ ...spec, steps: 2, batchSize: 4, baseline: true }, memoryStore());
    expect(report.result.headOnly!.count).toBe(8);
  });

  it("does nothing where its signal came before", async () => {
    const store = memoryStore();
    await expect(run(spec, store, { signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
    expect(store.files()).toEqual({});
    const release = await store.claim();
    await release();
  });

  it("keeps nothing that training has written where its store takes no checkpoint", async () => {
    const inner = memoryStore();
    const full = { ...inner, write: () => Promise.reject(new RangeError("full")) };
    await expect(run(spec, full)).rejects.toThrow(new RangeError("full"));
    expect(inner.files()).toEqual({});
  });
});

describe("a store", () => {
  it("is one job's: another is refused, and the first goes on", async () => {
    const store = memoryStore();
    const [first, second] = await Promise.allSettled([run(spec, store), run(spec, store)]);
    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ status: "rejected", reason: expect.any(ConfigError) });
    expect((second as PromiseRejectedResult).reason.message).toMatch(/in use: another job uses it/);
    expect(results(store.files())).toEqual(results(whole));
  });

  it("is refused where it holds a finished run, or results of something else", async () => {
    for (const [files, says] of [
      [whole, /has a finished run: choose another store/],
      [{ "labels.json": new Uint8Array(3) }, /has labels\.json, which the run would replace/],
    ] as const) {
      const store = memoryStore(files);
      const error = await run(spec, store).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).toMatch(says);
      expect(store.files()).toEqual(files);
    }
  });

  it("is refused to another spec, naming what differs, and stays as it is", async () => {
    const store = await interrupted();
    const before = store.files();
    for (const [change, says] of [
      [{ rank: 4 }, /another spec: rank was 8, now it is 4/],
      [{ data: "others.csv" }, /data was "examples\.csv", now it is "others\.csv"/],
      [{ targetModules: ["query"] }, /targetModules was null, now it is \["query"\]/],
      [{ labelNames: { good: "bad" } }, /labelNames was/],
    ] as const) {
      const error = await run({ ...spec, ...change }, store).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).toMatch(says);
    }
    expect(store.files()).toEqual(before);
  });

  it("is refused where data or model changed since, and stays as it is", async () => {
    const store = await interrupted();
    const before = store.files();
    const otherData = { ...sources, readData: async (name: string) => ({ name, bytes: data["others.csv"]! }) };
    await expect(run(spec, store, { sources: otherData })).rejects.toThrow(
      /^runJob: the result would differ from an uninterrupted run's: examples\.csv changed since it began/,
    );
    const digest = async () => "0".repeat(64);
    const findModel: typeof sources.findModel = async (...args) => ({ ...(await sources.findModel(...args)), digest });
    await expect(run(spec, store, { sources: { ...sources, findModel } })).rejects.toThrow(
      /the model \(weights, configuration or tokenizer\) changed since it began/,
    );
    expect(store.files()).toEqual(before);
  });

  it("is refused where its checkpoint is damaged, and stays as it is", async () => {
    const good = (await interrupted()).files();
    for (const [name, bytes] of [
      ["checkpoint.safetensors", good["checkpoint.safetensors"]!.subarray(0, 500)],
      ["checkpoint.history.jsonl", good["checkpoint.history.jsonl"]!.subarray(1)],
      ["checkpoint.history.jsonl", new Uint8Array()],
    ] as const) {
      const store = memoryStore({ ...good, [name]: bytes });
      const before = store.files();
      const error = await run(spec, store).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(FormatError);
      expect((error as Error).message).toContain(name);
      expect(store.files()).toEqual(before);
      await expect(unfinishedSpec(store)).rejects.toThrow(FormatError);
    }
  });
});
