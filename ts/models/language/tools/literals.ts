/** How arguments by keyword are written: `(a=1)` as in Python, or `{a:1}` with texts between marks as in Gemma. */
export interface KeywordStyle {
  readonly open: string;
  readonly assign: string;
  readonly close: string;
  /** What stands before and after a text; null for the quotes of Python. */
  readonly quotes: readonly string[] | null;
}

const words: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };

/** Python's escapes of one letter that JSON has too, or that have a value. */
const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "0": "\0",
  "'": "'",
  '"': '"',
  "\\": "\\",
  "/": "/",
  "\n": "",
};
const digitsOf: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Reads a value; returns it as JSON. Throws `NotACall` for anything else. */
export function* literal(from: Characters, style: KeywordStyle, depth = 0): Reading<string> {
  if (isQuote(from.char, style)) return JSON.stringify(yield* quoted(from, style));
  if (from.char === "[" || (from.char === "(" && style.quotes === null)) return yield* list(from, style, depth);
  if (from.char === "{") return yield* dictionary(from, style, depth);
  const word = yield* from.word(/[-+.\w]/);
  const json = Object.hasOwn(words, word) ? words[word]! : word;
  if (!isLiteral(json)) throw new NotACall();
  return json;
}

function isQuote(character: string, { quotes }: KeywordStyle): boolean {
  return character === '"' || (quotes === null ? character === "'" : character !== "" && quotes[0]![0] === character);
}

/** A text in quotes. */
function* quoted(from: Characters, { quotes }: KeywordStyle): Reading<string> {
  if (quotes === null) return yield* pythonString(from);
  if (from.char === '"') return yield* jsonString(from);
  return yield* marked(from, quotes);
}

/** A text between two marks of a kind. */
function* marked(from: Characters, quotes: readonly string[]): Reading<string> {
  let text = "";
  while (text === "" || quotes.some((quote) => quote !== text && quote.startsWith(text))) {
    if (from.char === "") throw new NotACall();
    text += from.char;
    yield* from.next();
  }
  const mark = text;
  if (!quotes.includes(mark)) throw new NotACall();
  // Only the end is compared: the whole text each time would take its square.
  let [content, end] = ["", ""];
  while (end !== mark) {
    if (from.char === "") throw new NotACall();
    content += from.char;
    end = (end + from.char).slice(-mark.length);
    yield* from.next();
  }
  return content.slice(0, -mark.length);
}

function* pythonString(from: Characters): Reading<string> {
  const quote = from.char;
  let text = "";
  yield* from.next();
  while (from.char !== quote) {
    if (from.char === "") throw new NotACall();
    const escaped = from.char === "\\";
    if (!escaped) text += from.char;
    yield* from.next();
    if (escaped) text += yield* escape(from);
  }
  yield* from.next();
  return text;
}

function* escape(from: Characters): Reading<string> {
  const letter = from.char;
  if (letter === "") throw new NotACall();
  yield* from.next();
  // As Python does with a letter that it does not know.
  if (!Object.hasOwn(digitsOf, letter)) return escapes[letter] ?? `\\${letter}`;
  let digits = "";
  for (let i = 0; i < digitsOf[letter]!; i++) {
    if (from.char === "") throw new NotACall();
    digits += from.char;
    yield* from.next();
  }
  const code = /^[0-9a-fA-F]+$/.test(digits) && digits.length === digitsOf[letter] ? parseInt(digits, 16) : Infinity;
  if (code > 0x10ffff) throw new NotACall();
  return String.fromCodePoint(code);
}

/** Items up to `end`, each read by `item`, perhaps with a comma after the last. */
function* items(from: Characters, depth: number, end: string, item: () => Reading<string>): Reading<string[]> {
  if (depth === DEEPEST) throw new NotACall();
  const read: string[] = [];
  yield* from.next();
  yield* from.space();
  while (from.char !== end) {
    read.push(yield* item());
    yield* from.space();
    if (from.char !== end) yield* from.expect(",");
    yield* from.space();
  }
  yield* from.next();
  return read;
}

function* list(from: Characters, style: KeywordStyle, depth: number): Reading<string> {
  const end = from.char === "[" ? "]" : ")";
  const read = yield* items(from, depth, end, () => literal(from, style, depth + 1));
  return `[${read.join(",")}]`;
}

function* dictionary(from: Characters, style: KeywordStyle, depth: number): Reading<string> {
  const read = yield* items(from, depth, "}", function* () {
    const key = yield* keyOf(from, style);
    yield* from.space();
    yield* from.expect(":");
    yield* from.space();
    return `${JSON.stringify(key)}:${yield* literal(from, style, depth + 1)}`;
  });
  return `{${read.join(",")}}`;
}

