//! Exports of `kernels::layer_norm`. x, y, g, dx are `[rows, columns]`, weight and bias `[columns]` or 0, mean and rstd
//! `[rows]`.

use crate::parallel::{self, Shared, grain};
use kernels::layer_norm;
use wasm_bindgen::prelude::wasm_bindgen;

fn forward<const CENTERED: bool>(
    operands: (*const f32, *const f32, *const f32),
    y: *mut f32,
    statistics: (*mut f32, *mut f32),
    (rows, columns): (usize, usize),
    epsilon: f32,
) {
    let (operands, y, statistics) = (Shared::new(operands), Shared::new(y), Shared::new(statistics));
    parallel::ranges(rows, grain::LAYER_NORM / columns.max(1), 1, &|start, end| unsafe {
        let range = (start, end);
        layer_norm::forward::<CENTERED>(operands.get(), y.get(), statistics.get(), columns, epsilon, range);
    });
}

fn gradient<const CENTERED: bool>(
    (g, x, weight): (*const f32, *const f32, *const f32),
    statistics: (*const f32, *const f32),
    (dx, dw, db): (*mut f32, *mut f32, *mut f32),
    (rows, columns): (usize, usize),
    (accumulate_x, accumulate_w, accumulate_b): (bool, bool, bool),
) {
    let (operands, statistics) = (Shared::new((g, x, weight)), Shared::new(statistics));
    if !dx.is_null() {
        let dx = Shared::new(dx);
        parallel::ranges(rows, grain::LAYER_NORM / columns.max(1), 1, &|start, end| unsafe {
            let range = (start, end);
            layer_norm::gradient::<CENTERED>(operands.get(), statistics.get(), dx.get(), columns, accumulate_x, range);
        });
    }
    if !dw.is_null() || !db.is_null() {
        let targets = Shared::new((dw, db));
        parallel::ranges(columns, grain::LAYER_NORM / rows.max(1), 16, &|start, end| unsafe {
            let ((g, x, _), (dw, db)) = (operands.get(), targets.get());
            let (dw, db, size) = ((dw, accumulate_w), (db, accumulate_b), (rows, columns));
            layer_norm::affine_gradient::<CENTERED>((g, x), statistics.get(), dw, db, size, (start, end));
        });
    }
}

/// y = (x − mean)·rstd·weight + bias for each row; keeps mean and rstd for the gradient.
///
/// # Safety
/// As [`layer_norm::forward`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn layer_norm_forward(
    x: *const f32,
    weight: *const f32,
    bias: *const f32,
    y: *mut f32,
    mean: *mut f32,
    rstd: *mut f32,
    rows: usize,
    columns: usize,
    epsilon: f32,
) {
    forward::<true>((x, weight, bias), y, (mean, rstd), (rows, columns), epsilon);
}

/// Gradients of `layer_norm_forward`; dx, dw, db are each 0 where not wanted.
///
/// # Safety
/// As [`layer_norm::gradient`] and [`layer_norm::affine_gradient`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn layer_norm_gradient(
    g: *const f32,
    x: *const f32,
    weight: *const f32,
    mean: *const f32,
    rstd: *const f32,
    dx: *mut f32,
    dw: *mut f32,
    db: *mut f32,
    rows: usize,
    columns: usize,
    accumulate_x: u32,
    accumulate_w: u32,
    accumulate_b: u32,
) {
    let accumulate = (accumulate_x != 0, accumulate_w != 0, accumulate_b != 0);
    gradient::<true>((g, x, weight), (mean, rstd), (dx, dw, db), (rows, columns), accumulate);
}

/// y = x·rstd·weight for each row, rstd = 1/√(mean(x²) + ε), kept for the gradient.
///
/// # Safety
/// As [`layer_norm::forward`].
#[wasm_bindgen]
pub unsafe fn rms_norm_forward(
    x: *const f32,
    weight: *const f32,
    y: *mut f32,
    rstd: *mut f32,
    rows: usize,
    columns: usize,
    epsilon: f32,
) {
    let null = core::ptr::null_mut();
    forward::<false>((x, weight, null), y, (null, rstd), (rows, columns), epsilon);
}

/// Gradients of `rms_norm_forward`; dx and dw are each 0 where not wanted.
///
/// # Safety
/// As [`layer_norm::gradient`] and [`layer_norm::affine_gradient`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn rms_norm_gradient(
    g: *const f32,
    x: *const f32,
    weight: *const f32,
    rstd: *const f32,
    dx: *mut f32,
    dw: *mut f32,
    rows: usize,
    columns: usize,
    accumulate_x: u32,
    accumulate_w: u32,
) {
    let null = core::ptr::null_mut();
    let accumulate = (accumulate_x != 0, accumulate_w != 0, false);
    gradient::<false>((g, x, weight), (null, rstd), (dx, dw, null), (rows, columns), accumulate);
}
