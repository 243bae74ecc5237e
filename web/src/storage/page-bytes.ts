/** A value as JSON can hold it: without its bytes, which are files of their own. */
export interface WithoutBytes {
  readonly value: unknown;
  /** Where the bytes were: names of fields, from the outermost one. */
  readonly bytes: readonly (readonly string[])[];
}

/** The path of a page's file in a project file. */
export const pathOf = (key: string, at: readonly string[]): string => ["pages", key, ...at].join("/");

/** Takes bytes out of a value. `onBytes` gets them with their places. */
export function takeBytes(value: unknown, onBytes: (at: readonly string[], bytes: Uint8Array) => void): WithoutBytes {
  const bytes: (readonly string[])[] = [];
  const visit = (one: unknown, at: readonly string[]): unknown => {
    if (one instanceof Uint8Array) {
      bytes.push(at);
      onBytes(at, one);
      return null;
    }
    // Lists hold no bytes, and those of a table are long.
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([name, field]) => [name, visit(field, [...at, name])]));
  };
  return { value: visit(value, []), bytes };
}

/** Puts bytes back into a value that JSON gave. Null if a place does not exist. */
export function putBytes({ value, bytes }: WithoutBytes, bytesOf: (at: readonly string[]) => Uint8Array): unknown {
  const isPlace = (at: unknown): at is string[] => Array.isArray(at) && at.every((name) => typeof name === "string");
  if (!Array.isArray(bytes) || !bytes.every(isPlace)) return null;
  let all = value;
  for (const at of bytes) {
    const name = at.at(-1);
    if (name === undefined) {
      all = bytesOf(at);
      continue;
    }
    let place: unknown = all;
    for (const step of at.slice(0, -1)) place = own(place, step);
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, name)) return null;
    (place as Record<string, unknown>)[name] = bytesOf(at);
  }
  return all;
}

const own = (place: unknown, name: string): unknown =>
  typeof place === "object" && place !== null && Object.hasOwn(place, name)
    ? (place as Record<string, unknown>)[name]
    : null;
