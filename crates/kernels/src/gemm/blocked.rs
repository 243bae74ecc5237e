//! The loops around the tile: blocks of k, blocks of rows, groups of panels, strips.

use super::pack::{block, padded, panel_of, strip};
use super::tile::{Epilogue, Panels, Strip, Tile, run};
use super::{Activation, Product, Right, rows};
use core::ops::Range;

/// Rows of A that pass a group of panels before the next group: 256 KiB of A, which stays in the second-level cache.
const ROW_BLOCK: usize = 256;

/// Panels packed together, in elements: half of a small first-level cache, so that A's strip and C have room.
const GROUP: usize = 4096;

/// A block of rows of A, interleaved.
const A_BLOCK: usize = ROW_BLOCK * super::pack::MAXIMUM_BLOCK;

/// Results of a tile that hangs over the right edge.
const EDGE: usize = 8 * 16;

/// Elements of scratch that `multiply` needs, for each thread.
pub const WORKSPACE: usize = GROUP + A_BLOCK + EDGE;

/// Up to this many rows B is read in place: a copy would not be read often enough to pay.
const FEW_ROWS: usize = 8;

/// Up to this many columns Aᵀ is read in place.
const FEW_COLUMNS: usize = 16;

/// C[rows, columns] ← α·A·B + β·C (+ bias, activation) for a part of the product. k = 0 gives f(β·C + bias).
///
/// `columns` starts at a multiple of the tile's columns. Parts that don't overlap can run at the same time; every
/// element is summed in an order that depends on its part and the shapes alone.
///
/// # Safety
/// All of A, B, C, bias valid for the product's shape; C overlaps nothing else; `workspace` has `WORKSPACE` elements
/// that nobody else uses meanwhile.
#[inline(never)]
pub unsafe fn multiply(product: &Product, tile: Tile, rows: Range<usize>, columns: Range<usize>, workspace: *mut f32) {
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    unsafe {
        let columns = rows::multiply(product, tile, rows.clone(), columns);
        match tile {
            Tile::T4x8 => blocked::<4, 2>(product, rows, columns, workspace),
            Tile::T4x16 => blocked::<4, 4>(product, rows, columns, workspace),
            Tile::T8x8 => blocked::<8, 2>(product, rows, columns, workspace),
        }
    }
}

#[inline(never)]
unsafe fn blocked<const R: usize, const V: usize>(
    product: &Product,
    rows: Range<usize>,
    columns: Range<usize>,
    workspace: *mut f32,
) {
    if columns.is_empty() {
        return;
    }
    unsafe {
        let Product { k, a, c, .. } = *product;
        let nr = 4 * V;
        let packed_strips = workspace.add(GROUP);
        let edge = packed_strips.add(A_BLOCK);
        let length = block(k);
        let mut start = 0;
        loop {
            let depth = length.min(k - start);
            let last = start + depth == k;
            let epilogue = Epilogue {
                alpha: c.alpha,
                beta: if start == 0 { c.beta } else { 1.0 },
                bias: if last { c.bias } else { core::ptr::null() },
                activation: if last { c.activation } else { Activation::None },
            };
            for top in rows.clone().step_by(ROW_BLOCK) {
                let bottom = rows.end.min(top + ROW_BLOCK);
                let interleaved = a.column != 1;
                let in_place = !interleaved || (a.row == 1 && columns.len() <= FEW_COLUMNS);
                if !in_place {
                    for (i, height) in strips::<R>(top, bottom) {
                        let from = super::Strided { data: a.at(i, start), ..a };
                        strip(height, depth, from, packed_strips.add((i - top) * depth));
                    }
                }
                let strip_of = |i: usize, height: usize| {
                    if in_place {
                        Strip { data: a.at(i, start), step: if interleaved { a.column } else { a.row } }
                    } else {
                        Strip { data: packed_strips.add((i - top) * depth), step: height }
                    }
                };
                let mut column = columns.start;
                while column < columns.end {
                    let left = columns.end - column;
                    let (width, panels) = group::<V>(product, start, depth, column, left, bottom - top, workspace);
                    let vectors = if width < nr { width.div_ceil(4) } else { V };
                    for (i, height) in strips::<R>(top, bottom) {
                        let from = strip_of(i, height);
                        let task = Task { height, vectors, interleaved, depth, a: from, b: panels };
                        let to = c.data.add(i * c.row);
                        if width % 4 == 0 {
                            task.run(to, c.row, column..column + width, &epilogue);
                        } else {
                            task.run(edge, nr, 0..padded(width), &Epilogue::STORE);
                            for row in 0..height {
                                for j in 0..width {
                                    let place = to.add(row * c.row + column + j);
                                    epilogue.apply(*edge.add(row * nr + j), place, column + j);
                                }
                            }
                        }
                    }
                    column += width;
                }
            }
            start += depth;
            if start >= k {
                break;
            }
        }
    }
}

/// The next columns to work on: whole panels as far as the buffer reaches, or the narrower panel at the end.
unsafe fn group<const V: usize>(
    product: &Product,
    start: usize,
    depth: usize,
    column: usize,
    left: usize,
    rows: usize,
    buffer: *mut f32,
) -> (usize, Panels) {
    unsafe {
        let nr = 4 * V;
        let Product { n, b, .. } = *product;
        let fit = (GROUP / (depth * nr).max(1)).max(1);
        let width = if left >= nr { nr * fit.min(left / nr) } else { left };
        let row = nr.min(padded(width));
        let packed = Panels { data: buffer, row, panel: depth * nr };
        match b {
            Right::Packed(data) => {
                let data = data.add(start * padded(n) + column * depth);
                (width, Panels { data, ..packed })
            }
            Right::Strided(b) if b.column == 1 && width % 4 == 0 && (rows <= FEW_ROWS || b.row <= nr) => {
                (width, Panels { data: b.at(start, column), row: b.row, panel: nr })
            }
            _ => {
                for j in (0..width).step_by(nr) {
                    panel_of(b, n, start, depth, column + j, nr.min(width - j), nr, buffer.add(j * depth));
                }
                (width, packed)
            }
        }
    }
}

/// Rows `top..bottom` in strips of R, the rest in 4, 2 and 1: (first row, height).
fn strips<const R: usize>(top: usize, bottom: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut i = top;
    core::iter::from_fn(move || {
        let left = bottom - i;
        let height = if left >= R {
            R
        } else if left >= 4 {
            4
        } else {
            left
        };
        i += height;
        (height > 0).then_some((i - height, height))
    })
}

/// One strip against some panels; picks the compiled tile.
struct Task {
    height: usize,
    vectors: usize,
    interleaved: bool,
    depth: usize,
    a: Strip,
    b: Panels,
}

impl Task {
    #[inline(always)]
    unsafe fn run(&self, c: *mut f32, c_row: usize, columns: Range<usize>, epilogue: &Epilogue) {
        macro_rules! pick {
            ($($rows:literal $vectors:literal),*) => {
                match (self.height, self.vectors) {
                    $(($rows, $vectors) => if self.interleaved {
                        unsafe { run::<$rows, $vectors, true>(self.depth, self.a, self.b, c, c_row, columns, epilogue) }
                    } else {
                        unsafe { run::<$rows, $vectors, false>(self.depth, self.a, self.b, c, c_row, columns, epilogue) }
                    },)*
                    _ => {}
                }
            };
        }
        pick!(4 2, 4 4, 8 2, 1 1, 2 1, 3 1, 4 1, 8 1, 1 2, 2 2, 3 2, 1 3, 2 3, 3 3, 4 3, 1 4, 2 4, 3 4);
    }
}
