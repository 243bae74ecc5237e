/** Whether two values are bit-identical: numbers, texts, typed arrays, lists, Maps, Sets and objects of these. */
export function sameValues(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameBytes(a, b);
  const [ours, theirs] = [itemsOf(a), itemsOf(b)];
  return ours.length === theirs.length && ours.every((item, i) => sameValues(item, theirs[i]));
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
  const [ours, theirs] = [bytes(a), bytes(b)];
  if (ours.length !== theirs.length) return false;
  for (let i = 0; i < ours.length; i++) if (ours[i] !== theirs[i]) return false;
  return true;
}

/** The items of a list, Map or Set, or the entries of an object. */
export const itemsOf = (value: object): readonly unknown[] =>
  Array.isArray(value) || value instanceof Map || value instanceof Set
    ? [...(value as Iterable<unknown>)]
    : Object.entries(value);
