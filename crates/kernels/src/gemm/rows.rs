//! Products with one to three rows.

use super::{Product, Tile};
use core::ops::Range;

/// Works on the leading `columns` as far as it has a better way than the blocked loops, and returns the rest.
///
/// # Safety
/// As for `blocked::multiply`.
pub unsafe fn multiply(_product: &Product, _tile: Tile, _rows: Range<usize>, columns: Range<usize>) -> Range<usize> {
    columns
}
