//! The product of four rows with eight columns, in registers: Σ over k of `a[r, k]`·`b[k, c]`, by the matrix product's
//! register tile.

use super::{COLUMNS, ROWS};
use crate::gemm::tile::{Strip, sum};
use crate::memory::{put, put_partial};
use crate::simd::{F32x4, LANES};

/// Four rows by eight columns.
pub type Tile = [[F32x4; 2]; ROWS];

/// The tile whose rows are neighbours in `a` (a\[r, k\] at `a` + k·`a_step` + r); b\[k, ·\] is at `b` + k·`B_STEP`, or
/// k·`b_step` where `B_STEP` is 0.
///
/// # Safety
/// For each k below `depth` four values of `a` and eight of `b` are readable.
#[inline(always)]
pub unsafe fn neighbours<const B_STEP: usize>(
    (a, a_step): (*const f32, usize),
    (b, b_step): (*const f32, usize),
    depth: usize,
) -> Tile {
    if depth == 0 {
        return [[F32x4::ZERO; 2]; ROWS];
    }
    unsafe { sum::<ROWS, 2, true, B_STEP>(depth, Strip { data: a, step: a_step, interleaved: true }, b, b_step) }
}

/// The tile whose rows are `a_step` apart in `a` (a\[r, k\] at `a` + r·`a_step` + k).
///
/// # Safety
/// As [`neighbours`], of `a` one value in each of four rows.
#[inline(always)]
pub unsafe fn rows((a, a_step): (*const f32, usize), (b, b_step): (*const f32, usize), depth: usize) -> Tile {
    if depth == 0 {
        return [[F32x4::ZERO; 2]; ROWS];
    }
    unsafe { sum::<ROWS, 2, false, 0>(depth, Strip { data: a, step: a_step, interleaved: false }, b, b_step) }
}

/// Writes the first `rows` × `columns` of a tile, times `factor[r]`, to rows `y_step` apart, or adds them.
///
/// # Safety
/// `y` valid for these elements.
#[inline(always)]
pub unsafe fn store(
    tile: &Tile,
    factor: [f32; ROWS],
    y: *mut f32,
    y_step: usize,
    (rows, columns): (usize, usize),
    accumulate: bool,
) {
    for r in 0..rows.min(ROWS) {
        let factor = F32x4::splat(factor[r]);
        let [left, right] = tile[r].map(|half| half * factor);
        unsafe {
            let y = y.add(r * y_step);
            if columns >= COLUMNS {
                put(left, y, accumulate);
                put(right, y.add(LANES), accumulate);
            } else if columns > LANES {
                put(left, y, accumulate);
                put_partial(right, y.add(LANES), columns - LANES, accumulate);
            } else {
                put_partial(left, y, columns, accumulate);
            }
        }
    }
}
