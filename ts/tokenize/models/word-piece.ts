import type { JsonObject } from "../checks.js";
import type { WordModel } from "../subword-tokenizer.js";

/**
 * WordPiece's greedy split of words, the longest piece first (arXiv 1609.08144). The library tries every rest of a word as a piece, in time
 * cubic in the word's length; here the longest piece bounds it.
 *
 * @param pieces used only to test whether a piece exists
 * @param model from a checked tokenizer.json
 */
export function wordPieces(
  pieces: { has(piece: string): boolean; keys(): Iterable<string> },
  model: JsonObject,
): WordModel {
  const unknown = model["unk_token"] as string;
  // Prefix of pieces within a word: "##".
  const prefix = model["continuing_subword_prefix"] as string;
  // Longer words are unknown, in characters.
  const longestWord = (model["max_input_chars_per_word"] as number | null | undefined) ?? 100;
  let longestPiece = 0;
  for (const piece of pieces.keys()) longestPiece = Math.max(longestPiece, piece.length);

  const split = (word: string): string[] => {
    // A character has up to two units.
    if (word.length > 2 * longestWord) return [unknown];
    const characters = Array.from(word);
    if (characters.length > longestWord) return [unknown];
    const found: string[] = [];
    for (let start = 0; start < characters.length;) {
      let end = Math.min(characters.length, start + longestPiece);
      let piece = (start > 0 ? prefix : "") + characters.slice(start, end).join("");
      while (end > start && !pieces.has(piece)) piece = piece.slice(0, -characters[--end]!.length);
      if (end === start) return [unknown];
      found.push(piece);
      start = end;
    }
    return found;
  };
  /** Stops at a word's maximum length: a longer word is unknown whatever its rest is. */
  const long = () => {
    let word = "";
    return (part: string, ends: boolean) => {
      if (word.length <= 2 * longestWord) word += part;
      return ends ? split(word) : [];
    };
  };
  return { split: (words) => words.flatMap(split), long };
}
