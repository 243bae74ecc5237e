import { type Program, program, range } from "../program.js";

// C ← α·A·B + β·C + bias in tiles, as in "Anatomy of High-Performance Matrix Multiplication" (Goto and van de Geijn, 2008) and CUTLASS: a
// workgroup of 16×16 threads copies panels of A and B to shared memory, and each thread keeps up to 4×4 sums in registers.

/** Threads in each direction. */
export const SIDE = 16;
/** Columns of A that are in shared memory at once: two panels of 64 rows take 8.1 KiB of the 16 that are guaranteed. */
const DEPTH = 16;

/** Sums of a thread in a direction. */
export type PerThread = 1 | 2 | 4;

/** How B is stored. */
export interface RightOperand {
  /** Parameters that say where it is. */
  readonly parameters: string;
  /** WGSL of `right(k, n)`, the element in row `k` and column `n`, with what it calls. */
  readonly functions: string;
  /** WGSL of whether neighbours in a column, not in a row, are neighbours in memory. */
  readonly isByColumn: string;
  /** Whether B lies by column, by the values of `parameters`. */
  readonly liesByColumn: (values: readonly number[]) => boolean;
  /** WGSL that returns elements `k` to `k + 3` of column `n` as a vector, if B lies by column and has whole fours. */
  readonly four: string;
}

/** float32 with strides. */
export const PLAIN: RightOperand = {
  parameters: "b* bRow bCol",
  functions: "fn right(k: u32, n: u32) -> f32 { return load(p.b + k * p.bRow + n * p.bCol); }",
  isByColumn: "p.bCol != 1u",
  liesByColumn: ([, bRow, bCol]) => bRow === 1 && bCol !== 1,
  four: "let at = p.b + n * p.bCol + k; return vec4f(load(at), load(at + 1u), load(at + 2u), load(at + 3u));",
};

/** What is added to a tile's sums before they are stored. */
export interface Addend {
  /** Parameters after those of the product. */
  readonly parameters: string;
  readonly functions: string;
  /** WGSL that adds to `s<row><column>`, by the tile's shape. */
  code(tile: TileShape): string;
}

type TileShape = Readonly<Record<"rows" | "columns" | "side" | "depth" | "tallStride" | "wideStride", number>>;

/** WGSL of a thread's elements `x<row>` and `y<column>` of both panels at `d`. */
export const fromPanels = ({ rows, columns, side, tallStride, wideStride }: TileShape): string =>
  [
    ...range(rows).map((r) => `let x${r} = left_panel[d * ${tallStride}u + thread.y + ${side * r}u];`),
    ...range(columns).map((c) => `let y${c} = right_panel[d * ${wideStride}u + thread.x + ${side * c}u];`),
  ].join(" ");

/**
 * A tile of `16·rows` × `16·columns` elements of C for each workgroup. Sums over k are in order, so equal inputs give equal bits on a device.
 * The parameters are in the order of the kernels' arguments.
 */
export function productProgram(
  name: string,
  rows: PerThread,
  columns: PerThread,
  right = PLAIN,
  addend?: Addend,
): Program {
  const [height, width] = [SIDE * rows, SIDE * columns];
  const [tallStride, wideStride] = [height + 1, width + 1];
  const tile = { rows, columns, side: SIDE, depth: DEPTH, tallStride, wideStride };
  const sums = range(rows).flatMap((r) => range(columns).map((c) => `s${r}${c}`));
  const products = range(rows).flatMap((r) => range(columns).map((c) => `s${r}${c} = fma(x${r}, y${c}, s${r}${c});`));
  const stores = range(rows).flatMap((r) =>
    range(columns).map((c) => `write(row + ${SIDE * r}u, column + ${SIDE * c}u, s${r}${c});`),
  );
  return program(
    `${name} ${height}×${width}`,
    `m n k alpha:f a* aRow aCol ${right.parameters} beta:f c* cRow bias* ${addend?.parameters ?? ""}`.trim(),
    `${right.functions}${addend?.functions ?? ""}
var<workgroup> left_panel: array<f32, ${DEPTH * tallStride}>;
var<workgroup> right_panel: array<f32, ${DEPTH * wideStride}>;
fn write(row: u32, column: u32, product: f32) {
  if (row >= p.m || column >= p.n) { return; }
  let at = p.c + row * p.cRow + column;
  var sum = p.alpha * product;
  if (p.beta != 0.0) { sum = fma(p.beta, load(at), sum); }
  if (p.bias != 0u) { sum += load(p.bias + column); }
  store(at, sum);
}
@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let top = group.y * ${height}u;
  let first = group.x * ${width}u;
  let row = top + thread.y;
  let column = first + thread.x;
  ${sums.map((sum) => `var ${sum} = 0.0;`).join(" ")}
  for (var start = 0u; start < p.k; start += ${DEPTH}u) {
    // Neighbouring threads read neighbouring addresses, whichever way an operand lies.
    for (var e = index; e < ${height * DEPTH}u; e += ${SIDE * SIDE}u) {
      var r = e / ${DEPTH}u; var d = e % ${DEPTH}u;
      if (p.aCol != 1u) { r = e % ${height}u; d = e / ${height}u; }
      var x = 0.0;
      if (top + r < p.m && start + d < p.k) { x = load(p.a + (top + r) * p.aRow + (start + d) * p.aCol); }
      left_panel[d * ${tallStride}u + r] = x;
    }
    for (var e = index; e < ${width * DEPTH}u; e += ${SIDE * SIDE}u) {
      var d = e / ${width}u; var c = e % ${width}u;
      if (${right.isByColumn}) { d = e % ${DEPTH}u; c = e / ${DEPTH}u; }
      var y = 0.0;
      if (start + d < p.k && first + c < p.n) { y = right(start + d, first + c); }
      right_panel[d * ${wideStride}u + c] = y;
    }
    workgroupBarrier();
    for (var d = 0u; d < ${DEPTH}u; d++) {
      ${fromPanels(tile)}
      ${products.join(" ")}
    }
    workgroupBarrier();
  }
  ${addend?.code(tile) ?? ""}
  ${stores.join("\n  ")}
}`,
  );
}

/** Rows or columns of a thread for a length: small ones waste no threads. */
function perThread(length: number): PerThread {
  return length > 2 * SIDE ? 4 : length > SIDE ? 2 : 1;
}

/** The sizes for C `[m, n]`: large tiles, unless a device would have too few workgroups. */
export function tileOf(m: number, n: number): [PerThread, PerThread] {
  let [rows, columns] = [perThread(m), perThread(n)];
  const groups = () => Math.ceil(m / (SIDE * rows)) * Math.ceil(n / (SIDE * columns));
  while (groups() < ENOUGH_GROUPS && rows * columns > 4) {
    if (rows >= columns) rows = (rows / 2) as PerThread;
    else columns = (columns / 2) as PerThread;
  }
  return [rows, columns];
}

/** Workgroups that keep a small GPU busy. */
const ENOUGH_GROUPS = 48;

/** Workgroups over the columns and rows of C. */
export const tiles = (m: number, n: number, [rows, columns]: readonly [PerThread, PerThread]): [number, number] => [
  Math.ceil(n / (SIDE * columns)),
  Math.ceil(m / (SIDE * rows)),
];
