import { Tokenizer } from "@huggingface/tokenizers";
import { ConfigError, ModelError } from "../errors.js";
import { type ModelSource, readJson, readRequiredJson } from "./model-source.js";

/** Turns texts into token ids, special tokens included, cut to a number of tokens of our choosing. */
export class TextTokenizer {
  private constructor(
    private readonly tokenizer: Tokenizer,
    /** Longest text in tokens, [CLS] and [SEP] included; longer ones lose their end. */
    readonly maxTokens: number,
  ) {}

  /** Reads tokenizer.json and, where there is one, tokenizer_config.json. Throws `ModelError` where they do not work. */
  static async load(source: ModelSource, maxTokens: number): Promise<TextTokenizer> {
    const json = await readRequiredJson(source, "tokenizer.json");
    const config = (await readJson(source, "tokenizer_config.json")) ?? {};
    try {
      // Some files have a length and fixed padding baked in (MiniLM's: 128). Ragged batches are never padded.
      return new TextTokenizer(new Tokenizer({ ...json, truncation: null, padding: null }, config), maxTokens);
    } catch (cause) {
      throw new ModelError(`model ${source.name}: tokenizer.json cannot be used: ${String(cause)}`, {}, { cause });
    }
  }

  /** Token ids of a text. */
  encode(text: string): Int32Array {
    if (typeof text !== "string") throw new ConfigError(`a text must be a string, got ${typeof text}`);
    const { ids } = this.tokenizer.encode(text);
    if (ids.length <= this.maxTokens) return Int32Array.from(ids);
    return Int32Array.from([...ids.slice(0, this.maxTokens - 1), ids.at(-1)!]);
  }
}
