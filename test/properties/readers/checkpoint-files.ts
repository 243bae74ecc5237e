import { cellsIn } from "../../../ts/train/metrics/class-scores.js";
import { scoresOf } from "../../../ts/train/metrics/metrics.js";
import { CheckpointWriter } from "../../../ts/training/store/checkpoint-file.js";
import type { RunState } from "../../../ts/training/store/run-state.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { readSpec } from "../../../ts/training/spec/read-settings.js";
import { textFields } from "../../../ts/tasks/classify/settings.js";
import { memoryStore } from "../../../ts/training/store/run-store.js";

const own = {
  model: "m",
  data: "d.csv",
  validationSplit: 0.1,
  testSplit: 0,
  steps: 4,
  batchSize: 2,
  learningRate: 0.1,
};
const settings: RunState["settings"] = readSpec(
  "a test",
  { ...own, rank: 2, alpha: 4, targetModules: ["query"], evaluateEvery: 2, build: "simd", threads: 1 },
  textFields,
);

/** A checkpoint after two steps on one parameter, and its history. */
export async function checkpointFiles(): Promise<FileMap> {
  const value = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  const confusion = [
    [1, 0],
    [1, 0],
  ];
  const intervals = { accuracy: [0, 1], macroF1: [0, 1] };
  const before = { count: 2, loss: 0.7, confusion, ...scoresOf(cellsIn({ confusion }), 2), intervals };
  const hash = "0".repeat(64);
  const run = {
    settings,
    modelHash: hash,
    trainHash: hash,
    validationHash: hash,
    testHash: null,
    build: "simd",
    threads: 1,
    baseline: { before, largestClass: 0.5, headOnly: before },
    headPredictions: [0, 0],
  } as unknown as RunState;
  const record = { step: 0, loss: 1, learningRate: 0.1, gradNorm: 1, tokens: 3, milliseconds: 1 };
  const checkpoint = {
    step: 2,
    parameters: [value],
    streams: 3,
    history: [record, { ...record, step: 1 }],
    optimizer: { steps: [2], buffers: [{ m: value, v: value }] },
    evaluation: {
      measured: [
        { step: 0, value: 0.5 },
        { step: 2, value: 0.6 },
      ],
      best: { step: 0, parameters: [value] },
    },
  };
  const store = memoryStore();
  await new CheckpointWriter(store, run, null).write(checkpoint);
  return store.files();
}
