import { Tokenizer } from "@huggingface/tokenizers";
import { isJsonObject, type Json } from "../io/json.js";
import { AddedTokens } from "./added-tokens.js";
import { bytesByCharacter } from "./byte-characters.js";
import type { JsonObject } from "./checks.js";
import { longTexts } from "./long-texts.js";
import { byteToken } from "./models/byte-fallback.js";
import { bytePairs } from "./models/byte-pairs.js";
import { type TrieNode, unigramPieces } from "./models/unigram.js";
import { wordPieces } from "./models/word-piece.js";
import { type NormalizerStep, useRustSteps } from "./rust-steps.js";
import type { SubwordTokenizer, WordModel } from "./subword-tokenizer.js";
import { stepsOf } from "./text-steps.js";
import type { TokenizerParts } from "./tokenizer-file.js";

/**
 * A lower bound on the number of a text's tokens, in one pass over its characters: their number divided by the length of the longest token. It
 * is known for byte-pair models whose steps keep every character; others, such as WordPiece, make one token of a word of any length, and for
 * them it is 0.
 */
export function leastTokens({ model, normalizer, pre_tokenizer, added_tokens }: JsonObject): (text: string) => number {
  const steps = stepsOf(pre_tokenizer, "pretokenizers");
  const isKnown =
    stepsOf(normalizer, "normalizers").every(keepsLength) &&
    steps.every(keepsAll) &&
    isJsonObject(model) &&
    model["type"] === "BPE" &&
    spellsAll(model, steps);
  if (!isKnown) return () => 0;
  const added = (added_tokens ?? []) as readonly JsonObject[];
  // Such a token includes white space of any length.
  const strips = added.some(({ lstrip, rstrip }) => lstrip === true || rstrip === true);
  const contents = added.map(({ content }) => content as string);
  let longest = 0;
  return (text) => {
    if (longest === 0)
      for (const token of [...Object.keys(model["vocab"] as object), ...contents])
        longest = Math.max(longest, token.length);
    // The only step that shortens texts.
    const composed = text.normalize("NFC");
    const counted = strips ? composed.replace(/[\s\p{White_Space}]+/gu, "") : composed;
    return Math.ceil(counted.length / longest);
  };
}

const fieldOf = (step: Json, name: string) => (isJsonObject(step) ? step[name] : undefined);

/** Normalizers after which a text is no shorter, composing aside. */
function keepsLength(step: Json): boolean {
  const type = fieldOf(step, "type");
  if (type === "NFC" || type === "Prepend") return true;
  const replaced = fieldOf(fieldOf(step, "pattern") ?? null, "String");
  if (type !== "Replace" || typeof replaced !== "string") return false;
  return String(fieldOf(step, "content") ?? "").length >= replaced.length;
}

/** Pre-tokenizers that remove nothing. */
function keepsAll(step: Json): boolean {
  const type = fieldOf(step, "type");
  if (type === "Split") return fieldOf(step, "behavior") !== "Removed";
  if (type === "Metaspace") return fieldOf(step, "replacement") !== "";
  return type === "ByteLevel" || type === "Digits";
}

/** Whether every character becomes a piece of its own at first: itself, its bytes or an unknown token. */
function spellsAll(model: JsonObject, steps: readonly Json[]): boolean {
  const vocabulary = model["vocab"] as object;
  if (typeof model["unk_token"] === "string" && model["fuse_unk"] !== true) return true;
  const isBytes = steps.some((step) => fieldOf(step, "type") === "ByteLevel");
  if (!isBytes && model["byte_fallback"] !== true) return false;
  const pieces = isBytes ? [...bytesByCharacter().keys()] : Array.from({ length: 256 }, (_, byte) => byteToken(byte));
  return pieces.every((piece) => Object.hasOwn(vocabulary, piece));
}

/** A checked tokenizer of any kind, by the library. */
export function libraryTokenizer({ tokenizer: parts, config }: TokenizerParts): SubwordTokenizer {
  const given = parts["model"] as JsonObject;
  // Its table of merges is not used, and takes long to make.
  const isPairs = given["type"] === "BPE";
  const tokenizer = new Tokenizer(isPairs ? { ...parts, model: { ...given, merges: [] } } : parts, config);
  useRustSteps(tokenizer, parts);
  const { model, normalizer, pre_tokenizer, post_processor } = tokenizer;
  const normalize = (text: string) => (normalizer ? normalizer(text) : text);
  const inText = new AddedTokens(parts["added_tokens"], normalize);
  // The library has them among the model's pieces, of which words would be made.
  for (const content of inText.beside(given["vocab"])) model?.tokens_to_ids.delete(content);
  const words = wordModel(given, tokenizer);
  if (model !== null) {
    // Ours take less time, and make one of unknown pieces within a word alone, as those in Rust do.
    model.encode = words.split;
    model.fuse_unk = false;
  }
  const added = tokenizer.get_added_tokens_decoder();
  const idOf = (token: string) => inText.idOf(token) ?? tokenizer.token_to_id(token);
  const unknownId = model?.unk_token_id;
  // Some steps treat the beginning of a text in their own way, which is section 0.
  const wordsOf = (text: string, isFirst: boolean) =>
    pre_tokenizer ? pre_tokenizer(text, { section_index: isFirst ? 0 : 1 }) : [text];
  const piecesOf = (text: string, isFirst: boolean) => model!(wordsOf(text, isFirst));
  const long = longTexts({ parts, normalizer: normalizer as NormalizerStep | null, wordsOf, model: words });
  const pieceId = (piece: string) => idOf(piece) ?? unknownId;
  // Without `?.(`: made into older JavaScript that becomes a `call`, which the library's functions do not have.
  return {
    encode: (text) => inText.encode(text, piecesOf, pieceId),
    encodeLong: (text) => inText.encodeLong(text, long, pieceId),
    leastTokens: leastTokens(parts),
    normalize,
    marked: (tokens) => (post_processor ? post_processor([...tokens], null, true).tokens : tokens),
    idOf,
    unknownId,
    spelled(id) {
      const own = added.get(id);
      if (own !== undefined) return { text: own.content, added: true, special: own.special };
      const text = tokenizer.id_to_token(id);
      return text === undefined ? undefined : { text, added: false, special: false };
    },
  };
}

/** What splits words into the tokens of a vocabulary. */
function wordModel(given: JsonObject, { model }: Tokenizer): WordModel {
  const ids = model!.tokens_to_ids;
  if (given["type"] === "BPE") return bytePairs(given, ids);
  if (given["type"] === "WordPiece") return wordPieces(ids, given);
  return unigramPieces(given, (model as unknown as { trie: { root: TrieNode } }).trie.root, ids);
}
