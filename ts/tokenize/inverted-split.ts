import type { Json } from "../io/json.js";

/**
 * Splits a text where a pattern does not match: a Split step with `invert` applies its `behavior` to the text between matches. The library
 * always removes that text.
 * @param pattern with the flag "g"
 */
export function splitInverted(text: string, pattern: RegExp, behavior: Json | undefined): string[] {
  const parts: { readonly text: string; readonly isGap: boolean }[] = [];
  let start = 0;
  const gap = (end: number) => {
    if (end > start) parts.push({ text: text.slice(start, end), isGap: true });
  };
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (match === "") continue;
    gap(index);
    start = index + match.length;
    parts.push({ text: match, isGap: false });
  }
  gap(text.length);

  const words: string[] = [];
  let before: boolean | null = null;
  for (const { text: word, isGap } of parts) {
    if (isGap && behavior === "Removed") continue;
    const joins =
      (behavior === "Contiguous" && before === isGap) ||
      (behavior === "MergedWithPrevious" && isGap && before !== null) ||
      (behavior === "MergedWithNext" && before === true);
    if (joins) words[words.length - 1]! += word;
    else words.push(word);
    before = isGap;
  }
  return words;
}
