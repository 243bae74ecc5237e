//! Exports of `kernels::embedding`: table `[vocabulary, columns]`, index `[n]`, y and g `[n, columns]`.

use crate::parallel::{self, Shared, grain};
use kernels::embedding;
use wasm_bindgen::prelude::wasm_bindgen;

/// y\[j, ·\] = table\[index\[j\], ·\].
///
/// # Safety
/// As [`embedding::forward`].
#[wasm_bindgen]
pub unsafe fn embedding_forward(table: *const f32, index: *const u32, y: *mut f32, n: usize, columns: usize) {
    let (operands, y) = (Shared::new((table, index)), Shared::new(y));
    parallel::ranges(n, grain::EMBEDDING / columns.max(1), 1, &|start, end| unsafe {
        embedding::forward(operands.get(), y.get(), columns, (start, end));
    });
}

/// ∂L/∂table; rows of index `padding` get nothing (−1: every row takes part).
///
/// # Safety
/// As [`embedding::gradient`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn embedding_gradient(
    g: *const f32,
    index: *const u32,
    table_gradient: *mut f32,
    vocabulary: usize,
    columns: usize,
    n: usize,
    padding: i32,
    accumulate: u32,
) {
    let (operands, target) = (Shared::new((g, index)), Shared::new(table_gradient));
    let padding = u32::try_from(padding).ok();
    parallel::ranges(columns, grain::EMBEDDING / (n + vocabulary).max(1), 16, &|start, end| unsafe {
        let size = (vocabulary, columns, n);
        embedding::gradient(operands.get(), target.get(), size, padding, accumulate != 0, (start, end));
    });
}
