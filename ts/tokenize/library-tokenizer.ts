import { Tokenizer } from "@huggingface/tokenizers";
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
  const { model, normalizer, post_processor } = tokenizer;
  if (model !== null) {
    // Ours take less time, and make one of unknown pieces within a word alone, as those in Rust do.
    if (isPairs) model.encode = bytePairs(given, model.tokens_to_ids);
    if (given["type"] === "WordPiece") model.encode = wordPieces(model.tokens_to_ids, given);
    if ("trie" in model)
      model.encode = unigramPieces(given, (model as { trie: { root: TrieNode } }).trie.root, model.tokens_to_ids);
    model.fuse_unk = false;
  }
  const added = tokenizer.get_added_tokens_decoder();
  // Without `?.(`: made into older JavaScript that becomes a `call`, which the library's functions do not have.
  return {
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }),
    normalize: (text) => (normalizer ? normalizer(text) : text),
    marked: (tokens) => (post_processor ? post_processor([...tokens], null, true).tokens : tokens),
    idOf: (token) => tokenizer.token_to_id(token),
    unknownId: model?.unk_token_id,
    spelled(id) {
      const own = added.get(id);
      if (own !== undefined) return { text: own.content, added: true, special: own.special };
      const text = tokenizer.id_to_token(id);
      return text === undefined ? undefined : { text, added: false, special: false };
    },
  };
}
