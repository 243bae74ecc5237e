import { elementProgram, program, rowProgram, THREADS } from "../program.js";

/** Rows to mean 0 and variance 1 (layer norm), or to mean square 1 where `mean` is 0 (RMS norm); mean and 1/σ are kept for the gradient. */
export const normForward = rowProgram(
  "norm_forward",
  "x* weight* bias* y* mean* rstd* columns epsilon:f",
  `let x = p.x + row * p.columns;
  let n = f32(p.columns);
  var center = 0.0;
  if (p.mean != 0u) {
    var sum = 0.0;
    for (var c = lane; c < p.columns; c += ${THREADS}u) { sum += load(x + c); }
    center = total(sum, lane) / n;
    // What rounding left in the first sum.
    var rest = 0.0;
    for (var c = lane; c < p.columns; c += ${THREADS}u) { rest += load(x + c) - center; }
    center += total(rest, lane) / n;
  }
  var squares = 0.0;
  for (var c = lane; c < p.columns; c += ${THREADS}u) { let d = load(x + c) - center; squares = fma(d, d, squares); }
  let rstd = 1.0 / sqrt(total(squares, lane) / n + p.epsilon);
  for (var c = lane; c < p.columns; c += ${THREADS}u) {
    var y = (load(x + c) - center) * rstd;
    if (p.weight != 0u) { y *= load(p.weight + c); }
    if (p.bias != 0u) { y += load(p.bias + c); }
    store(p.y + row * p.columns + c, y);
  }
  if (lane == 0u) {
    if (p.mean != 0u) { store(p.mean + row, center); }
    store(p.rstd + row, rstd);
  }`,
);

/** ∂L/∂x = rstd·(h − mean(h) − x̂·mean(h·x̂)), h = g·weight, without mean(h) in RMS norm. */
export const normInputGradient = rowProgram(
  "norm_input_gradient",
  "g* x* weight* mean* rstd* dx* columns accumulate",
  `let skip = row * p.columns;
  let rstd = load(p.rstd + row);
  var center = 0.0;
  if (p.mean != 0u) { center = load(p.mean + row); }
  var sum = 0.0; var along = 0.0;
  for (var c = lane; c < p.columns; c += ${THREADS}u) {
    let h = upstream(skip + c, c);
    sum += h; along = fma(h, (load(p.x + skip + c) - center) * rstd, along);
  }
  var mean = total(sum, lane) / f32(p.columns);
  if (p.mean == 0u) { mean = 0.0; }
  let share = total(along, lane) / f32(p.columns);
  for (var c = lane; c < p.columns; c += ${THREADS}u) {
    let normal = (load(p.x + skip + c) - center) * rstd;
    put(p.dx + skip + c, rstd * (upstream(skip + c, c) - mean - normal * share), p.accumulate);
  }`,
  `fn upstream(i: u32, c: u32) -> f32 {
  var h = load(p.g + i);
  if (p.weight != 0u) { h *= load(p.weight + c); }
  return h;
}
`,
);

const SIDE = 16;
/** Columns of a workgroup of `normWeightGradient`. */
export const NORM_COLUMNS = SIDE;

/** ∂L/∂weight = Σ over rows of g·x̂ and ∂L/∂bias = Σ over rows of g; 0 for what is not wanted. */
export const normWeightGradient = program(
  "norm_weight_gradient",
  "rows g* x* mean* rstd* dw* db* columns accumulateW accumulateB",
  `var<workgroup> weights: array<f32, ${SIDE * SIDE}>;
var<workgroup> biases: array<f32, ${SIDE * SIDE}>;
@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = group.x * ${SIDE}u + thread.x;
  var w = 0.0; var b = 0.0;
  if (column < p.columns) {
    for (var r = thread.y; r < p.rows; r += ${SIDE}u) {
      let g = load(p.g + r * p.columns + column);
      var x = load(p.x + r * p.columns + column);
      if (p.mean != 0u) { x -= load(p.mean + r); }
      b += g; w = fma(g, x * load(p.rstd + r), w);
    }
  }
  weights[index] = w; biases[index] = b;
  workgroupBarrier();
  for (var half = ${SIDE / 2}u; half > 0u; half >>= 1u) {
    if (thread.y < half) {
      weights[index] += weights[index + half * ${SIDE}u];
      biases[index] += biases[index + half * ${SIDE}u];
    }
    workgroupBarrier();
  }
  if (thread.y == 0u && column < p.columns) {
    if (p.dw != 0u) { put(p.dw + column, weights[index], p.accumulateW); }
    if (p.db != 0u) { put(p.db + column, biases[index], p.accumulateB); }
  }
}`,
);

