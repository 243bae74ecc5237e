import { Tokenizer } from "@huggingface/tokenizers";
import { AddedTokens } from "./added-tokens.js";
import { leastTokens } from "./least-tokens.js";
import { bytePairs } from "./models/byte-pairs.js";
import type { JsonObject } from "./checks.js";
import { useRustSteps } from "./rust-steps.js";
import type { SubwordTokenizer } from "./subword-tokenizer.js";
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
  if (model !== null) {
    // Ours take less time, and make one of unknown pieces within a word alone, as those in Rust do.
    if (isPairs) model.encode = bytePairs(given, model.tokens_to_ids);
    if (given["type"] === "WordPiece") model.encode = wordPieces(model.tokens_to_ids, given);
    if ("trie" in model)
      model.encode = unigramPieces(given, (model as { trie: { root: TrieNode } }).trie.root, model.tokens_to_ids);
    model.fuse_unk = false;
  }
  const added = tokenizer.get_added_tokens_decoder();
  const idOf = (token: string) => inText.idOf(token) ?? tokenizer.token_to_id(token);
  const unknownId = model?.unk_token_id;
  // Some steps treat the beginning of a text in their own way, which is section 0.
  const piecesOf = (text: string, isFirst: boolean) =>
    model!(pre_tokenizer ? pre_tokenizer(text, { section_index: isFirst ? 0 : 1 }) : [text]);
  // Without `?.(`: made into older JavaScript that becomes a `call`, which the library's functions do not have.
  return {
    encode: (text) => inText.encode(text, piecesOf, (piece) => idOf(piece) ?? unknownId),
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
