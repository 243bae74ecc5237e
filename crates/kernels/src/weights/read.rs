//! Parts of a stored matrix as float32.

use super::Stored;
use core::ops::Range;

/// Elements that are decoded at once before they are transposed.
const RUN: usize = 64;

/// y\[j, ·\] ← row index\[j\] of the matrix as stored, for j in `range`: an embedding.
///
/// # Safety
/// Every index is that of a row; `y` has rows of `table.width` elements and overlaps nothing.
pub unsafe fn rows(table: Stored, index: *const u32, y: *mut f32, range: Range<usize>) {
    for j in range {
        unsafe { table.run(*index.add(j) as usize, 0, table.width, y.add(j * table.width)) }
    }
}

/// y ← columns `columns` of the matrix meant, which has `height` rows: [height, columns], row-major.
///
/// # Safety
/// Columns of the matrix; `y` has room and overlaps nothing.
pub unsafe fn columns(matrix: Stored, height: usize, columns: Range<usize>, y: *mut f32) {
    let width = columns.len();
    if !matrix.transposed {
        for i in 0..height {
            unsafe { matrix.run(i, columns.start, width, y.add(i * width)) }
        }
        return;
    }
    let mut values = [0.0; RUN];
    for start in (0..height).step_by(RUN) {
        let count = RUN.min(height - start);
        for j in 0..width {
            unsafe { matrix.run(columns.start + j, start, count, values.as_mut_ptr()) };
            for (i, &value) in values[..count].iter().enumerate() {
                unsafe { *y.add((start + i) * width + j) = value };
            }
        }
    }
}
