/**
 * The length of a value's JSON, roughly, up to `most`: parts that a value has in many places make its JSON far larger than memory.
 * Takes time in proportion to the result.
 */
export function jsonLength(value: unknown, most: number): number {
  let length = 0;
  const waiting: Iterator<unknown>[] = [[value].values()];
  while (waiting.length > 0 && length < most) {
    const { done, value: next } = waiting.at(-1)!.next();
    if (done === true) waiting.pop();
    else if (typeof next === "object" && next !== null) {
      length += 2;
      waiting.push(Array.isArray(next) ? next.values() : fields(next));
    } else length += String(next).length + 2;
  }
  return Math.min(length, most);
}

/** Keys and values. */
function* fields(object: object): Iterator<unknown> {
  for (const [key, value] of Object.entries(object)) {
    yield key;
    yield value;
  }
}
