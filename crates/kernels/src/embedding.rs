//! Rows of a table by index, and the gradient that adds to them.
//!
//! y\[j, ·\] = table\[index\[j\], ·\]; ∂L/∂table\[r, ·\] = Σ over j with index\[j\] = r of g\[j, ·\].
//! table `[vocabulary, columns]`, index `[n]`, y and g `[n, columns]`.

use crate::memory::{fill, generate};
use crate::rows::lanes_or;

/// y\[j, ·\] ← table\[index\[j\], ·\] for j in `start..end`.
///
/// # Safety
/// Pointers valid for these shapes, every index below `vocabulary`, `y` overlaps nothing.
pub unsafe fn forward(
    (table, index): (*const f32, *const u32),
    y: *mut f32,
    columns: usize,
    (start, end): (usize, usize),
) {
    for j in start..end {
        unsafe {
            let row = table.add(*index.add(j) as usize * columns);
            core::ptr::copy_nonoverlapping(row, y.add(j * columns), columns);
        }
    }
}

/// ∂L/∂table in the columns `start..end`, written (rows that no index names become 0) or added. Rows of index
/// `padding` get nothing. Cutting by columns keeps two tasks from adding to one row.
///
/// # Safety
/// As [`forward`]; `table_gradient` valid for `vocabulary` rows.
pub unsafe fn gradient(
    (g, index): (*const f32, *const u32),
    table_gradient: *mut f32,
    (vocabulary, columns, n): (usize, usize, usize),
    padding: Option<u32>,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    let width = end - start;
    if !accumulate {
        for row in 0..vocabulary {
            unsafe { fill(width, 0.0, table_gradient.add(row * columns + start)) }
        }
    }
    for j in 0..n {
        let row = unsafe { *index.add(j) };
        if padding == Some(row) {
            continue;
        }
        unsafe {
            let g = g.add(j * columns + start);
            let target = table_gradient.add(row as usize * columns + start);
            generate(target, width, true, |i, count| lanes_or(g, i, count, 0.0));
        }
    }
}
