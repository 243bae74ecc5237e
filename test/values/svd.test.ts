import { describe, expect, it } from "vitest";
import { ConfigError } from "../../ts/errors/errors.js";
import { qr, Vectors } from "../../ts/values/matrix.js";
import { svd } from "../../ts/values/svd.js";
import { goldenJson } from "../golden.js";

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly matrix: number[];
  readonly values: number[];
  readonly left: number[];
  readonly right: number[];
  readonly q?: number[];
  readonly r?: number[];
}

const { cases } = await goldenJson<{ cases: Case[] }>("svd.json");

/** The largest distance. */
const off = (got: ArrayLike<number>, wanted: ArrayLike<number>) =>
  Array.from(wanted).reduce((most, x, i) => Math.max(most, Math.abs(got[i]! - x)), 0);

/** How far vectors are from orthonormal. */
function skew(data: Float64Array, count: number): number {
  const length = data.length / count;
  let most = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? -1 : 0;
      for (let k = 0; k < length; k++) sum += data[i * length + k]! * data[j * length + k]!;
      most = Math.max(most, Math.abs(sum));
    }
  }
  return most;
}

/** M's distance from U·Σ·Vᵀ. */
function residual(
  m: ArrayLike<number>,
  rows: number,
  columns: number,
  { values, left, right }: ReturnType<typeof svd>,
) {
  const rest = Float64Array.from(m);
  values.forEach((value, k) => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) rest[i * columns + j]! -= value * left[k * rows + i]! * right[k * columns + j]!;
  });
  return rest.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

describe.each(cases)("svd: $name", ({ rows, columns, rank, ...wanted }) => {
  const got = svd(Float64Array.from(wanted.matrix), rows, columns, rank);
  const largest = wanted.values[0]!;

  it("has LAPACK's values", () => {
    expect(got.values).toHaveLength(rank);
    expect(off(got.values, wanted.values) / largest).toBeLessThan(1e-14);
  });

  it("has LAPACK's vectors", () => {
    // LAPACK's own are off by its rounding over the gap to the next value, so the smallest of a graded matrix agree less.
    const tolerance = 1e-11;
    expect(off(got.left, wanted.left)).toBeLessThan(tolerance);
    expect(off(got.right, wanted.right)).toBeLessThan(tolerance);
    expect(skew(got.left, rank)).toBeLessThan(1e-13);
    expect(skew(got.right, rank)).toBeLessThan(1e-13);
  });

  it("gives the same bits again, and the matrix where nothing is cut off", () => {
    expect(svd(Float64Array.from(wanted.matrix), rows, columns, rank)).toEqual(got);
    if (rank === Math.min(rows, columns))
      expect(residual(wanted.matrix, rows, columns, got) / largest).toBeLessThan(1e-14);
  });
});

describe.each(cases.filter(({ q }) => q !== undefined))("qr: $name", ({ rows, columns, ...wanted }) => {
  it("is LAPACK's, with a diagonal that is not negative", () => {
    const matrix = new Vectors(rows, columns, Float64Array.from(wanted.matrix));
    const { q, r } = qr(matrix.transposed());
    const scale = Math.max(...wanted.matrix.map(Math.abs));
    expect(off(q.data, wanted.q!)).toBeLessThan(1e-13);
    expect(off(r.transposed().data, wanted.r!) / scale).toBeLessThan(1e-13);
  });
});

describe("svd of what has fewer dimensions than asked for", () => {
  it.each([
    ["zeros", new Float64Array(12), 0],
    ["one row thrice", Float64Array.from([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]), Math.sqrt(90)],
  ])("%s: orthonormal all the same", (_name, matrix, first) => {
    const got = svd(matrix, 3, 4);
    expect(off(got.values, [first, 0, 0])).toBeLessThan(1e-14);
    expect(skew(got.left, 3)).toBeLessThan(1e-14);
    expect(skew(got.right, 3)).toBeLessThan(1e-14);
  });

  it("the leading vectors of a large matrix of rank two", () => {
    const [rows, columns] = [150, 140];
    const matrix = Float64Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      return ((i * 7) % 5) - 2 + ((i % 3) - 1) * ((j % 4) - 1);
    });
    const got = svd(matrix, rows, columns, 5);
    expect(residual(matrix, rows, columns, got)).toBeLessThan(1e-11);
    expect(off(got.values.slice(2), [0, 0, 0]) / got.values[0]!).toBeLessThan(1e-14);
    expect(skew(got.left, 5)).toBeLessThan(1e-13);
    expect(skew(got.right, 5)).toBeLessThan(1e-13);
  });
});

describe("svd refuses", () => {
  it.each([
    ["NaN", Float32Array.of(1, NaN), 1, 2, 1],
    ["infinity", Float32Array.of(1, -Infinity), 1, 2, 1],
    ["a rank above the smaller side", Float32Array.of(1, 2), 1, 2, 2],
    ["another count of numbers", Float32Array.of(1, 2, 3), 1, 2, 1],
  ])("%s", (_name, data, rows, columns, rank) => {
    expect(() => svd(data, rows, columns, rank)).toThrow(ConfigError);
  });
});
