//! Weights as they are stored: matrices in fewer bits, read as float32 where they are used.
//!
//! | file | holds |
//! |---|---|
//! | `format` | the table of formats: to add one is a function that decodes, and a row |
//! | `groups` | groups of 32 codes with a scale: decoding |
//! | `interleaved` | the same, four rows in one another, as they are kept |
//! | `encode` | groups from float32: the search for a scale |
//! | `low_rank` | W + α·L·R in W's format |
//! | `rounded` | products with x in groups of signed bytes |
//! | `half` | decoding and encoding of binary16 and bfloat16 |
//! | `read` | rows, columns and whole matrices as float32 |

mod encode;
mod format;
mod groups;
mod half;
pub mod interleaved;
pub mod low_rank;
mod read;
pub mod rounded;

pub use encode::quantize;
pub use format::{FORMATS, Format};
pub use groups::GROUP;
pub use read::{columns, rows};

use core::ops::Range;

/// A stored matrix: contiguous rows, each of `width` elements.
#[derive(Clone, Copy)]
pub struct Stored {
    pub format: &'static Format,
    pub data: *const u8,
    pub width: usize,
    /// Whether the matrix meant is the transpose: a linear layer's W, [in, out], lies as [out, in] in most files.
    pub transposed: bool,
}

impl Stored {
    /// Elements `start..start + count` of a row, as float32.
    ///
    /// # Safety
    /// Within the matrix; `to` has room for them.
    #[inline(always)]
    pub unsafe fn run(self, row: usize, start: usize, count: usize, to: *mut f32) {
        let Format { rows, decode, .. } = *self.format;
        unsafe { decode(self.block(row / rows), row % rows, start, count, to) }
    }

    /// The same of `rows`, to rows `step` apart.
    ///
    /// # Safety
    /// Within the matrix; `to` has room for them.
    #[inline(always)]
    pub unsafe fn runs(self, rows: Range<usize>, start: usize, count: usize, to: *mut f32, step: usize) {
        let Format { rows: together, decode_block, .. } = *self.format;
        // Of parts of a group, or of a block, row by row.
        let whole = if start.is_multiple_of(GROUP) { count / GROUP * GROUP } else { 0 };
        let mut row = rows.start;
        while row < rows.end {
            let to = unsafe { to.add((row - rows.start) * step) };
            match decode_block {
                Some(decode) if row.is_multiple_of(together) && row + together <= rows.end && whole > 0 => unsafe {
                    decode(self.block(row / together), start / GROUP, whole / GROUP, to, step);
                    for i in 0..if whole < count { together } else { 0 } {
                        self.run(row + i, start + whole, count - whole, to.add(i * step + whole));
                    }
                    row += together;
                },
                _ => {
                    unsafe { self.run(row, start, count, to) };
                    row += 1;
                }
            }
        }
    }

    /// Where a block begins.
    #[inline(always)]
    unsafe fn block(self, block: usize) -> *const u8 {
        unsafe { self.data.add(block * self.format.rows * (self.format.bytes)(self.width)) }
    }
}
