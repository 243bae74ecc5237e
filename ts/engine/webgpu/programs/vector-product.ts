import { type Program, program, range, SUBGROUPS, THREADS } from "../program.js";
import { type Addend, fromPanels, type RightOperand } from "./product.js";

// C ← α·A·B + β·C + bias with few rows, as of one token for each text: every element of B is used a few times only, so that reading B is what
// takes time. A workgroup has few columns, its threads share k, and their sums are added in a fixed order, as in ONNX Runtime's MatMulNBits,
// llama.cpp's mul_mat_vec and TVM's gemv (WebLLM). A row's bits do not depend on the other rows.

/** Rows of A at most. Above it a tile's panels are used often enough. */
export const MOST_ROWS = 8;
/** Columns of a workgroup whose threads share k, and those of one that has a thread for a column and a sixteenth of k. */
const [FEW, SIDE] = [4, 16] as const;

/** Rows that a program has sums for. */
type Rows = 1 | 4 | 8;

const rowsOf = (m: number): Rows => (m === 1 ? 1 : m <= 4 ? 4 : 8);

/** Workgroups for `n` columns, of a program for operands by column or not. */
export const vectorGroups = (n: number, byColumn: boolean): number => Math.ceil(n / (byColumn ? FEW : SIDE));

/** What the programs of all operands have in common. */
const common = (right: RightOperand, updates: boolean) => `${right.functions}${updates ? lowRank.functions : ""}
fn left(row: u32, k: u32) -> f32 { return load(p.a + min(row, p.m - 1u) * p.aRow + k * p.aCol); }
fn write(row: u32, column: u32, product: f32) {
  if (row >= p.m || column >= p.n) { return; }
  let at = p.c + row * p.cRow + column;
  var sum = p.alpha * product;
  ${updates ? UPDATES : ""}
  if (p.beta != 0.0) { sum = fma(p.beta, load(at), sum); }
  if (p.bias != 0u) { sum += load(p.bias + column); }
  store(at, sum);
}`;

/** Adds s·U·B of adapters to an element. */
const UPDATES = `for (var i = 0u; i < p.updates; i++) {
    let to = update_of(i);
    if (row < to.top || row >= to.bottom || column < to.left || column >= to.right) { continue; }
    for (var r = 0u; r < to.rank; r++) {
      sum = fma(to.factor * load(to.u + (row - to.top) * to.rank + r), load(to.b + r * to.bRow + (column - to.left) * to.bCol), sum);
    }
  }`;

/** Four elements of a column and of rows. */
const fours = ({ four }: RightOperand) => `
fn weights(k: u32, n: u32) -> vec4f { ${four} }
fn inputs(row: u32, k: u32) -> vec4f { return vec4f(left(row, k), left(row, k + 1u), left(row, k + 2u), left(row, k + 3u)); }`;

/**
 * A program for operands whose columns are contiguous and have whole fours: all threads have the same four columns, and each has every 64th
 * four of k.
 */
