import { excerpt } from "../../errors/excerpt.js";
import { formatShape, sizeOf } from "../../values/tensor.js";
import type { FloatDtype } from "../safetensors/index.js";
import type { Field, Wire } from "./wire.js";

/** A constant of a model. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Element type if it is a float of 16 or 32 bits; otherwise null. */
  readonly dtype: FloatDtype | null;
  /** Place of its consecutive elements; null if they are in an unsupported form. */
  readonly place: OnnxPlace | null;
}

/** One whose elements' bytes are known. */
export interface PlacedTensor extends OnnxTensor {
  readonly place: OnnxPlace;
}

/** One whose elements are read and replaced here. */
export interface FloatTensor extends PlacedTensor {
  readonly dtype: FloatDtype;
}

export const isPlaced = (tensor: OnnxTensor): tensor is PlacedTensor => tensor.place !== null;
export const isFloats = (tensor: PlacedTensor): tensor is FloatTensor => tensor.dtype !== null;

/** TensorProto's data_type. */
const dtypes: { readonly [type: number]: FloatDtype } = { 1: "F32", 10: "F16", 16: "BF16" };
/** Bits of an element by data_type; texts have none. */
const bits: { readonly [type: number]: number } = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  14: 64,
  15: 128,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
  24: 8,
  25: 2,
  26: 2,
};
const FLOAT = 1;
const FLOAT_DATA = 4;
const RAW_DATA = 9;
const EXTERNAL = 1;
const MOST_DIMS = 64;

/** Reads a TensorProto. `name` is used if it has none. Throws if sizes do not match. */
export function readTensor(wire: Wire, { begin, end }: Field, name = ""): OnnxTensor {
  const shape: number[] = [];
  const external = new Map<string, string>();
  let [own, type, isExternal] = [name, 0, false];
  let data: Field | null = null;
  let apart = false;
  const fail = (problem: string) => wire.fail(`tensor ${excerpt(own)}: ${problem}`);
  const dim = (length: number) => {
    if (shape.push(length) > MOST_DIMS) throw fail(`it has more than ${MOST_DIMS} dims`);
  };
  for (const field of wire.fields(begin, end)) {
    if (field.number === 1) {
      if (field.begin === field.end) dim(field.value);
      else for (const length of wire.packed(field)) dim(length);
    } else if (field.number === 2) type = field.value;
    else if (field.number === 8) own = wire.text(field) || name;
    else if (field.number === FLOAT_DATA || field.number === RAW_DATA) {
      // Elements that are written one by one are not consecutive: unsupported.
      apart ||= data !== null;
      data = field;
    } else if (field.number === 13) {
      external.set(...readEntry(wire, field));
      if (external.size > MOST_DIMS) throw fail("its external data have more entries than there are keys");
    } else if (field.number === 14) isExternal = field.value === EXTERNAL;
  }
  if (!shape.every((length) => Number.isSafeInteger(length)) || !Number.isSafeInteger(sizeOf(shape)))
    throw fail(`dims ${excerpt(shape)} are no shape`);
  const expected = Object.hasOwn(bits, type) ? Math.ceil((sizeOf(shape) * bits[type]!) / 8) : null;
  const known = { name: own, shape, dtype: dtypes[type] ?? null };
  if (isExternal) return { ...known, place: readPlace(external, expected, fail) };
  if (data === null || apart || (data.number === FLOAT_DATA && type !== FLOAT)) return { ...known, place: null };
  const length = data.end - data.begin;
  if (expected !== null && length !== expected)
    throw fail(`${formatShape(shape)} of ${known.dtype ?? `type ${type}`} takes ${expected} bytes, got ${length}`);
  return { ...known, place: { location: null, offset: data.begin, length } };
}

function readEntry(wire: Wire, { begin, end }: Field): [string, string] {
  let [key, value] = ["", ""];
  for (const field of wire.fields(begin, end)) {
    if (field.number === 1) key = wire.text(field);
    else if (field.number === 2) value = wire.text(field);
  }
  return [key, value];
}

/** Below a folder, so that nothing leads elsewhere: no root, no drive, no step up. */
const isBelow = (location: string) =>
  location.length <= 500 && !/^[/\\]|[\\:\0]/.test(location) && !location.split("/").includes("..");

/** One path for one file: "./weights//a" is "weights/a". */
const plain = (location: string) =>
  location
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

/** A whole number, as ONNX writes it in digits; NaN for anything else, and beyond 2^53. */
function wholeNumber(digits: string): number {
  const value = /^\d{1,20}$/.test(digits) ? Number(digits) : NaN;
  return Number.isSafeInteger(value) ? value : NaN;
}

/**
 * Place of a tensor's data, from its external_data: `location`, optionally `offset` and `length`.
 * @param expected size of its elements in bytes; null if unknown
 * @throws the result of `fail` for a path out of the folder, and for invalid numbers
 */
function readPlace(
  external: ReadonlyMap<string, string>,
  expected: number | null,
  fail: (problem: string) => Error,
): OnnxPlace {
  const given = external.get("location") ?? "";
  const location = isBelow(given) ? plain(given) : "";
  if (location === "") throw fail(`its data must lie in a file beside the model's, got ${excerpt(given)}`);
  const offset = wholeNumber(external.get("offset") ?? "0");
  const said = external.get("length");
  const length = said === undefined ? (expected ?? 0) : wholeNumber(said);
  if (Number.isSafeInteger(offset + length) && length === (expected ?? length)) return { location, offset, length };
  throw fail(
    `its data are said to be ${excerpt(said ?? length)} bytes from ${excerpt(external.get("offset") ?? "0")} of ${excerpt(location)}, ` +
      `expected ${expected ?? "whole numbers"}${expected === null ? "" : " bytes"}`,
  );
}

/** Bytes of a file. */
export interface OnnxPlace {
  /** A path below the model's folder; null for the model's own file. */
  readonly location: string | null;
  readonly offset: number;
  readonly length: number;
}
