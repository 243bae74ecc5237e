//! Copies into the order in which the tile reads.
//!
//! A packed [k, n] matrix is cut into blocks of k (see `block`), each block into panels of the tile's columns. What is
//! left of n is cut into panels of 8, then 4 (see `panel_width`); the last one is filled up with zeros. A panel stores
//! its rows one after the other. With n₄ = n rounded up to 4, the panel of column j in the block that starts at row p
//! and has b rows begins at p·n₄ + j·b.

use super::{Right, Strided};
use crate::simd::F32x4;
use core::array::from_fn;
use core::ops::Range;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

/// Longest block of k: a panel of 8 columns takes 8 KiB.
pub const MAXIMUM_BLOCK: usize = 256;

/// Blocks are multiples of this, so that no panel of a transposed matrix crosses one.
const BLOCK_ALIGN: usize = 16;

/// Length of the blocks that `k` is cut into (the last may be shorter): as even as they can be.
pub fn block(k: usize) -> usize {
    k.div_ceil(k.div_ceil(MAXIMUM_BLOCK).max(1)).next_multiple_of(BLOCK_ALIGN).max(BLOCK_ALIGN)
}

/// Columns of the panel for the first of `left` columns, under a tile of `nr` columns. The last panel may be wider than
/// what is left.
#[inline(always)]
pub fn panel_width(left: usize, nr: usize) -> usize {
    if left >= nr {
        nr
    } else if left > 4 {
        8
    } else {
        4
    }
}

/// `n` rounded up to whole vectors.
#[inline(always)]
pub fn padded(n: usize) -> usize {
    n.next_multiple_of(4)
}

/// Elements of a packed [k, n] matrix.
pub fn packed_len(k: usize, n: usize) -> usize {
    k * padded(n)
}

/// Writes `packed_len(k, n)` elements: B, [k, n], in panels for a tile of `nr` columns.
///
/// # Safety
/// Both matrices valid, not overlapping.
pub unsafe fn pack(k: usize, n: usize, b: Strided, nr: usize, packed: *mut f32) {
    let length = block(k);
    for start in (0..k).step_by(length) {
        let rows = length.min(k - start);
        unsafe { panels(Right::Strided(b), n, start..start + rows, 0..n, nr, packed.add(start * padded(n))) }
    }
}

/// Some columns of the packed B, [k, n], as [k, columns], row-major.
///
/// # Safety
/// `packed` as `pack` wrote it for `nr` columns; `to` has room and overlaps nothing.
pub unsafe fn unpack(k: usize, n: usize, packed: *const f32, nr: usize, columns: Range<usize>, to: *mut f32) {
    let length = block(k);
    let wanted = columns.len();
    for start in (0..k).step_by(length) {
        let rows = length.min(k - start);
        let mut column = 0;
        while column < columns.end {
            let wide = panel_width(n - column, nr).min(n - column);
            let (first, end) = (column.max(columns.start), (column + wide).min(columns.end));
            for p in 0..if first < end { rows } else { 0 } {
                unsafe {
                    let from = packed.add(start * padded(n) + column * rows + p * padded(wide) + first - column);
                    let to = to.add((start + p) * wanted + first - columns.start);
                    core::ptr::copy_nonoverlapping(from, to, end - first);
                }
            }
            column += wide;
        }
    }
}

/// The panels of some rows and columns of a right operand over n columns in all; `columns` begins with a panel. Not for
/// `Right::Packed`, which already holds them, nor for `Right::Stored`, see `stored::panels`.
///
/// # Safety
/// As for `pack`.
pub unsafe fn panels(b: Right, n: usize, rows: Range<usize>, columns: Range<usize>, nr: usize, to: *mut f32) {
    let mut column = columns.start;
    while column < columns.end {
        let left = columns.end - column;
        let width = panel_width(left, nr).min(left);
        unsafe {
            let to = to.add((column - columns.start) * rows.len());
            match b {
                Right::Strided(b) => {
                    let b = Strided { data: b.at(rows.start, column), ..b };
                    panel(rows.len(), width, b, to);
                }
                Right::PackedTransposed { packed, width: inner } => {
                    panel_of_transposed(packed, inner, n, rows.clone(), column, width, nr, to);
                }
                Right::Packed(_) | Right::Stored(_) => {}
            }
        }
        column += width;
    }
}

/// A panel of Bᵀ from the packed B, [n, inner]: its rows are columns of B.
#[allow(clippy::too_many_arguments)]
unsafe fn panel_of_transposed(
    packed: *const f32,
    inner: usize,
    n: usize,
    rows: Range<usize>,
    column: usize,
    width: usize,
    nr: usize,
    to: *mut f32,
) {
    let length = block(n);
    let first = column / length * length;
    let height = length.min(n - first);
    let mut row = rows.start;
    while row < rows.end {
        let source_width = panel_width(inner - row, nr);
        let take = source_width.min(rows.end - row);
        unsafe {
            let data = packed.add(first * padded(inner) + row * height + (column - first) * source_width);
            let source = Strided { data, row: 1, column: source_width };
            panel(take, width, source, to.add((row - rows.start) * padded(width)));
        }
        row += take;
    }
}