function byColumnProgram(name: string, rows: Rows, right: RightOperand, updates: boolean): Program {
  const places = range(rows).flatMap((r) => range(FEW).map((c) => ({ r, c, sum: `s${r}${c}` })));
  const code = (parts: number, inputs: string, reduction: string) => `${common(right, updates)}${fours(right)}
var<workgroup> parts: array<f32, ${parts * places.length}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32${inputs}) {
  let first = (group.x + group.y * groups.x) * ${FEW}u;
  if (first >= p.n) { return; }
  ${range(FEW)
    .map((c) => `let n${c} = min(first + ${c}u, p.n - 1u);`)
    .join(" ")}
  ${places.map(({ sum }) => `var ${sum} = 0.0;`).join(" ")}
  for (var k = 4u * lane; k < p.k; k += ${4 * THREADS}u) {
    ${range(FEW)
      .map((c) => `let w${c} = weights(k, n${c});`)
      .join(" ")}
    ${range(rows)
      .map((r) => {
        const products = range(FEW).map((c) => `s${r}${c} += dot(x${r}, w${c});`);
        return `let x${r} = inputs(${r}u, k); ${products.join(" ")}`;
      })
      .join("\n    ")}
  }
  ${reduction}
}`;
  const tree = `${places.map(({ sum }, i) => `parts[${i * THREADS}u + lane] = ${sum};`).join("\n  ")}
  workgroupBarrier();
  for (var half = ${THREADS / 2}u; half > 0u; half >>= 1u) {
    for (var e = lane; e < ${places.length}u * half; e += ${THREADS}u) {
      let at = e / half * ${THREADS}u + e % half;
      parts[at] += parts[at + half];
    }
    workgroupBarrier();
  }
  if (lane < ${places.length}u) { write(lane / ${FEW}u, first + lane % ${FEW}u, parts[lane * ${THREADS}u]); }`;
  const { most } = SUBGROUPS;
  const bySubgroups = `${places.map(({ sum }) => `${sum} = subgroupAdd(${sum});`).join(" ")}
  if (place == 0u) { ${places.map(({ sum }, i) => `parts[${i * most}u + lane / size] = ${sum};`).join(" ")} }
  workgroupBarrier();
  if (lane < ${places.length}u) {
    var sum = 0.0;
    for (var i = 0u; i * size < ${THREADS}u; i++) { sum += parts[lane * ${most}u + i]; }
    write(lane / ${FEW}u, first + lane % ${FEW}u, sum);
  }`;
  return program(name, parameters(right, updates), code(THREADS, "", tree), {
    subgroups: code(most, SUBGROUPS.inputs, bySubgroups),
  });
}

/** A program for operands whose rows are contiguous: neighbouring threads have neighbouring columns, and sixteen share k. */
function byRowProgram(name: string, rows: Rows, right: RightOperand, updates: boolean): Program {
  return program(
    name,
    parameters(right, updates),
    `${common(right, updates)}
var<workgroup> parts: array<f32, ${SIDE * SIDE * rows}>;
@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = (group.x + group.y * groups.x) * ${SIDE}u + thread.x;
  ${range(rows)
    .map((r) => `var s${r} = 0.0;`)
    .join(" ")}
  if (column < p.n) {
    for (var k = thread.y; k < p.k; k += ${SIDE}u) {
      let w = right(k, column);
      ${range(rows)
        .map((r) => `s${r} = fma(left(${r}u, k), w, s${r});`)
        .join(" ")}
    }
  }
  ${range(rows)
    .map((r) => `parts[${r * SIDE * SIDE}u + index] = s${r};`)
    .join(" ")}
  workgroupBarrier();
  for (var half = ${SIDE / 2}u; half > 0u; half >>= 1u) {
    if (thread.y < half) {
      for (var r = 0u; r < ${rows}u; r++) { parts[r * ${SIDE * SIDE}u + index] += parts[r * ${SIDE * SIDE}u + index + half * ${SIDE}u]; }
    }
    workgroupBarrier();
  }
  if (thread.y < ${rows}u) { write(thread.y, column, parts[thread.y * ${SIDE * SIDE}u + thread.x]); }
}`,
  );
}

const parameters = (right: RightOperand, updates: boolean) =>
  `m n k alpha:f a* aRow aCol ${right.parameters} beta:f c* cRow bias* ${updates ? lowRank.parameters : ""}`.trim();

/** A program for `m` rows, at most `MOST_ROWS`, and B by column or by row; the parameters are those of `productProgram`. */
export function vectorProgram(
  name: string,
  m: number,
  byColumn: boolean,
  right: RightOperand,
  updates: boolean,
): Program {
  const make = byColumn ? byColumnProgram : byRowProgram;
  return make(name, rowsOf(m), right, updates);
}

/** Whether B, whose place the values say, is read four elements of a column at a time. */
export const isByColumn = (right: RightOperand, k: number, values: readonly number[]): boolean =>
  k % 4 === 0 && right.liesByColumn(values);

