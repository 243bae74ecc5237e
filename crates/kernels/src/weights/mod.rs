//! Weights as they are stored: matrices in fewer bits, read as float32 where they are used.
//!
//! | file | holds |
//! |---|---|
//! | `format` | the table of formats: to add one is a function that decodes, and a row |
//! | `groups` | groups of 32 codes with a scale: decoding |
//! | `encode` | groups from float32: the search for a scale |
//! | `half` | decoding of binary16 and bfloat16 |
//! | `low_rank` | W + α·L·R in W's format |
//! | `rounded` | products with x in groups of signed bytes |
//! | `half` | decoding and encoding of binary16 and bfloat16 |
//! | `read` | rows, columns and whole matrices as float32 |

mod encode;
mod format;
mod groups;
mod half;
pub mod low_rank;
mod read;
pub mod rounded;

pub use encode::quantize;
pub use format::{FORMATS, Format};
pub use groups::GROUP;
pub use read::{columns, rows};

/// A stored matrix: rows that lie one behind the other, each of `width` elements.
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
        unsafe { (self.format.decode)(self.data.add(row * (self.format.bytes)(self.width)), start, count, to) }
    }
}
