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
