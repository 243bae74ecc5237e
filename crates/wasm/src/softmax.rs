//! Exports of `kernels::softmax`. Tensors are `[outer, length, inner]`, the middle dimension is normalised.

use crate::parallel::{self, Shared, grain};
use kernels::softmax;
use wasm_bindgen::prelude::wasm_bindgen;

fn forward<const LOG: bool>(x: *const f32, y: *mut f32, outer: usize, length: usize, inner: usize) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(outer * inner, grain::SOFTMAX / length.max(1), 4, &|start, end| unsafe {
        softmax::forward::<LOG>(x.get(), y.get(), length, inner, (start, end));
    });
}

fn gradient<const LOG: bool>(
    operands: (*const f32, *const f32),
    dx: *mut f32,
    (outer, length, inner): (usize, usize, usize),
    accumulate: u32,
) {
    let (operands, dx) = (Shared::new(operands), Shared::new(dx));
    parallel::ranges(outer * inner, grain::SOFTMAX / length.max(1), 4, &|start, end| unsafe {
        softmax::gradient::<LOG>(operands.get(), dx.get(), length, inner, accumulate != 0, (start, end));
    });
}

/// y = softmax(x).
///
/// # Safety
/// As [`softmax::forward`].
#[wasm_bindgen]
pub unsafe fn softmax_forward(x: *const f32, y: *mut f32, outer: usize, length: usize, inner: usize) {
    forward::<false>(x, y, outer, length, inner);
}

/// ∂L/∂x of `softmax_forward` from its result y.
///
/// # Safety
/// As [`softmax::gradient`].
#[wasm_bindgen]
pub unsafe fn softmax_gradient(
    g: *const f32,
    y: *const f32,
    dx: *mut f32,
    outer: usize,
    length: usize,
    inner: usize,
    accumulate: u32,
) {
    gradient::<false>((g, y), dx, (outer, length, inner), accumulate);
}

/// y = ln softmax(x).
///
/// # Safety
/// As [`softmax::forward`].
#[wasm_bindgen]
pub unsafe fn log_softmax_forward(x: *const f32, y: *mut f32, outer: usize, length: usize, inner: usize) {
    forward::<true>(x, y, outer, length, inner);
}

/// ∂L/∂x of `log_softmax_forward` from its result y.
///
/// # Safety
/// As [`softmax::gradient`].
#[wasm_bindgen]
pub unsafe fn log_softmax_gradient(
    g: *const f32,
    y: *const f32,
    dx: *mut f32,
    outer: usize,
    length: usize,
    inner: usize,
    accumulate: u32,
) {
    gradient::<true>((g, y), dx, (outer, length, inner), accumulate);
}
