//! y ← x·Wᵀ + bias with x rounded to whole numbers from −127 to 127 in groups of 32, for weights in groups: products of whole numbers, which
//! take a fraction of the time that decoding takes. For inference: what is rounded has no gradient.
//!
//! With x = dₓ·p and w = d·q + m in each group: Σ x·w = Σ over groups of dₓ·d·Σ p·q + m·dₓ·Σ p. The inner sums are exact.

use super::Stored;
use super::groups::{GROUP, OF_4, OF_8};
use crate::simd::F32x4;
use crate::simd::dots::{dot_bytes, dot_nibbles, halves_at, place};
use core::ops::Range;

/// Bytes of a group of x: dₓ as float32, Σ p as a 32-bit integer, p as 32 integers of 16 bits in the order of `dots`.
const OF_X: usize = 8 + 2 * GROUP;

/// Bytes of a row of x, rounded.
pub fn rounded_bytes(width: usize) -> usize {
    width.div_ceil(GROUP) * OF_X
}

/// Rows of x, [rows, width], rounded to nearest; a group that holds a NaN or an infinity becomes NaN.
///
/// # Safety
/// x valid for the rows, `to` for `rounded_bytes(width)` of each; they don't overlap.
pub unsafe fn round(x: *const f32, width: usize, rows: Range<usize>, to: *mut u8) {
    for row in rows {
        for (group, start) in (0..width).step_by(GROUP).enumerate() {
            let count = GROUP.min(width - start);
            let mut values = [0.0; GROUP];
            unsafe {
                core::ptr::copy_nonoverlapping(x.add(row * width + start), values.as_mut_ptr(), count);
                round_group(&values, to.add(row * rounded_bytes(width) + group * OF_X));
            }
        }
    }
}

unsafe fn round_group(values: &[f32; GROUP], to: *mut u8) {
    let mut largest = F32x4::ZERO;
    for part in values.chunks(4) {
        largest = largest.max(unsafe { F32x4::load(part.as_ptr()) }.abs());
    }
    let lanes = largest.to_array();
    let largest = lanes.iter().fold(0.0f32, |most, &lane| if lane > most || lane.is_nan() { lane } else { most });
    let finite = largest.is_finite();
    let (scale, inverse) = (largest / 127.0, 127.0 / largest);
    // Of the smallest numbers no inverse is finite, and no code is needed.
    let inverse = if finite && inverse.is_finite() { inverse } else { 0.0 };
    let mut sum = 0;
    for (i, value) in values.iter().enumerate() {
        let code = if finite { (value * inverse).round_ties_even() as i32 } else { 0 };
        sum += code;
        unsafe { (to.add(8) as *mut i16).add(place(i)).write_unaligned(code as i16) };
    }
    unsafe {
        (to as *mut f32).write_unaligned(if finite { scale } else { f32::NAN });
        (to.add(4) as *mut i32).write_unaligned(sum);
    }
}

/// Rows of W that are taken together.
pub const STEP: usize = 4;

/// y\[·, columns\] of y, [m, n], for `weights` of n rows; `x` holds m rounded rows. `columns` begins at a multiple of `STEP`.
///
/// # Safety
/// All valid, y overlaps nothing; `bias` has n elements or is null; the weights are in groups.
pub unsafe fn times(
    x: *const u8,
    m: usize,
    weights: Stored,
    n: usize,
    bias: *const f32,
    y: *mut f32,
    columns: Range<usize>,
) {
    let eight = (weights.format.bytes)(GROUP) == OF_8;
    let mut row = 0;
    while row < m {
        let left = m - row;
        macro_rules! rows {
            ($r:literal) => {{
                unsafe {
                    if eight {
                        rows_of::<$r, true>(x, row, weights, n, bias, y, columns.clone());
                    } else {
                        rows_of::<$r, false>(x, row, weights, n, bias, y, columns.clone());
                    }
                }
                row += $r;
            }};
        }
        // More at once would not fit into sixteen registers.
        match left {
            1 => rows!(1),
            _ => rows!(2),
        }
    }
}

#[inline(always)]
unsafe fn rows_of<const R: usize, const EIGHT: bool>(
    x: *const u8,
    row: usize,
    weights: Stored,
    n: usize,
    bias: *const f32,
    y: *mut f32,
    columns: Range<usize>,
) {
    let groups = weights.width.div_ceil(GROUP);
    let (bytes, header) = if EIGHT { (OF_8, 2) } else { (OF_4, 4) };
    let x: [*const u8; R] = core::array::from_fn(|i| unsafe { x.add((row + i) * groups * OF_X) });
    for column in columns.clone().step_by(STEP) {
        let count = STEP.min(columns.end - column);
        // What hangs over the end takes the last row again.
        let w: [*const u8; 4] =
            core::array::from_fn(|j| unsafe { weights.data.add((column + j.min(count - 1)) * groups * bytes) });
        let mut sums = [F32x4::ZERO; R];
        for group in 0..groups {
            unsafe {
                let w = w.map(|w| w.add(group * bytes));
                let x = x.map(|x| x.add(group * OF_X));
                let codes = x.map(|x| x.add(8) as *const i16);
                let d = halves_at(w);
                let q = w.map(|w| w.add(header));
                let dots = if EIGHT { dot_bytes(codes, q) } else { dot_nibbles(codes, q) };
                let m = if EIGHT { F32x4::ZERO } else { halves_at(w.map(|w| w.add(2))) };
                for i in 0..R {
                    let scale = (x[i] as *const f32).read_unaligned();
                    sums[i] = (dots[i] * F32x4::splat(scale)).mul_add(d, sums[i]);
                    if !EIGHT {
                        let total = (x[i].add(4) as *const i32).read_unaligned();
                        sums[i] = m.mul_add(F32x4::splat(scale * total as f32), sums[i]);
                    }
                }
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            unsafe {
                let sum = if bias.is_null() { sum } else { sum + F32x4::load_partial(bias.add(column), count, 0.0) };
                sum.store_partial(y.add((row + i) * n + column), count);
            }
        }
    }
}
