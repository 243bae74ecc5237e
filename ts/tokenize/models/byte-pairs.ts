import type { JsonObject } from "../checks.js";
import { byteFallback } from "./byte-fallback.js";
import { MergeTable } from "./merge-table.js";
import type { WordModel } from "../subword-tokenizer.js";

/** Words that are remembered with their pieces, and the longest of them, in UTF-16 units. */
const REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 256;

/** Characters of a word that are merged at once. */
const LONG_WORD = 2048;

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
export function bytePairs(model: JsonObject, ids: Pick<ReadonlyMap<string, number>, "has" | "keys">): WordModel {
  const [prefix, suffix] = [textOr(model["continuing_subword_prefix"]), textOr(model["end_of_word_suffix"])];
  const table = new MergeTable(model["merges"] as readonly (string | readonly [string, string])[], prefix);
  const unknown = typeof model["unk_token"] === "string" ? model["unk_token"] : null;
  const fuses = model["fuse_unk"] === true;
  const bytesOf = byteFallback(model, ids);
  const isWhole = (word: string) => model["ignore_merges"] === true && ids.has(word);

  /**
   * The initial pieces of a word's characters: those of the vocabulary, bytes, and the unknown token. `spelling` says what came before, and
   * whether the word ends.
   */
  const piecesOf = (characters: readonly string[], spelling: Spelling): string[] => {
    const pieces: string[] = [];
    for (const [i, character] of characters.entries()) {
      const isLast = spelling.ends && i === characters.length - 1;
      const piece = (i > 0 || spelling.began ? prefix : "") + character + (isLast ? suffix : "");
      if (ids.has(piece)) {
        if (spelling.isUnknown) pieces.push(unknown!);
        spelling.isUnknown = false;
        pieces.push(piece);
        continue;
      }
      const bytes = bytesOf(piece);
      for (const byte of bytes) pieces.push(byte);
      if (bytes.length > 0 || unknown === null) continue;
      // An unknown character comes before the next known one; as in Rust, after bytes between them.
      if (spelling.isUnknown && !fuses) pieces.push(unknown);
      spelling.isUnknown = true;
    }
    if (characters.length > 0) spelling.began = true;
    if (spelling.ends && spelling.isUnknown) pieces.push(unknown!);
    return pieces;
  };
  const spelled = (word: string) => piecesOf(Array.from(word), { began: false, ends: true, isUnknown: false });
  const split = (word: string): readonly string[] => (isWhole(word) ? [word] : table.merge(spelled(word)));

  const known = new Map<string, readonly string[]>();
  const splitAll = (words: readonly string[]) =>
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

  /** Length of a word that cannot be in the vocabulary, and is worth merging in parts. */
  let tooLong = 0;
  const long = () => {
    tooLong ||= model["ignore_merges"] === true ? longestOf(ids.keys(), LONG_WORD) : LONG_WORD;
    const spelling: Spelling = { began: false, ends: false, isUnknown: false };
    let text = "";
    let pieces: string[] = [];
    let enough = LONG_WORD;
    return (part: string, ends: boolean): readonly string[] => {
      text += part;
      if (ends && !spelling.began && text.length <= tooLong) return split(text);
      if (!ends && text.length <= tooLong) return [];
      const characters = Array.from(text);
      // The last one of a word is spelled in its own way.
      text = ends ? "" : characters.pop()!;
      spelling.ends = ends;
      for (const piece of piecesOf(characters, spelling)) pieces.push(piece);
      if (ends) return table.merge(pieces);
      if (pieces.length < enough) return [];
      const { tokens, count } = table.mergeBeginning(pieces);
      pieces = pieces.slice(count);
      enough = 2 * pieces.length + LONG_WORD;
      return tokens;
    };
  };
  return { split: splitAll, long };
}

/** How a word that comes in parts is spelled. */
interface Spelling {
  /** Whether there were characters before. */
  began: boolean;
  /** Whether the word ends with these characters. */
  ends: boolean;
  /** Whether the last character was unknown. */
  isUnknown: boolean;
}

function longestOf(pieces: Iterable<string>, least: number): number {
  for (const piece of pieces) least = Math.max(least, piece.length);
  return least;
}