/** A key of a dictionary; where texts stand between marks, without quotes too. */
function* keyOf(from: Characters, style: KeywordStyle): Reading<string> {
  if (isQuote(from.char, style)) return yield* quoted(from, style);
  if (style.quotes === null) throw new NotACall();
  return yield* keyword(from, style);
}

/** A name before `=` or `:`. */
export function* keyword(from: Characters, { quotes }: KeywordStyle): Reading<string> {
  const name = yield* from.word(quotes === null ? /[\w$-]/ : /[^:,{}[\]"\s]/);
  if (name === "") throw new NotACall();
  return name;
}

/** A text that is read character by character as it comes: each `yield` waits for the next one, which is "" at the end. */
export type Reading<T = void> = Generator<undefined, T, string>;

/** What was read is no call. */
export class NotACall extends Error {}

/** Characters of a text that comes in pieces: the one to be read next, and those that may become content again. */
export class Characters {
  /** The next one; "" at the end of the text. */
  char = "";
  /** Characters that were read and are neither content nor part of a call. */
  raw = "";
  /** Gets the characters that are read in place of `raw`. */
  copy: ((character: string) => void) | null = null;

  /** Number of characters that were read. */
  count = 0;

  /** Reads the next character. */
  *next(): Reading {
    this.count++;
    if (this.copy === null) this.raw += this.char;
    else this.copy(this.char);
    this.char = yield;
  }

  /** Reads a text. Throws `NotACall` for another one. */
  *expect(text: string): Reading {
    for (const character of text) {
      if (this.char !== character) throw new NotACall();
      yield* this.next();
    }
  }

  /** White space, perhaps none. */
  *space(): Reading {
    while (isSpace(this.char)) yield* this.next();
  }

  /** Characters that fit `set`, at most `most`, perhaps none. */
  *word(set: RegExp, most = Infinity): Reading<string> {
    let word = "";
    while (this.char !== "" && set.test(this.char)) {
      if (word.length === most) throw new NotACall();
      word += this.char;
      yield* this.next();
    }
    return word;
  }
}

export const isSpace = (character: string): boolean =>
  character === " " || character === "\n" || character === "\t" || character === "\r";

/** Deepest objects and lists within each other, as messages may have them. */
const DEEPEST = 60;

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** Whether a word is a number, a boolean or null in JSON. */
const isLiteral = (word: string): boolean => LITERAL.test(word);

/** Reads a value of JSON. Throws `NotACall` for anything else. */
export function* jsonValue(from: Characters, depth = 0): Reading {
  if (from.char === '"') return void (yield* jsonString(from));
  if (from.char === "{" || from.char === "[") return yield* jsonGroup(from, depth);
  if (!isLiteral(yield* from.word(/[-+.\w]/))) throw new NotACall();
}

/** An object or a list. */
function* jsonGroup(from: Characters, depth: number): Reading {
  if (depth === DEEPEST) throw new NotACall();
  const isObject = from.char === "{";
  const end = isObject ? "}" : "]";
  yield* from.next();
  yield* from.space();
  for (let isFirst = true; isFirst || from.char !== end; isFirst = false) {
    if (isFirst && from.char === end) break;
    if (!isFirst) {
      yield* from.expect(",");
      yield* from.space();
    }
    if (isObject) yield* jsonKey(from);
    yield* jsonValue(from, depth + 1);
    yield* from.space();
  }
  yield* from.next();
}

/** A key and the colon behind it. */
export function* jsonKey(from: Characters): Reading<string> {
  const key = yield* jsonString(from);
  yield* from.space();
  yield* from.expect(":");
  yield* from.space();
  return key;
}

/** A string; returns its value. */
export function* jsonString(from: Characters): Reading<string> {
  let written = '"';
  yield* from.expect('"');
  while (from.char !== '"') {
    if (from.char < " ") throw new NotACall();
    const escaped = from.char === "\\";
    written += from.char;
    yield* from.next();
    if (!escaped) continue;
    if (from.char === "" || !'"\\/bfnrtu'.includes(from.char)) throw new NotACall();
    const digits = from.char === "u" ? 4 : 0;
    written += from.char;
    yield* from.next();
    for (let i = 0; i < digits; i++) {
      if (!/[0-9a-fA-F]/.test(from.char)) throw new NotACall();
      written += from.char;
      yield* from.next();
    }
  }
  yield* from.next();
  return JSON.parse(`${written}"`) as string;
}
