import type { JsonObject } from "./checks.js";

/** What WordPiece splits words with. */
export interface WordPieceModel {
  /** Ids by piece; only whether a piece is there is asked. */
  readonly pieces: { has(piece: string): boolean; keys(): Iterable<string> };
  readonly unknown: string;
  /** What pieces within a word begin with: "##". */
  readonly prefix: string;
  /** Longer words are unknown, in characters. */
  readonly longestWord: number;
}

/**
 * WordPiece's greedy split of words, the longest piece first (arXiv 1609.08144). The library's looks at every rest of a word
 * as a possible piece, in time that grows with the cube of the word's length; here the longest piece bounds it.
 */
export function wordPieces({ pieces, unknown, prefix, longestWord }: WordPieceModel) {
  let longestPiece = 0;
  for (const piece of pieces.keys()) longestPiece = Math.max(longestPiece, piece.length);

  const split = (word: string): string[] => {
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
  return (words: readonly string[]): string[] => words.flatMap(split);
}

/** The same by a checked tokenizer.json's `model`, and the pieces that there are. */
export const wordPiecesOf = (pieces: WordPieceModel["pieces"], model: JsonObject) =>
  wordPieces({
    pieces,
    unknown: model["unk_token"] as string,
    prefix: model["continuing_subword_prefix"] as string,
    longestWord: (model["max_input_chars_per_word"] as number | null | undefined) ?? 100,
  });
