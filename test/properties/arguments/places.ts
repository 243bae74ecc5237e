/** Where something stands in a call's arguments: a position, and names inside. */
export type Place = readonly (string | number)[];

/** Places of a call that can be given something wrong: each argument, and what is inside options, lists and tensors. */
export function placesIn(value: unknown, place: Place = []): Place[] {
  const inner = Array.isArray(value) ? [...value.keys()] : isOptions(value) ? Object.keys(value) : [];
  const own = place.length === 0 ? [] : [place];
  return [...own, ...inner.flatMap((name) => placesIn((value as Record<string, unknown>)[name], [...place, name]))];
}

/** Places of the objects among a call's arguments, whose fields can be read one by one. */
export function objectsIn(value: unknown, place: Place = []): Place[] {
  const inner = Array.isArray(value) ? [...value.keys()] : isOptions(value) ? Object.keys(value) : [];
  const own = isOptions(value) ? [place] : [];
  return [...own, ...inner.flatMap((name) => objectsIn((value as Record<string, unknown>)[name], [...place, name]))];
}

/** Whether something is an object of options, a tensor or the like; a `Mark` is known by who it is, not by what it holds. */
export const isOptions = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !("length" in value);

/** What stands at a place. */
export function at(value: unknown, place: Place): unknown {
  return place.reduce((inside, name) => (inside as Record<string, unknown>)[name], value);
}

/** A copy of `value` with something else at a place. */
export function withAt(value: unknown, place: Place, other: unknown): unknown {
  const [name, ...rest] = place;
  if (name === undefined) return other;
  const inside = withAt((value as Record<string, unknown>)[name], rest, other);
  if (Array.isArray(value)) return value.map((each: unknown, i) => (i === name ? inside : each));
  return { ...(value as object), [name]: inside };
}