/** y = x / max(‖x‖, ε); a divisor that is ε is kept with a minus. */
export const normalizeForward = rowProgram(
  "normalize_forward",
  "x* y* divisors* columns epsilon:f",
  `let skip = row * p.columns;
  var squares = 0.0;
  for (var c = lane; c < p.columns; c += ${THREADS}u) { let x = load(p.x + skip + c); squares = fma(x, x, squares); }
  let norm = sqrt(total(squares, lane));
  let divisor = keep(norm, max(norm, p.epsilon));
  for (var c = lane; c < p.columns; c += ${THREADS}u) { store(p.y + skip + c, load(p.x + skip + c) / divisor); }
  if (lane == 0u) { store(p.divisors + row, select(norm, -p.epsilon, norm < p.epsilon)); }`,
);
export const normalizeGradient = rowProgram(
  "normalize_gradient",
  "g* y* divisors* dx* columns accumulate",
  `let skip = row * p.columns;
  let divisor = load(p.divisors + row);
  var part = 0.0;
  for (var c = lane; c < p.columns; c += ${THREADS}u) { part = fma(load(p.g + skip + c), load(p.y + skip + c), part); }
  var along = total(part, lane);
  if (divisor < 0.0) { along = 0.0; }
  for (var c = lane; c < p.columns; c += ${THREADS}u) {
    put(p.dx + skip + c, (load(p.g + skip + c) - load(p.y + skip + c) * along) / abs(divisor), p.accumulate);
  }`,
);

const PLACE = "let first = (row / p.inner) * p.length * p.inner + row % p.inner;";

/** Softmax along the middle dimension of `[outer, length, inner]`, or its logarithm: a row for each outer and inner. */
export const softmaxForward = rowProgram(
  "softmax_forward",
  "x* y* length inner logarithm",
  `${PLACE}
  var most = -3.4028234e38;
  for (var j = lane; j < p.length; j += ${THREADS}u) { most = greatest(most, load(p.x + first + j * p.inner)); }
  most = largest(most, lane);
  var part = 0.0;
  for (var j = lane; j < p.length; j += ${THREADS}u) { part += exp_(load(p.x + first + j * p.inner) - most); }
  let sum = total(part, lane);
  for (var j = lane; j < p.length; j += ${THREADS}u) {
    let d = load(p.x + first + j * p.inner) - most;
    store(p.y + first + j * p.inner, select(exp_(d) / sum, d - log_(sum), p.logarithm != 0u));
  }`,
);
/** ∂x = y·(g − Σ g·y), of the logarithm g − e^y·Σ g. */
export const softmaxGradient = rowProgram(
  "softmax_gradient",
  "g* y* dx* length inner logarithm accumulate",
  `${PLACE}
  var part = 0.0;
  for (var j = lane; j < p.length; j += ${THREADS}u) {
    let i = first + j * p.inner;
    part += load(p.g + i) * select(load(p.y + i), 1.0, p.logarithm != 0u);
  }
  let sum = total(part, lane);
  for (var j = lane; j < p.length; j += ${THREADS}u) {
    let i = first + j * p.inner;
    let g = load(p.g + i); let y = load(p.y + i);
    put(p.dx + i, select(y * (g - sum), g - exp_(y) * sum, p.logarithm != 0u), p.accumulate);
  }`,
);

/** Pairs of features of the first `heads` heads rotated, with `back` by the opposite angles; see crates/kernels/src/rotary.rs. */
export const rotary = elementProgram(
  "rotary",
  "x* cos* sin* y* columns heads headDim pairs interleaved back accumulate",
  `let row = i / p.columns; let column = i % p.columns;
  let feature = column % p.headDim;
  var value = load(p.x + i);
  if (column < p.heads * p.headDim && feature < 2u * p.pairs) {
    var pair = feature % p.pairs; var isSecond = feature >= p.pairs; var other = select(i + p.pairs, i - p.pairs, isSecond);
    if (p.interleaved != 0u) { pair = feature / 2u; isSecond = feature % 2u == 1u; other = select(i + 1u, i - 1u, isSecond); }
    var sine = load(p.sin + row * p.pairs + pair);
    if (isSecond == (p.back != 0u)) { sine = -sine; }
    value = fma(value, load(p.cos + row * p.pairs + pair), load(p.x + other) * sine);
  }
  put(p.y + i, value, p.accumulate);`,
);
