// Where tokens stand in a text. The tokenizers say only what the tokens are, so they are laid along the normalised text, of which it is
// known from which characters each part came.

/** How a tokenizer writes pieces of a text as tokens. */
export interface TokenStyle {
  /** Each character of a token represents a byte, as in GPT-2. */
  readonly bytes: boolean;
  /** Texts are cut at white space, which no token has then: a "▁" is put before each word, and has its first character's place. */
  readonly words: boolean;
  /** Prefix of a token that continues a word: WordPiece's "##"; "" for none. */
  readonly prefix: string;
  /** The token for what the vocabulary does not have; null for none. */
  readonly unknown: string | null;
}

/** A part of the normalised text, one character or byte, and the place it came from. */
interface Unit {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const isSpace = (value: string) => /^[\s▁]$/u.test(value);
/** Characters at which BERT splits words: ASCII except letters and digits, and all punctuation. */
const isMark = (value: string) => /^(?:[!-/:-@[-`{-~]|\p{P})$/u.test(value);

/**
 * Start and end of each token in UTF-16 units, `[2·tokens]`, without white space at a token's ends. Reads no more of the text than the
 * tokens cover.
 *
 * @param normalized the tokenizer's form of a character with its marks
 */
export function tokenOffsets(
  text: string,
  tokens: readonly string[],
  style: TokenStyle,
  normalized: (piece: string) => string,
): Int32Array {
  const along = new Along(style.bytes ? byteUnits(text, normalized) : units(text, normalized), style);
  const offsets = new Int32Array(2 * tokens.length);
  tokens.forEach((token, i) => {
    const values = token === style.unknown ? null : valuesOf(token, style);
    const next = tokens[i + 1];
    const [start, end] =
      values === null
        ? along.unknown(next === undefined || next === style.unknown ? null : valuesOf(next, style))
        : along.take(values);
    offsets.set([start, end], 2 * i);
  });
  return offsets;
}

function valuesOf(token: string, { bytes, prefix }: TokenStyle): string[] {
  if (bytes) return [...token].map((character) => byteOf.get(character) ?? character);
  const own =
    prefix !== "" && token.startsWith(prefix) && token.length > prefix.length ? token.slice(prefix.length) : token;
  return [...own].map((character) => (character === "▁" ? " " : character));
}

/** A moving position in the normalised text. */
class Along {
  private readonly ahead: Unit[] = [];
  private last = 0;

  constructor(
    private readonly source: Iterator<Unit>,
    private readonly style: TokenStyle,
  ) {}

  /** The next characters, one for each of the token's, skipping white space before them. */
  take(values: readonly string[]): [number, number] {
    let [start, end] = [-1, -1];
    for (const value of values) {
      const space = isSpace(value);
      if (space && start < 0) {
        // A token's own white space may be one for many, or one that the text does not have; but where tokens are bytes.
        if (this.style.bytes && isSpace(this.peek(0)?.value ?? "")) this.next();
        continue;
      }
      if (!space || !isSpace(this.peek(0)?.value ?? "")) this.skipSpace();
      const unit = this.next();
      if (unit === undefined) break;
      if (start < 0) start = unit.start;
      if (!space) end = unit.end;
    }
    if (start >= 0) return [start, Math.max(end, start)];
    if (this.style.bytes) return [this.last, this.last];
    this.skipSpace();
    const ahead = this.peek(0);
    const at = ahead?.start ?? this.last;
    return [at, this.style.words && ahead !== undefined ? ahead.end : at];
  }

  /** A word or a single mark, or less if the next token begins within it. */
  unknown(next: readonly string[] | null): [number, number] {
    this.skipSpace();
    const first = this.next();
    if (first === undefined) return [this.last, this.last];
    let { end } = first;
    if (isMark(first.value)) return [first.start, end];
    for (;;) {
      const unit = this.peek(0);
      if (unit === undefined || isSpace(unit.value) || isMark(unit.value)) break;
      if (next !== null && next.every((value, i) => this.peek(i)?.value === value)) break;
      end = this.next()!.end;
    }
    return [first.start, end];
  }

  private peek(i: number): Unit | undefined {
    while (this.ahead.length <= i) {
      const { done, value } = this.source.next();
      if (done === true) return undefined;
      this.ahead.push(value);
    }
    return this.ahead[i];
  }

  private next(): Unit | undefined {
    const unit = this.peek(0);
    if (unit === undefined) return undefined;
    this.ahead.shift();
    this.last = unit.end;
    return unit;
  }

  private skipSpace(): void {
    while (isSpace(this.peek(0)?.value ?? "")) this.next();
  }
}

/** Characters with their marks, and their normalised form. */
function* pieces(text: string, normalized: (piece: string) => string) {
  for (const { 0: piece, index: start } of text.matchAll(/\P{M}\p{M}*|\p{M}+/gsu))
    yield { value: normalized(piece), start, end: start + piece.length };
}

function* units(text: string, normalized: (piece: string) => string): Generator<Unit> {
  for (const { value, start, end } of pieces(text, normalized))
    for (const character of value) yield { value: character, start, end };
}

function* byteUnits(text: string, normalized: (piece: string) => string): Generator<Unit> {
  const encoder = new TextEncoder();
  for (const { value, start, end } of pieces(text, normalized)) {
    let at = start;
    for (const character of value) {
      // Where nothing was changed a character has its own place among its marks.
      const own = value === text.slice(start, end);
      const [from, to] = own ? [at, at + character.length] : [start, end];
      at += character.length;
      for (const byte of encoder.encode(character)) yield { value: String.fromCharCode(byte), start: from, end: to };
    }
  }
}

/** GPT-2's characters for bytes: printable ones represent themselves, the others the first after 255. */
const byteOf = ((): ReadonlyMap<string, string> => {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 255 && byte !== 173);
  const map = new Map<string, string>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++)
    map.set(String.fromCharCode(printable(byte) ? byte : next++), String.fromCharCode(byte));
  return map;
})();
