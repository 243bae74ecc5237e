import type { Tensor } from "lowrank";
import { formatShape, sizeOf } from "lowrank/extension";
import { FederationError } from "../federation-error.js";

// The format of numpy.save, version 1, which Flower uses for arrays: float32, little-endian, row-major.
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const HEADER = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+(?:, \d+)*,?|)\), ?\}\s*$/;

/** A tensor in the format of `numpy.save`. */
export function packNpy({ shape, data }: Tensor): Uint8Array<ArrayBuffer> {
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${lengths}), }`;
  const padded = head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11) + "\n";
  const values = new Float32Array(data);
  const bytes = new Uint8Array(10 + padded.length + values.byteLength);
  bytes.set([...MAGIC, 1, 0, padded.length & 255, padded.length >> 8]);
  bytes.set(new TextEncoder().encode(padded), 10);
  bytes.set(new Uint8Array(values.buffer), 10 + padded.length);
  return bytes;
}

/**
 * Reads a tensor with the expected shape. Throws `FederationError`, which names the array, for other shapes, types or sizes,
 * and for numbers that are not finite.
 */
export function unpackNpy(bytes: Uint8Array, name: string, shape: readonly number[]): Tensor {
  const fail = (problem: string, details: Record<string, unknown> = {}) =>
    new FederationError(`the server's ${name} ${problem}`, { tensor: name, ...details });
  const headerLength = bytes[8]! | (bytes[9]! << 8);
  const start = 10 + headerLength;
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, start));
  const [, lengths] = HEADER.exec(header) ?? [];
  if (lengths === undefined || bytes[6] !== 1 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw fail("is not a float32 array in the format of numpy.save", { value: header.slice(0, 100) });
  const actual = lengths
    .split(",")
    .filter((one) => one.trim() !== "")
    .map(Number);
  if (actual.length !== shape.length || actual.some((length, i) => length !== shape[i]))
    throw fail(`is ${formatShape(actual)}, and ${formatShape(shape)} here`, { actual, expected: shape });
  if (bytes.length !== start + 4 * sizeOf(shape))
    throw fail(`has ${bytes.length - start} bytes for ${formatShape(shape)}`, { actual: bytes.length - start });
  const data = new Float32Array(bytes.slice(start).buffer);
  const place = data.findIndex((value) => !Number.isFinite(value));
  if (place >= 0) throw fail(`has ${data[place]} at ${place}`, { place, value: data[place] });
  return { shape: [...shape], data };
}
