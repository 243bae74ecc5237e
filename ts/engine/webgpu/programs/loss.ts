import { elementProgram, rowProgram, THREADS } from "../program.js";

const WEIGHT = "fn weight(c: u32) -> f32 { if (p.weights == 0u) { return 1.0; } return load(p.weights + c); }\n";

/** Losses of rows, with (max, ln Σ e^(z − max)) of each for the gradient. A target that is no class index is ignored. */
export const crossEntropyRows = rowProgram(
  "cross_entropy_rows",
  "logits* targets* weights* losses* statistics* classes smoothing:f",
  `let z = p.logits + row * p.classes;
  var most = -3.4028234e38;
  for (var c = lane; c < p.classes; c += ${THREADS}u) { most = greatest(most, load(z + c)); }
  most = largest(most, lane);
  var part = 0.0; var weights = 0.0; var below = 0.0;
  for (var c = lane; c < p.classes; c += ${THREADS}u) {
    let d = load(z + c) - most;
    part += exp_(d); weights += weight(c); below += weight(c) * d;
  }
  let log_sum = log_(total(part, lane));
  let weight_sum = total(weights, lane);
  let below_sum = total(below, lane);
  if (lane == 0u) {
    store(p.statistics + 2u * row, most);
    store(p.statistics + 2u * row + 1u, log_sum);
    let target_ = memory[p.targets + row];
    var loss = 0.0;
    if (target_ < p.classes) {
      loss = (1.0 - p.smoothing) * weight(target_) * (log_sum - (load(z + target_) - most));
      // A logit of −∞ has no share in the loss without smoothing.
      if (p.smoothing > 0.0) { loss += p.smoothing / f32(p.classes) * (weight_sum * log_sum - below_sum); }
    }
    store(p.losses + row, loss);
  }`,
  WEIGHT,
);

/** ∂L/∂logits, row r's loss having the gradient scale·g[r·gStep]. */
export const crossEntropyGradient = rowProgram(
  "cross_entropy_gradient",
  "g* logits* targets* weights* statistics* dx* classes smoothing:f scale:f gStep accumulate",
  `var weights = 0.0;
  if (p.smoothing > 0.0) { for (var c = lane; c < p.classes; c += ${THREADS}u) { weights += weight(c); } }
  let weight_sum = total(weights, lane);
  let target_ = memory[p.targets + row];
  let spread = p.smoothing / f32(p.classes);
  let scale = p.scale * load(p.g + row * p.gStep);
  let most = load(p.statistics + 2u * row);
  let log_sum = load(p.statistics + 2u * row + 1u);
  var hit = 0.0;
  if (target_ < p.classes) { hit = scale * (1.0 - p.smoothing) * weight(target_); }
  let factor = hit + scale * spread * weight_sum;
  for (var c = lane; c < p.classes; c += ${THREADS}u) {
    let i = row * p.classes + c;
    var d = 0.0;
    if (target_ < p.classes) {
      d = exp_((load(p.logits + i) - most) - log_sum) * factor - scale * spread * weight(c) - select(0.0, hit, c == target_);
    }
    put(p.dx + i, d, p.accumulate);
  }`,
  WEIGHT,
);

/** (x − y)² */
export const mseForward = elementProgram(
  "mse_forward",
  "x* y* losses*",
  "let d = load(p.x + i) - load(p.y + i); store(p.losses + i, d * d);",
);
/** scale·Σ (x − y)² */
export const mseTotal = rowProgram(
  "mse_total",
  "n x* y* total* scale:f",
  `var sum = 0.0;
  for (var i = lane; i < p.n; i += ${THREADS}u) { let d = load(p.x + i) - load(p.y + i); sum = fma(d, d, sum); }
  let all = total(sum, lane);
  if (lane == 0u) { store(p.total, p.scale * all); }`,
);
/** scale·g·(x − y) */
export const mseGradient = elementProgram(
  "mse_gradient",
  "g* x* y* dx* scale:f gStep accumulate",
  "put(p.dx + i, p.scale * load(p.g + i * p.gStep) * (load(p.x + i) - load(p.y + i)), p.accumulate);",
);
