//! Reductions over one row, in vectors of four, and over lines that lie side by side in the four lanes. A row's ragged
//! end takes the same path as the rest.
//!
//! Long sums go in pieces that are added in f64: the error stays that of a piece, whatever the length. The pieces depend
//! on the length alone.

use crate::simd::{F32x4, LANES};

/// Terms of a row that are added in f32, in eight lanes.
const PIECE: usize = 512;
/// Terms that are added in f32 within one lane.
const LANE_PIECE: usize = 64;

/// Elements `x[i..i + count]`; lanes past `count` hold `filler`.
///
/// # Safety
/// `x` valid for reading up to `i + count`, `count` ≤ 4.
#[inline(always)]
pub(crate) unsafe fn lanes_or(x: *const f32, i: usize, count: usize, filler: f32) -> F32x4 {
    unsafe { if count == LANES { F32x4::load(x.add(i)) } else { F32x4::load_partial(x.add(i), count, filler) } }
}

/// Σ value(i, count) over the vectors of `0..n`, for `N` sums at once. `value` gives 0 in the lanes past `count`.
#[inline(always)]
pub(crate) fn sums<const N: usize>(n: usize, value: impl Fn(usize, usize) -> [F32x4; N]) -> [f32; N] {
    wide_sums(n, value).map(|sum| sum as f32)
}

/// As [`sums`], not rounded to f32.
#[inline(always)]
pub(crate) fn wide_sums<const N: usize>(n: usize, value: impl Fn(usize, usize) -> [F32x4; N]) -> [f64; N] {
    let mut totals = [0.0; N];
    for start in (0..n).step_by(PIECE) {
        let piece = piece_sums(start, n.min(start + PIECE), &value);
        (0..N).for_each(|s| totals[s] += piece[s] as f64);
    }
    totals
}

/// Each sum has two accumulators, so that one addition need not wait for the one before it.
#[inline(always)]
fn piece_sums<const N: usize>(start: usize, end: usize, value: &impl Fn(usize, usize) -> [F32x4; N]) -> [f32; N] {
    let (mut even, mut odd) = ([F32x4::ZERO; N], [F32x4::ZERO; N]);
    let add = |sum: &mut [F32x4; N], terms: [F32x4; N]| (0..N).for_each(|s| sum[s] = sum[s] + terms[s]);
    let mut i = start;
    while i + 2 * LANES <= end {
        add(&mut even, value(i, LANES));
        add(&mut odd, value(i + LANES, LANES));
        i += 2 * LANES;
    }
    if i + LANES <= end {
        add(&mut even, value(i, LANES));
        i += LANES;
    }
    if i < end {
        add(&mut odd, value(i, end - i));
    }
    core::array::from_fn(|s| (even[s] + odd[s]).sum())
}

/// Sums lane by lane over 0..`n`, `N` at once, of pieces: `piece(start, end)` adds up its terms in f32.
#[inline(always)]
pub(crate) fn lane_sums<const N: usize>(n: usize, mut piece: impl FnMut(usize, usize) -> [F32x4; N]) -> [F32x4; N] {
    if n <= LANE_PIECE {
        return piece(0, n);
    }
    let mut totals = [[0.0f64; LANES]; N];
    for start in (0..n).step_by(LANE_PIECE) {
        let sums = piece(start, n.min(start + LANE_PIECE));
        for (total, sum) in totals.iter_mut().flatten().zip(sums.iter().flat_map(|sum| sum.to_array())) {
            *total += sum as f64;
        }
    }
    totals.map(|total| unsafe { F32x4::load(total.map(|lane| lane as f32).as_ptr()) })
}

/// Largest of `x[0..n]`; −∞ for an empty row. Anything where one is a NaN.
///
/// # Safety
/// `x` valid for reading `n` values.
#[inline(always)]
pub(crate) unsafe fn largest(x: *const f32, n: usize) -> f32 {
    let (mut even, mut odd) = (F32x4::splat(f32::NEG_INFINITY), F32x4::splat(f32::NEG_INFINITY));
    let mut i = 0;
    unsafe {
        while i + 2 * LANES <= n {
            even = even.loose_max(F32x4::load(x.add(i)));
            odd = odd.loose_max(F32x4::load(x.add(i + LANES)));
            i += 2 * LANES;
        }
        while i < n {
            let count = (n - i).min(LANES);
            even = even.loose_max(lanes_or(x, i, count, f32::NEG_INFINITY));
            i += count;
        }
    }
    even.loose_max(odd).to_array().into_iter().fold(f32::NEG_INFINITY, f32::max)
}
