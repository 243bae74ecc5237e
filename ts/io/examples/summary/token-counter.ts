/** Counts tokens: an encoder's `tokenizer`. */
export interface TokenCounter {
  /** Length in tokens to which texts are truncated. */
  readonly maxTokens: number;
  /** Number of tokens of a text, special ones included, and of unknown ones. It may stop counting at `most`. */
  measure(text: string, most: number): { readonly tokens: number; readonly unknown: number };
}
