import type { AdapterChoice } from "../../adapters/adapter-set.js";
import { callable, listFrom, unexpected } from "../../arguments/settings.js";
import { checkOptions } from "../../arguments/options.js";
import type { Engine } from "../../engine/running.js";
import { ConfigError, type ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { FileMap } from "../../io/file-access.js";
import { isJsonObject, type Json } from "../../io/json.js";
import type { LoadProgress, ModelSource } from "../../io/model-source.js";
import { checkSignal } from "../../waiting/abort.js";
import type { WeightsOption } from "../stored-weights.js";
import type { PoolingMode } from "./pooling.js";

/** Options of `SentenceEncoder.load`. */
export interface LoadOptions {
  /** Seed of adapters' initial values and of dropout; default 0. */
  readonly seed?: number;
  /**
   * Length in tokens to which texts are truncated. Default: `max_seq_length` of sentence_bert_config.json (256 for all-MiniLM-L6-v2, with
   * or without that file), else `model_max_length` of tokenizer_config.json, and never more than the model's positions.
   */
  readonly maxTokens?: number;
  /** Base of a folder with an adapter in place of weights, as `load` takes one; default: what adapter_config.json names. */
  readonly model?: string | FileMap | ModelSource;
  /** How token vectors become a sentence vector; default: 1_Pooling/config.json, else "mean". */
  readonly pooling?: PoolingMode;
  /**
   * Format of the matrices (linear layers and embeddings) in memory: "f32"; "f16" and "bf16", half the memory, rounded if the
   * file has more bits; "q8", about a quarter (groups of 32 signed bytes with a scale); "q4", about a sixth (groups of 32 codes of 4 bits
   * with a scale and a minimum); "auto", as in the file. Arithmetic is float32 in every case. Default: "f32"; for the layers of a language
   * model by size, as in `CausalLanguageModel.load`: "q8" from half a billion parameters, "q4" from a billion.
   */
  readonly weights?: WeightsOption;
  /**
   * Float32 copies of each frozen weight in the matrix product's order: 2 for speed, 1 for less memory, 0 for none. Default: for float32
   * weights (which have no other copy, so 0 means 1 there) 2, for the layers of a language model 1; 0 for other formats.
   */
  readonly packedCopies?: 0 | 1 | 2;
  /** Accept weights that are NaN or infinite; default false: loading throws and names the tensor. */
  readonly allowNonFinite?: boolean | undefined;
  /** The engine, from `createEngine`; default: that of `init`. */
  readonly engine?: Engine;
  /** Cancels the download and the loading: the call rejects with `AbortError` and frees everything. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive: first of the download, if any, then of the files as they are read. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Options of `encode`. */
export interface EncodeOptions extends InferOptions, PromptChoice {
  /**
   * Scale vectors to length 1. Default: what modules.json says; true for all-MiniLM-L6-v2, whose copies often lack that file; false for
   * other models without one, with one warning.
   */
  readonly normalize?: boolean;
  /**
   * Length to which vectors are cut, at most that of a whole one. Cut vectors have length 1 only with `normalize`: true, which scales them
   * after the cut. Default: `truncate_dim` of config_sentence_transformers.json, else the whole vector.
   */
  readonly truncateDim?: number;
  /** Round the inputs of products with "q8" and "q4" weights to bytes, on a GPU that has "shader-f16" to 16 bits; default false. */
  readonly rounded?: boolean;
}

/** Names of the options of every model's loading. */
export const MODEL_OPTIONS = [
  "seed",
  "weights",
  "packedCopies",
  "allowNonFinite",
  "engine",
  "signal",
  "onProgress",
] as const;

/** Options of every inference. */
export interface InferOptions {
  /** Name of the adapter to apply, null for the base alone; default: the active one. */
  readonly adapter?: AdapterChoice;
  /** An adapter's name for each text, or null for the base alone; in place of `adapter`. */
  readonly adapters?: readonly (string | null)[] | undefined;
  /** Cancels between two batches: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch with the number of texts done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Names of these options. */
export const INFER_OPTIONS: readonly (keyof InferOptions)[] = ["adapter", "adapters", "signal", "onProgress"];

/** A copy of the texts. `what` names the call in messages. */
export function takeTexts(what: string, texts: readonly string[]): string[] {
  const expected = `${what}: a list of texts is expected (write [text] for one)`;
  if (typeof texts === "string")
    throw new ConfigError(`${expected}, got the single text ${excerpt(texts)}: \`${what}([text])\` takes it`, {
      op: what,
      option: "texts",
      expected: "a list of texts",
      value: texts,
    });
  return listFrom(expected, texts, (text, i) => {
    if (typeof text === "string") return text;
    throw new ConfigError(`${what}: texts: each is a string, number ${i} is ${excerpt(text)}`, {
      op: what,
      option: "texts",
      expected: "a string",
      value: text,
      place: i,
    });
  });
}

/** A checked copy. */
export function takeInferOptions(what: string, options: InferOptions): InferOptions {
  checkOptions(what, options, INFER_OPTIONS);
  const { adapter, adapters, signal, onProgress } = options;
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  if (Array.isArray(adapter))
    throw new ConfigError(
      `${what}: adapter is one name for all texts, null for the base alone; a list goes to adapters`,
      { op: what, option: "adapter", value: adapter },
    );
  if (adapters === undefined) return { adapter, signal, onProgress };
  if (adapter !== undefined)
    throw new ConfigError(`${what}: adapter is one for all texts and adapters one a text; give only one of them`, {
      op: what,
      option: "adapter",
      value: adapter,
    });
  return { adapters: takeAdapters(what, adapters), signal, onProgress };
}

/** A checked copy of a list of adapters, one for each text. */
export const takeAdapters = (what: string, adapters: readonly unknown[]) =>
  listFrom(`${what}: adapters are a list of names, null for the base alone`, adapters, (name, i) => {
    if (typeof name === "string" || name === null) return name;
    throw new ConfigError(
      `${what}: an adapter is its name, or null for the base alone; number ${i} is ${excerpt(name)}`,
      { op: what, option: "adapters", expected: "a name or null", value: name, place: i },
    );
  });

/** A text to put before each text: given directly, or by the name of one of the model's prompts. */
export interface PromptChoice {
  readonly prompt?: string | undefined;
  readonly promptName?: string | undefined;
}

/** A model's prompts, which say what a text is for: "query: ". */
export class Prompts {
  constructor(
    readonly named: ReadonlyMap<string, string>,
    /** Name of the one that is used if none is asked for; null for none. */
    readonly defaultName: string | null,
    /** Whether the prompt's tokens are pooled too. */
    readonly arePooled = true,
  ) {}

  /** Reads config_sentence_transformers.json. */
  static read(json: { readonly [key: string]: Json }, fail: (problem: string) => ModelError): Prompts {
    const { prompts = null, default_prompt_name: name = null } = json;
    if (prompts !== null && !isJsonObject(prompts))
      throw fail(`prompts must be an object of texts by name, got ${excerpt(prompts)}`);
    const named = new Map<string, string>();
    for (const [key, prompt] of Object.entries(prompts ?? {})) {
      if (prompt !== null && typeof prompt !== "string")
        throw fail(`prompts: ${excerpt(key)} must be a text, got ${excerpt(prompt)}`);
      named.set(key, prompt ?? "");
    }
    if (name === null || (typeof name === "string" && named.has(name))) return new Prompts(named, name);
    throw fail(`default_prompt_name must be the name of one of the prompts, got ${excerpt(name)}`);
  }

  /** A copy with only the text's own tokens pooled. */
  pooledWithout(): Prompts {
    return new Prompts(this.named, this.defaultName, false);
  }

  /** Whether there is a prompt of this name. */
  has(name: string): boolean {
    return this.named.has(name);
  }

  /** The prompt to use. Throws `ConfigError` for an unknown name, and if both options are given. */
  choose(what: string, { prompt, promptName }: PromptChoice): string {
    if (prompt !== undefined && promptName !== undefined)
      throw new ConfigError(`${what}: prompt is a text and promptName the name of one; give only one of them`, {
        prompt,
        promptName,
      });
    if (prompt !== undefined) {
      if (typeof prompt === "string") return prompt;
      throw unexpected(what, "prompt", "a text", prompt);
    }
    const name = promptName ?? this.defaultName;
    if (name === null) return "";
    // As in sentence-transformers, these two are known to every model.
    const found = this.named.get(name) ?? (["query", "document"].includes(name) ? "" : undefined);
    if (found !== undefined) return found;
    const names = clip([...this.named.keys()].map((name) => `"${name}"`).join(", ")) || "none";
    throw new ConfigError(`${what}: this model has no prompt ${excerpt(promptName)}; it has ${names}`, { promptName });
  }
}
