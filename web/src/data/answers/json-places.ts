/** Where the values of a JSON text begin, by path (`properties.name`, `anyOf[1]`, "" for the whole), or where the text stops being JSON. */
export type JsonPlaces = { readonly places: ReadonlyMap<string, number> } | { readonly error: number };

/** The text is not JSON from this place on. */
class Strange extends Error {
  constructor(readonly place: number) {
    super();
  }
}

const SPACE = /[ \t\n\r]*/y;
// eslint-disable-next-line no-control-regex -- strings have no control characters
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SIMPLE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Deepest values within values. */
const DEEPEST = 500;

/** Finds the places of a text's values. Reports an error in every browser alike, which their own messages do not. */
export function placesIn(text: string): JsonPlaces {
  const places = new Map<string, number>();
  let at = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) throw new Strange(at);
    at += found.length;
    return found;
  };
  const expect = (character: string) => {
    match(SPACE);
    if (text[at] !== character) throw new Strange(at);
    at++;
  };
  /** Whether another entry follows, or `end`. */
  const goesOn = (end: string): boolean => {
    match(SPACE);
    if (text[at] === ",") return (at++, true);
    expect(end);
    return false;
  };
  const isEmpty = (end: string): boolean => {
    match(SPACE);
    if (text[at] !== end) return false;
    at++;
    return true;
  };
  const value = (path: string, depth: number): void => {
    match(SPACE);
    places.set(path, at);
    if (depth > DEEPEST) throw new Strange(at);
    if (text[at] === "{") object(path, depth);
    else if (text[at] === "[") list(path, depth);
    else match(text[at] === '"' ? STRING : SIMPLE);
  };
  const object = (path: string, depth: number) => {
    at++;
    if (isEmpty("}")) return;
    do {
      match(SPACE);
      const key = JSON.parse(match(STRING)) as string;
      expect(":");
      value(path === "" ? key : `${path}.${key}`, depth + 1);
    } while (goesOn("}"));
  };
  const list = (path: string, depth: number) => {
    at++;
    if (isEmpty("]")) return;
    let count = 0;
    do value(`${path}[${count++}]`, depth + 1);
    while (goesOn("]"));
  };
  try {
    value("", 0);
    match(SPACE);
    if (at < text.length) throw new Strange(at);
    return { places };
  } catch (error) {
    if (error instanceof Strange) return { error: error.place };
    throw error;
  }
}

/** The place of a path, or of the nearest one around it that the text has. */
export function placeOf(places: ReadonlyMap<string, number>, path: string): number {
  for (let at = path; at !== ""; at = at.replace(/(\.|\[)[^.[]*$|^[^.[]*$/, "")) {
    const place = places.get(at);
    if (place !== undefined) return place;
  }
  return places.get("") ?? 0;
}

/** Line and column of a place, both from 1. */
export function lineOf(text: string, place: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, place).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
