//! Operands brought into the form that tiles read.

use super::COLUMNS;
use crate::simd::{F32x4, LANES};

/// out\[c·width + r\] ← x\[r·step + c\] for x `[rows, columns]`, width = `rows` rounded up to whole tiles; zeros in the
/// padding.
///
/// # Safety
/// `x` readable for its rows, `out` writable for columns·width values.
pub unsafe fn transpose(x: *const f32, step: usize, (rows, columns): (usize, usize), out: *mut f32) {
    let width = rows.next_multiple_of(COLUMNS);
    let (whole_rows, whole_columns) = (rows / LANES * LANES, columns / LANES * LANES);
    for r in (0..whole_rows).step_by(LANES) {
        for c in (0..whole_columns).step_by(LANES) {
            unsafe {
                let block = core::array::from_fn(|i| F32x4::load(x.add((r + i) * step + c)));
                for (i, column) in F32x4::transpose(block).into_iter().enumerate() {
                    column.store(out.add((c + i) * width + r));
                }
            }
        }
    }
    let copy = |r: usize, c: usize| unsafe {
        *out.add(c * width + r) = if r < rows { *x.add(r * step + c) } else { 0.0 };
    };
    for c in whole_columns..columns {
        (0..whole_rows).for_each(|r| copy(r, c));
    }
    for r in whole_rows..width {
        (0..columns).for_each(|c| copy(r, c));
    }
}

/// Rows whose width is a number of whole tiles: `x` itself where that is so, else a copy in `out` with zeros in the
/// padding. Returns the rows and the distance from one to the next.
///
/// # Safety
/// As [`transpose`], `out` for rows·(columns rounded up to whole tiles).
pub unsafe fn whole_columns(
    x: *const f32,
    step: usize,
    (rows, columns): (usize, usize),
    out: *mut f32,
) -> (*const f32, usize) {
    let width = columns.next_multiple_of(COLUMNS);
    if width == columns {
        return (x, step);
    }
    for r in 0..rows {
        for c in 0..width {
            unsafe { *out.add(r * width + c) = if c < columns { *x.add(r * step + c) } else { 0.0 } }
        }
    }
    (out, width)
}
