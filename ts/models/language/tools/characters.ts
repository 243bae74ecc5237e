/** A text that is read character by character as it comes: each `yield` waits for the next one, which is "" at the end. */
export type Reading<T = void> = Generator<undefined, T, string>;

/** What was read is no call. */
export class NotACall extends Error {}

/** Characters of a text that comes in pieces: the one to be read next, and those that may become content again. */
export class Characters {
  /** The next one; "" at the end of the text. */
  char = "";
  /** Those that were read and are neither content nor part of a call. */
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
