//! Optimizer updates, each a single pass over parameters, gradients and state, and the norm that clipping needs.
//! All arrays hold `n` elements.

use crate::rows::lanes_or;
use crate::simd::{F32x4, LANES};

/// Calls `body(i, count)` for the vectors of `0..n`, the last of which may be short.
#[inline(always)]
fn each_vector(n: usize, body: impl Fn(usize, usize)) {
    let whole = n / LANES * LANES;
    (0..whole).step_by(LANES).for_each(|i| body(i, LANES));
    if whole < n {
        body(whole, n - whole);
    }
}

#[inline(always)]
unsafe fn write(value: F32x4, y: *mut f32, i: usize, count: usize) {
    unsafe { if count == LANES { value.store(y.add(i)) } else { value.store_partial(y.add(i), count) } }
}

/// g + λ·p; g where λ is 0, since 0·∞ would be NaN.
#[inline(always)]
fn penalised(g: F32x4, p: F32x4, lambda: f64) -> F32x4 {
    if lambda == 0.0 { g } else { p.mul_add(F32x4::splat(lambda as f32), g) }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101; `amsgrad`: Reddi et al., arXiv 1904.09237),
/// in PyTorch's form. At step t = 1, 2, …:
/// p ← p·(1 − lr·λ); m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; p ← p − lr/(1 − β₁ᵗ)·m / (√(v/(1 − β₂ᵗ)) + ε).
/// Before it, g ← g + λ₂·p: the penalty of Adam itself (Kingma and Ba, arXiv 1412.6980).
/// Coefficients are f64, since 1 − β₂ has no digits to lose.
#[derive(Clone, Copy)]
pub struct AdamW {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
    /// λ
    pub weight_decay: f64,
    /// λ₂
    pub penalty: f64,
    /// t, from 1.
    pub step: u32,
}

impl AdamW {
    /// Updates the parameters `p` and the moments `m`, `v`. Where `v_max` is not null it keeps the largest v so far,
    /// which then replaces v (AMSGrad).
    ///
    /// # Safety
    /// All valid for `n` values, `g` readable, the others writable too; none overlaps another.
    pub unsafe fn update(&self, g: *const f32, p: *mut f32, (m, v, v_max): (*mut f32, *mut f32, *mut f32), n: usize) {
        let all = |x: f64| F32x4::splat(x as f32);
        let correction = |beta: f64| 1.0 - beta.powi(self.step as i32);
        let (decay, step_size) = (all(1.0 - self.lr * self.weight_decay), all(-self.lr / correction(self.beta1)));
        let (beta1, beta2) = (all(self.beta1), all(self.beta2));
        let (rest1, rest2) = (all(1.0 - self.beta1), all(1.0 - self.beta2));
        let (root_scale, epsilon) = (all(1.0 / correction(self.beta2).sqrt()), all(self.epsilon));
        each_vector(n, |i, count| unsafe {
            let old = lanes_or(p, i, count, 0.0);
            let g = penalised(lanes_or(g, i, count, 0.0), old, self.penalty);
            let first = lanes_or(m, i, count, 0.0).mul_add(beta1, rest1 * g);
            let second = lanes_or(v, i, count, 0.0).mul_add(beta2, rest2 * g * g);
            write(first, m, i, count);
            write(second, v, i, count);
            let second = if v_max.is_null() {
                second
            } else {
                let largest = second.max(lanes_or(v_max, i, count, 0.0));
                write(largest, v_max, i, count);
                largest
            };
            let denominator = second.sqrt().mul_add(root_scale, epsilon);
            write((first / denominator).mul_add(step_size, old * decay), p, i, count);
        });
    }
}

/// Stochastic gradient descent with momentum μ (Sutskever et al., ICML 2013), in PyTorch's form:
/// g ← g + λ·p; b ← μ·b + (1 − dampening)·g, at the first step b ← g; p ← p − lr·b, or p − lr·(g + μ·b) with Nesterov's.
/// Without momentum b is g and not kept.
#[derive(Clone, Copy)]
pub struct Sgd {
    pub lr: f64,
    pub momentum: f64,
    pub dampening: f64,
    /// λ
    pub weight_decay: f64,
    pub nesterov: bool,
    /// Whether `buffer` holds nothing yet.
    pub first: bool,
}

