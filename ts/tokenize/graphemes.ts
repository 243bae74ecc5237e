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
