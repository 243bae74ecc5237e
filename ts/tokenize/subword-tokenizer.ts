/** Turns a piece of text into tokens: BERT's steps are here, all others' in the library, which is fetched for them. */
export interface SubwordTokenizer {
  /** A text's own tokens with their ids, which are undefined where the vocabulary has none, nor one for unknown tokens. */
  encode(text: string): { readonly ids: readonly (number | undefined)[]; readonly tokens: readonly string[] };
  /** What words are looked for in. */
  normalize(text: string): string;
  /** A text's tokens with the special ones around them. */
  marked(tokens: readonly string[]): readonly string[];
  idOf(token: string): number | undefined;
  /** The id of what the vocabulary does not have. */
  readonly unknownId: number | undefined;
  /** A token as its file spells it; undefined for an id that has none. */
  spelled(id: number): SpelledToken | undefined;
}

/** A token as its file spells it. */
export interface SpelledToken {
  readonly text: string;
  /** Whether it is one of the added ones, which stand for themselves. */
  readonly added: boolean;
  /** Whether it is a special one, which is no text. */
  readonly special: boolean;
}
