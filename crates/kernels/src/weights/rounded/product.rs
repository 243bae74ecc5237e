//! The loops over tiles.

use super::has_8_bits;
use super::instruction::Instruction;
use super::rows::together;
use super::tile::{Rounded, TILES, Tiles};
use crate::weights::interleaved::ROWS;
use crate::weights::{GROUP, Stored};
use core::ops::Range;

/// Groups in a row of which the next rows are read ahead. Short rows side by side are too short for the processor to foresee what
/// comes, at half the memory's speed; of long ones too much would be in the cache at once.
const NEAR: usize = 32;

/// Blocks of W that all rows of x meet before the next ones: they stay in the first-level cache, and their columns of y are a
/// cache line.
const ABREAST: usize = 4;

/// Columns of y that a part begins at a multiple of.
pub const STEP: usize = ABREAST * ROWS;

/// y\[·, columns\] of y, [m, n], for `weights` of n rows in blocks; `x` holds m rows rounded for the format. `columns` begins at
/// a multiple of `ROWS`.
///
/// # Safety
/// All valid, y overlaps nothing; `bias` has n elements or is null.
#[allow(clippy::too_many_arguments)]
pub unsafe fn times(
    by: Instruction,
    x: *const u8,
    m: usize,
    weights: Stored,
    n: usize,
    bias: *const f32,
    y: *mut f32,
    columns: Range<usize>,
) {
    let product = Rounded { x, m, data: weights.data, groups: weights.width.div_ceil(GROUP), n, bias, y, zero: 0 };
    let [normal, any, eight] = &TILES[by as usize];
    unsafe {
        if has_8_bits(weights.format) { product.run(eight, eight, columns) } else { product.run(normal, any, columns) }
    }
}

impl Rounded {
    /// Where `tiles` cannot widen a scale, the rest is by `others`.
    unsafe fn run<'a>(&self, mut tiles: &'a Tiles, others: &'a Tiles, columns: Range<usize>) {
        for start in columns.clone().step_by(STEP) {
            let end = columns.end.min(start + STEP);
            let mut row = 0;
            while row < self.m {
                let rows = together(self.m, row);
                let mut column = start;
                while column < end {
                    let (tile, blocks) = match (rows, (end - column).div_ceil(ROWS)) {
                        (8, _) => (tiles.eight, 1),
                        (4, _) => (tiles.four, 1),
                        (_, ABREAST) => (tiles.wide, ABREAST),
                        _ => (tiles.one, 1),
                    };
                    // With the first rows what all will read next.
                    let ahead = row == 0 && self.groups <= NEAR && column + (ABREAST + blocks) * ROWS <= columns.end;
                    if unsafe { tile(self, row, column, end, if ahead { ABREAST } else { 0 }) } {
                        column += blocks * ROWS;
                    } else {
                        tiles = others;
                    }
                }
                row += rows;
            }
        }
    }
}
