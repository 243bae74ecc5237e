/** Ways in which the bounded parts of one alternative may match: optional characters, counts, choices in groups. */
const MAX_WAYS = 256;

/** Longest expression; tokenizers' are some hundred characters. */
const MAX_LENGTH = 1000;

/**
 * Alternatives of language models' tokenizers with two repetitions that take no more time than one: the second cannot match what the first
 * matches, or the search continues after all of it.
 */
const harmless = [
  String.raw`\s*[\r\n]+`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
];

/** The expression with "x" in their place. */
const withoutHarmless = (source: string) =>
  harmless.reduce((rest, part) => rest.replaceAll(`|${part}|`, "|x|"), `|${source}|`).slice(1, -1);

/** An element of an expression: its end and, for a repetition, how it may match. */
function part(source: string, at: number): { end: number; unbounded?: boolean; ways?: number; refused?: boolean } {
  const ahead = source.slice(at, at + 64);
  const escape = /^\\(?:[pPxu]\{[^}]*\}|[^])/u.exec(ahead);
  // A digit or a name would refer back to a group.
  if (escape) return { end: at + escape[0].length, refused: /^\\[1-9k]/.test(ahead) };
  // Look-around and flags open with a question mark that repeats nothing.
  if (ahead.startsWith("(?")) return { end: at + 2 };
  if (/^\)[*+?{]/.test(ahead)) return { end: at + 1, refused: true };
  const counted = /^\{(\d*)(,?)(\d*)\}/.exec(ahead);
  if (counted) {
    const [text, low, comma, high] = counted as unknown as [string, string, string, string];
    const refused = low.length > 2 || high.length > 2;
    const ways = high === "" ? 1 : Math.max(1, Number(high) - Number(low) + 1);
    return { end: at + text.length, unbounded: comma !== "" && high === "", ways, refused };
  }
  if (ahead.startsWith("*") || ahead.startsWith("+")) return { end: at + 1, unbounded: true };
  return ahead.startsWith("?") ? { end: at + 1, ways: 2 } : { end: at + 1 };
}

/**
 * Whether a regular expression searches any text in time that grows with the square of its length at most: every
 * alternative has one unbounded repetition at most and few ways to match otherwise, and no group is repeated. JavaScript's
 * own backtracks, and another expression could keep it busy for ever.
 */
export function isSimpleRegex(expression: string): boolean {
  if (expression.length > MAX_LENGTH) return false;
  const source = withoutHarmless(expression);
  let [unbounded, ways, depth] = [0, 1, 0];
  let inSet = false;
  for (let i = 0; i < source.length;) {
    const character = source[i]!;
    if (inSet && character !== "\\") {
      inSet = character !== "]";
      i++;
      continue;
    }
    const found = part(source, i);
    if (found.refused) return false;
    if (!inSet) {
      if (character === "[") inSet = true;
      else if (character === "(") depth++;
      else if (character === ")") depth--;
      else if (character === "|" && depth === 0) [unbounded, ways] = [0, 1];
      else if (character === "|") ways *= 2;
      if (found.unbounded) unbounded++;
      ways *= found.ways ?? 1;
      if (unbounded > 1 || ways > MAX_WAYS) return false;
    }
    i = found.end;
  }
  return true;
}
