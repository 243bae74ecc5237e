import { elementProgram, type Program } from "../program.js";
import type { RightOperand } from "./product.js";

// Matrices in the formats of `weightFormats` (ts/ops/product/frozen-weight.ts): rows of `p.width` elements, contiguous, from `p.data`. Where the
// WASM kernels interleave four rows of groups, rows are apart here: a workgroup decodes its panel once for all its threads.

const HALVES = `
fn half_at(byte: u32) -> f32 { return unpack2x16float(memory[p.data + byte / 4u])[(byte / 2u) % 2u]; }
fn byte_at(byte: u32) -> u32 { return (memory[p.data + byte / 4u] >> (8u * (byte % 4u))) & 0xffu; }
`;

/** WGSL of `element(row, column)` by format. */
const formats = [
  "fn element(row: u32, column: u32) -> f32 { return load(p.data + row * p.width + column); }",
  `${HALVES}fn element(row: u32, column: u32) -> f32 { return half_at(2u * (row * p.width + column)); }`,
  `fn element(row: u32, column: u32) -> f32 {
  let i = row * p.width + column;
  return bitcast<f32>(select(memory[p.data + i / 2u] << 16u, memory[p.data + i / 2u] & 0xffff0000u, i % 2u == 1u));
}`,
  // d as binary16, 32 signed bytes q: d·q
  `${HALVES}fn element(row: u32, column: u32) -> f32 {
  let group = 34u * (row * ((p.width + 31u) / 32u) + column / 32u);
  return half_at(group) * f32(i32(byte_at(group + 2u + column % 32u) << 24u) >> 24u);
}`,
  // d, m as binary16, 16 bytes of two codes q, the low ones of the group's first half: d·q + m
  `${HALVES}fn element(row: u32, column: u32) -> f32 {
  let group = 20u * (row * ((p.width + 31u) / 32u) + column / 32u);
  let place = column % 32u;
  let code = (byte_at(group + 4u + place % 16u) >> (4u * (place / 16u))) & 15u;
  return fma(half_at(group), f32(code), half_at(group + 2u));
}`,
];

const PAIR = "let word = p.data + (n * p.width + k) / 2u;";
/** WGSL of four elements of row `n` from `k` on, both `k` and the width being multiples of 4, by format. */
const fours = [
  "let at = p.data + n * p.width + k; return vec4f(load(at), load(at + 1u), load(at + 2u), load(at + 3u));",
  `${PAIR} return vec4f(unpack2x16float(memory[word]), unpack2x16float(memory[word + 1u]));`,
  `${PAIR} let bits = vec2u(memory[word], memory[word + 1u]);
  return bitcast<vec4f>(vec4u(bits.x << 16u, bits.x & 0xffff0000u, bits.y << 16u, bits.y & 0xffff0000u));`,
  // Groups of 34 bytes: every second one begins within a word.
  `let group = 34u * (n * ((p.width + 31u) / 32u) + k / 32u);
  let byte = group + 2u + k % 32u;
  let word = p.data + byte / 4u;
  var bits = memory[word];
  if (byte % 4u != 0u) { bits = (bits >> 16u) | (memory[word + 1u] << 16u); }
  let codes = vec4i(vec4u(bits << 24u, bits << 16u, bits << 8u, bits)) >> vec4u(24u);
  return half_at(group) * vec4f(codes);`,
  `let group = p.data + 5u * (n * ((p.width + 31u) / 32u) + k / 32u);
  let scale = unpack2x16float(memory[group]);
  let place = k % 32u;
  let bits = memory[group + 1u + place % 16u / 4u] >> (4u * (place / 16u));
  return fma(vec4f(scale.x), vec4f((vec4u(bits) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(15u)), vec4f(scale.y));`,
];

/** The place in the table of a kernels' number: those from 5 are the formats in groups as they are kept. */
export const formatOf = (number: number) => (number < formats.length ? number : number - 2);

/** Bytes of a row of `width` elements. */
export function rowBytes(number: number, width: number): number {
  const format = formatOf(number);
  if (format < 3) return format === 0 ? 4 * width : 2 * width;
  return Math.ceil(width / 32) * (format === 3 ? 34 : 20);
}

/** B of a product in a format; `transposed` 1 if its rows are columns of B. */
export const storedOperand = (number: number): RightOperand => ({
  parameters: "data* width transposed",
  functions: `${formats[formatOf(number)]!}
fn right(k: u32, n: u32) -> f32 { if (p.transposed != 0u) { return element(n, k); } return element(k, n); }`,
  isByColumn: "p.transposed != 0u",
  liesByColumn: ([, , transposed]) => transposed !== 0,
  four: fours[formatOf(number)]!,
});

/** y ← columns from `start` on, `columns` of them, of a stored matrix or of its transpose. */
const storedColumns = formats.map((functions, i) =>
  elementProgram(
    `stored_columns ${i}`,
    "data* width transposed start columns y*",
    `let row = i / p.columns; let column = p.start + i % p.columns;
  if (p.transposed != 0u) { store(p.y + i, element(column, row)); } else { store(p.y + i, element(row, column)); }`,
    functions,
  ),
);
/** y[j] ← row index[j]. */
const storedRows = formats.map((functions, i) =>
  elementProgram(
    `stored_rows ${i}`,
    "data* width index* y*",
    "store(p.y + i, element(memory[p.index + i / p.width], i % p.width));",
    functions,
  ),
);

export const columnsProgram = (number: number): Program => storedColumns[formatOf(number)]!;
export const rowsProgram = (number: number): Program => storedRows[formatOf(number)]!;
