import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { GgufValue } from "../../io/gguf/index.js";
import type { WrittenValue } from "../../io/gguf/write.js";
import { isJsonObject, type Json } from "../../io/json.js";
import { ggufEnds, pieceMerges, tokenTypes } from "./gguf-tokenizer.js";
import { bytePieces } from "./gguf-pre-tokenizers.js";
import { spelledOut } from "../known-patterns.js";

/** How a tokenizer.json parts texts before byte-level BPE, by llama.cpp's name for it. */
interface NamedPieces {
  readonly name: string;
  /** Values that the name does not imply; null if it implies all. */
  readonly note: string | null;
}

/** Steps one after another, each with what decides how texts are parted, spelled in one way. */
function stepsOf(step: Json | undefined): object[] {
  if (!isJsonObject(step)) return [];
  const { type } = step;
  if (type === "Sequence") {
    const inner = step["pretokenizers"] ?? step["normalizers"];
    return Array.isArray(inner) ? (inner as Json[]).flatMap(stepsOf) : [];
  }
  if (type === "ByteLevel")
    return [{ type, space: step["add_prefix_space"] ?? true, regex: step["use_regex"] ?? true }];
  if (type === "Digits") return [{ type, single: step["individual_digits"] ?? false }];
  if (type !== "Split") return [step];
  const { pattern, behavior, invert = false } = step;
  const regex = isJsonObject(pattern) ? pattern["Regex"] : undefined;
  return [{ type, pattern: typeof regex === "string" ? spelledOut(regex) : pattern, behavior, invert }];
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The name of a tokenizer.json's steps; null if unknown. */
function piecesName(file: { readonly [key: string]: Json }, ignoreMerges: boolean): NamedPieces | null {
  const [steps, normal] = [stepsOf(file["pre_tokenizer"]), stepsOf(file["normalizer"])];
  const fitting = [...bytePieces].filter(
    ([, pieces]) => same(stepsOf(pieces.preTokenizer as Json), steps) && pieces.ignoreMerges === ignoreMerges,
  );
  const exact = fitting.find(([, pieces]) => same(stepsOf(pieces.normalizer as Json), normal));
  if (exact !== undefined) return { name: exact[0], note: null };
  const [near] = fitting;
  // Characters that are one or several marks: texts mostly have them in one already.
  if (near === undefined || !(normal.length === 0 || same(normal, [{ type: "NFC" }]))) return null;
  const note =
    normal.length === 0
      ? `tokenizer.ggml.pre ${near[0]} composes characters (NFC) first, which tokenizer.json does not`
      : `tokenizer.json composes characters (NFC) first, which tokenizer.ggml.pre ${near[0]} does not: give texts that are so`;
  return { name: near[0], note };
}

type JsonObject = { readonly [key: string]: Json };

/** A tokenizer's files. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: JsonObject;
  /** tokenizer_config.json; empty if missing. */
  readonly settings: JsonObject;
  /** Ids in config.json, for tokens that the settings do not name. */
  readonly config: JsonObject;
  /** Ids that end generation. */
  readonly ends: readonly number[];
  /** Rows of the model's word embedding. */
  readonly vocabularySize: number;
  readonly chatTemplate: string | null;
}

/** A GGUF file's metadata for a tokenizer, with warnings about anything they cannot represent. */
interface TokenizerValues {
  readonly values: Map<string, WrittenValue>;
  readonly notes: readonly string[];
}

/**
 * A tokenizer as llama.cpp reads it: byte-level BPE by its merges ("gpt2"), or SentencePiece's pieces by scores ("llama") that give the
 * same merges, or by merges ("gemma4"). Throws `UnsupportedError` for tokenizers that are neither, `ModelError` for ids that the model has no row for.
 */
