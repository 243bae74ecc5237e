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
export const DEEPEST = 60;

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** Whether a word is a number, a boolean or null in JSON. */
export const isLiteral = (word: string): boolean => LITERAL.test(word);

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
