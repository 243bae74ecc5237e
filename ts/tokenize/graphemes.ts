/** UTF-16 units that the platform's segmenter sees at once: on Node 20 its time grows with the square of them. */
const PIECE = 256;

/**
 * The clusters of a text, as `Intl.Segmenter` finds them in the whole of it, in time proportional to its length. Where a cluster ends
 * depends on itself and the character after it alone (UAX #29), so that of each piece all but the last one are known.
 */
export function* graphemes(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (let start = 0, length = PIECE; start < text.length;) {
    if (isAlone(text, start)) {
      yield text[start++]!;
      continue;
    }
    // A pair of surrogates is one character; an unpaired half ends where it stands.
    const end = start + length + Number(isPair(text, start + length - 1));
    const found = Array.from(segmenter.segment(text.slice(start, end)), ({ segment }) => segment);
    if (end < text.length) found.pop();
    // A grapheme that continues beyond the piece is segmented again, with more of the text.
    length = found.length === 0 ? 2 * length : PIECE;
    yield* found;
    for (const segment of found) start += segment.length;
  }
}

/** Whether the UTF-16 unit at `at` is a cluster by itself: of ASCII, before nothing that could continue it. */
const isAlone = (text: string, at: number) =>
  text.charCodeAt(at) < 0x80 && text[at] !== "\r" && !(text.charCodeAt(at + 1) >= 0x300);

let segmenter: Intl.Segmenter | undefined;

/** Whether the UTF-16 units at `at` and after it are the halves of one character. */
const isPair = (text: string, at: number) => (text.codePointAt(at) ?? 0) > 0xffff;
