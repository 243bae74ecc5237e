import { ConfigError } from "../../errors/errors.js";
import type { Engine } from "../../engine/running.js";
import { type WeightFormat, storedLength, weightFormats } from "../../ops/product/frozen-weight.js";
import { or, readOptions } from "../../arguments/options.js";
import { flag, oneOf, unexpected } from "../../arguments/settings.js";
import { checkLengths, checkSize, wrongShape } from "../../values/shape.js";
import { fixedBytes, isBytes } from "../../arguments/typed-array.js";

/** A matrix in a file's format. */
export interface StoredMatrix {
  /** Shape of the matrix: `[in, out]` of a linear layer, `[rows, d]` of a table. */
  readonly shape: readonly [number, number];
  /** Format of an element. */
  readonly format: WeightFormat;
  /** Whether the bytes are those of the transpose, as of linear layers in files: `[out, in]`. */
  readonly transposed: boolean;
  /** Row by row, little-endian; one or more pieces in order. */
  readonly bytes: readonly Uint8Array[];
}

/** Input of `frozenMatrix`: `transposed` is false by default; the bytes may be one piece or several. */
export type StoredMatrixInput = Omit<StoredMatrix, "transposed" | "bytes" | "shape"> & {
  readonly shape: readonly number[];
  readonly transposed?: boolean | undefined;
  readonly bytes: Uint8Array | readonly Uint8Array[];
};

const readers = {
  shape: (what: string, _: string, value: unknown) => checkSize(what, checkLengths(what, value as number[])),
  format: (what: string, name: string, value: unknown) => oneOf(what, name, value, weightFormats),
  // Pure, so that bundlers leave it out.
  transposed: /* @__PURE__ */ or(false, flag),
  bytes: (what: string, name: string, value: unknown): readonly Uint8Array[] => {
    const given: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
    const pieces: Uint8Array[] = [];
    // Element by element: a list may claim to be longer than memory.
    for (let i = 0; i < given.length; i++) {
      const piece = given[i];
      if (!isBytes(piece)) throw unexpected(what, name, "a Uint8Array or a list of them", piece);
      pieces.push(fixedBytes(piece));
    }
    return pieces;
  },
};

/**
 * Reads a caller's matrix, each field once; no user code runs afterwards, so its length stays. Windows on linear memory are copied, as in
 * `readTensor`. Throws `ShapeError` for an invalid shape, `ConfigError` for an unknown format, and for bytes that do not match shape and
 * format.
 */
export function readStored(what: string, given: StoredMatrixInput, engine: Engine): StoredMatrix {
  const { shape, bytes: pieces, ...rest } = readOptions(what, given, readers);
  if (shape.length !== 2) throw wrongShape(what, "the matrix", "[rows, columns]", shape);
  const bytes = pieces.map((piece) => (engine.shows(piece) ? new Uint8Array(piece) : piece));
  const matrix = { shape: shape as readonly number[] as readonly [number, number], bytes, ...rest };
  const [rows, columns] = matrix.transposed ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!];
  const expected = storedLength(engine.kernels, matrix.format, rows, columns);
  const length = bytes.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (length !== expected) {
    const all = `${rows} rows of ${columns} elements in ${matrix.format}`;
    throw new ConfigError(`${what}: ${all} are ${expected} bytes, got ${length}`, {
      op: what,
      expected,
      actual: length,
    });
  }
  return matrix;
}
