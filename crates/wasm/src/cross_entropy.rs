//! Exports of `kernels::cross_entropy`. Logits are `[rows, classes]`; a target that is no class index is ignored.

use crate::parallel::{self, Shared, grain};
use kernels::cross_entropy::CrossEntropy;
use wasm_bindgen::prelude::wasm_bindgen;

/// Losses `[rows]` and statistics `[rows, 2]`, which the gradient needs; `total` (0 where not wanted) receives
/// scale·Σ losses. `weights` is `[classes]` or 0.
///
/// # Safety
/// As [`CrossEntropy::forward`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn cross_entropy_forward(
    logits: *const f32,
    targets: *const u32,
    weights: *const f32,
    losses: *mut f32,
    statistics: *mut f32,
    total: *mut f32,
    rows: usize,
    classes: usize,
    smoothing: f32,
    scale: f64,
) {
    let op = Shared::new(CrossEntropy { classes, smoothing, weights });
    let (operands, results) = (Shared::new((logits, targets)), Shared::new((losses, statistics)));
    parallel::ranges(rows, grain::CROSS_ENTROPY / classes.max(1), 1, &|start, end| unsafe {
        op.get().forward(operands.get(), results.get(), (start, end));
    });
    if !total.is_null() {
        let sum: f64 = (0..rows).map(|row| unsafe { *losses.add(row) } as f64).sum();
        unsafe { *total = (scale * sum) as f32 };
    }
}

/// ∂L/∂logits, row r's loss having the gradient scale·g\[r·g_step\].
///
/// # Safety
/// As [`CrossEntropy::gradient`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn cross_entropy_gradient(
    g: *const f32,
    logits: *const f32,
    targets: *const u32,
    weights: *const f32,
    statistics: *const f32,
    dx: *mut f32,
    rows: usize,
    classes: usize,
    smoothing: f32,
    scale: f32,
    g_step: usize,
    accumulate: u32,
) {
    let op = Shared::new(CrossEntropy { classes, smoothing, weights });
    let (operands, g, dx) = (Shared::new((logits, targets, statistics)), Shared::new(g), Shared::new(dx));
    parallel::ranges(rows, grain::CROSS_ENTROPY / classes.max(1), 1, &|start, end| unsafe {
        let g = (g.get(), g_step, scale);
        op.get().gradient(operands.get(), g, dx.get(), accumulate != 0, (start, end));
    });
}
