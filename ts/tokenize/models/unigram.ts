import type { JsonObject } from "../checks.js";
import { byteFallback } from "./byte-fallback.js";

/** An unknown character's score is this much below the lowest piece's, as in sentencepiece. */
const UNKNOWN_BELOW = 10;

/** A place in the library's trie of pieces. */
export interface TrieNode {
  readonly is_leaf: boolean;
  readonly children: ReadonlyMap<string, TrieNode>;
}

/**
 * Unigram's split of words with the largest sum of scores (arXiv 1804.10959), as in the Rust tokenizers: the best path to each position,
 * from the start. The library keeps every piece at every position and compares each with all that end where it begins, in quadratic time.
 *
 * @param model from a checked tokenizer.json
 * @param root of its pieces, character by character
 * @param ids of its pieces
 */
export function unigramPieces(
  model: JsonObject,
  root: TrieNode,
  ids: Pick<ReadonlyMap<string, number>, "has">,
): (words: readonly string[]) => string[] {
  const vocabulary = model["vocab"] as readonly (readonly [string, number])[];
  const bytesOf = byteFallback(model, ids);
  const unknownScore = vocabulary.reduce((least, [, score]) => Math.min(least, score), Infinity) - UNKNOWN_BELOW;
  // Of equal pieces the last counts.
  const scores = new Map<TrieNode | undefined, number>();
  for (const [id, [piece, score]] of vocabulary.entries()) {
    let node: TrieNode | undefined = root;
    for (const character of piece) node = node?.children.get(character);
    scores.set(node, id === model["unk_id"] ? unknownScore : score);
  }

  const split = (word: string): string[] => {
    const characters = Array.from(word);
    const best = new Float64Array(characters.length + 1);
    // Where the last piece of the best way to each place begins.
    const starts = new Int32Array(characters.length + 1).fill(-1);
    const reach = (start: number, end: number, score: number) => {
      const sum = best[start]! + score;
      if (starts[end]! >= 0 && !(sum > best[end]!)) return;
      best[end] = sum;
      starts[end] = start;
    };
    for (let start = 0; start < characters.length; start++) {
      let node = root.children.get(characters[start]!);
      if (node?.is_leaf !== true) reach(start, start + 1, unknownScore);
      for (let end = start + 1; node !== undefined; node = node.children.get(characters[end++]!))
        if (node.is_leaf) reach(start, end, scores.get(node)!);
    }
    const found: string[] = [];
    for (let end = characters.length; end > 0; end = starts[end]!)
      found.push(characters.slice(starts[end], end).join(""));
    return found.reverse();
  };
  /** Unknown characters that follow each other are one piece, or its bytes. */
  const spelled = (pieces: readonly string[]) => {
    const known: (string | readonly string[])[] = [];
    for (let start = 0, end: number; start < pieces.length; start = end) {
      end = start + 1;
      if (ids.has(pieces[start]!)) {
        known.push(pieces[start]!);
        continue;
      }
      while (end < pieces.length && !ids.has(pieces[end]!)) end++;
      const text = pieces.slice(start, end).join("");
      const bytes = bytesOf(text);
      known.push(bytes.length > 0 ? bytes : text);
    }
    return known.flat();
  };
  return (words) => words.flatMap((word) => spelled(split(word)));
}
