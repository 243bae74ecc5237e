import { bytesSource } from "../../../ts/io/byte-source.js";
import { type ExampleFormat, readExamples } from "../../../ts/io/examples/index.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import { parseExamples } from "../../io/examples/parse-text.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { openGguf } from "../../../ts/io/gguf/index.js";
import { checkAdapter, readAdapter, writeAdapter } from "../../../ts/io/peft/index.js";
import { openSafetensors, readSafetensors } from "../../../ts/io/safetensors/index.js";
import { readCheckpoint } from "../../../ts/jobs/stored-runs.js";
import { memoryStore } from "../../../ts/training/store/run-store.js";
import type { ModelSource } from "../../../ts/io/model-source.js";
import { SentenceEncoder } from "../../../ts/models/sentence/sentence-encoder.js";
import { TextClassifier } from "../../../ts/tasks/classify/text-classifier.js";
import { TextTokenizer } from "../../../ts/tokenize/text-tokenizer.js";
import { checkpointFiles } from "./checkpoint-files.js";

/** A reader, and files that it reads. */
export interface Target {
  readonly name: string;
  readonly files: FileMap;
  /** Reads the files, and uses what came. */
  read(files: FileMap): unknown;
}

/** Files that the targets begin with, from wherever they are. */
export interface Seeds {
  readonly adapters: readonly { readonly files: FileMap; readonly base: FileMap }[];
  readonly tensors: readonly Uint8Array[];
  readonly encoder: FileMap;
  readonly tokenizers: readonly object[];
  readonly parquet: readonly Uint8Array[];
  readonly gguf: readonly Uint8Array[];
}

const texts = [
  "a good film, very good!",
  "",
  " \n",
  "中文 films ≠ [MASK]",
  "é\u0301Σ\ud800",
  "a".repeat(3000),
  "! ".repeat(3000),
];

function readAll(bytes: Uint8Array): void {
  const file = readSafetensors(bytes, "x.safetensors");
  for (const name of file.names) if (!/^[CF](4|6|64)/.test(file.info(name).dtype)) file.tensor(name);
}

/** Runs `body` with a way to count what is open; nothing may be left, whether it throws or not. */
async function balanced<T>(body: (count: (change: number) => void) => Promise<T>): Promise<T> {
  let open = 0;
  const settled = await Promise.allSettled([body((change) => void (open += change))]);
  if (open !== 0) throw new Error(`${open} files were left open`);
  if (settled[0].status === "rejected") throw settled[0].reason;
  return settled[0].value;
}

const openAll = (bytes: Uint8Array) =>
  balanced(async (count) => {
    count(1);
    const file = await openSafetensors({ ...bytesSource(bytes), close: async () => count(-1) }, "x.safetensors");
    for (const name of file.names) await file.raw(name);
    await file.close();
  });

const openBlocks = (bytes: Uint8Array) =>
  balanced(async (count) => {
    count(1);
    const file = await openGguf({ ...bytesSource(bytes), close: async () => count(-1) }, "x.gguf");
    for (const name of file.names) {
      const { type, bytes } = file.info(name);
      if (!/^I/.test(type) && !/^F64/.test(type)) await file.tensor(name);
      if ((await file.raw(name)).length !== bytes) throw new Error(`${name} has other bytes than it says`);
    }
    await file.close();
  });

function useAdapter(files: FileMap, base: FileMap): void {
  const adapter = readAdapter(files);
  const written = writeAdapter(adapter);
  if (readAdapter(written).layers.size !== adapter.layers.size) throw new Error("another adapter came back");
  checkAdapter(adapter, base);
}

/** Files as a source that counts what is open. */
async function counted<T>(files: FileMap, body: (source: ModelSource) => Promise<T>): Promise<T> {
  const inner = await modelSource(files);
  return balanced((count) =>
    body({
      name: "model",
      async open(file) {
        const found = await inner.open(file);
        if (found !== null) count(1);
        return found && { ...found, close: async () => count(-1) };
      },
    }),
  );
}

async function useEncoder(files: FileMap): Promise<void> {
  const encoder = await counted(files, (source) => SentenceEncoder.load(source));
  try {
    await encoder.encode(texts);
  } finally {
    encoder.dispose();
  }
}

async function useTokenizer(files: FileMap): Promise<void> {
  const tokenizer = await counted(files, (source) => TextTokenizer.load(source, 32, 64));
  for (const text of texts) {
    const ids = tokenizer.encode(text);
    if (ids.length > 32 || ids.some((id) => id < 0 || id >= 64)) throw new Error(`ids that have no row: ${ids.join()}`);
  }
}

