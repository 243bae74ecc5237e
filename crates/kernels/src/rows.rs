//! Reductions over one row, in vectors of four. The row's ragged end takes the same path as the rest.

use crate::simd::{F32x4, LANES};

/// Elements `x[i..i + count]`; lanes past `count` hold `filler`.
///
/// # Safety
/// `x` valid for reading up to `i + count`, `count` ≤ 4.
#[inline(always)]
pub(crate) unsafe fn lanes_or(x: *const f32, i: usize, count: usize, filler: f32) -> F32x4 {
    unsafe { if count == LANES { F32x4::load(x.add(i)) } else { F32x4::load_partial(x.add(i), count, filler) } }
}

/// Σ value(i, count) over the vectors of `0..n`, for `N` sums at once. Each sum has two accumulators, so that one
/// addition need not wait for the one before it. `value` gives 0 in the lanes past `count`.
#[inline(always)]
pub(crate) fn sums<const N: usize>(n: usize, value: impl Fn(usize, usize) -> [F32x4; N]) -> [f32; N] {
    let (mut even, mut odd) = ([F32x4::ZERO; N], [F32x4::ZERO; N]);
    let add = |sum: &mut [F32x4; N], terms: [F32x4; N]| (0..N).for_each(|s| sum[s] = sum[s] + terms[s]);
    let mut i = 0;
    while i + 2 * LANES <= n {
        add(&mut even, value(i, LANES));
        add(&mut odd, value(i + LANES, LANES));
        i += 2 * LANES;
    }
    if i + LANES <= n {
        add(&mut even, value(i, LANES));
        i += LANES;
    }
    if i < n {
        add(&mut odd, value(i, n - i));
    }
    core::array::from_fn(|s| (even[s] + odd[s]).sum())
}

/// Largest of `x[0..n]`; −∞ for an empty row. A NaN may be passed over.
///
/// # Safety
/// `x` valid for reading `n` values.
#[inline(always)]
pub(crate) unsafe fn largest(x: *const f32, n: usize) -> f32 {
    let (mut even, mut odd) = (F32x4::splat(f32::NEG_INFINITY), F32x4::splat(f32::NEG_INFINITY));
    let mut i = 0;
    unsafe {
        while i + 2 * LANES <= n {
            even = even.pmax(F32x4::load(x.add(i)));
            odd = odd.pmax(F32x4::load(x.add(i + LANES)));
            i += 2 * LANES;
        }
        while i < n {
            let count = (n - i).min(LANES);
            even = even.pmax(lanes_or(x, i, count, f32::NEG_INFINITY));
            i += count;
        }
    }
    even.pmax(odd).to_array().into_iter().fold(f32::NEG_INFINITY, f32::max)
}
