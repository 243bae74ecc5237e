/** Number of pieces at a text's start and end that may be greeting and sign-off, and the most words of such a piece. */
const [OPENING, CLOSING] = [3, 6];
const WORDS = 8;
/** A piece is a frame if this many otherwise different texts have it. */
const DIFFERENT = 3;
/** Texts with fewer characters are too short to compare. */
const FEWEST = 12;

/** Beginnings of greetings and sign-offs in the Studio's languages. Others are found because many texts have them. */
const GREETING =
  /^(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hallo|servus|moin|liebe[rs]?|guten (?:tag|morgen|abend)|sehr geehrte[rs]?)\b/;
const SIGN_OFF =
  /^(?:thanks|thank you|thx|many thanks|cheers|(?:best|kind|warm|many)(?: \w+)? (?:regards|wishes)|best$|regards|yours|sincerely|looking forward|(?:vielen |besten |herzlichen )?dank\b|danke|mit (?:freundlichen|besten|herzlichen)|(?:viele|beste|liebe|freundliche|herzliche)(?: \w+)? grüße|gruß|grüße|lg|mfg)\b/;
/** A greeting without punctuation between it and the text. */
const GREETED = /^((?:hi|hello|hey|hallo|servus|moin)(?: (?:there|all|team|everyone|zusammen))?) (?=\S)/;
const SIGNED_OFF = /(?<=\S) ((?:many |vielen )?(?:thanks|thank you|thx|cheers|regards|danke|dank)(?: \S+){0,5})$/;

const isShort = (piece: string) => {
  let words = 1;
  for (const character of piece) if (character === " ") words++;
  return words <= WORDS;
};

/** Splits off a greeting and a sign-off that no punctuation separates from the text. */
function parted(pieces: readonly string[]): readonly string[] {
  const all = [...pieces];
  const greeted = GREETED.exec(all[0] ?? "");
  if (greeted !== null) all.splice(0, 1, greeted[1]!, all[0]!.slice(greeted[0].length));
  for (let i = all.length - 1; i >= Math.max(0, all.length - CLOSING); i--) {
    const signed = SIGNED_OFF.exec(all[i]!);
    if (signed === null) continue;
    all.splice(i, 1, all[i]!.slice(0, signed.index), signed[1]!);
    break;
  }
  return all;
}

/**
 * Text around otherwise different texts: greetings, sign-offs, names. All texts are added first. A piece at an end is a frame by its first
 * words, or if at least three texts with different longest pieces have it.
 */
export class Frames {
  /** The longest pieces of the texts that have each piece at an end, as many as count. */
  private readonly around = new Map<string, Set<string>>();

  /** Adds a text. */
  note(pieces: readonly string[]): void {
    const all = parted(pieces);
    const longest = this.longest(all, () => true);
    all.forEach((piece, i) => {
      if (i === longest || !(i < longest ? i < OPENING : i >= all.length - CLOSING) || !isShort(piece)) return;
      const met = this.around.get(piece);
      if (met === undefined) this.around.set(piece, new Set([all[longest]!]));
      else if (met.size < DIFFERENT) met.add(all[longest]!);
    });
  }

  /** The text without its frame; null if that is too short to compare. */
  core(pieces: readonly string[]): string | null {
    const all = parted(pieces);
    const isFrame = all.map((piece, i) => this.isFrame(piece, i, all.length));
    const longest = this.longest(all, (i) => !isFrame[i]!);
    if (longest < 0) return null;
    let [from, to] = [0, all.length];
    while (from < longest && isFrame[from]!) from++;
    // After the sign-off come names and a telephone's signature.
    for (let i = longest + 1; i < all.length && to === all.length; i++)
      if (isFrame[i]! && i >= all.length - CLOSING && all.slice(i).every(isShort)) to = i;
    const core = all.slice(from, to).join(" ");
    return core.length < FEWEST ? null : core;
  }

  private isFrame(piece: string, place: number, count: number): boolean {
    if (!isShort(piece) || !(place < OPENING || place >= count - CLOSING)) return false;
    if (place < OPENING && GREETING.test(piece)) return true;
    if (place >= count - CLOSING && place > 0 && SIGN_OFF.test(piece)) return true;
    return (this.around.get(piece)?.size ?? 0) >= DIFFERENT;
  }

  /** The place of the longest piece, the first of several; −1 where there is none. */
  private longest(pieces: readonly string[], counts: (place: number) => boolean): number {
    let best = -1;
    pieces.forEach((piece, i) => {
      if (counts(i) && (best < 0 || piece.length > pieces[best]!.length)) best = i;
    });
    return best;
  }
}

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
