//! Level-1 BLAS: fill, copy, `axpy`, `scal`. Lengths count elements and may be zero.

use crate::simd::{F32x4, LANES};

/// Writes `value`, or adds it to what is at `y`.
///
/// # Safety
/// `y` valid for reading and writing four values.
#[inline(always)]
pub(crate) unsafe fn put(value: F32x4, y: *mut f32, accumulate: bool) {
    unsafe { if accumulate { F32x4::load(y) + value } else { value }.store(y) }
}

/// As [`put`] for the first `count ≤ 4` lanes.
///
/// # Safety
/// `y` valid for reading and writing `count` values.
#[inline(always)]
pub(crate) unsafe fn put_partial(value: F32x4, y: *mut f32, count: usize, accumulate: bool) {
    unsafe { if accumulate { F32x4::load_partial(y, count, 0.0) + value } else { value }.store_partial(y, count) }
}

/// y\[i\] ← value(i, count) (+ y\[i\]) in vectors of four, of which the last may hold fewer elements (`count`).
///
/// # Safety
/// `y` valid for reading and writing `n` values.
#[inline(always)]
pub(crate) unsafe fn generate(y: *mut f32, n: usize, accumulate: bool, value: impl Fn(usize, usize) -> F32x4) {
    let whole = n / LANES * LANES;
    unsafe {
        for i in (0..whole).step_by(LANES) {
            put(value(i, LANES), y.add(i), accumulate);
        }
        if whole < n {
            put_partial(value(whole, n - whole), y.add(whole), n - whole, accumulate);
        }
    }
}

/// Elements `x[i..i + count]`; lanes past `count` hold 1, so that no function meets a pole there.
///
/// # Safety
/// `x` valid for reading up to `i + count`.
#[inline(always)]
pub(crate) unsafe fn lanes(x: *const f32, i: usize, count: usize) -> F32x4 {
    unsafe { if count == LANES { F32x4::load(x.add(i)) } else { F32x4::load_partial(x.add(i), count, 1.0) } }
}

/// y\[i\] ← value.
///
/// # Safety
/// `y` valid for writing `n` values.
pub unsafe fn fill(n: usize, value: f32, y: *mut f32) {
    let lanes = F32x4::splat(value);
    unsafe { generate(y, n, false, |_, _| lanes) }
}

/// y\[i\] ← x\[i\].
///
/// # Safety
/// `x` valid for reading and `y` for writing `n` values; they may overlap.
pub unsafe fn copy(n: usize, x: *const f32, y: *mut f32) {
    unsafe { core::ptr::copy(x, y, n) }
}

/// y\[i\] ← y\[i\] + α·x\[i\].
///
/// # Safety
/// `x` valid for reading, `y` for reading and writing `n` values; `y` equals `x` or does not overlap it.
pub unsafe fn axpy(n: usize, alpha: f32, x: *const f32, y: *mut f32) {
    let alpha = F32x4::splat(alpha);
    unsafe { generate(y, n, true, |i, count| alpha * lanes(x, i, count)) }
}

/// y\[i\] ← α·x\[i\] (BLAS `scal`, out of place).
///
/// # Safety
/// `x` valid for reading, `y` for writing `n` values; `y` equals `x` or does not overlap it.
pub unsafe fn scale(n: usize, alpha: f32, x: *const f32, y: *mut f32) {
    let alpha = F32x4::splat(alpha);
    unsafe { generate(y, n, false, |i, count| alpha * lanes(x, i, count)) }
}
