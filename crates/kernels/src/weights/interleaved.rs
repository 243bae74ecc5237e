//! Groups of four rows in one another, as they are kept in memory: a register then holds four codes of each of four rows, so that
//! a product with few rows of x needs no sum across lanes, and four rows are decoded at once. As many bytes as row by row, and
//! no bit is changed; the last block has rows of zeros for those that there are not.
//!
//! | bits | group of four rows |
//! |---|---|
//! | 8 | 4 d, 8 × (4 codes of each row) |
//! | 4 | 4 d, 4 m, 4 × (4 bytes of each row) |

use super::groups::{GROUP, OF_4, OF_8, decode, group_of_4, group_of_8};
use crate::simd::F32x4;
use crate::simd::codes::{from_bytes, from_nibbles};
use crate::simd::half::from_halves;
use core::ptr::{copy_nonoverlapping, write_bytes};

/// Rows of a block.
pub const ROWS: usize = 4;

/// Bytes that one row has in a vector.
const PART: usize = 4;

/// The halves that begin a group by itself: d, and m where `BYTES` are those of 4 bits.
pub const fn halves(bytes: usize) -> usize {
    if bytes == OF_4 { 2 } else { 1 }
}

/// Calls `move_part` with (place in the group of a row, place in the group of four, bytes) for each part of a row's group.
#[inline(always)]
fn parts(bytes: usize, row: usize, mut move_part: impl FnMut(usize, usize, usize)) {
    let halves = halves(bytes);
    for half in 0..halves {
        move_part(2 * half, 2 * (half * ROWS + row), 2);
    }
    for part in 0..(bytes - 2 * halves) / PART {
        move_part(2 * halves + part * PART, 2 * halves * ROWS + (part * ROWS + row) * PART, PART);
    }
}

/// Contiguous rows `0..rows` become blocks in place; with `back`, blocks become rows.
///
/// # Safety
/// `data` has room for whole blocks; `scratch` for one; `bytes` of a group are those of a format.
pub unsafe fn interleave(bytes: usize, groups: usize, rows: usize, data: *mut u8, scratch: *mut u8, back: bool) {
    let row_bytes = groups * bytes;
    for first in (0..rows).step_by(ROWS) {
        let count = ROWS.min(rows - first);
        unsafe {
            let block = data.add(first * row_bytes);
            copy_nonoverlapping(block, scratch, if back { ROWS } else { count } * row_bytes);
            if !back {
                write_bytes(scratch.add(count * row_bytes), 0, (ROWS - count) * row_bytes);
            }
            for row in 0..if back { count } else { ROWS } {
                for group in 0..groups {
                    let (single, four) = (row * row_bytes + group * bytes, group * bytes * ROWS);
                    parts(bytes, row, |of_row, of_four, length| {
                        let (from, to) =
                            if back { (four + of_four, single + of_row) } else { (single + of_row, four + of_four) };
                        copy_nonoverlapping(scratch.add(from), block.add(to), length);
                    });
                }
            }
        }
    }
}

/// # Safety
/// As [`super::Format::decode`].
pub unsafe fn decode_8(block: *const u8, row: usize, start: usize, count: usize, to: *mut f32) {
    unsafe { decode(start, count, to, |group, to| group_of_8(of_row::<OF_8>(block, row, group).as_ptr(), to)) }
}

/// # Safety
/// As [`super::Format::decode`].
pub unsafe fn decode_4(block: *const u8, row: usize, start: usize, count: usize, to: *mut f32) {
    unsafe { decode(start, count, to, |group, to| group_of_4(of_row::<OF_4>(block, row, group).as_ptr(), to)) }
}

/// The group of one row.
#[inline(always)]
unsafe fn of_row<const BYTES: usize>(block: *const u8, row: usize, group: usize) -> [u8; BYTES] {
    let mut single = [0; BYTES];
    let four = unsafe { block.add(group * ROWS * BYTES) };
    parts(BYTES, row, |of_row, of_four, length| unsafe {
        copy_nonoverlapping(four.add(of_four), single.as_mut_ptr().add(of_row), length);
    });
    single
}

/// # Safety
/// As [`super::Format::decode_block`].
pub unsafe fn decode_block_8(block: *const u8, first: usize, groups: usize, to: *mut f32, step: usize) {
    for group in 0..groups {
        unsafe {
            let four = block.add((first + group) * ROWS * OF_8);
            let d = from_halves(four)[0].to_array().map(F32x4::splat);
            for part in 0..GROUP / PART {
                let codes = from_bytes(four.add(2 * ROWS + 16 * part));
                for row in 0..ROWS {
                    (d[row] * codes[row]).store(to.add(row * step + group * GROUP + part * PART));
                }
            }
        }
    }
}

/// # Safety
/// As [`super::Format::decode_block`].
pub unsafe fn decode_block_4(block: *const u8, first: usize, groups: usize, to: *mut f32, step: usize) {
    for group in 0..groups {
        unsafe {
            let four = block.add((first + group) * ROWS * OF_4);
            let [d, m] = from_halves(four).map(|halves| halves.to_array().map(F32x4::splat));
            for part in 0..GROUP / 2 / PART {
                for (half, codes) in from_nibbles(four.add(4 * ROWS + 16 * part)).into_iter().enumerate() {
                    for row in 0..ROWS {
                        let to = to.add(row * step + group * GROUP + half * GROUP / 2 + part * PART);
                        codes[row].mul_add(d[row], m[row]).store(to);
                    }
                }
            }
        }
    }
}
