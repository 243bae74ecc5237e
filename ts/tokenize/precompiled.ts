import type { Steps } from "../waiting/next-task.js";

/** UTF-16 units that the platform's segmenter sees at once: on Node 20 its time grows with the square of them. */
const PIECE = 256;

/** Characters that belong to the cluster before them, whatever it is: they only extend it. */
const EXTENDING = "\\p{M}\\p{Grapheme_Extend}\\p{Emoji_Modifier}\\u200c-\\u200d\\u{e0020}-\\u{e007f}";
const extending = new RegExp(`[${EXTENDING}]`, "u");
/** A character after which a cluster goes on as if it began there, and those after it. Flags are pairs, so they count what came before. */
const lastBase = new RegExp(`[^${EXTENDING}\\p{Regional_Indicator}][${EXTENDING}\\p{Regional_Indicator}]*$`, "u");

/**
 * The clusters of a text, as `Intl.Segmenter` finds them in the whole of it, in time proportional to its length. Where a cluster ends
 * depends on itself and the character after it alone (UAX #29), so that of each piece all but the last one are known. Before a cluster of
 * more than `PIECE` units comes a null for each piece of it: callers may pause there.
 * @internal exported for its tests
 */
export function* graphemes(text: string): Generator<string | null> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (let start = 0; start < text.length;) {
    if (isAlone(text, start)) {
      yield text[start++]!;
      continue;
    }
    const end = endOf(text, start);
    const found = Array.from(segmenter.segment(text.slice(start, end)), ({ segment }) => segment);
    if (end < text.length) found.pop();
    yield* found;
    for (const segment of found) start += segment.length;
    if (found.length > 0) continue;
    // A cluster that continues beyond the piece: what its end depends on is kept, not all of it.
    let state = stateAfter(text.slice(start, end));
    for (let to = end; ;) {
      yield null;
      const next = endOf(text, to);
      const [first] = segmenter.segment(state + text.slice(to, next));
      const { length } = first!.segment;
      if (length < state.length + next - to || next === text.length) {
        to += length - state.length;
        yield text.slice(start, to);
        start = to;
        break;
      }
      state = stateAfter(state + text.slice(to, next));
      to = next;
    }
  }
}

/** The end of a piece: a pair of surrogates is one character; an unpaired half ends where it stands. */
const endOf = (text: string, start: number) =>
  Math.min(text.length, start + PIECE + Number(isPair(text, start + PIECE - 1)));

/** A short cluster that goes on as the beginning of a long one does: from its last base, with each of the extending characters once. */
function stateAfter(cluster: string): string {
  const [from = cluster] = lastBase.exec(cluster) ?? [];
  const seen = new Set<string>();
  let state = "";
  let last = "";
  for (const character of from) {
    last = character;
    if (seen.has(character) && extending.test(character)) continue;
    seen.add(character);
    state += character;
  }
  return state.endsWith(last) ? state : state + last;
}

/** Whether the UTF-16 unit at `at` is a cluster by itself: of ASCII, before nothing that could continue it. */
const isAlone = (text: string, at: number) =>
  text.charCodeAt(at) < 0x80 && text[at] !== "\r" && !(text.charCodeAt(at + 1) >= 0x300);

let segmenter: Intl.Segmenter | undefined;

/** Whether the UTF-16 units at `at` and after it are the halves of one character. */
const isPair = (text: string, at: number) => (text.codePointAt(at) ?? 0) > 0xffff;

/** Characters that are replaced in one step, and pieces of a long cluster that count as one of them. */
const AT_ONCE = 4096;
const SEGMENTS = 64;

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
      done += segment === null ? SEGMENTS : 1;
      if (done < AT_ONCE) continue;
      done = 0;
      yield;
    }
    return normalized;
  };
}
