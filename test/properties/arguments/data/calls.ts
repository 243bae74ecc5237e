import { raggedBatch } from "../../../../ts/entry/graph.js";
import {
  binaryMetrics,
  calibration,
  calibrationError,
  mineHardNegatives,
  multiLabelMetrics,
  rerankingMetrics,
  retrievalMetrics,
  similarityMetrics,
  tripletMetrics,
  type Adapter,
  adapterConfig,
  blobSource,
  bytesSource,
  checkAdapter,
  estimateMemory,
  foldExamples,
  metrics,
  regressionMetrics,
  ggufSource,
  openGguf,
  openSafetensors,
  pairedDifference,
  readAdapter,
  readExamples,
  readSafetensors,
  SentenceEncoder,
  setModelLocator,
  splitExamples,
  summariseExamples,
  tensor,
  writeAdapter,
  writeSafetensors,
  zeros,
} from "../../../../ts/index.js";
import { addressSource } from "../../../../ts/io/address-source.js";
import { goldenBytes, goldenJson } from "../../../golden.js";
import { adapterFiles } from "../../../io/peft/adapters.js";
import type { Call } from "../refusals.js";

const files = await adapterFiles("valid/llama_rank_alpha_pattern");
const bytes = files["adapter_model.safetensors"]!;
const ggufModel = await goldenBytes("gguf/models/qwen2.gguf");
const gguf = await goldenBytes("gguf/values.gguf");
const base = await goldenBytes("adapters/base/tiny_bert/model.safetensors");
const model = await goldenJson<object>("adapters/base/tiny_bert/config.json");

const path = "bert.encoder.layer.0.attention.self.query";

/** Every field of a configuration. */
const config = () =>
  adapterConfig({ r: 1, loraAlpha: 2, targetModules: [path], excludeModules: ["key"], layersToTransform: [0] });

/** A layer of a small adapter, as plain objects that can be spoilt. */
const layer = () => ({
  kind: "linear",
  rank: 1,
  alpha: 2,
  scaling: 2,
  loraA: zeros([32, 1]),
  loraB: zeros([1, 32]),
  magnitude: undefined,
  bias: undefined,
});

const small = (): Adapter => ({ config: config(), layers: new Map([[path, layer() as never]]), extra: new Map() });

/** An adapter of a layer and of an extra tensor that were spoilt: places inside a Map are none of a call's. */
const around = (inside: unknown, extra: unknown): Adapter => ({
  ...small(),
  layers: new Map([[path, inside as never]]),
  extra: new Map([["bert.pooler.dense.bias", extra as never]]),
});

const parquet = await goldenBytes("parquet/snappy.parquet");

const labelled = () => ["a b", "c d", "e f", "g h"].map((text, i) => ({ text, label: i < 2 ? "x" : "y", line: i + 1 }));

const index = () => {
  const { names, info } = readSafetensors(base);
  return { names: [...names].slice(0, 60), info };
};

