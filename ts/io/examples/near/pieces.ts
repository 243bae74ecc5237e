/** Longest text to split, in characters. */
const LOOKED_AT = 4000;
/** Punctuation that ends a piece before white space, and punctuation that always does. */
const SIGNS = new Set(".,;:!?…-–—()|");
const WIDE_SIGNS = new Set("。、，．！？；：");
const LINES = new Set("\n\r\u2028\u2029");

/** Whether a UTF-16 unit is part of a word: 1 yes, 2 no, 0 unknown yet. Surrogates always are. */
const inWords = new Uint8Array(0x10000);
const isWord = (unit: number) => (/[\p{L}\p{M}\p{N}\p{Cs}]/u.test(String.fromCharCode(unit)) ? 1 : 2);

/**
 * The words of a text in pieces, separated by line ends and punctuation: lower case, one space between words. The time is in proportion to
 * the length. A text of more than 4,000 characters has no pieces: its greeting makes no difference.
 */
export function piecesOf(text: string): string[] {
  if (text.length > LOOKED_AT) return [];
  const plain = text.normalize("NFKC").toLowerCase();
  const pieces: string[] = [];
  let piece = "";
  /** Start of the current word; −1 between words. */
  let begun = -1;
  let [sign, ends, space] = [false, false, false];
  const end = () => {
    if (piece !== "") pieces.push(piece);
    piece = "";
  };
  for (let i = 0; i <= plain.length; i++) {
    const unit = plain.charCodeAt(i);
    if (i < plain.length && (inWords[unit] ||= isWord(unit)) === 1) {
      if (begun >= 0) continue;
      if (ends) end();
      [begun, sign, ends, space] = [i, false, false, false];
      continue;
    }
    if (begun >= 0) {
      piece += (piece === "" ? "" : " ") + plain.slice(begun, i);
      begun = -1;
    }
    const character = plain.charAt(i);
    if (SIGNS.has(character)) sign = true;
    else if (/\s/.test(character)) space = true;
    // Punctuation within a word does not end a piece: "3.5", "don't".
    ends ||= LINES.has(character) || WIDE_SIGNS.has(character) || (sign && space);
  }
  end();
  return pieces;
}
