/** Rows drawn above and below the visible ones, so that fast scrolling shows no gap. */
const SPARE = 8;
/** Largest height in pixels that all browsers can lay out; Firefox has the smallest limit. Longer tables scroll faster. */
const HIGHEST = 16e6;

/**
 * The range of rows to draw, from `first` to before `last`, and the pixels above and below them.
 * @param top scroll position in pixels
 * @param seen visible height in pixels
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
