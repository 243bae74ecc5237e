/** What counts tokens: an encoder's `tokenizer`. */
export interface TokenCounter {
  /** Tokens that texts are cut to. */
  readonly maxTokens: number;
  /** Tokens of a text, special ones included, and how many of them the model does not know. Beyond `most` it need not count. */
  measure(text: string, most: number): { readonly tokens: number; readonly unknown: number };
}
