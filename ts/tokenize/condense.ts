/** Which characters a normalizer takes away, and which it surrounds with spaces. */
export interface CondenseRules {
  /** Combining marks (Mn) are removed. */
  readonly stripsMarks: boolean;
  /** Control and format characters are removed. */
  readonly cleans: boolean;
  /** Each Chinese character is a word. */
  readonly splitsChinese: boolean;
  /** Words longer than this many characters are unknown as a whole. */
  readonly longestWord: number;
}

/** Number of removed characters of a run to keep, so that it still separates its neighbours. */
const KEPT = 32;

enum Kind {
  /** Ends words, or may. */
  Other = 1,
  /** Always removed. */
  Vanishing,
  /** Part of a word; may be removed or not. */
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
  // With its parts, since "≠" decomposes into "=" and a stroke, and "=" is a word.
  return /[\s\x85\p{P}!-/:-@[-`{-~]/u.test(character + character.normalize("NFD")) ? Kind.Other : Kind.Letter;
}

/**
 * Shortens a text without changing its tokens under BERT's normalizer, splitting and WordPiece, so that their time is in proportion to its
 * length. It shortens runs of characters that are removed anyway (ordering combining marks takes quadratic time), and words that are
 * unknown because of their length.
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
  /** Letters of the word so far, and the offset where they reached the limit (-1 before). */
  let [letters, unknownFrom] = [0, -1];
  /** Characters of the removed run so far, and the offset where they reached the limit. */
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
