import { type AnyJobSpec, type JobEvent, memoryStore, runJob } from "../../../ts/jobs/index.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import { filesOf } from "./model-files.js";

// Whole runs in the page, on golden models and rows of a few words.

const ENCODER = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "modules.json"];
const MODELS: Readonly<Record<string, readonly [folder: string, files: readonly string[]]>> = {
  bert: ["/test/golden/encoders/bert", [...ENCODER, "1_Pooling/config.json", "sentence_bert_config.json"]],
  llama: [
    "/test/golden/decoders/llama",
    ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"],
  ],
};

const rows = Array.from({ length: 32 }, (_, i) => {
  const label = i % 2 === 0 ? "good" : "bad";
  const word = { good: ["good", "warm", "fine"], bad: ["bad", "cold", "poor"] }[label][(i >> 1) % 3]!;
  const text = `The ${["film", "story", "music"][(i % 5) % 3]} was ${i % 4 < 2 ? "very" : "quite"} ${word}, the end ${i}.`;
  return { text, label, number: (i % 7) / 7, word, anchor: `${word} ${i}`, positive: text };
});
const lines = (of: readonly object[]) => new TextEncoder().encode(of.map((row) => `${JSON.stringify(row)}\n`).join(""));
const DATA: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "texts.jsonl": lines(rows.map(({ text, label }) => ({ text, label }))),
  "several.jsonl": lines(rows.map(({ text, label, word }) => ({ text, label: `${label};${word}` }))),
  "numbers.jsonl": lines(rows.map(({ text, number }) => ({ text, label: number }))),
  "ranked.jsonl": lines(
    rows.map(({ anchor, text, label }) => ({ query: anchor, text, label: label === "good" ? 1 : 0 })),
  ),
  "pairs.jsonl": lines(rows.map(({ anchor, positive }) => ({ anchor, positive }))),
  "plain.jsonl": lines(rows.map(({ text }) => ({ text }))),
  "words.conll": new TextEncoder().encode(
    rows
      .map(({ text }) =>
        text
          .split(" ")
          .map((word) => `${word} ${/^(good|bad)/.test(word) ? "B-X" : "O"}\n`)
          .join(""),
      )
      .join("\n"),
  ),
};

/** A run's losses, metrics and engine, its files' names, and what was told of it. */
async function runIt(spec: object, heard: (event: JobEvent) => void = () => undefined) {
  const told: string[] = [];
  const store = memoryStore();
  const given = { build: "simd", threads: 1, steps: 3, evaluateEvery: 3, batchSize: 4, learningRate: 5e-3, ...spec };
  const { report } = await runJob(given as AnyJobSpec, store, {
    sources: {
      async findModel(name) {
        const [folder, names] = MODELS[name]!;
        return { ...(await modelSource(await filesOf(folder, names))), name, origin: "test" };
      },
      readData: async (name) => ({ name, bytes: DATA[name]! }),
      machine: () => ({ userAgent: "a test" }),
    },
    onProgress(event) {
      if (event.type === "ready")
        told.push(`ready on ${event.job.engine.adapter?.vendor ?? "WebAssembly"} after ${event.job.resumedAfter}`);
      if (event.type === "fallback") told.push(`fallback to ${event.device}: ${event.message}`);
      heard(event);
    },
  });
  const { steps, metrics, engine } = report;
  return {
    losses: steps.map(({ loss }) => loss),
    metrics: Object.values(metrics).map(({ value }) => value),
    files: Object.keys(store.files()).sort(),
    engine,
    told,
  };
}

const specs: Readonly<Record<string, object>> = {
  classify: { model: "bert", data: "texts.jsonl" },
  dora: { model: "bert", data: "texts.jsonl", dora: true },
  "head only": { model: "bert", data: "texts.jsonl", headOnly: true },
  "few-shot": { model: "bert", data: "texts.jsonl", recipe: "few-shot" },
  "multi-label": { model: "bert", data: "several.jsonl", multiLabel: true },
  regress: { model: "bert", data: "numbers.jsonl", task: "regress" },
  tokens: { model: "bert", data: "words.conll", task: "tokens" },
  pairs: { model: "bert", data: "pairs.jsonl", task: "pairs" },
  rank: { model: "bert", data: "ranked.jsonl", task: "rank" },
  text: { model: "llama", data: "plain.jsonl", task: "text" },
};

/** Runs of tasks on both devices. */
export async function compareJobs(names: readonly string[]) {
  const found: Record<string, { gpu: Awaited<ReturnType<typeof runIt>>; wasm: Awaited<ReturnType<typeof runIt>> }> = {};
  for (const name of names) {
    const on = (device: string) => runIt({ ...specs[name], device });
    found[name] = { gpu: await on("webgpu"), wasm: await on("wasm") };
  }
  return found;
}

/** A run whose device is lost after its first checkpoint, and the same without a GPU. */
export async function loseDeviceInJob() {
  const spec = { ...specs["classify"], steps: 27, evaluateEvery: 27, batchSize: 1, finalFit: false, calibrate: false };
  const { requestDevice } = GPUAdapter.prototype;
  let device: GPUDevice | undefined;
  GPUAdapter.prototype.requestDevice = async function (...rest) {
    return (device = await requestDevice.apply(this, rest));
  };
  try {
    const gpu = await runIt({ ...spec, device: "webgpu" }, (event) => {
      if (event.type === "checkpoint" && event.step === 25) device!.destroy();
    });
    return { gpu, wasm: await runIt({ ...spec, device: "wasm" }) };
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
}
