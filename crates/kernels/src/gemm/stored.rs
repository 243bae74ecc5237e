//! Panels of a stored matrix, decoded on the way: slabs of it become float32 in the first-level cache, and are packed from
//! there as any matrix is. The panels are those of the float32 matrix, to the bit.

use super::Strided;
use super::pack::{MAXIMUM_BLOCK, block, padded, panel, panel_width};
use crate::weights::Stored;
use core::ops::Range;

/// Rows that are decoded together.
const ROWS: usize = 16;

/// Elements of scratch for a slab: 16 KiB. A run is as long as a block of k, or of columns.
pub const SLAB: usize = ROWS * MAXIMUM_BLOCK;

/// Writes `packed_len(k, n)` elements: a stored matrix, [k, n], in the panels of `pack::pack`.
///
/// # Safety
/// As for `pack::pack`; `slab` has `SLAB` elements.
pub unsafe fn pack(k: usize, n: usize, b: Stored, nr: usize, packed: *mut f32, slab: *mut f32) {
    let length = block(k);
    for start in (0..k).step_by(length) {
        let rows = start..k.min(start + length);
        for column in (0..n).step_by(MAXIMUM_BLOCK) {
            let columns = column..n.min(column + MAXIMUM_BLOCK);
            let to = unsafe { packed.add(start * padded(n) + column * rows.len()) };
            unsafe { panels(b, rows.clone(), columns, nr, to, slab) }
        }
    }
}

/// As `pack::panels`. Neither `rows` nor `columns` are more than `MAXIMUM_BLOCK`.
///
/// # Safety
/// As for `pack::panels`; `slab` has `SLAB` elements that nothing else uses during the call.
pub unsafe fn panels(b: Stored, rows: Range<usize>, columns: Range<usize>, nr: usize, to: *mut f32, slab: *mut f32) {
    let (depth, width) = (rows.len(), columns.len());
    // Calls `place` with the first column and the width of each panel.
    let each_panel = |place: &mut dyn FnMut(usize, usize)| {
        let mut column = 0;
        while column < width {
            let wide = panel_width(width - column, nr).min(width - column);
            place(column, wide);
            column += wide;
        }
    };
    if b.transposed {
        each_panel(&mut |column, wide| unsafe {
            let first = columns.start + column;
            b.runs(first..first + wide, rows.start, depth, slab, depth);
            panel(depth, wide, Strided { data: slab, row: 1, column: depth }, to.add(column * depth));
        });
        return;
    }
    for start in (0..depth).step_by(ROWS) {
        let height = ROWS.min(depth - start);
        let first = rows.start + start;
        unsafe { b.runs(first..first + height, columns.start, width, slab, width) };
        each_panel(&mut |column, wide| unsafe {
            let to = to.add(column * depth + start * padded(wide));
            panel(height, wide, Strided::rows(slab.add(column), width), to);
        });
    }
}
