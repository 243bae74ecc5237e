import { ConfigError } from "../../errors/errors.js";
import type { Engine } from "../../engine/running.js";
import { type WeightFormat, storedLength, weightFormats } from "../../ops/product/frozen-weight.js";
import { or, readOptions } from "../../arguments/read-options.js";
import { flag, oneOf, unexpected } from "../../arguments/settings.js";
import { checkLengths, checkSize, wrongShape } from "../../values/shape.js";
import { fixedBytes, isBytes } from "../../arguments/typed-array.js";

/** A matrix as a file stores it. */
export interface StoredMatrix {
  /** Rows and columns of the matrix meant: `[in, out]` of a linear layer, `[rows, d]` of a table. */
  readonly shape: readonly [number, number];
  /** How an element is stored. */
  readonly format: WeightFormat;
  /** Whether the bytes are the transpose's, as files hold linear layers: `[out, in]`. */
  readonly transposed: boolean;
  /** Row by row, little-endian; pieces follow one another. */
  readonly bytes: readonly Uint8Array[];
}

/** What a caller gives: `transposed` false by default, the bytes in one piece or several. */
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
    // One by one: a list may say that it is longer than there is memory for.
    for (let i = 0; i < given.length; i++) {
      const piece = given[i];
      if (!isBytes(piece)) throw unexpected(what, name, "a Uint8Array or a list of them", piece);
      pieces.push(fixedBytes(piece));
    }
    return pieces;
  },
};

/**
 * A matrix as somebody passed it, each field read once; none of the caller's code runs afterwards, and the bytes are as many
 * as they were. Those that are windows on linear memory are copied, as in `readTensor`. Throws `ShapeError` for what is no matrix, `ConfigError` for
 * another format and where the bytes are not as many as shape and format say.
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
