import { type Program, program, range, rowProgram } from "../program.js";
import { HALF_BITS } from "./functions.js";
import { type PerThread, type RightOperand, SIDE } from "./product.js";

// C ← X·B + bias in tiles as product.ts, with X and B rounded to binary16 in shared memory, sums in float32. X is rounded once, before, with a
// power of two for each row, so that no number is too large, and a row's bits do not depend on the others.

/** Columns of X in shared memory at once. */
const DEPTH = 32;
/** A row of a panel, padded against conflicts of banks. */
const STRIDE = SIDE + 1;

/** Words of a rounded row of `width` numbers: what it is to be multiplied by, as float32, then pairs, whole fours with zeros. */
export const roundedWords = (width: number): number => 1 + 2 * Math.ceil(width / 4);

/** Rounds rows of X: the largest is from 2^14 to 2^15, times the power of two. */
export const roundRows = rowProgram(
  "round_rows",
  "width x* y*",
  `let x = p.x + row * p.width;
  var most = 0.0;
  for (var k = lane; k < p.width; k += 64u) { most = greatest(most, abs(load(x + k))); }
  let exponent = clamp((bitcast<u32>(largest(most, lane)) >> 23u) & 0xffu, 15u, 254u);
  let factor = bitcast<f32>((268u - exponent) << 23u);
  let words = 2u * ((p.width + 3u) / 4u);
  let y = p.y + row * (1u + words);
  if (lane == 0u) { memory[y] = (exponent - 14u) << 23u; }
  for (var i = lane; i < words; i += 64u) {
    var bits = 0u;
    for (var half = 0u; half < 2u; half++) {
      let k = 2u * i + half;
      if (k < p.width) { bits |= half_bits(factor * load(x + k)) << (16u * half); }
    }
    memory[y + 1u + i] = bits;
  }`,
  HALF_BITS,
);

/** \`f16\` or \`f32\` for each of a thread's rows or columns. */
const vector = (count: PerThread, type: "f16" | "f32") => (count === 1 ? type : `vec${count}<${type}>`);

/**
 * A tile of `16·rows` × `16·columns` elements for each workgroup, of whose threads half copy rows of X and half columns of B, four elements
 * of each at a time. B is in groups, which are whole, and lies by column.
 */
export function roundedProductProgram(name: string, rows: PerThread, columns: PerThread, right: RightOperand): Program {
  const [height, width] = [SIDE * rows, SIDE * columns];
  const sums = vector(columns, "f32");
  const panel = (to: string, count: PerThread, element: (i: number) => string) => `
      ${range(count)
        .map((i) => `var e${i} = vec4<f16>(); ${element(i)}`)
        .join("\n      ")}
      ${range(4)
        .map(
          (j) =>
            `${to}[(d + ${j}u) * ${STRIDE}u + place] = ${vector(count, "f16")}(${range(count)
              .map((i) => `e${i}[${j}]`)
              .join(", ")});`,
        )
        .join("\n      ")}`;
  return program(
    `${name} ${height}×${width}`,
    `m n k a* ${right.parameters} c* cRow bias*`,
    `${right.functions}
fn weights(k: u32, n: u32) -> vec4f { ${right.four} }
var<workgroup> left_panel: array<${vector(rows, "f16")}, ${DEPTH * STRIDE}>;
var<workgroup> right_panel: array<${vector(columns, "f16")}, ${DEPTH * STRIDE}>;
fn write(row: u32, column: u32, product: f32, scale: f32) {
  if (column >= p.n) { return; }
  var sum = scale * product;
  if (p.bias != 0u) { sum += load(p.bias + column); }
  store(p.c + row * p.cRow + column, sum);
}
@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let top = group.y * ${height}u;
  let first = group.x * ${width}u;
  let words = 1u + 2u * ((p.k + 3u) / 4u);
  let task = index % ${(SIDE * SIDE) / 2}u;
  let place = task / ${DEPTH / 4}u;
  let d = 4u * (task % ${DEPTH / 4}u);
  ${range(rows)
    .map((r) => `var s${r} = ${sums}();`)
    .join(" ")}
  for (var start = 0u; start < p.k; start += ${DEPTH}u) {
    let k = start + d;
    if (index < ${(SIDE * SIDE) / 2}u) {${panel(
      "left_panel",
      rows,
      (i) =>
        `if (top + place * ${rows}u + ${i}u < p.m && k < p.k) { let at = p.a + (top + place * ${rows}u + ${i}u) * words + 1u + k / 2u; e${i} = bitcast<vec4<f16>>(vec2u(memory[at], memory[at + 1u])); }`,
    )}
    } else {${panel(
      "right_panel",
      columns,
      (i) =>
        `if (first + place * ${columns}u + ${i}u < p.n && k < p.k) { e${i} = vec4<f16>(weights(k, first + place * ${columns}u + ${i}u)); }`,
    )}
    }
    workgroupBarrier();
    for (var e = 0u; e < ${DEPTH}u; e++) {
      let x = ${vector(rows, "f32")}(left_panel[e * ${STRIDE}u + thread.y]);
      let y = ${sums}(right_panel[e * ${STRIDE}u + thread.x]);
      ${range(rows)
        .map((r) => `s${r} = fma(${sums}(${rows === 1 ? "x" : `x[${r}]`}), y, s${r});`)
        .join(" ")}
    }
    workgroupBarrier();
  }
  let column = first + thread.x * ${columns}u;
  ${range(rows)
    .map((r) => {
      const row = `top + thread.y * ${rows}u + ${r}u`;
      const writes = range(columns).map(
        (c) => `write(${row}, column + ${c}u, ${columns === 1 ? `s${r}` : `s${r}[${c}]`}, scale);`,
      );
      return `if (${row} < p.m) { let scale = load(p.a + (${row}) * words); ${writes.join(" ")} }`;
    })
    .join("\n  ")}
}`,
    { f16: true },
  );
}
