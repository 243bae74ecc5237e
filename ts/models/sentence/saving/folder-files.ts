import type { SavedFiles } from "../../../io/file-access.js";
import { type ByteSource, readRange } from "../../../io/byte-source.js";
import { editedJson, type Json } from "../../../io/json.js";
import { type ModelSource, readRequired } from "../../../io/model-source.js";
import type { TextTokenizer } from "../../../tokenize/text-tokenizer.js";
import { VERSION } from "../../../version.js";

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

/** The same of a file that must be there. Throws `ModelError` if it is not. */
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
