import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { TextTokenizer, TokensInText } from "../../tokenize/text-tokenizer.js";
import type { LabelledText, Word } from "./token-examples.js";

/** An example's tokens and which of them stand for its words. */
export interface AlignedText {
  readonly ids: Int32Array;
  /** Token of each word, its first, counted with the special ones; −1 where the text was cut before it, −2 where it has none. */
  readonly tokens: Int32Array;
}

export const CUT = -1;
const NONE = -2;

/**
 * The first token of each word: that which begins in it, or in the white space before it. Throws `ConfigError` where an entity begins in
 * the middle of a token.
 */
export function aligned(tokenizer: TextTokenizer, example: LabelledText, i: number): AlignedText {
  const inText = tokenizer.encodeWithOffsets(example.text);
  return { ids: inText.ids, tokens: firstTokens(inText, tokenizer.maxTokens, example, i) };
}

/** A word; one that is asked about begins no known entity. */
type AlignedWord = Pick<Word, "start" | "end"> & Partial<Pick<Word, "begins">>;

/** The same of tokens that are known already. */
export function firstTokens(
  { ids, first, offsets }: TokensInText,
  maxTokens: number,
  { text, words }: { readonly text: string; readonly words: readonly AlignedWord[] },
  i: number,
): Int32Array {
  const tokens = new Int32Array(words.length).fill(CUT);
  let word = 0;
  for (let t = 0; t < offsets.length / 2; t++) {
    const start = offsets[2 * t]!;
    let next = word;
    while (next < words.length && words[next]!.end <= start) next++;
    // Words between two tokens have none; those behind the last were cut off.
    for (; word < next; word++) if (tokens[word]! < 0) tokens[word] = NONE;
    if (word < words.length && tokens[word] === CUT) tokens[word] = first + t;
  }
  const end = ids.length < maxTokens ? text.length : (offsets.at(-1) ?? 0);
  for (let w = word; w < words.length && words[w]!.start < end; w++) if (tokens[w] === CUT) tokens[w] = NONE;
  words.forEach(({ start, begins }, w) => {
    if (!begins || tokens[w] !== NONE) return;
    throw new ConfigError(
      `example ${i}: the entity at ${start}, ${excerpt(text.slice(start, start + 20))}, begins in the middle of a token; move its start or leave it out`,
      { option: "examples", place: i, value: start },
    );
  });
  return tokens;
}
