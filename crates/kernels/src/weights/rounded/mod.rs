//! y ← x·Wᵀ + bias with x rounded to bytes in groups of 32, for weights in groups: products of whole numbers, which take a
//! fraction of the time that decoding takes. For inference: what is rounded has no gradient.
//!
//! | codes of W | x in a group | Σ x·w of a group |
//! |---|---|---|
//! | 4 bits: d·q + m | s·p, p from −127 to 127 | s·d·Σ p·q + m·s·Σ p |
//! | 8 bits: d·q | s·(p − z), p and z from 0 to 127 | s·d·(Σ p·q − z·Σ q) |
//!
//! One factor is from 0 to 127 in both, as `simd::dots` wants it. The inner sums are exact, so that the instruction by which they
//! are made changes no bit; nor does the number of rows, or of columns.
//!
//! | file | holds |
//! |---|---|
//! | `rows` | x, rounded |
//! | `product` | the loops over tiles |
//! | `tile` | some rows of x with some blocks of W |
//! | `instruction` | by which instruction the sums are made |
//! | `fastest` | which of them is used |

mod fastest;
mod instruction;
mod product;
mod rows;
mod tile;

pub use fastest::{fastest, is_right};
pub use instruction::Instruction;
pub use product::{STEP, times};
pub use rows::{round, rounded_bytes};

use super::Format;
use super::groups::{GROUP, OF_8};

fn has_8_bits(format: &Format) -> bool {
    (format.bytes)(GROUP) == OF_8
}
