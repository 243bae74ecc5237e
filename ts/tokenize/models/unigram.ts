import type { JsonObject } from "../checks.js";
import { byteFallback, spellsAllBytes } from "./byte-fallback.js";
import type { WordModel } from "../subword-tokenizer.js";

/** An unknown character's score is this much below the lowest piece's, as in sentencepiece. */
const UNKNOWN_BELOW = 10;

/** A place in the library's trie of pieces. */
export interface TrieNode {
  readonly is_leaf: boolean;
  readonly children: ReadonlyMap<string, TrieNode>;
}

/** Characters after which the pieces that no further character changes are looked for. */
const SETTLED_AFTER = 1024;

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
): WordModel {
  const vocabulary = model["vocab"] as readonly (readonly [string, number])[];
  const bytesOf = byteFallback(model, ids);
  const hasBytes = spellsAllBytes(model, ids);
  const unknownScore = vocabulary.reduce((least, [, score]) => Math.min(least, score), Infinity) - UNKNOWN_BELOW;
  // Of equal pieces the last counts.
  const scores = new Map<TrieNode | undefined, number>();
  let longest = 1;
  for (const [id, [piece, score]] of vocabulary.entries()) {
    let node: TrieNode | undefined = root;
    for (const character of piece) node = node?.children.get(character);
    scores.set(node, id === model["unk_id"] ? unknownScore : score);
    longest = Math.max(longest, piece.length);
  }

  /** Extends the best ways by the pieces that begin at `start`. `starts[end]` is where the last piece of the best way to `end` begins. */
  const extend = (characters: readonly string[], start: number, best: number[], starts: number[]) => {
    const before = best[start]!;
    let node = root.children.get(characters[start]!);
    if (node?.is_leaf !== true) {
      const sum = before + unknownScore;
      if (starts[start + 1] === undefined || sum > best[start + 1]!)
        [best[start + 1], starts[start + 1]] = [sum, start];
    }
    for (let end = start + 1; node !== undefined; node = node.children.get(characters[end++]!)) {
      if (!node.is_leaf) continue;
      const sum = before + scores.get(node)!;
      if (starts[end] === undefined || sum > best[end]!) [best[end], starts[end]] = [sum, start];
    }
  };
  /** The pieces of the best way to `end`. */
  const piecesTo = (end: number, characters: readonly string[], starts: readonly number[]) => {
    const pieces: string[] = [];
    for (; end > 0; end = starts[end]!) pieces.push(characters.slice(starts[end], end).join(""));
    return pieces.reverse();
  };
  /** Unknown characters that follow each other are one piece, or its bytes; those at the end wait in `unknown` for more. */
  const spell = (pieces: readonly string[], unknown: string[], ends: boolean) => {
    const tokens: string[] = [];
    const flush = () => {
      if (unknown.length === 0) return;
      const text = unknown.join("");
      const bytes = bytesOf(text);
      if (bytes.length > 0) for (const byte of bytes) tokens.push(byte);
      else tokens.push(text);
      unknown.length = 0;
    };
    for (const piece of pieces) {
      if (!ids.has(piece)) {
        unknown.push(piece);
        continue;
      }
      flush();
      tokens.push(piece);
    }
    if (ends || hasBytes) flush();
    return tokens;
  };

  const split = (word: string): string[] => {
    const characters = Array.from(word);
    const [best, starts]: [number[], number[]] = [[0], []];
    for (let start = 0; start < characters.length; start++) extend(characters, start, best, starts);
    return spell(piecesTo(characters.length, characters, starts), [], true);
  };

  /** A word that comes in parts. Sums of scores are those of the word from its start, so that they are rounded alike. */
  const long = () => {
    let [characters, best, starts]: [string[], number[], number[]] = [[], [0], []];
    const unknown: string[] = [];
    let [done, look] = [0, SETTLED_AFTER];
    return (part: string, ends: boolean): readonly string[] => {
      for (const character of part) characters.push(character);
      const { length } = characters;
      for (; done < length && (ends || done + longest <= length); done++) extend(characters, done, best, starts);
      if (!ends && done < look) return [];
      let settled = ends ? length : done;
      if (!ends) {
        // Every way goes on from one of these places, and all of them from the last place that their ways have in common.
        const places = new Set<number>();
        for (let end = done; end <= length; end++) if (starts[end] !== undefined) places.add(starts[end]!);
        places.add(done);
        while (places.size > 1) {
          const last = Math.max(...places);
          places.delete(last);
          places.add(starts[last] ?? 0);
        }
        [settled] = [...places] as [number];
      }
      const tokens = spell(piecesTo(settled, characters, starts), unknown, ends);
      characters = characters.slice(settled);
      best = best.slice(settled);
      starts = starts.slice(settled).map((start) => start - settled);
      done -= settled;
      look = 2 * done + SETTLED_AFTER;
      return tokens;
    };
  };
  return { split: (words) => words.flatMap(split), long };
}
