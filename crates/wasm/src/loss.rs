//! Exports of `kernels::loss`.

use crate::parallel::{self, Shared, grain};
use kernels::loss;
use wasm_bindgen::prelude::wasm_bindgen;

/// total\[0\] = scale·Σ (x\[i\] − y\[i\])².
///
/// # Safety
/// As [`loss::sum_of_squared_differences`]; `total` writable for one value.
#[wasm_bindgen]
pub unsafe fn mse_loss_total(x: *const f32, y: *const f32, total: *mut f32, n: usize, scale: f64) {
    let operands = Shared::new((x, y));
    let sum = parallel::sum(n, grain::LOSS, &|start, end| unsafe {
        let (x, y) = operands.get();
        loss::sum_of_squared_differences(x.add(start), y.add(start), end - start)
    });
    unsafe { *total = (scale * sum) as f32 };
}

/// losses\[i\] = (x\[i\] − y\[i\])².
///
/// # Safety
/// As [`loss::squared_differences`].
#[wasm_bindgen]
pub unsafe fn mse_loss_forward(x: *const f32, y: *const f32, losses: *mut f32, n: usize) {
    let (operands, losses) = (Shared::new((x, y)), Shared::new(losses));
    parallel::ranges(n, grain::LOSS, 16, &|start, end| unsafe {
        let (x, y) = operands.get();
        loss::squared_differences(x.add(start), y.add(start), losses.get().add(start), end - start);
    });
}

/// dx\[i\] = scale·g\[i·g_step\]·(x\[i\] − y\[i\]); exchange x and y for the gradient of y.
///
/// # Safety
/// As [`loss::scaled_difference`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn mse_loss_gradient(
    g: *const f32,
    x: *const f32,
    y: *const f32,
    dx: *mut f32,
    n: usize,
    scale: f32,
    g_step: usize,
    accumulate: u32,
) {
    let (operands, dx) = (Shared::new((g, x, y)), Shared::new(dx));
    parallel::ranges(n, grain::LOSS, 16, &|start, end| unsafe {
        let (g, x, y) = operands.get();
        let g = (g.add(start * g_step), g_step, scale);
        let dx = dx.get().add(start);
        loss::scaled_difference((x.add(start), y.add(start)), g, dx, end - start, accumulate != 0);
    });
}
