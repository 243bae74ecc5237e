import { elementProgram } from "../program.js";

/**
 * One step of AdamW; coefficients are computed in float64 on the host, as in crates/kernels/src/optim.rs. `vMax` is 0 without AMSGrad.
 * Nothing changes if there is a flag and it is set.
 */
export const adamw = elementProgram(
  "adamw",
  "g* w* m* v* vMax* decay:f stepSize:f beta1:f beta2:f rest1:f rest2:f rootScale:f epsilon:f penalty:f flag*",
  `if (p.flag != 0u && memory[p.flag] != 0u) { return; }
  let old = load(p.w + i);
  var g = load(p.g + i);
  if (p.penalty != 0.0) { g = fma(old, p.penalty, g); }
  let first = fma(load(p.m + i), p.beta1, p.rest1 * g);
  var second = fma(load(p.v + i), p.beta2, p.rest2 * g * g);
  store(p.m + i, first);
  store(p.v + i, second);
  if (p.vMax != 0u) { second = max(second, load(p.vMax + i)); store(p.vMax + i, second); }
  let denominator = fma(sqrt(second), p.rootScale, p.epsilon);
  store(p.w + i, fma(first / denominator, p.stepSize, old * p.decay));`,
);
