import type { WithHalves } from "../../../ts/engine/halves-kernels.js";
import type { Kernels } from "../../../ts/engine/kernels.js";
import type { Engine } from "../../../ts/index.js";

/** binary16 as a kernels' number of formats. */
const F16 = 1;
const COUNT = 20_001;

/**
 * Numbers as binary16 and back, from an even and an odd place on, with what stood before and after them: random bits in and around its range, and
 * ties; finite ones that are too large only on request.
 */
export async function roundToHalves(engine: Engine, tooLarge: boolean): Promise<string[]> {
  const bits = new Uint32Array(COUNT);
  const values = new Float32Array(bits.buffer);
  let state = 1;
  for (let i = 0; i < COUNT; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Exponents from 2^-27 to 2^17; every third number is a tie of normal numbers, or next to one.
    const exponent = 100 + (i % (tooLarge ? 44 : 42));
    bits[i] = (((state & 0x8000_0000) | (exponent << 23)) >>> 0) + (state & 0x7f_ffff);
    if (i % 3 === 0) bits[i] = ((bits[i]! & ~0x1fff) >>> 0) + 0x1000 + ((i / 3) % 3) - 1;
  }
  values.set([0, -0, Infinity, -Infinity, NaN, 65_504, 65_519.996, -65_504], 10);
  const { heap } = engine;
  const kernels: Kernels & WithHalves = engine.kernels;
  const pointers = [COUNT, COUNT + 4, COUNT + 4].map((elements) => heap.allocate(4 * elements));
  const [x, data, y] = pointers as [number, number, number];
  const results: string[] = [];
  for (const start of [0, 3]) {
    engine.write(x, values, COUNT);
    kernels.fill(COUNT + 4, 1.25, data);
    if (kernels.halves === undefined) kernels.stored_encode(F16, COUNT, x, data + 2 * start);
    else kernels.halves.store(3, COUNT / 3, x, COUNT / 3, data, start);
    kernels.stored_columns(1, COUNT + 6, F16, data, 0, 0, COUNT + 6, y);
    results.push(
      ...Array.from(await engine.readLater(y, COUNT + 6), (each) => (Object.is(each, -0) ? "-0" : `${each}`)),
    );
  }
  for (const pointer of pointers) heap.release(pointer);
  return results;
}
