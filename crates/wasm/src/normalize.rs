//! Exports of `kernels::normalize`.

use crate::parallel::{self, Shared, grain};
use kernels::normalize;
use wasm_bindgen::prelude::wasm_bindgen;

/// y ← x / max(‖x‖, ε) for each of `rows` rows; `divisors [rows]` is kept for the gradient.
///
/// # Safety
/// As [`normalize::normalize`].
#[wasm_bindgen]
pub unsafe fn normalize_forward(
    x: *const f32,
    y: *mut f32,
    divisors: *mut f32,
    rows: usize,
    columns: usize,
    epsilon: f32,
) {
    let (x, y, divisors) = (Shared::new(x), Shared::new(y), Shared::new(divisors));
    parallel::ranges(rows, grain::NORMALIZE / columns.max(1), 1, &|start, end| unsafe {
        normalize::normalize(x.get(), y.get(), divisors.get(), columns, epsilon, start, end);
    });
}

/// Gradient of `normalize_forward` from its `y` and `divisors`; added to dx where `accumulate` is 1.
///
/// # Safety
/// As [`normalize::normalize_gradient`].
#[wasm_bindgen]
pub unsafe fn normalize_gradient(
    g: *const f32,
    y: *const f32,
    divisors: *const f32,
    dx: *mut f32,
    rows: usize,
    columns: usize,
    accumulate: u32,
) {
    let (operands, dx) = (Shared::new((g, y, divisors)), Shared::new(dx));
    parallel::ranges(rows, grain::NORMALIZE / columns.max(1), 1, &|start, end| unsafe {
        normalize::normalize_gradient(operands.get(), dx.get(), columns, accumulate != 0, start, end);
    });
}
