import type { Steps } from "../waiting/next-task.js";
import { graphemes } from "./graphemes.js";

/** Characters that are replaced in one step, and pieces of a long cluster that count as one of them. */
const AT_ONCE = 4096;
const PIECE = 64;

/** Longest text, in characters, that one of a text's becomes: Unicode's own go up to 18. */
const LONGEST = 64;

/** Longest cluster, in bytes, that is looked up as a whole. */
const CLUSTER = 6;

/** A trie in a double array (darts-clone), from bytes to numbers. */
class DoubleArray {
  constructor(private readonly units: DataView) {}

  private unit(at: number): number | undefined {
    return at < this.units.byteLength / 4 ? this.units.getUint32(4 * at, true) : undefined;
  }

  /** The number of the shortest matching prefix; undefined for none. */
  find(key: Uint8Array): number | undefined {
    const offset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
    let unit = this.unit(0);
    if (unit === undefined) return undefined;
    let at = offset(unit);
    for (const byte of key) {
      if (byte === 0) return undefined;
      at ^= byte;
      unit = this.unit(at >>> 0);
      if (unit === undefined || (unit & 0x800000ff) !== byte) return undefined;
      at ^= offset(unit);
      if (((unit >>> 8) & 1) === 1) {
        const value = this.unit(at >>> 0);
        return value === undefined ? undefined : value & 0x7fffffff;
      }
    }
    return undefined;
  }
}

/**
 * SentencePiece's normaliser from its compiled character map: replaces clusters of characters, or single ones. As in the Rust tokenizers,
 * the shortest of several prefixes counts. It works in steps. Throws for a damaged table.
 */
export function precompiled(base64: string): (text: string) => Steps<string> {
  const table = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const size = table.length < 4 ? Infinity : new DataView(table.buffer).getUint32(0, true);
  if (size % 4 !== 0 || size > table.length - 4)
    throw new Error("precompiled_charsmap is damaged: its trie does not fit");
  const trie = new DoubleArray(new DataView(table.buffer, 4, size));
  const results = table.subarray(4 + size);
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  const known = new Map<string, string | null>();

  function lookUp(part: string): string | null {
    const found = trie.find(encoder.encode(part));
    if (found === undefined) return null;
    const end = results.indexOf(0, found);
    const result = decoder.decode(results.subarray(found, end < 0 ? results.length : end));
    if (result.length <= LONGEST) return result;
    throw new Error(`precompiled_charsmap makes ${result.length} characters of one, more than ${LONGEST}`);
  }

  /** Cache of replacements: texts have few different characters. */
  function of(part: string): string | null {
    let result = known.get(part);
    if (result === undefined) {
      if (known.size > 10_000) known.clear();
      known.set(part, (result = lookUp(part)));
    }
    return result;
  }

  return function* (text) {
    let normalized = "";
    let done = 0;
    for (const segment of graphemes(text)) {
      const isShort = segment !== null && segment.length < CLUSTER && encoder.encode(segment).length < CLUSTER;
      const result = isShort ? of(segment) : null;
      if (result !== null) normalized += result;
      // A null is a piece of a cluster that takes long to find, not yet a text.
      for (const character of result === null ? (segment ?? "") : "") {
        normalized += of(character) ?? character;
        if (++done % AT_ONCE === 0) yield;
      }
      done += segment === null ? PIECE : 1;
      if (done < AT_ONCE) continue;
      done = 0;
      yield;
    }
    return normalized;
  };
}
