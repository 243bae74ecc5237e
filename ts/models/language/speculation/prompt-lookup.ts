/** Most tokens at the end of a text that are looked up; fewer are tried next. */
const LONGEST = 4;
/** Fewest: one or two tokens occur too often to say what follows. */
const SHORTEST = 3;

/**
 * Up to `most` tokens that followed a text's last ones where these occurred before, at the last such place; empty if they did not.
 * Summaries and edits repeat much of their prompt. Source: prompt lookup decoding (Saxena, 2023), `prompt_lookup_num_tokens` of transformers.
 */
export function lookUp(text: Int32Array, most: number): Int32Array {
  for (let size = LONGEST; size >= SHORTEST; size--) {
    const after = placeAfter(text, size);
    if (after !== -1) return text.slice(after, after + most);
  }
  return new Int32Array(0);
}

/** Where a text goes on after the last earlier occurrence of its last `size` tokens; -1 if there is none. */
function placeAfter(text: Int32Array, size: number): number {
  for (let end = text.length - 1; end >= size; end--) {
    let same = 0;
    while (same < size && text[end - 1 - same] === text[text.length - 1 - same]) same++;
    if (same === size) return end;
  }
  return -1;
}
