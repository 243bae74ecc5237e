import { listFrom, unexpected } from "../../arguments/settings.js";
import { ShapeError } from "../../errors/errors.js";
import { typedKind } from "../../arguments/typed-array.js";

/** A list of numbers, or a typed array. */
export type NumberList = ArrayLike<number>;

/** A copy of finite numbers. Throws `ConfigError` for anything else. */
export function finiteNumbers(what: string, name: string, given: unknown): number[] {
  const list = typedKind(given) === undefined ? given : Array.from(given as NumberList);
  if (!Array.isArray(list)) throw unexpected(what, name, "a list of numbers", given);
  const copy: number[] = [];
  for (let place = 0; place < list.length; place++) {
    const value: unknown = list[place];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw unexpected(what, name, "a list of finite numbers", value, undefined, { place });
    }
    copy.push(value);
  }
  return copy;
}

/** A copy of 0 and 1, given as numbers or as false and true. */
export function binaryList(what: string, name: string, given: unknown): (0 | 1)[] {
  const list = typedKind(given) === undefined ? given : Array.from(given as NumberList);
  return listFrom(`${what}: ${name} is a list of 0 and 1`, list, (value, place) => {
    if (value === 0 || value === 1 || typeof value === "boolean") return value ? 1 : 0;
    throw unexpected(what, name, "a list of 0 and 1", value, undefined, { place });
  });
}

/** A copy of a list of lists. */
export function rowsOf<T>(
  what: string,
  name: string,
  given: unknown,
  read: (what: string, name: string, row: unknown) => T,
): T[] {
  return listFrom(`${what}: ${name} is a list of lists, one a row`, given, (row, place) =>
    read(what, `${name}[${place}]`, row),
  );
}

/** Throws `ShapeError` unless two lists have one length. */
export function sameLength(what: string, a: string, b: string, lengths: readonly [number, number]): void {
  if (lengths[0] === lengths[1]) return;
  const message = `${what}: as many ${a} as ${b} are expected, got ${lengths[0]} and ${lengths[1]}`;
  throw new ShapeError(message, { op: what, option: b, expected: lengths[0], actual: lengths[1] });
}

/** Throws `ConfigError` for an empty list. */
export function notEmpty(what: string, name: string, length: number): void {
  if (length === 0) throw unexpected(what, name, "a list with at least one element", []);
}

export const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
export const mean = (list: readonly number[]) => sum(list) / list.length;
