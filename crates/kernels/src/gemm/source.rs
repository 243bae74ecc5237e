//! Which panels of B come next, and where they lie.

use super::pack::{self, MAXIMUM_BLOCK, padded, panel_width};
use super::select::PACKING_COLUMNS;
use super::stored::{self, SLAB};
use super::tile::Panels;
use super::{Product, Right, Strided};
use core::ops::Range;
use core::ptr::read_volatile;

/// Columns of C in a block: 256 KiB, as much as of A and of B, so that the second-level cache holds all three.
pub const COLUMN_BLOCK: usize = 256;

/// Elements of a block of B: 256 KiB, which stay in the second-level cache while every strip of A passes them.
pub const B_BLOCK: usize = COLUMN_BLOCK * MAXIMUM_BLOCK;

/// Elements of scratch for the panels of a block of B.
pub const SCRATCH: usize = B_BLOCK + SLAB;

/// Up to this many rows B is read in place: a copy would not be read often enough to pay.
pub const FEW_ROWS: usize = 8;

/// From this size on (1 MiB) B may lie beyond the second-level cache. A block is then touched, row by row, before it is
/// copied: many lines on their way at once take a fraction of the time that one after the other would.
const FAR: usize = 1 << 18;

/// Neighbouring panels of one width.
pub struct Group {
    /// Columns.
    pub width: usize,
    pub panels: Panels,
    /// B as it lies in memory, where `panels` are still to be filled: `select::run_and_pack` does so.
    pub original: Option<Strided>,
}

/// Where the panels of a block of k come from.
pub struct Source<'a> {
    product: &'a Product,
    nr: usize,
    rows: Range<usize>,
    buffer: *mut f32,
}

impl<'a> Source<'a> {
    /// `rows` are the block of k; `buffer` has `SCRATCH` elements.
    pub fn new(product: &'a Product, nr: usize, rows: Range<usize>, buffer: *mut f32) -> Self {
        Self { product, nr, rows, buffer }
    }

    /// The next columns to work on: all whole panels, or a narrower one at the end. `height` is the number of rows that
    /// will read them. Overwrites the group before it.
    ///
    /// # Safety
    /// As for `blocked::multiply`; no more than `COLUMN_BLOCK` columns.
    pub unsafe fn group(&self, columns: Range<usize>, height: usize) -> Group {
        let Self { product, nr, ref rows, buffer } = *self;
        let Product { n, k, b, .. } = *product;
        let (depth, column, left) = (rows.len(), columns.start, columns.len());
        let panel = panel_width(left, nr);
        let width = if left >= panel { left / panel * panel } else { left };
        let ready = |data| Panels { data, row: panel, next: depth * panel };
        unsafe {
            match b {
                Right::Packed(data) => {
                    let data = data.add(rows.start * padded(n) + column * depth);
                    Group { width, panels: ready(data), original: None }
                }
                Right::Strided(b) if b.column == 1 && width % 4 == 0 && (height <= FEW_ROWS || b.row <= nr) => {
                    let panels = Panels { data: b.at(rows.start, column), row: b.row, next: panel };
                    Group { width, panels, original: None }
                }
                Right::Strided(b) if b.column == 1 && left >= PACKING_COLUMNS => {
                    let original = Strided { data: b.at(rows.start, column), ..b };
                    let width = left / PACKING_COLUMNS * PACKING_COLUMNS;
                    if k * n >= FAR {
                        touch(original, depth, width);
                    }
                    Group { width, panels: ready(buffer), original: Some(original) }
                }
                Right::Stored(b) => {
                    let slab = buffer.add(B_BLOCK);
                    stored::panels(b, rows.clone(), column..column + width, nr, buffer, slab);
                    Group { width, panels: ready(buffer), original: None }
                }
                _ => {
                    pack::panels(b, n, rows.clone(), column..column + width, nr, buffer);
                    Group { width, panels: ready(buffer), original: None }
                }
            }
        }
    }
}

/// Reads one element of each line of a matrix with contiguous rows, to bring it nearer.
unsafe fn touch(matrix: Strided, rows: usize, columns: usize) {
    for i in 0..rows {
        for j in (0..columns).step_by(16) {
            unsafe { read_volatile(matrix.at(i, j)) };
        }
    }
}
