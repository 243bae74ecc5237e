//! Exports of `kernels::gated`. x and dx are `[rows, 2·columns]`, y and g `[rows, columns]`; `activation` is 0 for SiLU, 1 for
//! GELU, 2 for GELU's tanh form.

use crate::parallel::{self, Shared, grain};
use kernels::activation::{Gelu, GeluTanh, Silu};
use kernels::gated;
use kernels::unary::Unary;
use wasm_bindgen::prelude::wasm_bindgen;

fn forward(f: impl Unary + Sync, x: *const f32, y: *mut f32, rows: usize, columns: usize) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(rows, grain::UNARY / columns.max(1), 1, &|start, end| unsafe {
        gated::forward(f, x.get(), y.get(), columns, (start, end));
    });
}

fn gradient(
    f: impl Unary + Sync,
    operands: (*const f32, *const f32),
    dx: *mut f32,
    (rows, columns): (usize, usize),
    accumulate: bool,
) {
    let (operands, dx) = (Shared::new(operands), Shared::new(dx));
    parallel::ranges(rows, grain::UNARY / columns.max(1), 1, &|start, end| unsafe {
        gated::gradient(f, operands.get(), dx.get(), columns, accumulate, (start, end));
    });
}

/// y = f(a)·b, a and b the halves of x's rows.
///
/// # Safety
/// As [`gated::forward`].
#[wasm_bindgen]
pub unsafe fn gated_forward(x: *const f32, y: *mut f32, rows: usize, columns: usize, activation: u32) {
    match activation {
        0 => forward(Silu, x, y, rows, columns),
        1 => forward(Gelu, x, y, rows, columns),
        _ => forward(GeluTanh, x, y, rows, columns),
    }
}

/// ∂L/∂x.
///
/// # Safety
/// As [`gated::gradient`].
#[wasm_bindgen]
pub unsafe fn gated_gradient(
    g: *const f32,
    x: *const f32,
    dx: *mut f32,
    rows: usize,
    columns: usize,
    activation: u32,
    accumulate: u32,
) {
    let (operands, size, accumulate) = ((g, x), (rows, columns), accumulate != 0);
    match activation {
        0 => gradient(Silu, operands, dx, size, accumulate),
        1 => gradient(Gelu, operands, dx, size, accumulate),
        _ => gradient(GeluTanh, operands, dx, size, accumulate),
    }
}
