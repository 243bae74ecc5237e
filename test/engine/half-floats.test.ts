import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { decodeTensor, toBfloat, toHalf } from "../../ts/io/safetensors/convert.js";
import { encodeTensor } from "../../ts/io/safetensors/index.js";
import { weightFormats } from "../../ts/ops/product/frozen-weight.js";

/** The least magnitudes, as bits of float32, that round to an infinity. */
const OVERFLOW = { F16: 0x477ff000, BF16: 0x7f7f8000 };
const formats = (["F16", "BF16"] as const).map((dtype) => ({
  dtype,
  number: weightFormats.indexOf(dtype === "F16" ? "f16" : "bf16"),
}));

/** Runs with memory for so many values of 4 bytes and as many of 2. */
function withMemory<T>(length: number, body: (values: number, stored: number) => T): T {
  const { heap } = engine();
  const [values, stored] = [heap.allocate(4 * length), heap.allocate(2 * length)];
  try {
    return body(values, stored);
  } finally {
    heap.release(values);
    heap.release(stored);
  }
}

const decoded = (format: number, patterns: Uint16Array) =>
  withMemory(patterns.length, (values, stored) => {
    engine().write(stored, new Uint8Array(patterns.buffer), patterns.byteLength);
    engine().kernels.stored_decode(format, patterns.length, stored, values);
    return engine().read(values, patterns.length);
  });

const encoded = (format: number, x: Float32Array) =>
  withMemory(x.length, (values, stored) => {
    engine().write(values, x, x.length);
    const tooLarge = engine().kernels.stored_encode(format, x.length, values, stored);
    return { tooLarge, patterns: new Uint16Array(engine().readBytes(stored, 2 * x.length).buffer) };
  });

/** Bits of a number, all NaN being one: their bits are the runtime's. */
const bits = (values: Float32Array) =>
  new Uint32Array(values.buffer).map((pattern) => ((pattern & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : pattern));

const differing = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  const found: string[] = [];
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) found.push(`${i}: ${a[i]}, not ${b[i]}`);
  return { length: a.length, found: found.slice(0, 5) };
};

/** Every exponent, sign and mantissa comes up: a linear congruential generator's bits, mixed. */
function numbers(length: number): Float32Array {
  let state = 0x2545f491;
  const patterns = Uint32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state ^ (state >>> 13);
  });
  return new Float32Array(patterns.buffer);
}

/** A middle between two neighbours of a 16-bit type, and what lies next to it on either side. */
function borders(format: number): Float32Array {
  const patterns = Uint16Array.from({ length: 0x7fff }, (_, i) => i);
  const values = decoded(format, patterns);
  const middles = values.slice(0, -1).map((value, i) => (value + values[i + 1]!) / 2);
  const of = new Uint32Array(middles.buffer);
  return new Float32Array(Uint32Array.from([...of].flatMap((at) => [Math.max(at, 1) - 1, at, at + 1])).buffer);
}

describe("16-bit floats by the kernels are those of the host's arithmetic", () => {
  it.each(formats)("$dtype: all patterns as float32, and back", ({ dtype, number }) => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const values = decoded(number, patterns);
    const expected = decodeTensor(new Uint8Array(patterns.buffer), dtype, "x");
    expect(differing(bits(values), bits(expected))).toEqual({ length: 65536, found: [] });
    const back = encoded(number, values);
    expect(back.tooLarge).toBe(0);
    const infinity = dtype === "F16" ? 0x7c00 : 0x7f80;
    const isNan = (pattern: number) => (pattern & 0x7fff) > infinity;
    const same = patterns.map((pattern, i) =>
      isNan(pattern) ? Number(isNan(back.patterns[i]!)) : Number(back.patterns[i] === pattern),
    );
    expect(same.indexOf(0)).toBe(-1);
  });

  it.each(formats)("$dtype: numbers of all kinds, and what lies between two neighbours", ({ dtype, number }) => {
    for (const values of [numbers(1 << 20), borders(number), borders(number).map((value) => -value)]) {
      const { patterns, tooLarge } = encoded(number, values);
      const of = new Uint32Array(values.buffer);
      const expected = dtype === "F16" ? Uint16Array.from(values, toHalf) : Uint16Array.from(of, toBfloat);
      expect(differing(patterns, expected)).toEqual({ length: values.length, found: [] });
      const large = of.reduce((count, pattern) => {
        const magnitude = pattern & 0x7fffffff;
        return count + Number(magnitude >= OVERFLOW[dtype] && magnitude < 0x7f800000);
      }, 0);
      expect(tooLarge).toBe(large);
      // The kernels count what the host refuses.
      if (large > 0) expect(() => encodeTensor(values, dtype, "x")).toThrow("too large");
      else expect(encodeTensor(values, dtype, "x")).toEqual(new Uint8Array(patterns.buffer));
    }
  });

  it.each(formats)("$dtype: any length, and nothing beyond it", ({ number }) => {
    const values = numbers(50).map((value) => (Number.isFinite(value) ? value % 1000 : 1));
    const whole = encoded(number, values).patterns;
    for (let length = 0; length <= 50; length++) {
      const part = values.slice(0, length);
      const longer = withMemory(64, (from, stored) => {
        engine().write(from, part, length);
        engine().write(stored, new Uint8Array(128).fill(0xa5), 128);
        engine().kernels.stored_encode(number, length, from, stored);
        return engine().readBytes(stored, 128);
      });
      expect(new Uint16Array(longer.buffer, 0, length)).toEqual(whole.slice(0, length));
      expect(longer.slice(2 * length).every((byte) => byte === 0xa5)).toBe(true);
    }
  });
});
