import { Tokenizer } from "@huggingface/tokenizers";
import { AddedTokens } from "./added-tokens.js";
import { leastTokens } from "./least-tokens.js";
import { bytePairs } from "./models/byte-pairs.js";
import type { JsonObject } from "./checks.js";
import { longTexts } from "./long-texts.js";
import type { SubwordTokenizer, WordModel } from "./subword-tokenizer.js";
import { type NormalizerStep, useRustSteps } from "./rust-steps.js";
import type { TokenizerParts } from "./tokenizer-file.js";
import { type TrieNode, unigramPieces } from "./models/unigram.js";
import { wordPieces } from "./models/word-piece.js";

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
