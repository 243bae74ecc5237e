/** Which characters a normalizer takes away, and which it surrounds with spaces. */
export interface CondenseRules {
  /** Combining marks (Mn) are taken away. */
  readonly stripsMarks: boolean;
  /** Control and format characters are taken away. */
  readonly cleans: boolean;
  /** Chinese characters are words of their own. */
  readonly splitsChinese: boolean;
  /** Words longer than this many characters are unknown as a whole. */
  readonly longestWord: number;
}

/** Kept of a run of characters that are taken away: enough that what it parted stays parted. */
const KEPT = 32;

enum Kind {
  /** Ends words, or may. */
  Other = 1,
  /** Is taken away. */
  Vanishing,
  /** Belongs to a word, but may be taken away or not. */
  Mark,
  /** Belongs to a word and stays at least one character. */
  Letter,
}

/** The characters that BertNormalizer surrounds with spaces, for a set of an expression with the flag u. */
export const CHINESE =
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff" +
  "\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b81f}\\u{2b920}-\\u{2ceaf}\\u{2f800}-\\u{2fa1f}";
const isChinese = new RegExp(`[${CHINESE}]`, "u");

function kindOf(character: string, rules: CondenseRules): Kind {
  if (/^[a-z0-9]/i.test(character)) return Kind.Letter;
  if (rules.stripsMarks && /\p{Mn}/u.test(character)) return Kind.Vanishing;
  if (rules.cleans && /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/u.test(character))
    return /[\t\n\r]/.test(character) ? Kind.Other : Kind.Vanishing;
  if (rules.splitsChinese && isChinese.test(character)) return Kind.Other;
  if (/\p{M}/u.test(character)) return Kind.Mark;
  // With its parts, for "≠" falls apart into "=" and a stroke, and "=" is a word of its own.
  return /[\s\x85\p{P}!-/:-@[-`{-~]/u.test(character + character.normalize("NFD")) ? Kind.Other : Kind.Letter;
}

/**
 * A text with the same tokens under BERT's normalizer, splitting and WordPiece, of which nothing is so long that it takes
 * more than time in proportion: runs of characters that are taken away anyway are cut short (putting combining marks in order takes
 * time that grows with the square of their number), and so are words that are unknown because of their length.
 */
export function condense(text: string, rules: CondenseRules): string {
  const kinds = new Map<string, Kind>();
  const enough = rules.longestWord + KEPT;
  let result = "";
  let copied = 0;
  const leaveOut = (from: number, to: number) => {
    if (to <= from) return;
    result += text.slice(copied, from);
    copied = to;
  };
  let at = 0;
  /** Letters of the word so far, and where they were enough (-1 before). */
  let [letters, unknownFrom] = [0, -1];
  /** Characters of the run that is taken away, and where there were enough of them. */
  let [vanishing, vanishingFrom] = [0, 0];

  const endVanishing = () => {
    if (vanishing > KEPT && unknownFrom < 0) leaveOut(vanishingFrom, at);
  };
  const endWord = () => {
    if (unknownFrom >= 0) leaveOut(unknownFrom, at);
    [letters, unknownFrom] = [0, -1];
  };
  for (const character of text) {
    let kind = kinds.get(character);
    if (kind === undefined) kinds.set(character, (kind = kindOf(character, rules)));
    if (kind !== Kind.Vanishing) endVanishing();
    if (kind === Kind.Other) endWord();
    if (kind === Kind.Vanishing) {
      if (++vanishing === KEPT) vanishingFrom = at + character.length;
    } else vanishing = 0;
    if (kind === Kind.Letter) {
      if (++letters === enough) unknownFrom = at + character.length;
    }
    at += character.length;
  }
  endVanishing();
  endWord();
  return result + text.slice(copied);
}
