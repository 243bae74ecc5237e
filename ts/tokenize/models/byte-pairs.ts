import type { JsonObject } from "../checks.js";
import { MergeTable } from "./merge-table.js";

/** Words that are remembered with their pieces, and the longest of them, in UTF-16 units. */
const REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 256;

const textOr = (value: unknown) => (typeof value === "string" ? value : "");

/**
 * Byte-pair encoding (Sennrich et al., arXiv 1508.07909), as the tokenizers in Rust do it: of all neighbours that a merge joins those of the
 * earliest merge become one, the first of several, until there are none. In time n·log n of a word's characters; the library's takes
 * some fifty times as long for a long one, and its table of merges long to build.
 *
 * @param model as a checked tokenizer.json has it
 * @param ids of the vocabulary's pieces
 */
export function bytePairs(
  model: JsonObject,
  ids: Pick<ReadonlyMap<string, number>, "has">,
): (words: readonly string[]) => string[] {
  const table = new MergeTable(model["merges"] as readonly (string | readonly [string, string])[]);
  const [last, others] = [textOr(model["end_of_word_suffix"]), textOr(model["continuing_subword_suffix"])];
  const unknown = typeof model["unk_token"] === "string" ? [model["unk_token"]] : [];
  const encoder = model["byte_fallback"] === true ? new TextEncoder() : null;
  const isWhole = (word: string) => model["ignore_merges"] === true && ids.has(word);

  const spelled = (piece: string): readonly string[] => {
    if (ids.has(piece)) return [piece];
    if (encoder === null) return unknown;
    const bytes = Array.from(
      encoder.encode(piece),
      (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
    );
    return bytes.every((byte) => ids.has(byte)) ? bytes : unknown;
  };
  const split = (word: string): readonly string[] => {
    if (isWhole(word)) return [word];
    const pieces = table.split(word, last);
    if (others !== "") for (let i = 0; i < pieces.length - 1; i++) pieces[i]! += others;
    return pieces.flatMap(spelled);
  };

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
