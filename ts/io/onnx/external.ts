import { excerpt } from "../../errors/excerpt.js";

/** Below a folder, so that nothing leads elsewhere: no root, no drive, no step up. */
const isBelow = (location: string) =>
  location.length <= 500 && !/^[/\\]|[\\:\0]/.test(location) && !location.split("/").includes("..");

/** The same path for the same file: "./weights//a" is "weights/a". */
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
export function readPlace(
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
