import type { Engine } from "../../engine/running.js";
import { FormatError, MemoryError, ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { type ByteSource, readRange } from "../../io/byte-source.js";
import type { SavedFiles } from "../../io/file-access.js";
import { editedJson, type Json } from "../../io/json.js";
import { type ModelSource, readRequired } from "../../io/model-source.js";
import { type Adapter, adapterFingerprint, checkNotMerged, readMerged, withMerged } from "../../io/peft/index.js";
import {
  byteLength,
  encodeTensor,
  type OpenTensorFile,
  streamSafetensors,
  WEIGHTS,
} from "../../io/safetensors/index.js";
import { planMerge } from "../../merging/merge-plan.js";
import { mergedPieces } from "../../merging/merged-pieces.js";
import { PieceBuffers, storedPieces } from "../../merging/stored-tensor.js";
import { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { Tensor } from "../../values/tensor.js";
import { VERSION } from "../../version.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import { readPlan } from "../architectures.js";
import { openWeights } from "../load-model.js";
import { fingerprintOf, withLayers } from "../file-tensors.js";
import { densePrints } from "./dense.js";
import { readSentenceLayout, type SentenceLayout } from "./layout.js";
import type { ModelOrigin } from "./load-encoder.js";

/** An encoder's state when `save` was called. */
export interface SavedEncoder extends ModelOrigin {
  readonly engine: Engine;
  readonly base: string;
  /** Fingerprint of the base model's weights, layers and tokenizer. */
  readonly fingerprint: string;
  readonly layout: SentenceLayout;
  readonly tokenizer: TextTokenizer;
  /** Width of the last hidden state, and of a sentence vector. */
  readonly hiddenSize: number;
  readonly width: number;
  readonly adapter: { readonly name: string; readonly file: Adapter } | null;
  readonly merged: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Throws `ModelError` if a model's weights, layers or tokenizer are not those that it was loaded with: an adapter was trained on those, and
 * a whole model is written from the files as they are now.
 */
export async function checkBaseUnchanged(
  { fingerprint, tokenizer, signal }: Pick<SavedEncoder, "fingerprint" | "tokenizer" | "signal">,
  source: ModelSource,
): Promise<void> {
  const { plan } = await readPlan(source);
  const { pooling, lowercase, tokenizerConfig } = await readSentenceLayout(source);
  const { vocabularySize } = plan.config;
  const own = await TextTokenizer.load(source, tokenizer.maxTokens, vocabularySize, lowercase, tokenizerConfig);
  throwIfAborted(signal);
  const file = await openWeights(source);
  let weights: string;
  try {
    weights = await fingerprintOf(file, plan, own);
  } finally {
    await file.close();
  }
  throwIfAborted(signal);
  const found = withLayers(weights, await densePrints(source, pooling.dense));
  if (found === fingerprint) return;
  throw new ModelError(
    `save: the weights or the tokenizer of ${clip(source.name)} changed since the model was loaded: load it again, or restore its files`,
    { op: "save", model: source.name, expected: fingerprint, actual: found },
  );
}

/** Files by name, to be filled. */
export type Files = Record<string, Uint8Array<ArrayBuffer>>;

/** The version of sentence-transformers whose layout the files have. */
const LAYOUT = "6.2.0";

/** What every config_sentence_transformers.json says first. */
export const versions = { __version__: { sentence_transformers: LAYOUT, lowrank: VERSION } };

export const jsonBytes = (value: unknown) => textBytes(`${JSON.stringify(value, null, 2)}\n`);
export const textBytes = (text: string) => new TextEncoder().encode(text);

/** A file's bytes; null if the model has none of that name. */
export async function bytesOf(source: ModelSource, file: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const made = source.made?.(file);
  if (made !== undefined) return jsonBytes(made);
  const found = await source.open(file);
  return found && wholeFile(found, file);
}

/** Reads a file that must be there. Throws `ModelError` if it is not. */
export async function requiredBytes(source: ModelSource, file: string): Promise<Uint8Array<ArrayBuffer>> {
  return (await bytesOf(source, file)) ?? wholeFile(await readRequired(source, file), file);
}

async function wholeFile(found: ByteSource, file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readRange(found, 0, found.size, file));
  } finally {
    await found.close?.();
  }
}

/** modules.json in the names of sentence-transformers 6: the last word of each type says what it is. */
export function modulesFile(
  modules: readonly { readonly path: string; readonly type: string }[],
): Uint8Array<ArrayBuffer> {
  return jsonBytes(
    modules.map(({ path, type }, idx) => ({ idx, name: String(idx), path, type: `sentence_transformers.${type}` })),
  );
}

/** sentence_bert_config.json: how transformers runs the network. */
export const taskFile = (task: "feature-extraction" | "sequence-classification", lowercase: boolean) => {
  const [output, name] =
    task === "feature-extraction" ? ["last_hidden_state", "token_embeddings"] : ["logits", "scores"];
  return jsonBytes({
    transformer_task: task,
    modality_config: { text: { method: "forward", method_output_name: output } },
    module_output_name: name,
    ...(lowercase && { do_lower_case: true }),
  });
};

/** Files of a tokenizer besides tokenizer.json that old tokenizers need. */
const COMPANIONS = ["special_tokens_map.json", "added_tokens.json"];

/** The tokenizer's files. tokenizer_config.json has the maximum length, where sentence-transformers 6 looks for it. */
export async function tokenizerFiles(source: ModelSource, { maxTokens }: TextTokenizer): Promise<SavedFiles> {
  const files: Files = { "tokenizer.json": await requiredBytes(source, "tokenizer.json") };
  for (const file of COMPANIONS) {
    const bytes = await bytesOf(source, file);
    if (bytes !== null) files[file] = bytes;
  }
  const settings = await bytesOf(source, "tokenizer_config.json");
  const text = settings === null ? "{}" : new TextDecoder().decode(settings);
  const edited = editedJson<{ readonly [key: string]: Json }>(text, (json) => ({
    ...json,
    model_max_length: maxTokens,
  }));
  return { ...files, "tokenizer_config.json": textBytes(`${edited}\n`) };
}

/** A model's weights as one file: its own, with what changes. */
interface WeightsToSave {
  readonly engine: Engine;
  readonly source: ModelSource;
  readonly config: Readonly<Record<string, Json>>;
  /** The adapter to merge into them; null for none. */
  readonly adapter: { readonly name: string; readonly file: Adapter } | null;
  /** A tensor's name in the new file; null leaves it out. Default: its own. */
  readonly rename?: (name: string, file: OpenTensorFile) => string | null;
  /** Tensors to add, by their names in the new file. */
  readonly added?: ReadonlyMap<string, Tensor>;
  readonly signal: AbortSignal | undefined;
}

/**
 * model.safetensors in memory. Tensors that do not change keep their bytes. Throws `AdapterError` if the weights have this adapter already, or
 * it has something that they have no place for; `MemoryError` for a file that does not fit into memory; `AbortError`.
 */
export async function savedWeights(given: WeightsToSave): Promise<Uint8Array<ArrayBuffer>> {
  const { engine, source, config, adapter, rename = (name) => name, added = new Map<string, Tensor>(), signal } = given;
  const file = await openWeights(source);
  const buffers = new PieceBuffers();
  try {
    const before = readMerged(
      file.metadata,
      (problem, cause) => new FormatError(`${WEIGHTS}: ${problem}`, { file: WEIGHTS }, { cause }),
    );
    if (adapter !== null) checkNotMerged("save", adapter.file, source.name, before);
    const plan = adapter === null ? null : planMerge(file, adapter.file, config);
    const from = plan?.base ?? file;
    const names = new Map(from.names.map((name) => [rename(name, from), name] as const));
    const kept = [...names].flatMap(([name, own]) =>
      name === null || added.has(name) ? [] : [{ ...from.info(own), name }],
    );
    const plans = [...kept, ...[...added].map(([name, { shape }]) => ({ name, dtype: "F32" as const, shape }))];
    const pause = breather(signal);
    const merged = adapter && { name: adapter.name, fingerprint: adapterFingerprint(adapter.file) };
    const all = [...(before?.adapters ?? []), ...(merged === null ? [] : [merged])];
    const metadata =
      all.length === 0
        ? new Map([["format", "pt"], ...file.metadata])
        : withMerged(file.metadata, { base: before?.base ?? source.name, adapters: all });
    const total = plans.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0);
    const sink = memorySink(total);
    await streamSafetensors(
      sink,
      plans,
      async ({ name }) => {
        throwIfAborted(signal);
        const own = added.get(name);
        if (own !== undefined) return encodeTensor(own.data, "F32", name);
        const stored = names.get(name)!;
        const change = plan?.changes.get(stored);
        if (change === undefined) return storedPieces(from, stored, pause, buffers);
        return mergedPieces(engine, from, stored, change, pause, buffers);
      },
      metadata,
    );
    return sink.bytes();
  } finally {
    buffers.dispose();
    await file.close();
  }
}

