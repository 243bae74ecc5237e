/** Splits the words of a text into tokens. */
export interface WordModel {
  /** Tokens of words, one after the other. */
  split(words: readonly string[]): string[];
  /**
   * Begins a word that comes in parts, none of which splits a pair of surrogates. The returned function takes the next part, and returns the
   * tokens that no further part changes; all are those of the word as a whole.
   */
  long(): (part: string, ends: boolean) => readonly string[];
}

/** Turns a piece of text into tokens: BERT's steps are here, all others' in the library, which is fetched for them. */
export interface SubwordTokenizer {
  /** A text's own tokens. */
  encode(text: string): Subwords;
  /** The tokens of a long text, some at a time; none where a piece of work gave no token yet. */
  encodeLong(text: string): Iterator<Subwords, void>;
  /** A text has at least so many tokens; 0 if nothing is known. Omitted by BERT's. */
  readonly leastTokens?: (text: string) => number;
  /** The text that is split into words. */
  normalize(text: string): string;
  /** A text's tokens with the special ones around them. */
  marked(tokens: readonly string[]): readonly string[];
  idOf(token: string): number | undefined;
  /** The id of what the vocabulary does not have. */
  readonly unknownId: number | undefined;
  /** A token as its file spells it; undefined for an id that has none. */
  spelled(id: number): SpelledToken | undefined;
}

/** Tokens of a text with their ids; undefined if the vocabulary has neither the token nor an unknown token. */
export interface Subwords {
  readonly ids: readonly (number | undefined)[];
  readonly tokens: readonly string[];
}

/** The tokens of a piece of work that gave none yet. */
export const NONE: Subwords = { ids: [], tokens: [] };

/** A token as its file spells it. */
export interface SpelledToken {
  readonly text: string;
  /** Whether it is an added token, which is matched literally. */
  readonly added: boolean;
  /** Whether it is a special one, which is no text. */
  readonly special: boolean;
}
