//! The product of four rows with eight columns, in registers.

use super::{COLUMNS, ROWS};
use crate::simd::{F32x4, LANES};

/// Four rows by eight columns.
pub type Tile = [[F32x4; 2]; ROWS];

/// Adds one term of the product: `a[r]`·b for each row.
#[inline(always)]
unsafe fn step(tile: &mut Tile, a: [F32x4; ROWS], b: *const f32) {
    let b = unsafe { [F32x4::load(b), F32x4::load(b.add(LANES))] };
    for r in 0..ROWS {
        for v in 0..2 {
            tile[r][v] = a[r].mul_add(b[v], tile[r][v]);
        }
    }
}

/// tile\[r, c\] = Σ over k in 0..`depth` of a\[r\]\[k\]·b\[k·`b_step` + c\].
///
/// # Safety
/// Each row of `a` readable for `depth` values, each row of `b` for eight.
#[inline(always)]
pub unsafe fn rows_by_columns(a: [*const f32; ROWS], b: *const f32, b_step: usize, depth: usize) -> Tile {
    const UNROLLED: usize = 4;
    let mut tile = [[F32x4::ZERO; 2]; ROWS];
    let mut k = 0;
    unsafe {
        while k + UNROLLED <= depth {
            let a = a.map(|row| row.add(k));
            let b = b.add(k * b_step);
            for u in 0..UNROLLED {
                step(&mut tile, a.map(|row| F32x4::load_splat(row.add(u))), b.add(u * b_step));
            }
            k += UNROLLED;
        }
        while k < depth {
            step(&mut tile, a.map(|row| F32x4::load_splat(row.add(k))), b.add(k * b_step));
            k += 1;
        }
    }
    tile
}

/// tile\[r, c\] = Σ over k in 0..`depth` of a\[k·`a_step` + r\]·b\[k·`b_step` + c\]: the rows are columns of `a`.
///
/// # Safety
/// Each row of `a` readable for four values, each row of `b` for eight.
#[inline(always)]
pub unsafe fn columns_by_columns(a: *const f32, a_step: usize, b: *const f32, b_step: usize, depth: usize) -> Tile {
    let mut tile = [[F32x4::ZERO; 2]; ROWS];
    for k in 0..depth {
        unsafe {
            let a = a.add(k * a_step);
            step(&mut tile, core::array::from_fn(|r| F32x4::load_splat(a.add(r))), b.add(k * b_step));
        }
    }
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
        for (v, half) in tile[r].iter().enumerate() {
            let count = columns.saturating_sub(v * LANES).min(LANES);
            unsafe {
                let y = y.add(r * y_step + v * LANES);
                match count {
                    0 => {}
                    LANES => crate::memory::put(*half * factor, y, accumulate),
                    _ => crate::memory::put_partial(*half * factor, y, count, accumulate),
                }
            }
        }
    }
}

/// Four row pointers from `row` on; past the last row they repeat it, and the tile's rows there are to be ignored.
///
/// # Safety
/// `x` has `rows` rows, `step` apart.
#[inline(always)]
pub unsafe fn row_pointers(x: *const f32, step: usize, row: usize, rows: usize) -> [*const f32; ROWS] {
    core::array::from_fn(|r| unsafe { x.add((row + r).min(rows - 1) * step) })
}

/// Writes a whole tile to rows `y_step` apart.
///
/// # Safety
/// `y` writable for four rows of eight.
#[inline(always)]
pub unsafe fn store_whole(tile: &Tile, y: *mut f32, y_step: usize) {
    unsafe { store(tile, [1.0; ROWS], y, y_step, (ROWS, COLUMNS), false) }
}
