/*
 * Work whose results are the same bits in every runtime. It imports the public API alone: vitest runs it on the sources,
 * test/runtimes on the built package.
 */
import {
  AdamW,
  bytesSource,
  type ClassifierFitOptions,
  clipGradNorm,
  cosineSchedule,
  gaussianInit,
  Graph,
  type LoraOptions,
  linearSchedule,
  LoraLinear,
  metrics,
  normal,
  SentenceEncoder,
  tensor,
  TextClassifier,
  uniform,
} from "../../../ts/index.js";
import { memoryStore, runJob } from "../../../ts/jobs/index.js";
import { examples, tinyEncoder } from "../../models/tiny-encoder.js";
import { sha256 } from "./sha256.js";

const bytesOf = (values: readonly number[] | Float32Array) =>
  new Uint8Array((values instanceof Float32Array ? values.slice() : Float64Array.from(values)).buffer);

/** A run's files that hold what was trained. */
const trained = (files: Readonly<Record<string, Uint8Array>>) =>
  ["adapter_model.safetensors", "head.safetensors"].map((name) => files[name]!);

/** Twenty steps of a new classifier on the tiny encoder, and what it then says of the texts. */
async function twentySteps(lora: LoraOptions, options: ClassifierFitOptions, merge = false): Promise<Uint8Array[]> {
  const encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 3 });
  try {
    const classifier = TextClassifier.create(encoder, { labels: ["good", "bad"], lora });
    await classifier.fit(examples, { steps: 20, batchSize: 8, seed: 5, ...options });
    const files = trained(classifier.save());
    if (merge) encoder.mergeAdapter("classifier");
    const logits = await classifier.logits(examples.map(({ text }) => text));
    return [...files, ...logits.map(bytesOf)];
  } finally {
    encoder.dispose();
  }
}

/** `runJob` with the default recipe, whose head begins fitted to frozen vectors. */
async function job(): Promise<Uint8Array[]> {
  const files = await tinyEncoder();
  const rows = examples.map(({ text, label }) => `"${text}",${label}\n`);
  const csv = new TextEncoder().encode(`text,label\n${rows.join("")}`);
  const store = memoryStore();
  // The texts are nearly the same, and are split as before there was a setting for that.
  const nearDuplicates = "apart" as const;
  const spec = { model: "tiny", data: "examples.csv", steps: 20, batchSize: 8, dropout: 0.1, nearDuplicates };
  const open = async (name: string) => (files[name] === undefined ? null : bytesSource(files[name]));
  const { report } = await runJob(spec, store, {
    sources: {
      findModel: async () => ({ name: "tiny", open, origin: "memory" }),
      readData: async (name) => ({ name, bytes: csv }),
      machine: () => ({}),
    },
  });
  // The result without texts that are nearly the same is told since nearly equal texts are looked for; here all of them are.
  const numbers = [report.steps, report.evaluation, { ...report.result, unseen: null }];
  const told = JSON.stringify(numbers, (key, value) => (key === "milliseconds" ? undefined : value));
  return [...trained(store.files()), new TextEncoder().encode(told)];
}

/** Numbers that the host makes: draws, rates, shares and intervals. */
async function hostNumbers(): Promise<Uint8Array[]> {
  const graph = new Graph({ seed: 11 });
  const steps = Array.from({ length: 997 }, (_, step) => step);
  const rates = [cosineSchedule, linearSchedule].map((schedule) =>
    bytesOf(steps.map(schedule({ peak: 3e-4, warmup: 37, total: 997 }))),
  );
  const draws = [uniform(graph, [1000], 0.3), normal(graph, [1000], 2), gaussianInit()(graph, LAYER).a];
  const rows = steps.map((i) => uniform(graph, [3], 2 + (i % 50)).data);
  const measured = await metrics(rows, steps.map((i) => i % 3), 3); // prettier-ignore
  graph.dispose();
  const powers = Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074));
  return [
    ...rates,
    ...draws.map(({ data }) => bytesOf(data)),
    new TextEncoder().encode(JSON.stringify(measured)),
    bytesOf(powers),
  ];
}

const LAYER = { inFeatures: 48, outFeatures: 16, rank: 8 };

