import { excerpt } from "../../errors/excerpt.js";
import { formatShape, sizeOf } from "../../values/tensor.js";
import type { FloatDtype } from "../safetensors/index.js";
import type { Field, Wire } from "./wire.js";

/** Where a tensor's elements stand: in the model's file, in one beside it, or in a form that is not read here. */
export type OnnxData =
  | { readonly kind: "inside"; readonly begin: number; readonly end: number }
  | { readonly kind: "beside"; readonly location: string; readonly offset: number; readonly length: number }
  | { readonly kind: "other" };

/** A constant of a model. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Element type, where it is one of floats of 16 or 32 bits; null for others. */
  readonly dtype: FloatDtype | null;
  readonly data: OnnxData;
}

/** TensorProto's data_type. */
const dtypes: { readonly [type: number]: FloatDtype } = { 1: "F32", 10: "F16", 16: "BF16" };
const FLOAT_DATA = 4;
const RAW_DATA = 9;
const EXTERNAL = 1;

/** Files beside the model's: a path below it, so that nothing leads elsewhere. */
const isBeside = (location: string) =>
  location !== "" && location.length <= 500 && !/^[/\\]|[\\:\0]/.test(location) && !location.split("/").includes("..");

/** Reads a TensorProto. `name` is for one that has none of its own. Throws where sizes disagree. */
export function readTensor(wire: Wire, { begin, end }: Field, name = ""): OnnxTensor {
  const shape: number[] = [];
  const external = new Map<string, string>();
  let [own, type, isExternal] = [name, 0, false];
  let data: OnnxData = { kind: "other" };
  let raw = false;
  for (const field of wire.fields(begin, end)) {
    if (field.number === 1) {
      if (field.begin === field.end) shape.push(field.value);
      else shape.push(...wire.packed(field));
    } else if (field.number === 2) type = field.value;
    else if (field.number === 8) own = wire.text(field) || name;
    else if (field.number === FLOAT_DATA || field.number === RAW_DATA) {
      // Elements written one by one lie apart: they are not read.
      data = data.kind === "inside" ? { kind: "other" } : { kind: "inside", begin: field.begin, end: field.end };
      raw = field.number === RAW_DATA;
    } else if (field.number === 13) external.set(...readEntry(wire, field));
    else if (field.number === 14) isExternal = field.value === EXTERNAL;
  }
  const fail = (problem: string) => wire.fail(`tensor ${excerpt(own)}: ${problem}`);
  if (!shape.every((length) => Number.isSafeInteger(length)) || !Number.isSafeInteger(sizeOf(shape)))
    throw fail(`dims ${excerpt(shape)} are no shape`);
  const dtype = dtypes[type] ?? null;
  if (dtype === null) return { name: own, shape, dtype, data: { kind: "other" } };
  const expected = sizeOf(shape) * (dtype === "F32" ? 4 : 2);
  if (isExternal) data = besides(external, expected, fail);
  const length = data.kind === "inside" ? data.end - data.begin : expected;
  if (data.kind === "inside" && !raw && dtype !== "F32") return { name: own, shape, dtype, data: { kind: "other" } };
  if (length !== expected) throw fail(`${formatShape(shape)} of ${dtype} takes ${expected} bytes, got ${length}`);
  return { name: own, shape, dtype, data };
}

function readEntry(wire: Wire, { begin, end }: Field): [string, string] {
  let [key, value] = ["", ""];
  for (const field of wire.fields(begin, end)) {
    if (field.number === 1) key = wire.text(field);
    else if (field.number === 2) value = wire.text(field);
  }
  return [key, value];
}

function besides(external: ReadonlyMap<string, string>, expected: number, fail: (problem: string) => Error): OnnxData {
  const location = external.get("location") ?? "";
  if (!isBeside(location)) throw fail(`its data must lie in a file beside the model's, got ${excerpt(location)}`);
  const [offset, length] = [Number(external.get("offset") ?? 0), Number(external.get("length") ?? expected)];
  if (!Number.isSafeInteger(offset) || offset < 0 || length !== expected)
    throw fail(
      `its data are said to be ${excerpt(length)} bytes from ${excerpt(offset)} of ${excerpt(location)}, expected ${expected}`,
    );
  return { kind: "beside", location, offset, length };
}
