import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as elementary from "../../ts/values/elementary.js";
import { goldenJson } from "../golden.js";

const { exp, log, log1p, cosPi } = elementary;
const golden = await goldenJson<Record<"exp" | "log" | "log1p" | "cosPi", [number, number][]>>("elementary.json");

/** Float64 numbers by their order: neighbours differ by 1. */
function place(x: number): bigint {
  const words = new DataView(new ArrayBuffer(8));
  words.setFloat64(0, Math.abs(x));
  return (x < 0 ? -1n : 1n) * words.getBigUint64(0);
}

/** How many float64 numbers lie between two; both sides of 0 count. */
const ulps = (a: number, b: number) => Math.abs(Number(place(a) - place(b)));

describe.each([
  ["exp", 1],
  ["log", 1],
  ["log1p", 2],
  ["cosPi", 2],
] as const)("%s", (name, most) => {
  it(`is within ${most} ulp of values in 200 bits`, () => {
    const far = golden[name].filter(([x, y]) => !(ulps(elementary[name](x), y) <= most));
    expect(far.map(([x, y]) => [x, y, elementary[name](x)])).toEqual([]);
    expect(golden[name].length).toBeGreaterThan(200);
  });
});

describe("elementary functions", () => {
  it("exp: ends, and infinite or missing arguments", () => {
    const cases = [0, -0, Infinity, -Infinity, NaN, 710, 1e300, -746, -1e300];
    expect(cases.map(exp)).toEqual([1, 1, Infinity, 0, NaN, Infinity, Infinity, 0, 0]);
    expect(exp(709.782712893384)).toBeLessThan(Infinity);
    expect(exp(709.7827128933841)).toBe(Infinity);
    expect(exp(-745.1332191019411)).toBe(5e-324);
  });

  it("log: exactly 0 at 1; of what is no positive number", () => {
    expect([1, 0, -0, Infinity, -1, -Infinity, NaN].map(log)).toEqual([
      0,
      -Infinity,
      -Infinity,
      Infinity,
      NaN,
      NaN,
      NaN,
    ]);
    expect([-1, 0, -0, Infinity, -2, NaN].map(log1p)).toEqual([-Infinity, 0, -0, Infinity, NaN, NaN]);
  });

  it("cosPi: exact at whole numbers and halves, however large", () => {
    expect([0, 1, 2, -1, 7, 2 ** 60].map(cosPi)).toEqual([1, -1, 1, -1, -1, 1]);
    expect([0.5, -0.5, 1.5, 1001.5].map((x) => Math.abs(cosPi(x)))).toEqual([0, 0, 0, 0]);
    expect([NaN, Infinity].map(cosPi)).toEqual([NaN, NaN]);
  });

  it("are monotonic, even or inverse of each other as their namesakes", () => {
    const finite = fc.double({ min: -700, max: 700, noNaN: true });
    fc.assert(fc.property(finite, (x) => Math.abs(log(exp(x)) - x) <= 4e-16 * Math.max(1, Math.abs(x))));
    fc.assert(fc.property(finite, finite, (x, y) => x > y || exp(x) <= exp(y)));
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (x) => cosPi(x) === cosPi(-x)));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (x) => Math.abs(cosPi(x) + cosPi(1 - x)) < 1e-15),
    );
  });

  it("are near this engine's", () => {
    fc.assert(fc.property(fc.double({ min: -745, max: 709, noNaN: true }), (x) => ulps(exp(x), Math.exp(x)) <= 2));
    fc.assert(fc.property(fc.double({ min: 5e-324, noNaN: true }), (x) => ulps(log(x), Math.log(x)) <= 2));
  });
});
