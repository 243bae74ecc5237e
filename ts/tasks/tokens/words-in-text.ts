/** A stretch of a text: `text.slice(start, end)`, in UTF-16 units. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Scripts that put no space between words. */
const UNSPACED = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((name) => `\\p{Script=${name}}`)
  .join("");

const WORD = new RegExp(
  String.raw`[${UNSPACED}]\p{M}*|(?:(?![${UNSPACED}])[\p{L}\p{N}\p{M}])+|[^\s\p{L}\p{N}\p{M}]`,
  "gu",
);

/**
 * Words of a part of a text, one after another: runs of letters, digits and their marks, and every other sign by itself; a letter is a word
 * where words have no space between them, as in Chinese and Thai.
 */
export function* wordsIn(text: string, from: number, to: number): Generator<Stretch> {
  for (const { 0: word, index } of text.slice(from, to).matchAll(WORD))
    yield { start: from + index, end: from + index + word.length };
}

/** A text of words with a space between them, and where they stand. */
export function joinedWords(words: readonly string[]): { readonly text: string; readonly words: readonly Stretch[] } {
  let at = 0;
  const places = words.map((word) => {
    const start = at;
    at += word.length + 1;
    return { start, end: start + word.length };
  });
  return { text: words.join(" "), words: places };
}
