/** A range of a text: `text.slice(start, end)`, in UTF-16 units. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Scripts without spaces between words. */
const UNSPACED = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((name) => `\\p{Script=${name}}`)
  .join("");

const WORD = new RegExp(
  String.raw`[${UNSPACED}]\p{M}*|(?:(?![${UNSPACED}])[\p{L}\p{N}\p{M}])+|[^\s\p{L}\p{N}\p{M}]`,
  "gu",
);

/**
 * Words of a range of a text, in order: runs of letters, digits and their marks, and every other character alone. In scripts without
 * spaces, such as Chinese and Thai, each letter is a word.
 */
export function* wordsIn(text: string, from: number, to: number): Generator<Stretch> {
  for (const { 0: word, index } of text.slice(from, to).matchAll(WORD))
    yield { start: from + index, end: from + index + word.length };
}

/** Words joined by spaces, and the range of each. */
export function joinedWords(words: readonly string[]): { readonly text: string; readonly words: readonly Stretch[] } {
  let at = 0;
  const places = words.map((word) => {
    const start = at;
    at += word.length + 1;
    return { start, end: start + word.length };
  });
  return { text: words.join(" "), words: places };
}
