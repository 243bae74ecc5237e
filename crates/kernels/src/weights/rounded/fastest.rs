//! The fastest instruction that makes the right sums here: the running engine is asked.

use super::instruction::Instruction;
use super::product::times;
use super::rows::{OF_X, round};
use crate::simd::dots::sums_of_four_are_added;
use crate::weights::groups::OF_8;
use crate::weights::interleaved::ROWS;
use crate::weights::{FORMATS, GROUP, Stored};

/// The fastest that makes the right sums.
pub fn fastest() -> Instruction {
    if !cfg!(target_feature = "relaxed-simd") {
        return Instruction::Widened;
    }
    let relaxed = if sums_of_four_are_added() { Instruction::Added } else { Instruction::Pairs };
    if is_right(relaxed) { relaxed } else { Instruction::Widened }
}

/// Whether an instruction makes the right sums, in the code that uses it: the relaxed ones of Node 20's first compiler do not. Its
/// products are compared with the same ones by 16 bits.
pub fn is_right(by: Instruction) -> bool {
    const ROWS_OF_X: usize = 13;
    const COLUMNS: usize = 7 * ROWS;
    const WIDTH: usize = 2 * GROUP;
    let mut x = [0.0; ROWS_OF_X * WIDTH];
    for (i, value) in x.iter_mut().enumerate() {
        *value = (i * 37 % 101) as f32 - 40.0;
    }
    let mut data = [0u8; COLUMNS * 2 * OF_8];
    for (i, byte) in data.iter_mut().enumerate() {
        // As a half's upper byte, too: all are normal numbers, as nearly all scales are.
        *byte = if i % 2 == 1 { (i * 89 + i / 7) as u8 & 0xbb | 0x20 } else { (i * 89 + i / 7) as u8 };
    }
    let mut rounded = [0u8; ROWS_OF_X * 2 * OF_X];
    FORMATS.iter().filter(|format| format.rows == ROWS).all(|format| {
        let weights = Stored { format, data: data.as_ptr(), width: WIDTH, transposed: true };
        [1, ROWS_OF_X].iter().all(|&m| {
            unsafe { round(x.as_ptr(), WIDTH, m, 0..m, format, rounded.as_mut_ptr()) };
            let product = |by| {
                let mut y = [0.0; ROWS_OF_X * COLUMNS];
                let x = rounded.as_ptr();
                unsafe { times(by, x, m, weights, COLUMNS, core::ptr::null(), y.as_mut_ptr(), 0..COLUMNS) };
                y
            };
            product(by) == product(Instruction::Widened)
        })
    })
}