export function ggufTokenizerValues(files: TokenizerFiles): TokenizerValues {
  const { tokenizer, vocabularySize } = files;
  const model = tokenizer["model"];
  if (!isJsonObject(model) || !isJsonObject(model["vocab"]) || !Array.isArray(model["merges"]))
    throw unsupported(`model ${excerpt(isJsonObject(model) ? model["type"] : model)}`, "BPE with vocab and merges is");
  const pieces = model["byte_fallback"] === true;
  const { tokens, types } = vocabularyOf(model, tokenizer["added_tokens"], vocabularySize, pieces);
  const merges = (model["merges"] as Json[]).map(pairOf);
  // Gemma 4's files have the merges of pieces too.
  const isMerged = pieces && String(files.config["model_type"]).startsWith("gemma4");
  const kind = isMerged ? "gemma4" : pieces ? "llama" : "gpt2";
  const values = new Map<string, WrittenValue>([["tokenizer.ggml.model", kind]]);
  const notes: string[] = [];
  const set = (key: string, value: WrittenValue) => values.set(`tokenizer.ggml.${key}`, value);
  const setMerges = () =>
    set(
      "merges",
      merges.map((pair) => pair.join(" ")),
    );
  if (isMerged) {
    setMerges();
    set("add_space_prefix", spaceBefore(tokenizer));
  } else if (pieces) {
    set("pre", "default");
    const { scores, more } = scoresOf(merges, tokens, types);
    set("scores", scores);
    if (more !== 0)
      notes.push(
        `tokenizer.json lacks ${more} of the merges that its pieces' scores give: some texts are parted otherwise`,
      );
    set("add_space_prefix", spaceBefore(tokenizer));
  } else {
    const named = piecesName(tokenizer, model["ignore_merges"] === true);
    if (named === null)
      throw unsupported(
        `pre_tokenizer ${clip(JSON.stringify(tokenizer["pre_tokenizer"] ?? null), 200)}`,
        "those of GPT-2, SmolLM, Llama 3 and Qwen are",
      );
    set("pre", named.name);
    if (named.note !== null) notes.push(named.note);
    setMerges();
  }
  set("tokens", tokens);
  set("token_type", types);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const around = marksOf(tokenizer["post_processor"]);
  const special = { bos: "bos", eos: "eos", unk: "unknown", pad: "padding" };
  const named: Record<string, number> = {};
  for (const [key, name] of Object.entries(special)) {
    const given = files.settings[`${key}_token`];
    const content = isJsonObject(given) ? given["content"] : given;
    const id = typeof content === "string" ? ids.get(content) : files.config[`${key}_token_id`];
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0 || id >= tokens.length) continue;
    named[key] = id;
    set(`${name}_token_id`, { uint32: id });
  }
  set("add_bos_token", mark(around.before, tokens[named["bos"] ?? -1]));
  set("add_eos_token", mark(around.after, tokens[named["eos"] ?? -1]));
  for (const [i, id] of missingEnds(files.ends, tokens, types, named["eos"]).entries())
    if (i < 2) set(`${["eot", "eom"][i]!}_token_id`, { uint32: id });
  if (files.chatTemplate !== null) values.set("tokenizer.chat_template", files.chatTemplate);
  return { values, notes };
}

const unsupported = (what: string, known: string) =>
  new UnsupportedError(`tokenizer.json: ${what} has no name in GGUF files that is known here; ${known}`, {
    key: "tokenizer.json",
  });

/** A merge, which files have as a text or as a list of two. */
function pairOf(merge: Json): readonly [string, string] {
  const parts = typeof merge === "string" ? merge.split(" ") : merge;
  if (Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === "string"))
    return parts as [string, string];
  throw new ModelError(`tokenizer.json: a merge is two pieces, got ${excerpt(merge)}`, { key: "merges", value: merge });
}

