//! Exports of `kernels::pooling`: x `[tokens, columns]`, offsets `[sequences + 1]`, y and g
//! `[sequences, columns]`.

use crate::parallel::{self, Shared, grain};
use kernels::pooling;
use wasm_bindgen::prelude::wasm_bindgen;

/// y\[s, ·\] = mean of the rows of x that belong to sequence s; 0 where there are none.
///
/// # Safety
/// As [`pooling::forward`].
#[wasm_bindgen]
pub unsafe fn mean_pool_forward(x: *const f32, offsets: *const u32, y: *mut f32, sequences: usize, columns: usize) {
    let (offsets, x, y) = (Shared::new(offsets), Shared::new(x), Shared::new(y));
    parallel::ranges(sequences, grain::POOLING, 1, &|start, end| unsafe {
        pooling::forward(offsets.get(), x.get(), y.get(), columns, (start, end));
    });
}

/// ∂L/∂x of the rows that belong to a sequence; others are left alone.
///
/// # Safety
/// As [`pooling::gradient`].
#[wasm_bindgen]
pub unsafe fn mean_pool_gradient(
    g: *const f32,
    offsets: *const u32,
    dx: *mut f32,
    sequences: usize,
    columns: usize,
    accumulate: u32,
) {
    let (offsets, g, dx) = (Shared::new(offsets), Shared::new(g), Shared::new(dx));
    parallel::ranges(sequences, grain::POOLING, 1, &|start, end| unsafe {
        pooling::gradient(offsets.get(), g.get(), dx.get(), columns, accumulate != 0, (start, end));
    });
}
