/** Rows above and below what is seen, so that quick scrolling shows no gap. */
const SPARE = 8;
/** Pixels that all browsers draw below each other, Firefox the fewest: more rows are gone through faster than they are scrolled. */
const HIGHEST = 16e6;

/**
 * Which of so many rows are drawn, from `first` to before `last`, and the pixels above and below them.
 * @param top pixels that are scrolled
 * @param seen pixels that are seen
 * @param height of every row in pixels
 */
export function seenRows(top: number, seen: number, count: number, height: number) {
  const whole = count * height;
  const drawn = Math.min(whole, HIGHEST);
  const at = whole === drawn ? top : (top * (whole - seen)) / (drawn - seen);
  const first = Math.max(0, Math.min(Math.floor(at / height) - SPARE, count - 1));
  const last = Math.min(count, Math.ceil((at + seen) / height) + SPARE);
  const above = Math.max(0, top - at + first * height);
  return { first, last, above, below: Math.max(0, drawn - above - (last - first) * height) };
}
