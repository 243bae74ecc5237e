//! Which panels of B come next, and where they lie.

use super::pack::{self, MAXIMUM_BLOCK, padded, panel_width};
use super::tile::Panels;
use super::{Product, Right};
use core::ops::Range;

/// Elements of B that pass a block of rows together, at most: 32 KiB. The first-level cache may be too small for it and
/// the strip of A: the second is fast enough for the tile, and a wider group reads A less often (3 to 5 % over 16 KiB).
const GROUP: usize = 8192;

/// Elements of B packed together.
pub const B_BLOCK: usize = 64 * MAXIMUM_BLOCK;

/// Up to this many rows B is read in place: a copy would not be read often enough to pay.
pub const FEW_ROWS: usize = 8;

/// Where the panels of a block of k come from.
pub struct Source<'a> {
    product: &'a Product,
    nr: usize,
    rows: Range<usize>,
    buffer: *mut f32,
    /// Columns whose panels the buffer holds.
    held: Range<usize>,
}

impl<'a> Source<'a> {
    /// `rows` are the block of k; `buffer` has `B_BLOCK` elements.
    pub fn new(product: &'a Product, nr: usize, rows: Range<usize>, buffer: *mut f32) -> Self {
        Self { product, nr, rows, buffer, held: 0..0 }
    }

    /// The next columns to work on: as many whole panels as belong together, or a narrower one at the end. `height` is the
    /// number of rows that will read them.
    ///
    /// # Safety
    /// As for `blocked::multiply`.
    pub unsafe fn group(&mut self, columns: Range<usize>, height: usize) -> (usize, Panels) {
        let Product { n, b, .. } = *self.product;
        let (nr, depth, column) = (self.nr, self.rows.len(), columns.start);
        let panel = panel_width(columns.len(), nr);
        let width_of = |left: usize| {
            if left >= nr { nr * (GROUP / (depth * nr)).clamp(1, left / nr) } else { panel.min(left) }
        };
        let width = width_of(columns.len());
        let panels = |data| Panels { data, row: panel, next: depth * panel };
        unsafe {
            match b {
                Right::Packed(data) => (width, panels(data.add(self.rows.start * padded(n) + column * depth))),
                Right::Strided(b) if b.column == 1 && width % 4 == 0 && (height <= FEW_ROWS || b.row <= nr) => {
                    (width, Panels { data: b.at(self.rows.start, column), row: b.row, next: panel })
                }
                _ => {
                    if column >= self.held.end {
                        self.held = column..columns.end.min(column + B_BLOCK / depth / nr * nr);
                        pack::panels(b, n, self.rows.clone(), self.held.clone(), nr, self.buffer);
                    }
                    (width_of(self.held.end - column), panels(self.buffer.add((column - self.held.start) * depth)))
                }
            }
        }
    }
}
