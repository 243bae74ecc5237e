import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { TextTokenizer, TokensInText } from "../../tokenize/text-tokenizer.js";
import type { Steps } from "../../waiting/next-task.js";
import type { LabelledText, Word } from "./token-examples.js";

/** An example's tokens, and the token of each word. */
export interface AlignedText {
  readonly ids: Int32Array;
  /**
   * Index of each word's first token, special tokens included; −1 if the text was truncated before the word, −2 if the word has no token.
   */
  readonly tokens: Int32Array;
}

export const CUT = -1;
const NONE = -2;

/**
 * In steps, the first token of each word: the one that begins in it, or in the white space before it. Throws `ConfigError` if an entity begins in the
 * middle of a token.
 */
export function* aligned(tokenizer: TextTokenizer, example: LabelledText, i: number): Steps<AlignedText> {
  const inText = yield* tokenizer.offsetSteps(example.text);
  return { ids: inText.ids, tokens: firstTokens(inText, tokenizer.maxTokens, example, i) };
}

/** A word; in a prediction it begins no known entity. */
type AlignedWord = Pick<Word, "start" | "end"> & Partial<Pick<Word, "begins">>;

/** The same for known tokens. */
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
    // Words between two tokens have no token; words after the last one were truncated.
    for (; word < next; word++) if (tokens[word]! < 0) tokens[word] = NONE;
    if (word < words.length && tokens[word] === CUT) tokens[word] = first + t;
  }
  const end = ids.length < maxTokens ? text.length : (offsets.at(-1) ?? 0);
  for (let w = word; w < words.length && words[w]!.start < end; w++) if (tokens[w] === CUT) tokens[w] = NONE;
  words.forEach(({ start, begins }, w) => {
    if (!begins || tokens[w] !== NONE) return;
    throw new ConfigError(
      `example ${i}: the entity at ${start}, ${excerpt(text.slice(start, start + 20))}, begins in the middle of a token; move its start or remove the entity`,
      { option: "examples", place: i, value: start },
    );
  });
  return tokens;
}
