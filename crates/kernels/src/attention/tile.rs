//! The product of four rows with eight columns, in registers: Σ over k of `a[r, k]`·`b[k, c]`.

use super::{COLUMNS, ROWS};
use crate::memory::{put, put_partial};
use crate::simd::{F32x4, LANES};

/// Four rows by eight columns.
pub type Tile = [[F32x4; 2]; ROWS];

/// Terms between two tests of the loop.
const UNROLLED: usize = 4;

/// The tile whose rows are neighbours in `a` (a\[r, k\] at `a` + k·`a_step` + r); b\[k, ·\] is at `b` + k·`b_step`.
///
/// # Safety
/// For each k below `depth` four values of `a` and eight of `b` are readable.
#[inline(always)]
pub unsafe fn neighbours(a: *const f32, a_step: usize, b: *const f32, b_step: usize, depth: usize) -> Tile {
    unsafe { product::<1>(a, a_step, b, b_step, depth) }
}

/// The tile whose rows are `STEP` apart in `a` (a\[r, k\] at `a` + r·`STEP` + k).
///
/// # Safety
/// As [`neighbours`], of `a` one value in each of four rows.
#[inline(always)]
pub unsafe fn rows<const STEP: usize>(a: *const f32, b: *const f32, b_step: usize, depth: usize) -> Tile {
    unsafe { product::<STEP>(a, 1, b, b_step, depth) }
}

/// One pointer walks through each operand, all rows of `a` being at constant distances from it: with a pointer a row the
/// loop spends as much on addresses as on the product.
#[inline(always)]
unsafe fn product<const ROW: usize>(
    mut a: *const f32,
    a_step: usize,
    mut b: *const f32,
    b_step: usize,
    depth: usize,
) -> Tile {
    let mut tile = [[F32x4::ZERO; 2]; ROWS];
    let mut next = || unsafe {
        let columns = [F32x4::load(b), F32x4::load(b.add(LANES))];
        for (r, row) in tile.iter_mut().enumerate() {
            let value = F32x4::load_splat(a.add(r * ROW));
            *row = [value.mul_add(columns[0], row[0]), value.mul_add(columns[1], row[1])];
        }
        (a, b) = (a.add(a_step), b.add(b_step));
    };
    for _ in 0..depth / UNROLLED {
        (0..UNROLLED).for_each(|_| next());
    }
    (0..depth % UNROLLED).for_each(|_| next());
    tile
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
