import { formatShape } from "../../values/shape.js";
import { formatBytes } from "./number-format.js";
import { tableLines } from "./table.js";

/** A table of a file's tensors; `kind` is the format's name for the type of their elements. */
export function tensorLines(
  kind: string,
  tensors: readonly { name: string; type: string; shape: readonly number[]; bytes: number }[],
): string[] {
  const rows = tensors.map(({ name, type, shape, bytes }) => [name, type, formatShape(shape), formatBytes(bytes)]);
  return tableLines([["tensor", kind, "shape", "size"], ...rows], ["left", "left", "left", "right"]);
}

const { compare } = new Intl.Collator("en", { numeric: true });

/** Sorts names of modules and tensors as models have their layers: 2 before 10. */
export const inModelOrder = (a: string, b: string): number => compare(a, b);
