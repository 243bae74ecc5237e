//! Squared error, element by element, with its gradient.

use crate::memory::generate;
use crate::rows::{lanes_or, wide_sums};
use crate::simd::F32x4;

/// Σ (x\[i\] − y\[i\])², in pieces that are added in f64.
///
/// # Safety
/// `x` and `y` readable for `n` values.
pub unsafe fn sum_of_squared_differences(x: *const f32, y: *const f32, n: usize) -> f64 {
    let [total] = wide_sums(n, |i, count| unsafe {
        let difference = lanes_or(x, i, count, 0.0) - lanes_or(y, i, count, 0.0);
        [difference * difference]
    });
    total
}

/// loss\[i\] ← (x\[i\] − y\[i\])²
///
/// # Safety
/// `x` and `y` readable, `loss` writable for `n` values; `loss` may equal either.
pub unsafe fn squared_differences(x: *const f32, y: *const f32, loss: *mut f32, n: usize) {
    unsafe {
        generate(loss, n, false, |i, count| {
            let difference = lanes_or(x, i, count, 0.0) - lanes_or(y, i, count, 0.0);
            difference * difference
        });
    }
}

/// dx\[i\] ← scale·g\[i·g_step\]·(x\[i\] − y\[i\]), written or added; `g_step` is 1, or 0 for one g for all.
/// With scale = 2 (2/n for a mean) that is ∂L/∂x of the squared error, with −2 (−2/n) ∂L/∂y.
///
/// # Safety
/// `x`, `y` and `g` readable, `dx` writable (readable where it accumulates) for `n` values; `dx` may equal any of them.
pub unsafe fn scaled_difference(
    (x, y): (*const f32, *const f32),
    (g, g_step, scale): (*const f32, usize, f32),
    dx: *mut f32,
    n: usize,
    accumulate: bool,
) {
    if n == 0 {
        return;
    }
    let (scale, shared) = (F32x4::splat(scale), unsafe { F32x4::load_splat(g) });
    unsafe {
        generate(dx, n, accumulate, |i, count| {
            let g = if g_step == 0 { shared } else { lanes_or(g, i, count, 0.0) };
            // A small difference keeps a large g from overflowing.
            scale * (lanes_or(x, i, count, 0.0) - lanes_or(y, i, count, 0.0)) * g
        });
    }
}
