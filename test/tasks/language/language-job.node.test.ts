import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { initialized } from "../../../ts/engine/engine.js";
import { AbortError, CausalLanguageModel, ConfigError } from "../../../ts/index.js";
import {
  type JobEvent,
  type LanguageJobSpec,
  type LanguageReport,
  memoryStore,
  type MemoryStore,
  runStatus,
  unfinishedSpec,
} from "../../../ts/jobs/index.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import { afterStep, conversations, run, sources, spec } from "./tiny-language-job.js";
import { results } from "../../jobs/tiny-job.js";

const names = (files: object) => Object.keys(files).sort();
const FILES = ["adapter_config.json", "adapter_model.safetensors", "loss.svg", "report.json"];

let whole: MemoryStore;
let report: LanguageReport;
const events: JobEvent[] = [];
beforeAll(async () => {
  whole = memoryStore();
  ({ report } = await run({ ...spec, gguf: true }, whole, { onProgress: (event) => events.push(event) }));
});

const used = () => engine.info.memory.used;
let engine: Awaited<ReturnType<typeof initialized>>;
beforeAll(async () => {
  engine = await initialized({});
});
let before = 0;
afterEach(() => expect(used()).toBe(before));
beforeAll(() => {
  before = used();
});

const ready = (of: readonly JobEvent[]) => of.flatMap((event) => (event.type === "ready" ? [event.job] : []))[0]!;

describe("a run on a language model", () => {
  it("learns, keeps the best step, and leaves an adapter that measures the same where it is loaded", async () => {
    expect(names(whole.files())).toEqual(["adapter.gguf", ...FILES]);
    const { result, evaluation, data } = report;
    expect(result!.after.perplexity).toBeLessThan(0.5 * result!.before.perplexity);
    expect(evaluation!.measured.map(({ step }) => step)).toEqual([0, 10, 20, 30, 40]);
    expect(result!.step).toBe(evaluation!.best.step);
    expect([data.train.examples, data.validation.examples]).toEqual([32, 8]);
    const model = await CausalLanguageModel.load(
      await modelSource(await sources.findModel("tiny", { onDownload() {} })),
      {
        weights: "auto",
      },
    );
    const files = whole.files();
    model.loadAdapter("peft", {
      "adapter_config.json": files["adapter_config.json"]!,
      "adapter_model.safetensors": files["adapter_model.safetensors"]!,
    });
    await model.loadGguf("gguf", files["adapter.gguf"]!);
    // Which examples were held out follows from the seed: those of the job are the eight that are not among what was learnt.
    const all = await model.evaluate(conversations, { adapter: "peft" });
    expect(all.targets).toBe(data.train.targets + data.validation.targets);
    expect(all.tokens).toBe(data.train.tokens + data.validation.tokens);
    const [base, gguf] = [null, "gguf"].map((adapter) => model.evaluate(conversations, { adapter }));
    expect(all.loss).toBeLessThan(0.6 * (await base!).loss);
    expect((await gguf!).loss).toBeCloseTo(all.loss, 5);
    model.dispose();
  });

  it("tells what it is about to do, and how far it is", () => {
    const job = ready(events);
    expect(job).toMatchObject({
      steps: 40,
      evaluateEvery: 10,
      resumedAfter: null,
      model: { name: "tiny", origin: "memory", layers: 3, hiddenSize: 32 },
      data: { train: { examples: 32 }, validation: { examples: 8, split: true } },
      checkpointing: false,
    });
    expect(job.task).toBe("chat");
    expect(job.data.train.targets).toBeLessThan(job.data.train.tokens!);
    const phases = events.flatMap((event) => (event.type === "progress" ? [event.phase] : []));
    expect([...new Set(phases)]).toEqual(["tokenize", "train"]);
    const tokenized = events.flatMap((event) =>
      event.type === "progress" && event.phase === "tokenize" ? [event.done] : [],
    );
    expect(tokenized.at(-1)).toBe(40);
    expect(events.filter(({ type }) => type === "evaluation")).toHaveLength(5);
    expect(new TextDecoder().decode(whole.files()["loss.svg"])).toMatch(
      /tiny with LoRA: perplexity [\d.]+ before, [\d.]+ after/,
    );
  });

  it("stops early where nothing gets better, and then keeps the model as it is", async () => {
    const store = memoryStore();
    const warnings: string[] = [];
    const onProgress = (event: JobEvent) => void (event.type === "warning" && warnings.push(event.message));
    const idle = { ...spec, learningRate: 1e-12, patience: 2, evaluateEvery: 5 };
    const { report: own } = await run(idle, store, { onProgress });
    expect(own.evaluation).toMatchObject({ stoppedEarly: true, best: { step: 0 } });
    expect(own.training.steps).toBe(10);
    expect(own.result!.after).toEqual(own.result!.before);
    expect(warnings).toEqual([expect.stringMatching(/no step was better .* try another learningRate/)]);
  });

  it("measures nothing where nothing is held out, and keeps the last step", async () => {
    const store = memoryStore();
    const { report: own } = await run({ ...spec, steps: 3, validationSplit: 0 }, store);
    const parts = { validation: { examples: 0 }, train: { examples: 40 } };
    expect(own).toMatchObject({ result: null, metrics: {}, evaluation: null, data: parts });
    expect(names(store.files())).toEqual(FILES);
  });
});