/// One panel: `to[p·w₄ + j] = b(p, j)`, zero for the columns between `width` and w₄ = `width` rounded up to 4.
pub(super) unsafe fn panel(rows: usize, width: usize, b: Strided, to: *mut f32) {
    let padded = padded(width);
    let whole = width & !3;
    unsafe {
        match (b.column, b.row, whole) {
            (1, _, 8) => copy([0, 4], [0, 4], rows, b, to, padded),
            (1, _, 16) => copy([0, 4, 8, 12], [0, 4, 8, 12], rows, b, to, padded),
            (1, _, _) => (0..whole).step_by(4).for_each(|j| copy([j], [j], rows, b, to, padded)),
            (_, 1, _) => (0..whole).step_by(4).for_each(|j| transpose(rows, b.at(0, j), b.column, to.add(j), padded)),
            _ => (0..rows).for_each(|p| (0..whole).for_each(|j| *to.add(p * padded + j) = *b.at(p, j))),
        }
        if whole < padded {
            for p in 0..rows {
                for j in whole..padded {
                    *to.add(p * padded + j) = if j < width { *b.at(p, j) } else { 0.0 };
                }
            }
        }
    }
}

/// Of each row, the vector that begins in column `from[v]` goes to `to[v]`, rows being `to_row` apart.
#[inline(always)]
unsafe fn copy<const V: usize>(
    from: [usize; V],
    to: [usize; V],
    rows: usize,
    source: Strided,
    target: *mut f32,
    to_row: usize,
) {
    // Numbers, not pointers, for the same reason as in `tile::sum`.
    let mut source_row = source.data.expose_provenance();
    let mut target_row = target.expose_provenance();
    for _ in 0..rows {
        unsafe {
            let vectors = from.map(|j| F32x4::load(with_exposed_provenance::<f32>(source_row).add(j)));
            for (vector, j) in vectors.into_iter().zip(to) {
                vector.store(with_exposed_provenance_mut::<f32>(target_row).add(j));
            }
        }
        source_row += 4 * source.row;
        target_row += 4 * to_row;
    }
}

/// Four columns of `rows` contiguous elements, `from_column` apart, become `rows` rows of four.
#[inline(always)]
unsafe fn transpose(rows: usize, from: *const f32, from_column: usize, to: *mut f32, to_row: usize) {
    unsafe {
        let whole = rows & !3;
        for p in (0..whole).step_by(4) {
            let columns = from_fn(|j| F32x4::load(from.add(j * from_column + p)));
            for (i, row) in F32x4::transpose(columns).into_iter().enumerate() {
                row.store(to.add((p + i) * to_row));
            }
        }
        for p in whole..rows {
            for j in 0..4 {
                *to.add(p * to_row + j) = *from.add(j * from_column + p);
            }
        }
    }
}

/// `count` strips of A, each of `height` rows, interleaved, one after the other: strip s has a(s·height + i, p) at
/// `to[s·height·k + p·height + i]`. At most 8 rows.
///
/// # Safety
/// Both valid, not overlapping.
pub unsafe fn strips(height: usize, count: usize, k: usize, a: Strided, to: *mut f32) {
    let mut strip = 0;
    while strip < count {
        unsafe {
            let columns = a.transposed();
            let from = Strided { data: a.at(strip * height, 0), ..columns };
            let to = to.add(strip * height * k);
            let pair = strip + 1 < count;
            // Two vectors reach all of 5 to 8 rows; where they overlap both write the same. Two strips share lines.
            macro_rules! copy_strips {
                ($height:literal, $second:literal) => {{
                    const H: usize = $height;
                    if pair {
                        let (next, second) = (k * H, H + $second);
                        copy([0, $second, H, second], [0, $second, next, next + $second], k, from, to, H);
                        strip += 1;
                    } else {
                        copy([0, $second], [0, $second], k, from, to, H);
                    }
                }};
            }
            match (from.column, height) {
                (1, 4) => copy([0], [0], k, from, to, 4),
                (1, 5) => copy_strips!(5, 1),
                (1, 6) => copy_strips!(6, 2),
                (1, 7) => copy_strips!(7, 3),
                (1, 8) => copy_strips!(8, 4),
                _ => (0..k).for_each(|p| (0..height).for_each(|i| *to.add(p * height + i) = *from.at(p, i))),
            }
        }
        strip += 1;
    }
}