impl Sgd {
    /// Updates the parameters `p` and the momentum `buffer`, which may be null where μ is 0.
    ///
    /// # Safety
    /// As [`AdamW::update`].
    pub unsafe fn update(&self, g: *const f32, p: *mut f32, buffer: *mut f32, n: usize) {
        let all = |x: f64| F32x4::splat(x as f32);
        let (lr, momentum) = (all(-self.lr), all(self.momentum));
        let rest = all(1.0 - self.dampening);
        each_vector(n, |i, count| unsafe {
            let old = lanes_or(p, i, count, 0.0);
            let g = penalised(lanes_or(g, i, count, 0.0), old, self.weight_decay);
            let direction = if buffer.is_null() {
                g
            } else {
                let b = if self.first { g } else { lanes_or(buffer, i, count, 0.0).mul_add(momentum, rest * g) };
                write(b, buffer, i, count);
                if self.nesterov { b.mul_add(momentum, g) } else { b }
            };
            write(direction.mul_add(lr, old), p, i, count);
        });
    }
}

/// Steps by the root of summed squares, in PyTorch's form: g ← g + λ·p; v ← ρ·v + σ·g²; d ← g / (√v + ε);
/// with momentum μ b ← μ·b + d; p ← p − lr·b, or p − lr·d without. RMSprop (Tieleman and Hinton, 2012) has σ = 1 − ρ, Adagrad
/// (Duchi et al., JMLR 2011) ρ = σ = 1. Centred (Graves, arXiv 1308.0850), √(v − a²) stands in √v's place, a being ρ·a + σ·g.
#[derive(Clone, Copy)]
pub struct RootOfSquares {
    pub lr: f64,
    /// ρ
    pub keep: f64,
    /// σ
    pub add: f64,
    pub epsilon: f64,
    /// λ
    pub weight_decay: f64,
    /// μ
    pub momentum: f64,
}

impl RootOfSquares {
    /// Updates the parameters `p` and the summed squares `v`; the mean gradient `a` where it is not null, and the momentum `b`
    /// where that is not.
    ///
    /// # Safety
    /// As [`AdamW::update`].
    pub unsafe fn update(&self, g: *const f32, p: *mut f32, (v, a, b): (*mut f32, *mut f32, *mut f32), n: usize) {
        let all = |x: f64| F32x4::splat(x as f32);
        let (lr, keep, add) = (all(-self.lr), all(self.keep), all(self.add));
        let (epsilon, momentum) = (all(self.epsilon), all(self.momentum));
        each_vector(n, |i, count| unsafe {
            let old = lanes_or(p, i, count, 0.0);
            let g = penalised(lanes_or(g, i, count, 0.0), old, self.weight_decay);
            let squares = lanes_or(v, i, count, 0.0).mul_add(keep, add * g * g);
            write(squares, v, i, count);
            let under = if a.is_null() {
                squares
            } else {
                let mean = lanes_or(a, i, count, 0.0).mul_add(keep, add * g);
                write(mean, a, i, count);
                // Rounded, it may fall below zero; and the mean's square may be as infinite as v, which is then the larger by far.
                (squares - (mean * mean).min(F32x4::splat(f32::MAX))).max(all(0.0))
            };
            let step = g / (under.sqrt() + epsilon);
            let direction = if b.is_null() { step } else { lanes_or(b, i, count, 0.0).mul_add(momentum, step) };
            if !b.is_null() {
                write(direction, b, i, count);
            }
            write(direction.mul_add(lr, old), p, i, count);
        });
    }
}

/// Σ x\[i\]², every square and sum in f64: no overflow, and a norm that is right to the last f32 digit.
///
/// # Safety
/// `x` readable for `n` values.
pub unsafe fn sum_of_squares(x: *const f32, n: usize) -> f64 {
    let mut sums = [0.0f64; LANES];
    let whole = n / LANES * LANES;
    for i in (0..whole).step_by(LANES) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let value = unsafe { *x.add(i + lane) } as f64;
            *sum += value * value;
        }
    }
    for i in whole..n {
        let value = unsafe { *x.add(i) } as f64;
        sums[0] += value * value;
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}
