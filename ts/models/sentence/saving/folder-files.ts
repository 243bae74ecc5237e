import type { Engine } from "../../../engine/running.js";
import { ModelError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { type ByteSource, readRange } from "../../../io/byte-source.js";
import type { SavedFiles } from "../../../io/file-access.js";
import { editedJson, type Json } from "../../../io/json.js";
import { type ModelSource, readRequired } from "../../../io/model-source.js";
import type { Adapter } from "../../../io/peft/index.js";
import { TextTokenizer } from "../../../tokenize/text-tokenizer.js";
import { VERSION } from "../../../version.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { readPlan } from "../../architectures.js";
import { fingerprintOf, withLayers } from "../../read-model.js";
import { openWeights } from "../../tensor-files.js";
import { densePrints } from "../dense.js";
import { readSentenceLayout, type SentenceLayout } from "../layout.js";
import type { ModelOrigin } from "../load-encoder.js";

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
