//! Search over rows of codes: a score for each row, and the rows whose score is high enough.

use crate::simd::code_sums::CodeSums;
use core::array::from_fn;

/// Rows are padded with zeros to a multiple of so many bytes.
pub const ALIGNMENT: usize = 16;

/// Rows that are read at once: what belongs to the query is then loaded once for all of them.
const AT_ONCE: usize = 2;

/// score\[r\] ← Σ codes\[r, i\]·weights\[i\] for rows `start..end` of signed codes. The sum is exact if Σ |weights|·128 is below
/// 2³¹, and is then rounded to float32.
///
/// # Safety
/// `codes` valid for reading these rows of `stride` bytes, a multiple of 16; `weights` for `stride` numbers; `scores` for writing up to
/// `end`.
pub unsafe fn code_products(
    codes: *const u8,
    stride: usize,
    weights: *const i16,
    scores: *mut f32,
    start: usize,
    end: usize,
) {
    unsafe { each_row(codes, stride, scores, (start, end), |sums, i, at| sums.plus_products(at, weights.add(i))) }
}

/// score\[r\] ← the number of bits in which row r and the query differ, negative, for rows `start..end`.
///
/// # Safety
/// As [`code_products`]; `query` valid for reading `stride` bytes.
pub unsafe fn equal_bits(
    codes: *const u8,
    stride: usize,
    query: *const u8,
    scores: *mut f32,
    start: usize,
    end: usize,
) {
    unsafe {
        each_row(codes, stride, scores, (start, end), |sums, i, at| sums.plus_differing_bits(at, query.add(i)));
        for r in start..end {
            *scores.add(r) = -*scores.add(r);
        }
    }
}

#[inline(always)]
unsafe fn each_row(
    codes: *const u8,
    stride: usize,
    scores: *mut f32,
    (start, end): (usize, usize),
    plus: impl Fn(CodeSums, usize, *const u8) -> CodeSums,
) {
    for r in (start..end).step_by(AT_ONCE) {
        // At the end the last row is computed again, with the same result.
        let places: [usize; AT_ONCE] = from_fn(|k| (r + k).min(end - 1));
        unsafe {
            let rows = places.map(|place| codes.add(place * stride));
            let mut sums = [CodeSums::ZERO; AT_ONCE];
            let mut i = 0;
            while i < stride {
                for (sums, row) in sums.iter_mut().zip(rows) {
                    *sums = plus(*sums, i, row.add(i));
                }
                i += ALIGNMENT;
            }
            for (place, sums) in places.into_iter().zip(sums) {
                *scores.add(place) = sums.total() as f32;
            }
        }
    }
}

/// Writes the places of the scores that are `least` or more, in order, and returns how many there are. A NaN is none of them.
///
/// # Safety
/// `scores` valid for reading, `places` for writing `n` numbers.
pub unsafe fn at_least(scores: *const f32, n: usize, least: f32, places: *mut u32) -> usize {
    let mut count = 0;
    for i in 0..n {
        unsafe {
            // Written in any case, since a branch that is hard to predict costs more.
            *places.add(count) = i as u32;
            count += usize::from(*scores.add(i) >= least);
        }
    }
    count
}