/** Names a program among those of an operand. */
export const vectorKey = (m: number, byColumn: boolean): string =>
  `${rowsOf(m)} rows, by ${byColumn ? "column" : "row"}`;

/** Low-rank matrices that a product adds at most: query, key and value. */
export const MOST_UPDATES = 3;

const FIELDS = ["u*", "rank", "factor:f", "b*", "bRow", "bCol", "top", "bottom", "left", "right"];
const NAMES = FIELDS.map((field) => field.replace(/[*:].*/, ""));

/**
 * Adds s·U·B of up to three adapters to rows `top` to `bottom` and columns `left` to `right` of a tile: their ranks are further steps over k in
 * the sums that the tile has in registers, so that C is written once (as LoRAFusion's kernel `fused_lora_xw_sb`). U `[rows, rank]` is
 * contiguous. Elements outside an adapter's rows and columns are not touched, even where it is not finite.
 */
export const lowRank: Addend = {
  parameters: `updates ${range(MOST_UPDATES)
    .flatMap((i) => FIELDS.map((field) => field.replace(/^\w+/, `$&_${i}`)))
    .join(" ")}`,
  functions: `
struct Update { ${NAMES.map((name) => `${name}: ${name === "factor" ? "f32" : "u32"}`).join(", ")} }
fn update_of(i: u32) -> Update {
  ${range(MOST_UPDATES)
    .slice(1)
    .map((i) => `if (i == ${i}u) { return Update(${NAMES.map((name) => `p.${name}_${i}`).join(", ")}); }`)
    .join("\n  ")}
  return Update(${NAMES.map((name) => `p.${name}_0`).join(", ")});
}`,
  code(tile) {
    const { rows, columns, side, depth, tallStride, wideStride } = tile;
    return `
  for (var i = 0u; i < p.updates; i++) {
    let to = update_of(i);
    if (to.bottom <= top || to.top >= top + ${side * rows}u || to.right <= first || to.left >= first + ${side * columns}u) { continue; }
    ${range(rows)
      .map((r) => `let isRow${r} = row + ${side * r}u >= to.top && row + ${side * r}u < to.bottom;`)
      .join("\n    ")}
    ${range(columns)
      .map((c) => `let isColumn${c} = column + ${side * c}u >= to.left && column + ${side * c}u < to.right;`)
      .join("\n    ")}
    for (var start = 0u; start < to.rank; start += ${depth}u) {
      for (var e = index; e < ${side * rows * depth}u; e += ${side * side}u) {
        let r = top + e / ${depth}u; let d = e % ${depth}u;
        var x = 0.0;
        if (r >= to.top && r < to.bottom && start + d < to.rank) { x = to.factor * load(to.u + (r - to.top) * to.rank + start + d); }
        left_panel[d * ${tallStride}u + e / ${depth}u] = x;
      }
      for (var e = index; e < ${side * columns * depth}u; e += ${side * side}u) {
        var d = e / ${side * columns}u; var c = e % ${side * columns}u;
        if (to.bCol != 1u) { d = e % ${depth}u; c = e / ${depth}u; }
        let place = first + c;
        var y = 0.0;
        if (start + d < to.rank && place >= to.left && place < to.right) { y = load(to.b + (start + d) * to.bRow + (place - to.left) * to.bCol); }
        right_panel[d * ${wideStride}u + c] = y;
      }
      workgroupBarrier();
      for (var d = 0u; d < min(${depth}u, to.rank - start); d++) {
        ${fromPanels(tile)}
        ${range(rows)
          .flatMap((r) =>
            range(columns).map(
              (c) => `s${r}${c} = select(s${r}${c}, fma(x${r}, y${c}, s${r}${c}), isRow${r} && isColumn${c});`,
            ),
          )
          .join("\n        ")}
      }
      workgroupBarrier();
    }
  }`;
  },
};
