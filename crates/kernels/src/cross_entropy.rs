//! Cross entropy of class indices under the softmax of logits z `[rows, classes]`, with its gradient.
//!
//! For target t, class weights w (1 where null), smoothing ε and C classes, per row:
//! loss = (1 − ε)·w_t·(lse − z_t) + ε/C·Σ_c w_c·(lse − z_c), lse = ln Σ_c e^(z_c),
//! ∂loss/∂z_c = p_c·((1 − ε)·w_t + ε/C·Σ w) − (1 − ε)·w_t·\[c = t\] − ε/C·w_c, p = softmax(z).
//! A target that is no class index (≥ C) is ignored: no loss, no gradient. As PyTorch's `cross_entropy`; smoothing
//! after Szegedy et al., arXiv 1512.00567.
//!
//! Each row's maximum and ln Σ e^(z − max) are kept for the gradient, apart: their sum would lose the digits of large
//! logits.

use crate::math::{exp_nonpositive, log};
use crate::memory::generate;
use crate::rows::{lanes_or, largest, sums};
use crate::simd::F32x4;

/// Arguments shared by all rows.
#[derive(Clone, Copy)]
pub struct CrossEntropy {
    pub classes: usize,
    /// ε, 0 for none.
    pub smoothing: f32,
    /// `[classes]`, or null for 1.
    pub weights: *const f32,
}

impl CrossEntropy {
    /// Weight of class `c`.
    ///
    /// # Safety
    /// `c` below `classes`, `weights` null or readable.
    unsafe fn weight(&self, c: usize) -> f32 {
        if self.weights.is_null() { 1.0 } else { unsafe { *self.weights.add(c) } }
    }

    /// Σ of all class weights.
    ///
    /// # Safety
    /// `weights` null or readable.
    unsafe fn total_weight(&self) -> f32 {
        if self.weights.is_null() {
            return self.classes as f32;
        }
        sums(self.classes, |i, count| [unsafe { lanes_or(self.weights, i, count, 0.0) }])[0]
    }

    /// ε/C
    fn spread(&self) -> f32 {
        self.smoothing / self.classes as f32
    }

    /// Writes the losses of the rows `start..end`, and (max, ln Σ e^(z − max)) of each to `statistics` `[rows, 2]`.
    ///
    /// # Safety
    /// Shapes as above; nothing that is written overlaps anything.
    pub unsafe fn forward(
        &self,
        (logits, targets): (*const f32, *const u32),
        (losses, statistics): (*mut f32, *mut f32),
        (start, end): (usize, usize),
    ) {
        let (spread, total_weight) = unsafe { (self.spread(), self.total_weight()) };
        for row in start..end {
            unsafe {
                let target = *targets.add(row) as usize;
                if target >= self.classes {
                    *losses.add(row) = 0.0;
                    continue;
                }
                let z = logits.add(row * self.classes);
                let max = largest(z, self.classes);
                let all_max = F32x4::splat(max);
                let [sum] = sums(self.classes, |i, count| {
                    [exp_nonpositive(lanes_or(z, i, count, f32::NEG_INFINITY) - all_max)]
                });
                let log_sum = log(F32x4::splat(sum)).to_array()[0];
                *statistics.add(2 * row) = max;
                *statistics.add(2 * row + 1) = log_sum;
                let mut loss = (1.0 - self.smoothing) * self.weight(target) * (log_sum - (*z.add(target) - max));
                if spread > 0.0 {
                    let [weighted] = sums(self.classes, |i, count| {
                        let below = lanes_or(z, i, count, max) - all_max;
                        [if self.weights.is_null() { below } else { below * lanes_or(self.weights, i, count, 0.0) }]
                    });
                    loss += spread * (total_weight * log_sum - weighted);
                }
                *losses.add(row) = loss;
            }
        }
    }

    /// ∂L/∂z of the rows `start..end`, written to `dz` or added to it. Row r's loss has the gradient
    /// `scale`·g\[r·`g_step`\]: step 0 where the losses were summed or averaged.
    ///
    /// # Safety
    /// As `forward`, with the statistics that it wrote; `dz` equals `logits` or overlaps nothing.
    pub unsafe fn gradient(
        &self,
        (logits, targets, statistics): (*const f32, *const u32, *const f32),
        (g, g_step, scale): (*const f32, usize, f32),
        dz: *mut f32,
        accumulate: bool,
        (start, end): (usize, usize),
    ) {
        let (spread, total_weight) = unsafe { (self.spread(), self.total_weight()) };
        for row in start..end {
            unsafe {
                let at = row * self.classes;
                let (target, z, dz) = (*targets.add(row) as usize, logits.add(at), dz.add(at));
                if target >= self.classes {
                    if !accumulate {
                        generate(dz, self.classes, false, |_, _| F32x4::ZERO);
                    }
                    continue;
                }
                let scale = scale * *g.add(row * g_step);
                let hit = scale * (1.0 - self.smoothing) * self.weight(target);
                let max = F32x4::splat(*statistics.add(2 * row));
                let log_sum = F32x4::splat(*statistics.add(2 * row + 1));
                let factor = F32x4::splat(hit + scale * spread * total_weight);
                let miss = F32x4::splat(-scale * spread);
                generate(dz, self.classes, accumulate, |i, count| {
                    let p = exp_nonpositive((lanes_or(z, i, count, 0.0) - max) - log_sum) * factor;
                    if self.weights.is_null() {
                        p + miss
                    } else {
                        lanes_or(self.weights, i, count, 0.0).mul_add(miss, p)
                    }
                });
                *dz.add(target) -= hit;
            }
        }
    }
}
