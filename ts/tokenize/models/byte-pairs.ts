import type { JsonObject } from "../checks.js";
import { byteFallback } from "./byte-fallback.js";
import { MergeTable } from "./merge-table.js";

/** Words that are remembered with their pieces, and the longest of them, in UTF-16 units. */
const REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 256;

const textOr = (value: unknown) => (typeof value === "string" ? value : "");

/**
 * Byte-pair encoding (Sennrich et al., arXiv 1508.07909), as in the Rust tokenizers: of all neighbouring pairs with a merge, the pair with
 * the earliest merge is joined first, the leftmost of several, until none is left. Takes n·log n time in a word's characters. The
 * JavaScript library takes about fifty times as long for a long word and for building its table, and does not support a prefix of
 * continuing pieces.
 *
 * @param model from a checked tokenizer.json
 * @param ids of the vocabulary's pieces
 */
export function bytePairs(
  model: JsonObject,
  ids: Pick<ReadonlyMap<string, number>, "has">,
): (words: readonly string[]) => string[] {
  const [prefix, suffix] = [textOr(model["continuing_subword_prefix"]), textOr(model["end_of_word_suffix"])];
  const table = new MergeTable(model["merges"] as readonly (string | readonly [string, string])[], prefix);
  const unknown = typeof model["unk_token"] === "string" ? model["unk_token"] : null;
  const fuses = model["fuse_unk"] === true;
  const bytesOf = byteFallback(model, ids);
  const isWhole = (word: string) => model["ignore_merges"] === true && ids.has(word);

  /** The initial pieces of a word: characters of the vocabulary, bytes, and the unknown token. */
  const piecesOf = (word: string): string[] => {
    const pieces: string[] = [];
    const characters = Array.from(word);
    // An unknown character comes before the next known one; as in Rust, after bytes between them.
    let isUnknown = false;
    for (const [i, character] of characters.entries()) {
      const piece = (i > 0 ? prefix : "") + character + (i === characters.length - 1 ? suffix : "");
      if (ids.has(piece)) {
        if (isUnknown) pieces.push(unknown!);
        isUnknown = false;
        pieces.push(piece);
        continue;
      }
      const bytes = bytesOf(piece);
      pieces.push(...bytes);
      if (bytes.length > 0 || unknown === null) continue;
      if (isUnknown && !fuses) pieces.push(unknown);
      isUnknown = true;
    }
    if (isUnknown) pieces.push(unknown!);
    return pieces;
  };
  const split = (word: string): readonly string[] => (isWhole(word) ? [word] : table.merge(piecesOf(word)));

  const known = new Map<string, readonly string[]>();
  return (words) =>
    words.flatMap((word) => {
      if (word.length > LONGEST_REMEMBERED) return split(word);
      let pieces = known.get(word);
      if (pieces === undefined) {
        pieces = split(word);
        if (known.size >= REMEMBERED) known.clear();
        known.set(word, pieces);
      }
      return pieces;
    });
}