/** Tokens by id, and the kind of each; rows that no token has are called so. */
function vocabularyOf(model: JsonObject, added: Json | undefined, size: number, pieces: boolean) {
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types = new Int32Array(size).fill(tokenTypes.unused);
  const put = (content: string, id: Json | undefined, type: number) => {
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0 || id >= size)
      throw new ModelError(
        `tokenizer.json: ${excerpt(content)} has the id ${excerpt(id)}; the model has rows for ids below ${size}`,
        { key: "vocab", value: id, length: size },
      );
    [tokens[id], types[id]] = [content, type];
  };
  const unknown = model["unk_token"];
  const isByte = (content: string) => pieces && /^<0x[0-9A-F]{2}>$/.test(content);
  for (const [content, id] of Object.entries(model["vocab"] as JsonObject))
    put(content, id, isByte(content) ? tokenTypes.byte : tokenTypes.normal);
  for (const token of Array.isArray(added) ? (added as Json[]) : [])
    if (isJsonObject(token) && typeof token["content"] === "string")
      put(token["content"], token["id"], token["special"] === true ? tokenTypes.control : tokenTypes.userDefined);
  if (pieces && typeof unknown === "string") {
    const id = tokens.indexOf(unknown);
    if (id >= 0) types[id] = tokenTypes.unknown;
  }
  return { tokens, types };
}

/**
 * Scores with which SentencePiece makes the same merges: pieces of earlier merges have higher scores. Also returns how many additional
 * merges they allow. Throws `UnsupportedError` if scores would give another order.
 */
function scoresOf(merges: readonly (readonly [string, string])[], tokens: readonly string[], types: Int32Array) {
  const scores = new Float32Array(tokens.length);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const made = merges.map((pair) => pair.join("")).filter((token) => types[ids.get(token) ?? -1] === tokenTypes.normal);
  const order = [...new Set(made)];
  for (const [rank, token] of order.entries()) scores[ids.get(token)!] = -rank;
  const back = pieceMerges(tokens, scores, types).map((pair) => pair.join(""));
  const backOrder = [...new Set(back)];
  if (order.every((token, rank) => token === backOrder[rank])) return { scores, more: back.length - made.length };
  throw unsupported("the order of its merges", "merges as they follow from SentencePiece's scores are");
}

/** Whether a space is put before texts. */
function spaceBefore(tokenizer: JsonObject): boolean {
  const steps = JSON.stringify([tokenizer["normalizer"] ?? null, tokenizer["pre_tokenizer"] ?? null]);
  return /"type":"Prepend"/.test(steps) || /"prepend_scheme":"(?:always|first)"/.test(steps);
}

/** Special tokens before and after a text, by a tokenizer.json's TemplateProcessing. */
function marksOf(step: Json | undefined): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const none = { before: [], after: [] };
  if (!isJsonObject(step)) return none;
  if (step["type"] === "Sequence") {
    const found = (step["processors"] as Json[]).map(marksOf);
    return { before: found.flatMap(({ before }) => before), after: found.flatMap(({ after }) => after) };
  }
  if (step["type"] === "ByteLevel") return none;
  if (step["type"] !== "TemplateProcessing" || !Array.isArray(step["single"]))
    throw unsupported(`post_processor ${excerpt(step["type"])}`, "TemplateProcessing and ByteLevel are");
  const single = step["single"].map((part) => {
    const special = isJsonObject(part) ? part["SpecialToken"] : undefined;
    return isJsonObject(special) ? String(special["id"]) : null;
  });
  const text = single.indexOf(null);
  const tokens = (parts: readonly (string | null)[]) => parts.filter((part) => part !== null);
  return { before: tokens(single.slice(0, text)), after: tokens(single.slice(text + 1)) };
}

/** Whether the token is there. Throws `UnsupportedError` for other tokens. */
function mark(found: readonly string[], token: string | undefined): boolean {
  if (found.length === 0) return false;
  if (found.length === 1 && found[0] === token) return true;
  throw unsupported(`post_processor: ${excerpt(found)} around texts`, "the start's and the end's token are");
}

/** Ids that end generation and that readers would not recognise. */
function missingEnds(ends: readonly number[], tokens: readonly string[], types: Int32Array, eos: number | undefined) {
  const metadata = new Map<string, GgufValue>([
    ["tokenizer.ggml.tokens", tokens],
    ["tokenizer.ggml.token_type", types],
    ...(eos === undefined ? [] : [["tokenizer.ggml.eos_token_id", eos] as const]),
  ]);
  const known = ggufEnds({ metadata });
  return ends.filter((id) => id < tokens.length && !known.includes(id));
}
