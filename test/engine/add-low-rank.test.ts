import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";

const PANEL = 8;
const SCALE = 0.75;

/** Numbers of a generator's bits between −½ and ½, times a scale. */
function numbers(length: number, seed: number, scale: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 32 - 0.5);
  });
}

function panelled(right: Float32Array, rank: number, columns: number): Float32Array {
  const panels = new Float32Array(Math.ceil(columns / PANEL) * PANEL * rank);
  for (let p = 0; p < rank; p++)
    for (let j = 0; j < columns; j++)
      panels[Math.floor(j / PANEL) * PANEL * rank + p * PANEL + (j % PANEL)] = right[p * columns + j]!;
  return panels;
}

/**
 * Bytes of W + s·L·R in a format, by one kernel and by three, and how many values each found too large.
 * @param bits W's, of 16 bits; random numbers of that scale where there are none
 * @param leftScale L's
 */
function bothWays(
  format: number,
  [rows, columns, rank]: [number, number, number],
  scale: number,
  bits?: Uint16Array,
  leftScale = 1,
) {
  const { heap, kernels } = engine();
  const [size, bytes] = [rows * columns, format === 0 ? 4 : 2];
  const right = numbers(rank * columns, 3, 1);
  const put = (values: Float32Array) => {
    const pointer = heap.allocate(Math.max(64, 4 * values.length));
    engine().write(pointer, values, values.length);
    return pointer;
  };
  const [values, left, plain, panels] = [
    put(numbers(size, 1, scale)),
    put(numbers(rows * rank, 2, leftScale)),
    put(right),
    put(panelled(right, rank, columns)),
  ];
  const stored = [heap.allocate(4 * size), heap.allocate(4 * size)] as const;
  try {
    for (const data of stored)
      if (bits === undefined) kernels.stored_encode(format, size, values, data);
      else engine().write(data, new Uint8Array(bits.buffer), bits.byteLength);
    const once = kernels.stored_add_low_rank(format, rows, columns, rank, SCALE, left, panels, stored[0]);
    kernels.stored_decode(format, size, stored[1], values);
    kernels.gemm(rows, columns, rank, SCALE, left, rank, 1, plain, columns, 1, 1, values, columns, 0);
    const steps = kernels.stored_encode(format, size, values, stored[1]);
    const [a, b] = stored.map((data) => engine().readBytes(data, bytes * size));
    return { once, steps, same: a!.every((byte, i) => byte === b![i]) };
  } finally {
    for (const block of [values, left, plain, panels, ...stored]) heap.release(block);
  }
}

describe.each([0, 1, 2])("W + s·L·R in format %i", (format) => {
  it.each<[number, number, number]>([
    [64, 256, 8],
    [33, 301, 16],
    [130, 7, 1],
    [512, 1024, 8],
    [9, 4097, 32],
  ])("%i × %i of rank %i has the bits of decoding, gemm and encoding", (...shape) => {
    expect(bothWays(format, shape, 0.1)).toEqual({ once: 0, steps: 0, same: true });
  });

  it("counts what is too large, once for each value", () => {
    const { once, steps, same } = bothWays(format, [40, 100, 4], format === 2 ? 6.8e38 : 140_000);
    expect({ once, same }).toEqual({ once: steps, same: true });
  });
});

describe.each([1, 2])("every number of format %i", (format) => {
  // Alone among numbers of another kind, and among its like.
  const every = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
  const scattered = every.map((i) => Math.imul(i, 40503));

  it.each([0, 1e-7, 1e-3, 1, 1e5])("with an update of some %d has the bits of decoding, gemm and encoding", (scale) => {
    for (const bits of [every, scattered]) {
      const { once, steps, same } = bothWays(format, [64, 1024, 4], 1, bits, scale);
      expect({ once, same }).toEqual({ once: steps, same: true });
    }
  });
});
