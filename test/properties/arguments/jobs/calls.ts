import {
  bucketStore,
  folderStore,
  keptSources,
  memoryStore,
  opfsStore,
  runFolds,
  runJob,
  runStatus,
  unfinishedSpec,
} from "../../../../ts/entry/jobs-node.js";
import { takeSources } from "../../../../ts/training/sources/job-sources.js";
import { takeStore } from "../../../../ts/training/store/run-store.js";
import { sources, spec } from "../../../jobs/tiny-job.js";
import type { Call } from "../refusals.js";

/** Every field of a spec. */
const whole = () => ({
  ...spec,
  steps: 1,
  validation: null,
  validationSplit: 0.2,
  text: "text",
  label: "label",
  labelNames: {},
  epochs: null,
  warmup: 0,
  schedule: "cosine",
  minLearningRateRatio: 0.1,
  weightDecay: 0.01,
  maxGradNorm: 1,
  accumulate: 1,
  checkpointing: false,
  rank: 1,
  alpha: 2,
  targetModules: ["query"],
  rslora: false,
  dora: false,
  seed: 0,
  maxTokens: 8,
  recipe: "default",
  headOnly: false,
  headLearningRate: 0.001,
  loraPlusRatio: 4,
  build: "auto",
  threads: "auto",
  device: "wasm",
  allow: ["same-file"],
});

/** Ends a job before its model is looked for, or with the wrong thing that comes first. */
const brief = () => {
  const signal = AbortSignal.abort();
  return { signal, onProgress: () => undefined, sources: { ...sources } };
};

/** What a store is asked for before a job begins. */
const store = () => ({ ...memoryStore() });

/** Calls of `lowrank/jobs`. Stores are empty, and none is kept. */
export const jobCalls = {
  runJob: [
    {
      args: () => [whole(), store(), brief()],
      run: (_, ...args) => runJob(...(args as Parameters<typeof runJob>)),
    },
    {
      args: () => [{ ...sources }],
      run: (_, given) => runJob({ ...spec, steps: 1 }, memoryStore(), { sources: given }),
    },
    {
      args: () => [{ name: "a", bytes: new Uint8Array(2) }],
      run: (_, file) => runJob(spec, memoryStore(), { sources: { ...sources, readData: async () => file } }),
    },
    {
      args: () => [{ name: "a", origin: "memory", open: async () => null, digest: async () => null }],
      run: (_, model) => runJob(spec, memoryStore(), { sources: { ...sources, findModel: async () => model } }),
    },
    {
      args: () => [() => undefined, new Uint8Array(2)],
      run: (_, release, blob) =>
        runJob(spec, { ...memoryStore(), claim: async () => release, read: async () => blob }, { sources }),
    },
  ],
  runFolds: [
    {
      args: () => [{ ...whole(), classWeights: { good: 1 }, sampling: "balanced" }, 2, store(), brief()],
      run: (_, ...args) => runFolds(...(args as Parameters<typeof runFolds>)),
    },
  ],
  takeSources: [
    {
      args: () => [{ userAgent: "a", cpu: "b" }],
      run: (_, machine) => takeSources("runJob", { ...sources, machine: () => machine }).machine(),
    },
  ],
  takeStore: [
    {
      args: () => ["a/checkpoint"],
      run: (_, place) => takeStore("runJob", { ...memoryStore(), place: () => place }).place("checkpoint"),
    },
  ],
  runStatus: [{ args: () => [store()], run: (_, given) => runStatus(given) }],
  unfinishedSpec: [{ args: () => [store()], run: (_, given) => unfinishedSpec(given) }],
  memoryStore: [{ args: () => [{ a: new Uint8Array(2) }], run: (_, files) => memoryStore(files) }],
  opfsStore: [{ args: () => ["never-made"], run: (_, name) => opfsStore(name) }],
  keptSources: [
    {
      args: () => [{ manifest: [], persist: false, hubUrl: "http://127.0.0.1:9", data: { "a.csv": "text,label" } }],
      run: (_, given) => keptSources(given),
    },
  ],
  bucketStore: [
    {
      args: () => [
        "s3://bucket/never-made",
        { endpoint: "http://127.0.0.1:9", region: "a", accessKeyId: "b", secretAccessKey: "c", sessionToken: "d" },
      ],
      run: (_, address, options) => bucketStore(address, options),
    },
  ],
  folderStore: [{ args: () => ["runs/never-made"], run: (_, path) => folderStore(path) }],
} satisfies Record<string, Call[]>;