/** A call without a scene. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests pass anything
const call = (args: () => unknown[], run: (...args: any[]) => unknown): Call => ({
  args,
  run: (_, ...given) => run(...given),
});

/** Calls that need no engine and change nothing. */
export const dataCalls = {
  adapterConfig: [
    call(() => [{ r: 2, loraAlpha: 4, targetModules: ["x"] }], adapterConfig),
    call(() => [{ ...config(), rankPattern: { x: 1 } }], adapterConfig),
  ],
  binaryMetrics: [call(() => [[0.5, 1], [1, 0], { higherIsSimilar: false }], binaryMetrics)],
  calibration: [
    call(
      () => [
        [
          [1, 2],
          [3, 0],
        ],
        [1, 1],
        { bins: 5 },
      ],
      calibration,
    ),
  ],
  calibrationError: [
    call(
      () => [
        [
          [0.5, 0.5],
          [1, 0],
        ],
        [1, 0],
        { bins: 5 },
      ],
      calibrationError,
    ),
  ],
  mineHardNegatives: [
    call(
      () => [
        { encode: async (texts: string[]) => texts.map(({ length }) => [1, length]) },
        [
          ["a", "bb"],
          ["b", "cc"],
        ],
        {
          corpus: ["d"],
          rangeMin: 0,
          rangeMax: 5,
          numNegatives: 2,
          samplingStrategy: "random",
          seed: 1,
          maxScore: 2,
          minScore: -2,
          absoluteMargin: -2,
          relativeMargin: -2,
          includePositives: false,
          outputFormat: "triplet",
          outputScores: true,
          queryPrompt: "q",
          corpusPrompt: "c",
          crossEncoder: (pairs: unknown[]) => pairs.map(() => 1),
          signal: new AbortController().signal,
        },
      ],
      mineHardNegatives,
    ),
  ],
  multiLabelMetrics: [
    call(() => [[[0.1, 0.9]], [[0, 1]], { threshold: [0.5, 0.6], zeroDivision: 1 }], multiLabelMetrics),
  ],
  rerankingMetrics: [
    call(() => [[{ scores: [1, 2], relevant: [1, 0] }], { k: 5, alwaysRerankPositives: false }], rerankingMetrics),
    call(() => [[{ positive: ["a"], documents: ["b"], scores: { a: 1, b: 2 } }], { k: 5 }], rerankingMetrics),
  ],
  retrievalMetrics: [
    call(() => [[["a", "b"]], [["b"]], { k: { ndcg: [3], map: [5] } }], retrievalMetrics),
    call(() => [{ q: [{ id: "a", score: 1 }] }, { q: ["a"] }, { k: 3 }], retrievalMetrics),
  ],
  similarityMetrics: [call(() => [[1, 2], [2, 1]], similarityMetrics)], // prettier-ignore
  tripletMetrics: [call(() => [[1, 2], [2, 1], { margin: 1, higherIsSimilar: true }], tripletMetrics)],
  blobSource: [call(() => [new Blob([bytes as Uint8Array<ArrayBuffer>])], blobSource)],
  bytesSource: [call(() => [bytes], bytesSource)],
  checkAdapter: [
    call(() => [small(), index()], checkAdapter),
    call(() => [small(), { "model.safetensors": base }], checkAdapter),
    call(
      () => [layer(), zeros([32])],
      (inside, extra) => checkAdapter(around(inside, extra), index()),
    ),
    call(
      () => [{ dtype: "F32", shape: [32, 32] }],
      (info) => checkAdapter(small(), { names: [`${path}.weight`], info: () => info as never }),
    ),
  ],
  estimateMemory: [
    call(
      () => [
        { ...model },
        {
          tokens: 100,
          lora: { rank: 2, alpha: 4, targetModules: ["query"], rslora: true, dora: false, dropout: 0.5 },
          weights: "bf16",
          packedCopies: 1,
        },
      ],
      estimateMemory,
    ),
  ],
  foldExamples: [
    call(() => [labelled(), 2, { seed: 3, groups: ["a", "a", 1, 2] }], foldExamples),
    call(() => [labelled(), 2], foldExamples),
  ],
  regressionMetrics: [
    call(
      () => [
        [1, 2],
        [2, 3],
      ],
      regressionMetrics,
    ),
  ],
  metrics: [
    call(
      () => [[Float32Array.of(0, 1), Float32Array.of(1, 0)], [1, 1], 2, { resamples: 2, seed: 1, intervals: true }],
      metrics,
    ),
  ],
  ggufSource: [call(() => [() => bytesSource(ggufModel), "model"], ggufSource)],
  openGguf: [
    call(() => [bytesSource(gguf), "file"], openGguf),
    call(() => [{ ...bytesSource(gguf), close: async () => undefined }], openGguf),
  ],
  openSafetensors: [
    call(() => [bytesSource(bytes), "file"], openSafetensors),
    call(() => [{ ...bytesSource(bytes), close: async () => undefined }], openSafetensors),
  ],
  pairedDifference: [call(() => [["a", "b"], [1, 0], ["a", 0], { resamples: 2, seed: 1 }], pairedDifference)],
  raggedBatch: [call(() => [[Int32Array.of(1, 2), [3, 4, 5]]], raggedBatch)],
  readAdapter: [call(() => [{ ...files }, { allowNonFinite: true }], readAdapter)],
  readExamples: [
    call(
      () => [
        "t;l\na;x\nb;y\n",
        {
          format: "csv",
          text: "t",
          label: 1,
          header: true,
          delimiter: ";",
          file: "a.csv",
          labels: ["x", "y"],
          onWarning: () => undefined,
          emptyTexts: "leave out",
          emptyLabels: "leave out",
        },
      ],
      readExamples,
    ),
    call(() => [new TextEncoder().encode("a\tx\n"), { file: "a.tsv", columns: ["text", "label"] }], readExamples),
    call(() => [parquet, { label: "word" }], readExamples),
  ],
  readSafetensors: [call(() => [bytes, "file"], readSafetensors)],
  setModelLocator: [
    call(
      () => [addressSource],
      async (find) => {
        try {
          setModelLocator(find);
          // What is no source is refused when a model is looked for.
          if (find !== addressSource) (await SentenceEncoder.load("model")).dispose();
        } finally {
          setModelLocator(addressSource);
        }
      },
    ),
  ],
  splitExamples: [
    call(() => [labelled(), 0.5, { seed: 3, groups: ["a", "a", 1, 2] }], splitExamples),
    call(() => [labelled(), 0.5, 3], splitExamples),
  ],
  summariseExamples: [
    call(
      () => [
        labelled(),
        {
          validation: labelled(),
          test: labelled(),
          maxTokens: 8,
          onProgress: () => undefined,
          tokenizer: { maxTokens: 9, measure: () => ({ tokens: 3, unknown: 1 }) },
          signal: new AbortController().signal,
        },
      ],
      summariseExamples,
    ),
  ],
  writeAdapter: [
    call(() => [small(), { dtype: "F16" }], writeAdapter),
    call(
      () => [layer(), zeros([32])],
      (inside, extra) => writeAdapter(around(inside, extra)),
    ),
    call(
      () => [{ list: [1, [2]], text: "x" }],
      (value) => writeAdapter({ ...small(), config: { ...config(), other: new Map([["megatron_config", value]]) } }),
    ),
    call(
      () => ["megatron_core", 2],
      (name, rank) =>
        writeAdapter({
          ...small(),
          config: { ...config(), other: new Map([[name, 1]]), rankPattern: new Map([[name, rank]]) },
        }),
    ),
  ],
  writeSafetensors: [
    call(() => [{ a: tensor([2], [1, 2]), b: zeros([]) }, { format: "pt" }, { dtype: "F16" }], writeSafetensors),
    call(() => [[["a", zeros([1])]], [["format", "pt"]]], writeSafetensors),
  ],
} satisfies Record<string, Call[]>;
