//! Rows of x rounded to bytes: as many as a tile takes lie in one another, group by group, so that it reads them from one address
//! on, each at a constant distance.

use super::has_8_bits;
use crate::simd::F32x4;
use crate::simd::codes::{SHIFT, to_bytes};
use crate::weights::{Format, GROUP};
use core::ops::Range;

/// Bytes of a group of one row: s as float32, then s·Σ p (4 bits) or z (8 bits), and p.
pub(super) const OF_X: usize = 8 + GROUP;

/// Bytes of a row of x, rounded.
pub fn rounded_bytes(width: usize) -> usize {
    width.div_ceil(GROUP) * OF_X
}

/// How many of `m` rows a tile takes from `row` on, where one begins.
pub(super) fn together(m: usize, row: usize) -> usize {
    match m - row {
        8.. => 8,
        4.. => 4,
        _ => 1,
    }
}

/// The first of the rows that a row lies in one another with, and how many they are.
fn strip(m: usize, row: usize) -> (usize, usize) {
    let mut first = row / 8 * 8;
    while first + together(m, first) <= row {
        first += together(m, first);
    }
    (first, together(m, first))
}

/// Some of the rows of x, [m, width], rounded to nearest for a format; a group that holds a NaN or an infinity becomes NaN.
///
/// # Safety
/// x valid for the rows, `to` for `rounded_bytes(width)` of each of all; they don't overlap.
pub unsafe fn round(x: *const f32, width: usize, m: usize, rows: Range<usize>, format: &Format, to: *mut u8) {
    let eight = has_8_bits(format);
    for row in rows {
        let (first, together) = strip(m, row);
        for (group, start) in (0..width).step_by(GROUP).enumerate() {
            unsafe {
                let from = x.add(row * width + start);
                let values: [F32x4; 8] = if start + GROUP <= width {
                    core::array::from_fn(|i| F32x4::load(from.add(4 * i)))
                } else {
                    core::array::from_fn(|i| {
                        let left = (width - start).saturating_sub(4 * i).min(4);
                        F32x4::load_partial(from.wrapping_add(4 * i), left, 0.0)
                    })
                };
                let to = to.add(first * rounded_bytes(width) + (group * together + row - first) * OF_X);
                if eight { shifted(&values, to) } else { symmetric(&values, to) }
            }
        }
    }
}

/// The largest number, 0 where none is positive. Of magnitudes NaN, or an infinity, where one is.
#[inline(always)]
fn largest(values: [F32x4; 8]) -> f32 {
    // As whole numbers, in one instruction each: of those that are not negative the order is the same, and a NaN is above all.
    let [a, b, c, d, e, f, g, h] = values;
    let lanes = a.max_bits(b).max_bits(c.max_bits(d)).max_bits(e.max_bits(f).max_bits(g.max_bits(h)));
    let lanes = lanes.to_array().map(|lane| lane.to_bits() as i32);
    f32::from_bits(lanes[0].max(lanes[1]).max(lanes[2].max(lanes[3])).max(0) as u32)
}

#[inline(always)]
unsafe fn symmetric(values: &[F32x4; 8], to: *mut u8) {
    let largest = largest(values.map(F32x4::abs));
    let (scale, inverse) = (largest / 127.0, 127.0 / largest);
    // Of the smallest numbers no inverse is finite, and no code is needed.
    let finite = scale.is_finite();
    let codes = rounded(values, if finite && inverse.is_finite() { inverse } else { 0.0 });
    let shift = F32x4::splat(SHIFT);
    let sum = codes.iter().fold(F32x4::ZERO, |sum, &code| sum + (code - shift)).sum();
    unsafe { put(if finite { scale } else { f32::NAN }, scale * sum, to) };
    unsafe { to_bytes(codes, 0, i8::MIN, to.add(8)) };
}

#[inline(always)]
unsafe fn shifted(values: &[F32x4; 8], to: *mut u8) {
    let minus = F32x4::splat(-1.0);
    // 0 is among them, so that it has a code of its own.
    let (high, low) = (largest(*values), -largest(values.map(|value| value * minus)));
    let finite = largest(values.map(F32x4::abs)).is_finite();
    let scale = high / 127.0 - low / 127.0;
    let inverse = if finite && (1.0 / scale).is_finite() { 1.0 / scale } else { 0.0 };
    let zero = (-low * inverse).round_ties_even();
    let codes = rounded(values, inverse);
    unsafe { put(if finite { scale } else { f32::NAN }, zero, to) };
    unsafe { to_bytes(codes, zero as i32, 0, to.add(8)) };
}

#[inline(always)]
unsafe fn put(scale: f32, second: f32, to: *mut u8) {
    unsafe {
        (to as *mut f32).write_unaligned(scale);
        (to as *mut f32).add(1).write_unaligned(second);
    }
}

/// The nearest whole numbers, ties to even, as `to_bytes` takes them: a sum with a number whose last place is 1.
#[inline(always)]
fn rounded(values: &[F32x4; 8], inverse: f32) -> [F32x4; 8] {
    let (inverse, shift) = (F32x4::splat(inverse), F32x4::splat(SHIFT));
    values.map(|value| value * inverse + shift)
}