/** Twenty steps of one wide layer on many rows: what several threads share. */
function wideLayer(): Uint8Array[] {
  const graph = new Graph({ seed: 17 });
  try {
    const [rows, width] = [512, 384];
    const x = graph.constant(normal(graph, [rows, width], 1));
    const weight = graph.constant(normal(graph, [width, width], 0.05));
    const layer = LoraLinear.fromLinear(graph, weight, null, width, width, { rank: 8 });
    const params = [layer.loraA, layer.loraB];
    const optimizer = new AdamW(graph, params, { lr: 1e-2 });
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      graph.step(() => {
        const y = graph.softmax(graph.layerNorm(graph.gelu(layer.forward(graph, x)), null, null));
        const loss = graph.crossEntropy(
          y,
          Int32Array.from({ length: rows }, (_, i) => i % width),
        );
        graph.backward(loss);
        losses.push(graph.value(loss).data[0]!);
      });
      clipGradNorm(graph, params, 0.01);
      optimizer.step();
    }
    return [bytesOf(losses), ...params.map((id) => bytesOf(graph.value(id).data))];
  } finally {
    graph.dispose();
  }
}

/** Ops that are more than IEEE 754's own, all over their range. */
function elementary(): Uint8Array[] {
  const graph = new Graph({ seed: 13 });
  try {
    const x = graph.constant(uniform(graph, [4001], 90));
    const unit = graph.constant(uniform(graph, [4001], 1));
    const positive = graph.exp(x);
    const results = [
      positive,
      graph.log(positive),
      graph.rsqrt(positive),
      graph.pow(positive, 0.3),
      graph.sin(x),
      graph.cos(x),
      graph.erf(unit),
      graph.tanh(x),
      graph.sigmoid(x),
      graph.gelu(x),
      graph.softmax(x),
      graph.layerNorm(x, null, null),
    ];
    return results.map((id) => bytesOf(graph.value(id).data));
  } finally {
    graph.dispose();
  }
}

/** Ops on numbers so small that their results are subnormal, which no runtime may take for 0. */
function subnormal(): Uint8Array[] {
  const graph = new Graph({ seed: 7 });
  try {
    const x = graph.constant(uniform(graph, [9, 32], 3e-38));
    const y = graph.constant(uniform(graph, [32, 5], 0.01));
    const exponents = graph.constant(tensor([4], [-87.5, -95, -103, -104]));
    const results = [graph.mul(x, x), graph.square(x), graph.matmul(x, y), graph.exp(exponents), graph.gelu(x)];
    return results.map((id) => bytesOf(graph.value(id).data));
  } finally {
    graph.dispose();
  }
}

/** Which results are NaN. What bits a NaN has is the processor's own affair, as WebAssembly leaves it. */
function notNumbers(): Uint8Array[] {
  const graph = new Graph();
  try {
    const x = graph.constant(tensor([5], [NaN, Infinity, -Infinity, 0, -1]));
    const results = [
      graph.add(x, graph.neg(x)),
      graph.sqrt(x),
      graph.log(x),
      graph.maximum(x, graph.neg(x)),
      graph.gelu(x),
    ];
    const others = [graph.softmax(x), graph.sin(x), graph.mul(x, graph.constant(tensor([5], [1, 0, 0, 0, 0])))];
    return [...results, ...others].map((id) =>
      Uint8Array.from(graph.value(id).data, (value) => Number(Number.isNaN(value))),
    );
  } finally {
    graph.dispose();
  }
}

const schedule = cosineSchedule({ peak: 1, warmup: 4, total: 20 });

/** By name, what gives the bytes. */
const cases: Readonly<Record<string, () => Uint8Array[] | Promise<Uint8Array[]>>> = {
  "twenty steps": () => twentySteps({ rank: 4, dropout: 0.1 }, { learningRate: 3e-3, schedule }),
  "twenty steps of all layers, DoRA, merged": () =>
    twentySteps(
      { rank: 3, targetModules: "all-linear", dora: true, init: gaussianInit() },
      { learningRate: 1e-3, accumulate: 2 },
      true,
    ),
  "twenty steps of a wide layer": wideLayer,
  "a job": job,
  "numbers of the host": hostNumbers,
  "elementary ops": elementary,
  "subnormal numbers": subnormal,
  "no numbers": notNumbers,
};

/** The SHA-256 of every case. The default engine runs; its build and threads decide the bits, and nothing else. */
export async function bits(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, run] of Object.entries(cases)) found[name] = await sha256(await run());
  return found;
}
