//! The loops around the tile: blocks of k, blocks of rows, groups of panels, strips.

use super::pack::{self, MAXIMUM_BLOCK, block, padded, panel_width};
use super::rows::{FEW, FEW_DEEP};
use super::select::{PACKING_COLUMNS, PACKING_ROWS};
use super::source::{COLUMN_BLOCK, FEW_ROWS, Group, SCRATCH, Source};
use super::tile::{Initial, Strip, Tile};
use super::{Product, Right, Strided, output, rows, select};
use core::ops::Range;

/// Rows of A that pass a group of panels before the next group: 256 KiB of A, which stays in the second-level cache.
const ROW_BLOCK: usize = 256;

/// The same where B is packed: it comes from beyond that cache then, and half as often.
const PACKED_ROW_BLOCK: usize = 512;

/// A block of rows of A, interleaved.
const A_BLOCK: usize = ROW_BLOCK * MAXIMUM_BLOCK;

/// Results of a tile that hangs over the right edge.
const EDGE: usize = 8 * 16;

/// Elements of scratch that `multiply` needs, for each thread.
pub const WORKSPACE: usize = SCRATCH + A_BLOCK + EDGE;

/// Block of k for B in place: as many rows are read at once, each from left to right, which prefetchers follow.
const SHALLOW: usize = 32;

/// Up to this many columns Aᵀ is read in place.
const FEW_COLUMNS: usize = 32;

/// A part of a product begins at a multiple of this many rows, and of the tile's columns.
pub const PART_ROWS: usize = 8;

/// C[rows, columns] ← f(α·A·B + β·C + bias) for a part of the product, see `PART_ROWS`. k = 0 gives f(β·C + bias).
///
/// Parts that don't overlap can run at the same time. Neither the part nor the tile changes a bit of a result: what
/// decides the order of a sum looks at the whole product (m, n, k, strides, packed or not), and the rest may look at
/// the part and the tile.
///
/// # Safety
/// All of A, B, C, bias valid for the product's shape; C overlaps nothing else; `workspace` has `WORKSPACE` elements
/// that nobody else uses meanwhile.
#[inline(never)]
pub unsafe fn multiply(product: &Product, tile: Tile, rows: Range<usize>, columns: Range<usize>, workspace: *mut f32) {
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    let Product { m, n, k, a, b, c } = *product;
    if let Right::Strided(b) = b
        && n == 1
        && m > 1
        && c.row == 1
        && c.bias.is_null()
    {
        // A column of results is a row of the transposed product, which needs no padding to vectors.
        let (a, b) = (b.transposed(), Right::Strided(a.transposed()));
        return unsafe { multiply(&Product { m: 1, n: m, k, a, b, c }, tile, columns, rows, workspace) };
    }
    unsafe {
        let first = output::prepare(&c, k, rows.clone(), columns.clone());
        if k > 0 {
            let columns = rows::multiply(product, tile, rows.clone(), columns.clone(), first);
            if !columns.is_empty() {
                blocked(product, tile, rows.clone(), columns, first, workspace);
            }
        }
    }
}

#[inline(never)]
unsafe fn blocked(
    product: &Product,
    tile: Tile,
    rows: Range<usize>,
    columns: Range<usize>,
    first: Initial,
    workspace: *mut f32,
) {
    let all = columns.len();
    // As even as they can be, in whole panels.
    let width = all.div_ceil(all.div_ceil(COLUMN_BLOCK)).next_multiple_of(PACKING_COLUMNS);
    let mut top = rows.start;
    while top < rows.end {
        let block = match product.b {
            Right::Packed(_) if product.a.column == 1 => even_block(top, product.m),
            _ => block_of_rows(top, product.m),
        };
        let bottom = rows.end.min(block.end);
        for column in columns.clone().step_by(width) {
            let columns = column..columns.end.min(column + width);
            unsafe { block_of_output(product, tile, top..bottom, columns, all, first, workspace) }
        }
        top = bottom;
    }
}

/// The block of C's rows that `row` lies in. They are counted from C's first row, whatever the part.
fn block_of_rows(row: usize, m: usize) -> Range<usize> {
    let start = row / ROW_BLOCK * ROW_BLOCK;
    start..m.min(start + ROW_BLOCK)
}

