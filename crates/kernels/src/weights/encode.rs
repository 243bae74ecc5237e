//! Groups of 32 numbers rounded to codes: of several scales the one with the least sum of squared errors.
//!
//! Each candidate gives codes, these by least squares the scale (and the minimum) that fit them best, rounded to binary16
//! as they are kept; what is compared is the error that remains. A group that holds a NaN or an infinity becomes NaN.

use super::Format;
use super::groups::GROUP;
use crate::simd::half::{from_half, to_half};
use core::ops::Range;

/// Candidates of a search.
const CANDIDATES: usize = 9;

/// Rows `rows` of a matrix of rows of `width` elements from one format into another, which is in groups.
///
/// # Safety
/// Both matrices valid, not overlapping, each row by itself. The encoder chooses the values after the end of a row in its last group.
pub unsafe fn quantize(from: &Format, data: *const u8, width: usize, rows: Range<usize>, format: &Format, to: *mut u8) {
    let Some(encode) = format.encode_group else { return };
    let (from_row, to_row, group) = ((from.bytes)(width), (format.bytes)(width), (format.bytes)(GROUP));
    for row in rows {
        for start in (0..width).step_by(GROUP) {
            let count = GROUP.min(width - start);
            let mut values = [0.0; GROUP];
            unsafe {
                (from.decode)(data.add(row * from_row), 0, start, count, values.as_mut_ptr());
                // A filler that needs no code of its own.
                let last = values[count - 1];
                values[count..].fill(last);
                encode(&values, to.add(row * to_row + start / GROUP * group));
            }
        }
    }
}

/// # Safety
/// `to` has room for a group.
pub unsafe fn of_8(values: &[f32; GROUP], to: *mut u8) {
    let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let (mut scale, mut codes) = (if finite(values) { 0 } else { NAN }, [0.0; GROUP]);
    let mut least = f32::INFINITY;
    for candidate in 0..if scale == NAN || largest == 0.0 { 0 } else { CANDIDATES } {
        let inverse = (127.0 - 0.5 * candidate as f32) / largest;
        // Of a subnormal number: no scale that is kept is as small.
        if !inverse.is_finite() {
            break;
        }
        let rough = values.map(|x| (x * inverse).round_ties_even());
        let (products, squares) = sums(values, &rough);
        let d = to_half(products / squares);
        let fine = rounded(values, d, 0.0, -127.0, 127.0);
        let error = error_of(values, &fine, d, 0);
        if error < least {
            (scale, codes, least) = (d, fine, error);
        }
    }
    unsafe {
        (to as *mut u16).write_unaligned(scale);
        for (i, code) in codes.into_iter().enumerate() {
            *to.add(2 + i) = code as i8 as u8;
        }
    }
}

/// # Safety
/// `to` has room for a group.
pub unsafe fn of_4(values: &[f32; GROUP], to: *mut u8) {
    let low = values.iter().fold(f32::INFINITY, |low, &value| low.min(value));
    let high = values.iter().fold(f32::NEG_INFINITY, |high, &value| high.max(value));
    let (mut scale, mut minimum) = if finite(values) { (0, to_half(low)) } else { (NAN, NAN) };
    let mut codes = [0.0; GROUP];
    let mut least = f32::INFINITY;
    for candidate in 0..if scale == NAN || low == high { 0 } else { CANDIDATES } {
        // From codes that leave a quarter step free at both ends to ones that clip what lies beyond three quarters of one.
        let inverse = (14.5 + 0.25 * candidate as f32) / (high - low);
        if !inverse.is_finite() {
            break;
        }
        let centre = 0.5 * (low + high);
        let rough = values.map(|x| ((x - centre) * inverse + 7.5).round_ties_even().clamp(0.0, 15.0));
        let shifted = values.map(|x| x - centre);
        let (products, squares) = sums(&shifted, &rough);
        let (total, all) = (rough.iter().sum::<f32>(), shifted.iter().sum::<f32>());
        let n = GROUP as f32;
        let d = (n * products - total * all) / (n * squares - total * total);
        let (d, m) = (to_half(d), to_half((all - d * total) / n + centre));
        let fine = rounded(values, d, from_half(m), 0.0, 15.0);
        let error = error_of(values, &fine, d, m);
        if error < least {
            (scale, minimum, codes, least) = (d, m, fine, error);
        }
    }
    unsafe {
        (to as *mut u16).write_unaligned(scale);
        (to as *mut u16).add(1).write_unaligned(minimum);
        for i in 0..GROUP / 2 {
            *to.add(4 + i) = codes[i] as u8 | (codes[GROUP / 2 + i] as u8) << 4;
        }
    }
}

/// As GGUF's Q4_0, whose values are d·(q − 8).
///
/// # Safety
/// `to` has room for a group.
pub unsafe fn of_4_centred(values: &[f32; GROUP], to: *mut u8) {
    let extreme = values.iter().fold(0.0f32, |most, &value| if value.abs() > most.abs() { value } else { most });
    let (mut scale, mut codes) = (if finite(values) { 0 } else { NAN }, [0.0; GROUP]);
    let mut least = f32::INFINITY;
    for candidate in 0..if scale == NAN || extreme == 0.0 { 0 } else { CANDIDATES + 1 } {
        // First plain rounding as ggml's, so that none is worse; then the extreme becomes a code from −7.2 to −8.8.
        let steps = if candidate == 0 { -8.0 } else { -7.0 - 0.2 * candidate as f32 };
        let inverse = steps / extreme;
        if !inverse.is_finite() {
            break;
        }
        let d = if candidate == 0 {
            to_half(extreme / steps)
        } else {
            let rough = values.map(|x| (x * inverse).round_ties_even().clamp(-8.0, 7.0));
            let (products, squares) = sums(values, &rough);
            to_half(products / squares)
        };
        let fine = rounded(values, d, 0.0, -8.0, 7.0);
        let error = error_of(values, &fine, d, 0);
        if error < least {
            (scale, codes, least) = (d, fine, error);
        }
    }
    unsafe {
        (to as *mut u16).write_unaligned(scale);
        for i in 0..GROUP / 2 {
            let [low, high] = [codes[i], codes[GROUP / 2 + i]].map(|code| (code + 8.0) as u8);
            *to.add(2 + i) = low | high << 4;
        }
    }
}

/// Binary16's quiet NaN.
const NAN: u16 = 0x7e00;

fn finite(values: &[f32; GROUP]) -> bool {
    values.iter().all(|value| value.is_finite())
}

/// Σ x·q and Σ q².
fn sums(values: &[f32; GROUP], codes: &[f32; GROUP]) -> (f32, f32) {
    let mut sums = (0.0, 0.0);
    for (x, q) in values.iter().zip(codes) {
        sums = (sums.0 + x * q, sums.1 + q * q);
    }
    sums
}

/// The codes nearest to each value for a scale and a minimum.
fn rounded(values: &[f32; GROUP], d: u16, m: f32, low: f32, high: f32) -> [f32; GROUP] {
    let d = from_half(d);
    let inverse = if d == 0.0 { 0.0 } else { 1.0 / d };
    values.map(|x| ((x - m) * inverse).round_ties_even().clamp(low, high))
}

fn error_of(values: &[f32; GROUP], codes: &[f32; GROUP], d: u16, m: u16) -> f32 {
    let (d, m) = (from_half(d), from_half(m));
    values.iter().zip(codes).map(|(x, q)| x - (d * q + m)).map(|rest| rest * rest).sum()
}
