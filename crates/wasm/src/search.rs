//! Exports of `kernels::search`. Rows are padded with zeros to `stride` bytes, a multiple of 16.

use crate::parallel::{self, Shared, grain};
use kernels::search;
use wasm_bindgen::prelude::wasm_bindgen;

/// score\[r\] ← Σ codes\[r, i\]·weights\[i\] for `rows` rows of signed bytes; `weights` are numbers of 16 bits.
///
/// # Safety
/// As [`search::code_products`].
#[wasm_bindgen]
pub unsafe fn code_products(rows: usize, codes: *const u8, stride: usize, weights: *const i16, scores: *mut f32) {
    let (operands, scores) = (Shared::new((codes, weights)), Shared::new(scores));
    parallel::ranges(rows, grain::PRODUCT / stride.max(1), 1, &|start, end| unsafe {
        let (codes, weights) = operands.get();
        search::code_products(codes, stride, weights, scores.get(), start, end);
    });
}

/// score\[r\] ← −(bits in which row r and the query differ) for `rows` rows.
///
/// # Safety
/// As [`search::equal_bits`].
#[wasm_bindgen]
pub unsafe fn equal_bits(rows: usize, codes: *const u8, stride: usize, query: *const u8, scores: *mut f32) {
    let (operands, scores) = (Shared::new((codes, query)), Shared::new(scores));
    parallel::ranges(rows, grain::PRODUCT / stride.max(1), 1, &|start, end| unsafe {
        let (codes, query) = operands.get();
        search::equal_bits(codes, stride, query, scores.get(), start, end);
    });
}

/// Writes the places of the scores that are `least` or more to `places [n]`, and returns how many there are.
///
/// # Safety
/// As [`search::at_least`].
#[wasm_bindgen]
pub unsafe fn at_least(scores: *const f32, n: usize, least: f32, places: *mut u32) -> usize {
    unsafe { search::at_least(scores, n, least, places) }
}