/** Collects a file of `total` bytes after its header, which is what is written first. */
function memorySink(total: number) {
  let file: Uint8Array<ArrayBuffer> | null = null;
  let position = 0;
  return {
    async write(bytes: Uint8Array) {
      file ??= allocated(bytes.byteLength + total);
      file.set(bytes, position);
      position += bytes.byteLength;
    },
    bytes: () => file!,
  };
}

function allocated(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new MemoryError(`save: there is no memory for weights of ${length} bytes`, { length }, { cause });
  }
}

/** What a model card says of a model. */
interface CardFacts {
  /** What it is, such as "sentence encoder". */
  readonly kind: "encoder" | "cross-encoder";
  /** Name of the base model; a path says nothing to other machines and is left out. */
  readonly base: string;
  /** Whether the folder has an adapter in place of weights. */
  readonly isAdapter: boolean;
  /** Scores by the names of their measures. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Further facts, by what they are of. */
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/** A name on the hub, not a path. */
const isName = (base: string) => /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/.test(base) && base !== "model";

/** YAML takes any JSON string. */
const quoted = (text: string) => JSON.stringify(text);

/** A cell of a table: names of labels and measures may have lines and bars. */
const cell = (text: string) => text.replace(/\s+/g, " ").replaceAll("|", "\\|");

const kinds = {
  encoder: {
    title: "Sentence encoder",
    tags: ["sentence-transformers", "sentence-similarity", "feature-extraction"],
    pipeline: "sentence-similarity",
    usage: ["SentenceTransformer", 'model.encode(["a sentence"])'],
  },
  "cross-encoder": {
    title: "Cross-encoder",
    tags: ["sentence-transformers", "cross-encoder", "reranker"],
    pipeline: "text-ranking",
    usage: ["CrossEncoder", 'model.predict([("a query", "a text")])'],
  },
} as const;

/** README.md of a saved model, with the YAML that the Hugging Face hub reads. */
export function modelCard({ kind, base, isAdapter, metrics, rows }: CardFacts): string {
  const { title, tags, pipeline, usage } = kinds[kind];
  const named = isName(base) ? [`base_model: ${quoted(base)}`] : [];
  const measured = Object.entries(metrics);
  const yaml = [
    ...named,
    ...(isAdapter && named.length > 0 ? ["base_model_relation: adapter"] : []),
    "library_name: sentence-transformers",
    `pipeline_tag: ${pipeline}`,
    "tags:",
    ...[...tags, ...(isAdapter ? ["peft", "lora"] : []), "lowrank"].map((tag) => `- ${tag}`),
    ...(measured.length > 0 ? ["metrics:", ...measured.map(([name]) => `- ${quoted(name)}`)] : []),
  ];
  const table = (head: string, lines: readonly (readonly [string, string])[]) => [
    `| ${head} | |`,
    "|---|---|",
    ...lines.map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`),
  ];
  const [name, call] = usage;
  const what = isAdapter ? "a LoRA adapter on" : "made from";
  return [
    "---",
    ...yaml,
    "---",
    "",
    `# ${title}`,
    "",
    `Trained with lowrank: ${what} ${isName(base) ? base : "a base model"}.`,
    "",
    ...table("model", rows),
    ...(measured.length > 0
      ? [
          "",
          ...table(
            "measure",
            measured.map(([measure, value]) => [measure, `${Number(value.toFixed(4))}`] as const),
          ),
        ]
      : []),
    "",
    "```python",
    `from sentence_transformers import ${name}`,
    "",
    `model = ${name}("path/to/this/folder")`,
    call,
    "```",
    "",
  ].join("\n");
}
