import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile } from "../../io/gguf/index.js";

/** The shortest decimal number that is the same in float32: files keep 1e-5 as 0.000009999999747378752. */
export function shortest(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Reads values of a file's metadata, by their names after the architecture's. */
export class MetadataValues {
  readonly architecture: string;

  constructor(private readonly metadata: GgufFile["metadata"]) {
    this.architecture = metadata.get("general.architecture") as string;
  }

  number(name: string): number | undefined {
    const key = `${this.architecture}.${name}`;
    const value = this.metadata.get(key);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isFinite(value)) return shortest(value);
    throw new ModelError(`${key} must be a number, got ${excerpt(value)}`, { key, value });
  }

  /** One for each layer, where a file has a list; undefined where it has one for all. */
  list(name: string): readonly number[] | undefined {
    const value = this.metadata.get(`${this.architecture}.${name}`);
    return value instanceof Int32Array || value instanceof Uint32Array ? [...value] : undefined;
  }

  /** One truth for each layer; undefined where a file has none. */
  flags(name: string): readonly boolean[] | undefined {
    const value = this.metadata.get(`${this.architecture}.${name}`);
    return Array.isArray(value) && value.every((one) => typeof one === "boolean") ? value : undefined;
  }

  /** One for all layers: files may have a list. */
  alike(name: string): number | undefined {
    const key = `${this.architecture}.${name}`;
    const value = this.metadata.get(key);
    if (!(value instanceof Int32Array || value instanceof Uint32Array)) return this.number(name);
    if (value.length > 0 && value.every((one) => one === value[0])) return value[0];
    throw new UnsupportedError(`${key}: layers that are not alike are not supported, got ${excerpt(value)}`, { key });
  }

  required(name: string): number {
    const value = this.alike(name);
    if (value !== undefined) return value;
    const key = `${this.architecture}.${name}`;
    throw new ModelError(`the GGUF file has no metadata ${excerpt(key)}, which the model needs`, { key });
  }

  /** One from 1 on. */
  count(name: string, otherwise?: number): number {
    const value = this.alike(name) ?? otherwise ?? this.required(name);
    if (Number.isSafeInteger(value) && value > 0) return value;
    const key = `${this.architecture}.${name}`;
    throw new ModelError(`${key} must be a whole number above 0, got ${excerpt(value)}`, { key, value });
  }

  text(name: string): string | undefined {
    const key = `${this.architecture}.${name}`;
    const value = this.metadata.get(key);
    if (value === undefined || typeof value === "string") return value;
    throw new ModelError(`${key} must be a text, got ${excerpt(value)}`, { key, value });
  }

  flag(name: string): boolean | undefined {
    const key = `${this.architecture}.${name}`;
    const value = this.metadata.get(key);
    if (value === undefined || typeof value === "boolean") return value;
    throw new ModelError(`${key} must be true or false, got ${excerpt(value)}`, { key, value });
  }

  /** Id of a token that the tokenizer names. */
  id(name: string): number | undefined {
    const value = this.metadata.get(`tokenizer.ggml.${name}_token_id`);
    return typeof value === "number" ? value : undefined;
  }
}

/** Fields of config.json about the vocabulary, for every architecture. */
export const wordsConfig = (file: Pick<GgufFile, "has" | "info">, values: MetadataValues) => ({
  vocab_size: file.has("token_embd.weight") ? file.info("token_embd.weight").shape[0] : undefined,
  tie_word_embeddings: !file.has("output.weight"),
  bos_token_id: values.id("bos"),
  eos_token_id: values.id("eos"),
  pad_token_id: values.id("padding"),
});

/** Fields whose value is known. */
export const defined = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
