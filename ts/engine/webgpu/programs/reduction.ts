import { elementProgram, program, rowProgram, THREADS } from "../program.js";

/** Columns and slices of rows of a workgroup. */
const SIDE = 16;

/** y[o] ← α·Σ over r of x[o, r]: one workgroup for each o. */
export const sumRows = rowProgram(
  "sum_rows",
  "x* y* axis alpha:f accumulate",
  `var sum = 0.0;
  for (var r = lane; r < p.axis; r += ${THREADS}u) { sum += load(p.x + row * p.axis + r); }
  let all = total(sum, lane);
  if (lane == 0u) { put(p.y + row, p.alpha * all, p.accumulate); }`,
);

/**
 * y[o, i] ← α·Σ over r of x[o, r, i]: a workgroup has 16 columns of an o, and 16 threads for each share its rows. `blocks` workgroups have an o,
 * and there are `count` of them in all.
 */
export const sumColumns = program(
  "sum_columns",
  "count blocks inner x* y* axis alpha:f accumulate",
  `var<workgroup> sums: array<f32, ${SIDE * SIDE}>;
@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let block = group.x + group.y * groups.x;
  if (block >= p.count) { return; }
  let column = block % p.blocks * ${SIDE}u + thread.x;
  let outer = block / p.blocks;
  var sum = 0.0;
  if (column < p.inner) {
    for (var r = thread.y; r < p.axis; r += ${SIDE}u) { sum += load(p.x + (outer * p.axis + r) * p.inner + column); }
  }
  sums[index] = sum;
  workgroupBarrier();
  for (var half = ${SIDE / 2}u; half > 0u; half >>= 1u) {
    if (thread.y < half) { sums[index] += sums[index + half * ${SIDE}u]; }
    workgroupBarrier();
  }
  if (thread.y == 0u && column < p.inner) { put(p.y + outer * p.inner + column, p.alpha * sums[index], p.accumulate); }
}`,
);

/** y[o, i] ← the largest (sign 1) or smallest (−1) over r of x[o, r, i]: one thread for each. */
export const extremeAxis = elementProgram(
  "extreme_axis",
  "x* y* axis inner sign:f",
  `let first = p.x + (i / p.inner) * p.axis * p.inner + i % p.inner;
  var most = p.sign * load(first);
  for (var r = 1u; r < p.axis; r++) { most = greatest(most, p.sign * load(first + r * p.inner)); }
  store(p.y + i, p.sign * most);`,
);

/** dx[o, r, i] ← g[o, i]·[x = y] / ties. */
export const extremeAxisGradient = elementProgram(
  "extreme_axis_gradient",
  "g* x* y* dx* axis inner accumulate",
  `let first = (i / p.inner) * p.axis * p.inner + i % p.inner;
  let extreme = load(p.y + i);
  var ties = 0.0;
  for (var r = 0u; r < p.axis; r++) { ties += select(0.0, 1.0, load(p.x + first + r * p.inner) == extreme); }
  let share = load(p.g + i) / ties;
  // g·0, which compilers may take for 0.
  let finite = (memory[p.g + i] & 0x7f800000u) != 0x7f800000u;
  let rest = select(of_bits(0x7fc00000u), 0.0, finite);
  for (var r = 0u; r < p.axis; r++) {
    let at = first + r * p.inner;
    put(p.dx + at, keep(extreme, select(rest, share, load(p.x + at) == extreme)), p.accumulate);
  }`,
);

/** Columns of a workgroup of `sumColumns`. */
export const SUM_COLUMNS = SIDE;

/** y[part] ← Σ x² of a part: parts are as long as `length`, the last one is shorter. */
export const partialSquares = rowProgram(
  "partial_squares",
  "n x* y* length",
  `let end = min(p.n, (row + 1u) * p.length);
  var sum = 0.0;
  for (var i = row * p.length + lane; i < end; i += ${THREADS}u) { let x = load(p.x + i); sum = fma(x, x, sum); }
  let all = total(sum, lane);
  if (lane == 0u) { store(p.y + row, all); }`,
);

/** y[0] ← √Σ of `n` partial sums, y[1] ← min(1, most/(y[0] + 1e-6)), as torch's clip_grad_norm_; NaN for a norm that is NaN. */
export const clipFactor = rowProgram(
  "clip_factor",
  "n x* y* most:f",
  `var sum = 0.0;
  for (var i = lane; i < p.n; i += ${THREADS}u) { sum += load(p.x + i); }
  let all = total(sum, lane);
  if (lane == 0u) {
    let norm = sqrt(all);
    let factor = p.most / (norm + 1e-6);
    // By bits, since compilers may assume that there is no NaN: neither it nor an infinity may be overlooked.
    let finite = (bitcast<u32>(all) & 0x7f800000u) != 0x7f800000u;
    store(p.y, norm);
    if (!finite) { memory[p.y + 1u] = 0x7fc00000u; } else { store(p.y + 1u, min(1.0, factor)); }
  }`,
);
