//! L2 normalisation of rows and its gradient.

use crate::memory::{generate, lanes};
use crate::rows::{lanes_or, sums};
use crate::simd::F32x4;

/// Σ x\[i\]·y\[i\].
#[inline(always)]
unsafe fn dot(x: *const f32, y: *const f32, n: usize) -> f32 {
    let [sum] = sums(n, |i, count| unsafe { [lanes_or(x, i, count, 0.0) * lanes_or(y, i, count, 0.0)] });
    sum
}

/// y\[r, ·\] ← x\[r, ·\] / d\[r\] with d\[r\] = max(‖x\[r, ·\]‖, ε), for rows `start..end` of `columns` elements. `d` is kept for
/// the gradient, negative where ε took the norm's place.
///
/// # Safety
/// `x` valid for reading, `y` for writing these rows, `d` for writing up to `end`; `y` equals `x` or does not overlap it.
pub unsafe fn normalize(
    x: *const f32,
    y: *mut f32,
    d: *mut f32,
    columns: usize,
    epsilon: f32,
    start: usize,
    end: usize,
) {
    for r in start..end {
        unsafe {
            let (x, y) = (x.add(r * columns), y.add(r * columns));
            let norm = dot(x, x, columns).sqrt();
            // Not f32::max, which passes a NaN over.
            let (divisor, kept) = if norm < epsilon { (epsilon, -epsilon) } else { (norm, norm) };
            *d.add(r) = kept;
            let divisor = F32x4::splat(divisor);
            generate(y, columns, false, |i, count| lanes(x, i, count) / divisor);
        }
    }
}

/// dx\[r, ·\] ← (g − y·(y·g)) / d (g / ε where the norm was below ε), added to dx where `accumulate`, for rows
/// `start..end`; `y` and `d` are what [`normalize`] wrote.
///
/// # Safety
/// `g`, `y` and `dx` valid for these rows, `d` for reading up to `end`; `dx` equals `g` or overlaps none of the others.
pub unsafe fn normalize_gradient(
    (g, y, d): (*const f32, *const f32, *const f32),
    dx: *mut f32,
    columns: usize,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    for r in start..end {
        unsafe {
            let (g, y, dx) = (g.add(r * columns), y.add(r * columns), dx.add(r * columns));
            let d = *d.add(r);
            let along = F32x4::splat(if d < 0.0 { 0.0 } else { dot(g, y, columns) });
            let divisor = F32x4::splat(d.abs());
            generate(dx, columns, accumulate, |i, count| (lanes(g, i, count) - lanes(y, i, count) * along) / divisor);
        }
    }
}