async function useClassifier(encoderFiles: FileMap, files: FileMap): Promise<void> {
  const encoder = await SentenceEncoder.load(encoderFiles);
  try {
    const classifier = TextClassifier.load(encoder, files);
    await classifier.predict(texts.slice(0, 2));
  } finally {
    encoder.dispose();
  }
}

async function classifierFiles(encoderFiles: FileMap): Promise<FileMap> {
  using encoder = await SentenceEncoder.load(encoderFiles);
  return TextClassifier.create(encoder, { labels: ["no", "yes"] }).save();
}

async function useCheckpoint(files: FileMap): Promise<void> {
  await readCheckpoint(memoryStore(files));
}

const rows = [`{"text": "a, \\"good\\" one", "label": 1}`, `{"text": "bad", "label": 0, "more": {"x": [1]}}`];
const tables = {
  csv: 'text,label\n"a, ""good"" one",1\n"two\nlines",0\nthree,1\n',
  columns: '{"text": ["a", "b"], "label": [1, "x"], "more": {"0": 1}}',
  tsv: 'text\tlabel\n"quoted"\t1\nplain\t0\n',
};
const encode = (text: string) => new TextEncoder().encode(text);
const json = (value: object) => encode(JSON.stringify(value));

/** What a model may have beside config, tokenizer and weights: sentence-transformers' files, and which file each tensor is in. */
function besides({ "model.safetensors": weights, ...rest }: FileMap): Target {
  const file = "model-1-of-1.safetensors";
  const { names } = readSafetensors(weights!);
  const files = {
    "modules.json": json([
      { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
      { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
      { idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.models.Normalize" },
    ]),
    "1_Pooling/config.json": json({
      pooling_mode_cls_token: true,
      pooling_mode_max_tokens: true,
      include_prompt: false,
    }),
    "sentence_bert_config.json": json({ max_seq_length: 16, do_lower_case: true }),
    "config_sentence_transformers.json": json({ prompts: { query: "a good " }, default_prompt_name: "query" }),
    "model.safetensors.index.json": json({ weight_map: Object.fromEntries(names.map((name) => [name, file])) }),
  };
  const read = (changed: FileMap) => useEncoder({ ...rest, [file]: weights!, ...changed });
  return { name: "what stands beside an encoder", files, read };
}

/** Every reader of a stranger's files. */
export async function readerTargets({
  adapters,
  tensors,
  encoder,
  tokenizers,
  parquet,
  gguf,
}: Seeds): Promise<Target[]> {
  const file = "x.safetensors";
  const examples = (format: ExampleFormat, text: string): Target => ({
    name: `examples of ${format}`,
    files: { [`x.${format}`]: encode(text) },
    read: (files) =>
      parseExamples(new TextDecoder().decode(files[`x.${format}`]), { format, text: "text", label: "label" }),
  });
  const classifier = await classifierFiles(encoder);
  return [
    ...tensors.map((bytes) => ({
      name: "safetensors",
      files: { [file]: bytes },
      read: (files: FileMap) => readAll(files[file]!),
    })),
    ...tensors.map((bytes) => ({
      name: "an opened file",
      files: { [file]: bytes },
      read: (files: FileMap) => openAll(files[file]!),
    })),
    ...adapters.map(({ files, base }) => ({
      name: "an adapter",
      files,
      read: (changed: FileMap) => useAdapter(changed, base),
    })),
    ...tokenizers.map((tokenizer) => ({
      name: "a tokenizer",
      files: { "tokenizer.json": json(tokenizer) },
      read: useTokenizer,
    })),
    { name: "an encoder", files: encoder, read: useEncoder },
    { name: "a classifier", files: classifier, read: (files) => useClassifier(encoder, files) },
    { name: "a checkpoint", files: await checkpointFiles(), read: useCheckpoint },
    examples("csv", tables.csv),
    examples("tsv", tables.tsv),
    examples("jsonl", rows.join("\n")),
    examples("json", `[${rows.join()}]`),
    examples("json", tables.columns),
    ...parquet.map((bytes) => ({
      name: "examples of Parquet",
      files: { "x.parquet": bytes },
      read: (files: FileMap) =>
        readExamples(files["x.parquet"]!, { format: "parquet", label: "word", emptyTexts: "leave out" }),
    })),
    ...gguf.map((bytes) => ({
      name: "a GGUF file",
      files: { "x.gguf": bytes },
      read: (files: FileMap) => openBlocks(files["x.gguf"]!),
    })),
    besides(encoder),
  ];
}
