import { checkOptions, type Read, type Readers } from "../../arguments/options.js";
import { finite, flag, listFrom, unexpected } from "../../arguments/settings.js";
import { typedKind } from "../../arguments/typed-array.js";
import { ShapeError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/node.js";
import { checkTensor, formatShape, sameShape, type Tensor } from "../../values/tensor.js";
import type { LossCall } from "./loss-plan.js";

/** Options that hold data, which every loss may be given and those that need them read. */
const DATA = ["labels", "scores"];

/** Reads the options of a loss, besides labels and scores, which it reads with the number of rows. */
export function readLossOptions<T>({ what, options }: LossCall, readers: Readers<T>, data: readonly string[] = []): T {
  const names = Object.keys(readers);
  checkOptions(what, options, [...names, ...DATA, ...data]);
  const taken = {} as T;
  for (const name in readers) taken[name] = readers[name](what, name, options[name]);
  return taken;
}

/** A word, whatever its case and dividers, and whatever class stands before it: "TripletDistanceMetric.COSINE" is "cosine". */
const plain = (word: string) =>
  word
    .split(".")
    .at(-1)!
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");

/** One of a few words by any of their spellings. */
export function word<T extends string>(fallback: NoInfer<T>, spellings: Readonly<Record<T, string>>): Read<T> {
  const words = Object.keys(spellings) as T[];
  return (what, name, value) => {
    if (value === undefined) return fallback;
    const given = typeof value === "string" ? plain(value) : "";
    // As it is first: without its signs "ndcg-loss2++" is another of them.
    const found =
      words.find((own) => own === value) ??
      words.find((own) => plain(own) === given || spellings[own].split(" ").includes(given));
    if (found !== undefined) return found;
    const expected = `one of ${words.map((own) => `"${own}"`).join(", ")}`;
    throw unexpected(what, name, expected, value, undefined, { allowed: words });
  };
}

/** How two vectors are compared. */
export type Similarity = "cosine" | "dot";
export const similarity = (fallback: Similarity) =>
  word(fallback, { cosine: "cossim pairwisecossim cosinesimilarity", dot: "dotscore pairwisedotscore dotproduct" });

/** How far two vectors are apart. */
export type Distance = "euclidean" | "cosine" | "manhattan";
export const distance = (fallback: Distance) =>
  word(fallback, { euclidean: "euclideandistance", cosine: "cosinedistance", manhattan: "manhattandistance" });

/** What is applied to logits before a loss. */
export type Activation = "identity" | "sigmoid";
export const activation = (fallback: Activation) => word(fallback, { identity: "none linear", sigmoid: "" });

/** true or false, with a default. */
export const flagOr =
  (fallback: boolean): Read<boolean> =>
  (what, name, value) =>
    value === undefined ? fallback : flag(what, name, value);

/** An option of sentence-transformers that changes no value here. */
export const unused: Read<undefined> = () => undefined;

/** An option of sentence-transformers of which one value alone is known. */
export function only(allowed: unknown, why: string): Read<undefined> {
  return (what, name, value) => {
    if (value === undefined || value === allowed) return undefined;
    throw unexpected(what, name, `${String(allowed)} (${why})`, value);
  };
}

/** Checks an option for several devices, which may only be false: there is one device. */
export const oneDevice = only(false, "there is one device");

/** Numbers of a caller: a list, a typed array, lists of lists of one length, or a tensor. */
export type Numbers = ArrayLike<number | boolean> | readonly Numbers[] | Tensor;

/** A copy of `Numbers`, row-major. */
interface HostNumbers {
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

/**
 * Vectors that are not trained, `[rows, d]` for each column, as an option gives them: one for all columns, a list with one for each, or
 * one of shape `[rows, columns, d]`; each a node, a tensor or lists of numbers. `widths` are the allowed d.
 */
export function fixedVectors(call: LossCall, name: string, given: unknown, widths?: readonly number[]): Tensor[] {
  const { what, columns, rows } = call;
  if (given === undefined) throw unexpected(what, name, "vectors, which this loss needs", given);
  if (Array.isArray(given) && given.length === columns && isMatrix(call, given[0], widths)) {
    return given.map((each: unknown, place) => matrix(call, `${name}[${place}]`, each, widths));
  }
  const { shape, data } = tensorOf(call, name, given);
  if (shape.length !== 3) return new Array<Tensor>(columns).fill(matrix(call, name, given, widths));
  const [, , width] = shape as [number, number, number];
  if (!sameShape(shape, [rows, columns, width]) || widths?.includes(width) === false) throw wrong(call, name, shape);
  return Array.from({ length: columns }, (_, column) => {
    const part = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const start = (row * columns + column) * width;
      part.set(data.subarray(start, start + width), row * width);
    }
    return { shape: [rows, width], data: part };
  });
}

/** Whether a value can be one column's vectors by itself, and is not a row of vectors for all. */
function isMatrix({ rows, columns }: LossCall, value: unknown, widths?: readonly number[]): boolean {
  if (typeof value === "number") return true;
  if (typedKind(value) !== undefined) return columns !== rows;
  if (!Array.isArray(value)) return typeof value === "object" && value !== null && "shape" in value;
  const first: unknown = value[0];
  return value.length === rows && Array.isArray(first) && widths?.includes(first.length) !== false;
}
function tensorOf({ what, graph }: LossCall, name: string, given: unknown): Tensor {
  if (typeof given === "number") return graph.value(given as NodeId);
  const { shape, data } = hostNumbers(what, name, given);
  return { shape, data: Float32Array.from(data) };
}
function matrix(call: LossCall, name: string, given: unknown, widths?: readonly number[]): Tensor {
  const { shape, data } = tensorOf(call, name, given);
  const width = data.length / call.rows;
  const fits = shape.length === 1 ? Number.isInteger(width) : sameShape(shape, [call.rows, width]);
  if (fits && widths?.includes(width) !== false) return { shape: [call.rows, width], data };
  throw wrong(call, name, shape);
}
function wrong({ what, rows, columns, width }: LossCall, name: string, actual: readonly number[]): ShapeError {
  const expected = `[${rows}, ${width}], or [${rows}, ${columns}, ${width}] for all columns`;
  const message = `${what}: ${name} must be ${expected}, got ${formatShape(actual)}`;
  return new ShapeError(message, { op: what, option: name, expected, actual });
}

/** Vectors that are not trained: a node, a tensor or lists of numbers. */
export type FixedVectors = NodeId | Numbers;