describe("a run that is interrupted", () => {
  const given = { ...spec, gguf: true };

  it("goes on to the same bits, whether it was aborted or killed", async () => {
    const stopped = memoryStore();
    const abort = new AbortController();
    let killed = memoryStore();
    const onProgress = (event: JobEvent) => {
      // What a process that is killed here leaves behind.
      if (afterStep(28)(event)) killed = memoryStore(stopped.files());
      if (afterStep(33)(event)) abort.abort();
    };
    await expect(run(given, stopped, { signal: abort.signal, onProgress })).rejects.toBeInstanceOf(AbortError);
    expect(await runStatus(stopped)).toMatchObject({ status: "interrupted", step: 33, steps: 40 });
    expect(await runStatus(killed)).toMatchObject({ status: "training", step: 25, steps: 40 });
    expect(await unfinishedSpec(stopped)).toMatchObject(given);
    for (const [store, step] of [
      [stopped, 33],
      [killed, 25],
    ] as const) {
      const own: JobEvent[] = [];
      await run((await unfinishedSpec(store)) as LanguageJobSpec, store, { onProgress: (event) => own.push(event) });
      expect(ready(own).resumedAfter).toBe(step);
      expect(results(store.files())).toEqual(results(whole.files()));
      expect(await runStatus(store)).toMatchObject({ status: "finished" });
    }
  });

  it.each(["tokenize", "ready"])("begins anew where it was in %s", async (phase) => {
    const store = memoryStore();
    const abort = new AbortController();
    const onProgress = (event: JobEvent) => {
      if (event.type === phase || (event.type === "progress" && event.phase === phase && event.done > 0)) abort.abort();
    };
    await expect(run(given, store, { signal: abort.signal, onProgress })).rejects.toBeInstanceOf(AbortError);
    await run(given, store);
    expect(results(store.files())).toEqual(results(whole.files()));
  });

  it("is refused another spec, other data and another model", async () => {
    const store = memoryStore();
    const abort = new AbortController();
    const onProgress = (event: JobEvent) => afterStep(2)(event) && abort.abort();
    await run(spec, store, { signal: abort.signal, onProgress: (event) => void onProgress(event) }).catch(() => {});
    const files = store.files();
    await expect(run({ ...spec, rank: 8 }, store)).rejects.toThrow(/rank was 4, now it is 8/);
    await expect(run({ task: "text", data: "pairs.jsonl" }, store)).rejects.toThrow(
      /has an unfinished run with another spec: /,
    );
    const other = {
      ...sources,
      readData: async () => ({
        name: "chat.jsonl",
        bytes: new TextEncoder().encode(
          conversations
            .slice(1)
            .map((row) => JSON.stringify(row))
            .join("\n"),
        ),
      }),
    };
    await expect(run(spec, store, { sources: other })).rejects.toThrow(/chat\.jsonl changed since it began/);
    expect(store.files()).toEqual(files);
  });

  it("is no other task's: a classifier's spec does not go on with it", async () => {
    const store = memoryStore(whole.files());
    await expect(run(spec, store)).rejects.toThrow(ConfigError);
  });
});
