import { listFrom } from "../../arguments/collections.js";
import { finite, unexpected } from "../../arguments/settings.js";
import { typedKind } from "../../arguments/typed-array.js";
import { ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../values/shape.js";
import { checkTensor, type Tensor } from "../../values/tensor.js";

/** Numbers of a caller: a list, a typed array, lists of lists of one length, or a tensor. */
export type Numbers = ArrayLike<number | boolean> | readonly Numbers[] | Tensor;

/** A copy of `Numbers`, row-major. */
export interface HostNumbers {
  readonly shape: readonly number[];
  readonly data: readonly number[] | Float32Array;
}

const DEEPEST = 3;

/** Copies numbers of any form. Throws `ConfigError` for anything else, `ShapeError` for lists of unlike lengths. */
export function hostNumbers(what: string, name: string, given: unknown): HostNumbers {
  if (typedKind(given) !== undefined) {
    const data = Array.from(given as ArrayLike<unknown>, (value) => numberOf(what, name, value));
    return { shape: [data.length], data };
  }
  if (!Array.isArray(given)) {
    if (typeof given === "object" && given !== null && "shape" in given) {
      const { shape, data } = checkTensor(`${what}: ${name}`, given as Tensor);
      return { shape, data: new Float32Array(data) };
    }
    throw unexpected(what, name, "numbers", given);
  }
  const data: number[] = [];
  return { shape: collect(what, name, given, data, 1), data };
}

/** Appends the numbers of a list to `data`. Returns its shape. */
function collect(what: string, name: string, given: readonly unknown[], data: number[], depth: number): number[] {
  let inner: number[] | undefined;
  for (let i = 0; i < given.length; i++) {
    const item = given[i];
    let shape: number[] = [];
    if (typeof item === "number" || typeof item === "boolean") data.push(Number(item));
    else if (typedKind(item) !== undefined) shape = collect(what, name, Array.from(item as number[]), data, depth + 1);
    else if (Array.isArray(item) && depth < DEEPEST) shape = collect(what, name, item, data, depth + 1);
    else throw unexpected(what, name, "a list of numbers, or of lists of numbers", item, undefined, { place: i });
    inner ??= shape;
    if (inner.length === shape.length && inner.every((length, d) => length === shape[d])) continue;
    const details = { op: what, option: name, place: i, expected: inner, actual: shape };
    const message = `${what}: the items of ${name} have unlike shapes: ${formatShape(inner)} and ${formatShape(shape)} at place ${i}`;
    throw new ShapeError(message, details);
  }
  return [given.length, ...(inner ?? [])];
}

function numberOf(what: string, name: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw unexpected(what, name, "numbers", value);
}

/** One finite number for each of `rows` rows: `[rows]` or `[rows, 1]`. */
export function numberPerRow(what: string, name: string, given: unknown, rows: number): readonly number[] {
  return Array.from(numbersPerRow(what, name, given, rows, [1]).data);
}

/** Finite numbers, `columns` for each of `rows` rows, in the form `[rows]` too where 1 is among `columns`. */
export function numbersPerRow(
  what: string,
  name: string,
  given: unknown,
  rows: number,
  columns: readonly number[],
): { readonly columns: number; readonly data: readonly number[] } {
  if (given === undefined) {
    throw unexpected(what, name, `${layoutOf(rows, columns)} numbers, which this loss needs`, given);
  }
  const { shape, data } = hostNumbers(what, name, given);
  const width = shape.length === 1 ? 1 : shape[1]!;
  if (shape.length > 2 || shape[0] !== rows || !columns.includes(width)) {
    const details = { op: what, option: name, expected: layoutOf(rows, columns), actual: shape };
    throw new ShapeError(
      `${what}: ${name} must be ${layoutOf(rows, columns)} numbers, got ${formatShape(shape)}`,
      details,
    );
  }
  const checked = Array.from(data, (value, place) => finite(what, `${name}[${place}]`, value));
  return { columns: width, data: checked };
}

const layoutOf = (rows: number, columns: readonly number[]) =>
  columns.map((width) => (width === 1 ? `[${rows}]` : `[${rows}, ${width}]`)).join(" or ");

/** Lists of finite numbers, of any lengths from 1. */
export function numberLists(what: string, name: string, given: unknown): number[][] {
  const expected = `${what}: ${name} is a list of lists of numbers, one list a query`;
  return listFrom(expected, given, (list, query) => {
    const numbers = typedKind(list) === undefined ? list : Array.from(list as number[]);
    const items = listFrom(expected, numbers, (value, place) => finite(what, `${name}[${query}][${place}]`, value));
    if (items.length > 0) return items;
    throw unexpected(what, name, "a list of lists with at least one number each", list, undefined, { place: query });
  });
}
