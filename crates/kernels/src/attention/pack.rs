//! Operands brought into the form that tiles read.

use super::COLUMNS;
use crate::simd::{F32x4, LANES};

/// out\[c·width + r\] ← x\[r·step + c\] for x `[rows, columns]`; zeros for r in `rows..width`.
///
/// # Safety
/// `x` readable for its rows, `out` writable for columns·`width` values, `width` a multiple of 4 not below `rows`.
pub unsafe fn transpose(x: *const f32, step: usize, (rows, columns): (usize, usize), (out, width): (*mut f32, usize)) {
    let whole_columns = columns / LANES * LANES;
    for r in (0..width).step_by(LANES) {
        let count = rows.saturating_sub(r).min(LANES);
        let row = |i: usize| unsafe { x.add((r + i) * step) };
        for c in (0..whole_columns).step_by(LANES) {
            let load = |i| if i < count { unsafe { F32x4::load(row(i).add(c)) } } else { F32x4::ZERO };
            let columns = F32x4::transpose(core::array::from_fn(load));
            for (i, column) in columns.into_iter().enumerate() {
                unsafe { column.store(out.add((c + i) * width + r)) }
            }
        }
        for c in whole_columns..columns {
            for i in 0..LANES {
                unsafe { *out.add(c * width + r + i) = if i < count { *row(i).add(c) } else { 0.0 } }
            }
        }
    }
}

/// Rows whose length is a number of whole tiles: `x` itself where that is so, else a copy in `out` with zeros in the
/// padding. Returns the rows and the distance from one to the next.
///
/// # Safety
/// `x` readable for its rows, `out` writable for rows·(`columns` rounded up to whole tiles).
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
