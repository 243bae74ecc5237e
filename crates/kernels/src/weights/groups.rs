//! Rows in groups of 32 codes; the last group of a row is whole, whatever the row's length.
//!
//! | bits | a group | value | as in GGUF |
//! |---|---|---|---|
//! | 8 | d, 32 signed bytes | d·q | Q8_0 |
//! | 4 | d, m, 16 bytes: first half in the low nibbles | d·q + m | Q4_1 |
//! | 4, centred | d, 16 bytes likewise | d·(q − 8) | Q4_0, to files alone: memory holds it with m = −8d |
//!
//! d and m are binary16: a product with a code is exact in float32, so only the sum with m rounds.

use crate::simd::F32x4;
use crate::simd::codes::{from_bytes, from_nibbles};
use crate::simd::half::from_half;

/// Elements of a group.
pub const GROUP: usize = 32;

/// Bytes of a group.
pub const OF_8: usize = 2 + GROUP;
pub const OF_4: usize = 4 + GROUP / 2;
pub const OF_4_CENTRED: usize = 2 + GROUP / 2;

pub fn bytes_of_8(width: usize) -> usize {
    width.div_ceil(GROUP) * OF_8
}

pub fn bytes_of_4(width: usize) -> usize {
    width.div_ceil(GROUP) * OF_4
}

pub fn bytes_of_4_centred(width: usize) -> usize {
    width.div_ceil(GROUP) * OF_4_CENTRED
}

/// # Safety
/// As [`super::Format::decode`].
pub unsafe fn decode_8(row: *const u8, _: usize, start: usize, count: usize, to: *mut f32) {
    unsafe { decode(start, count, to, |group, to| group_of_8(row.add(group * OF_8), to)) }
}

/// # Safety
/// As [`super::Format::decode`].
pub unsafe fn decode_4(row: *const u8, _: usize, start: usize, count: usize, to: *mut f32) {
    unsafe { decode(start, count, to, |group, to| group_of_4(row.add(group * OF_4), to)) }
}

/// # Safety
/// As [`super::Format::decode`].
pub unsafe fn decode_4_centred(row: *const u8, _: usize, start: usize, count: usize, to: *mut f32) {
    for i in start..start + count {
        let (group, place) = (i / GROUP * OF_4_CENTRED, i % GROUP);
        unsafe {
            let codes = *row.add(group + 2 + place % (GROUP / 2)) >> (place / (GROUP / 2) * 4) & 15;
            *to.add(i - start) = half(row.add(group)) * (f32::from(codes) - 8.0);
        }
    }
}

/// # Safety
/// A group and room for its elements.
#[inline(always)]
pub unsafe fn group_of_8(group: *const u8, to: *mut f32) {
    unsafe {
        let d = F32x4::splat(half(group));
        for part in 0..2 {
            for (i, codes) in from_bytes(group.add(2 + 16 * part)).into_iter().enumerate() {
                (d * codes).store(to.add(16 * part + 4 * i));
            }
        }
    }
}

/// # Safety
/// A group and room for its elements.
#[inline(always)]
pub unsafe fn group_of_4(group: *const u8, to: *mut f32) {
    unsafe {
        let (d, m) = (F32x4::splat(half(group)), F32x4::splat(half(group.add(2))));
        for (part, codes) in from_nibbles(group.add(4)).into_iter().enumerate() {
            for (i, codes) in codes.into_iter().enumerate() {
                // The same bits fused or not, since the product is exact.
                codes.mul_add(d, m).store(to.add(16 * part + 4 * i));
            }
        }
    }
}

#[inline(always)]
unsafe fn half(p: *const u8) -> f32 {
    from_half(unsafe { (p as *const u16).read_unaligned() })
}

/// Whole groups in place, and parts of one by a copy of it; `group` decodes the group of a number.
///
/// # Safety
/// `to` has room for the elements.
#[inline(always)]
pub unsafe fn decode(start: usize, count: usize, to: *mut f32, group: impl Fn(usize, *mut f32)) {
    let end = start + count;
    let mut at = start;
    while at < end {
        let (number, first) = (at / GROUP, at % GROUP);
        let part = (GROUP - first).min(end - at);
        unsafe {
            let to = to.add(at - start);
            if part == GROUP {
                group(number, to);
            } else {
                let mut values = [0.0f32; GROUP];
                group(number, values.as_mut_ptr());
                core::ptr::copy_nonoverlapping(values.as_ptr().add(first), to, part);
            }
        }
        at += part;
    }
}