/// The same where B is packed: no sum depends on these blocks, so they are as even as they can be.
fn even_block(row: usize, m: usize) -> Range<usize> {
    let height = m.div_ceil(m.div_ceil(PACKED_ROW_BLOCK)).next_multiple_of(PART_ROWS);
    let start = row / height * height;
    start..m.min(start + height)
}

/// Length of the blocks of k for the rows of C around `row`: the order of their sums, so the part must not change it.
fn depth(product: &Product, row: usize) -> usize {
    let Product { m, k, b, .. } = *product;
    match b {
        Right::Strided(b) if b.column == 1 && m <= FEW => FEW_DEEP,
        Right::Strided(b) if b.column == 1 && block_of_rows(row, m).len() <= FEW_ROWS => SHALLOW,
        _ => block(k),
    }
}

/// A block of C, all of k: it stays in the second-level cache while the blocks of k add to it.
unsafe fn block_of_output(
    product: &Product,
    tile: Tile,
    rows: Range<usize>,
    columns: Range<usize>,
    all_columns: usize,
    first: Initial,
    workspace: *mut f32,
) {
    let Product { k, a, c, .. } = *product;
    let (mr, nr) = (tile.rows(), tile.columns());
    let interleaved = a.column != 1;
    let in_place = !interleaved || (a.row == 1 && all_columns <= FEW_COLUMNS);
    let length = depth(product, rows.start);
    unsafe {
        let packed_strips = workspace.add(SCRATCH);
        let edge = packed_strips.add(A_BLOCK);
        for start in (0..k).step_by(length) {
            let depth = length.min(k - start);
            let initial = if start == 0 { first } else { Initial::Output };
            let strip_of = |i: usize, height: usize| {
                if in_place {
                    let step = if interleaved { a.column } else { a.row };
                    Strip { data: a.at(i, start), step, interleaved }
                } else {
                    Strip { data: packed_strips.add((i - rows.start) * depth), step: height, interleaved }
                }
            };
            if !in_place {
                let (count, least, taller) = heights(rows.len(), mr);
                let from = Strided { data: a.at(rows.start, start), ..a };
                pack::strips(least + 1, taller, depth, from, packed_strips);
                let done = taller * (least + 1);
                let from = Strided { data: from.at(done, 0), ..a };
                pack::strips(least, count - taller, depth, from, packed_strips.add(done * depth));
            }
            let source = Source::new(product, nr, start..start + depth, workspace);
            let mut column = columns.start;
            while column < columns.end {
                let Group { width, panels, mut original } = source.group(column..columns.end, rows.len());
                let vectors = panel_width(width, nr) / 4;
                // A narrow panel leaves registers for more rows, unless their number is fixed by the packed strips.
                let mr = if vectors == 1 && in_place { 8 } else { mr };
                let (range, padded) = (column..column + width, 0..padded(width));
                for (i, mut height) in strips(rows.clone(), mr) {
                    let mut strip = strip_of(i, height);
                    let mut to = c.data.add(i * c.row);
                    if width % 4 != 0 {
                        let zero = Initial::Zero;
                        select::run(height, vectors, depth, strip, panels, edge, nr, padded.clone(), c.alpha, zero);
                        output::add_edge(edge, nr, height, to, c.row, range.clone(), initial);
                        continue;
                    }
                    if let Some(b) = original.take() {
                        let (range, copy) = (range.clone(), panels.data.cast_mut());
                        select::run_and_pack(nr, depth, strip, b.data, b.row, copy, to, c.row, range, c.alpha, initial);
                        height -= PACKING_ROWS;
                        strip = strip.below(PACKING_ROWS);
                        to = to.add(PACKING_ROWS * c.row);
                    }
                    select::run(height, vectors, depth, strip, panels, to, c.row, range.clone(), c.alpha, initial);
                }
                column += width;
            }
        }
    }
}

/// Rows in strips of at most `mr`, as even as they can be, so that no strip is much slower than the others: how many
/// strips, of how many rows at least, and how many of them (the first) have one more.
fn heights(rows: usize, mr: usize) -> (usize, usize, usize) {
    let count = rows.div_ceil(mr);
    (count, rows / count, rows % count)
}

/// The strips: (first row, height).
fn strips(rows: Range<usize>, mr: usize) -> impl Iterator<Item = (usize, usize)> {
    let (count, least, taller) = heights(rows.len(), mr);
    let mut next = rows.start;
    (0..count).map(move |i| {
        let (first, height) = (next, least + usize::from(i < taller));
        next += height;
        (first, height)
    })
}
