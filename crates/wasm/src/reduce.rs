//! Exports of `kernels::reduce`: x `[outer, axis, inner]` to y `[outer, inner]`.

use crate::parallel::{self, Shared, grain};
use kernels::reduce::{self, Fold};
use wasm_bindgen::prelude::wasm_bindgen;

/// Where outputs may be cut: anywhere for sums of rows, at whole tiles of 16 for columns.
fn align(inner: usize) -> usize {
    if inner == 1 { 1 } else { 16 }
}

/// y ← α·fold of x over `axis` (added to y where `accumulate`).
fn fold<F: Fold>(
    x: *const f32,
    y: *mut f32,
    (outer, axis, inner): (usize, usize, usize),
    alpha: f32,
    accumulate: bool,
) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(outer * inner, grain::REDUCTION / axis.max(1), align(inner), &|start, end| unsafe {
        reduce::reduce::<F>(x.get(), y.get(), axis, inner, alpha, accumulate, start, end);
    });
}

/// y\[o, i\] ← α·Σ over r of x\[o, r, i\]; added to y where `accumulate` is 1.
///
/// # Safety
/// As [`reduce::reduce`].
#[wasm_bindgen]
pub unsafe fn sum_axis(
    x: *const f32,
    y: *mut f32,
    outer: usize,
    axis: usize,
    inner: usize,
    alpha: f32,
    accumulate: u32,
) {
    fold::<reduce::Sum>(x, y, (outer, axis, inner), alpha, accumulate != 0);
}

/// y\[o, i\] ← max over r of x\[o, r, i\].
///
/// # Safety
/// As [`reduce::reduce`].
#[wasm_bindgen]
pub unsafe fn max_axis(x: *const f32, y: *mut f32, outer: usize, axis: usize, inner: usize) {
    fold::<reduce::Max>(x, y, (outer, axis, inner), 1.0, false);
}

/// y\[o, i\] ← min over r of x\[o, r, i\].
///
/// # Safety
/// As [`reduce::reduce`].
#[wasm_bindgen]
pub unsafe fn min_axis(x: *const f32, y: *mut f32, outer: usize, axis: usize, inner: usize) {
    fold::<reduce::Min>(x, y, (outer, axis, inner), 1.0, false);
}

/// Gradient of `max_axis` and `min_axis`; ties share evenly. Added to dx where `accumulate` is 1.
///
/// # Safety
/// As [`reduce::extreme_gradient`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn extreme_axis_gradient(
    g: *const f32,
    x: *const f32,
    y: *const f32,
    dx: *mut f32,
    outer: usize,
    axis: usize,
    inner: usize,
    accumulate: u32,
) {
    let (operands, dx) = (Shared::new((g, x, y)), Shared::new(dx));
    parallel::ranges(outer * inner, grain::REDUCTION / axis.max(1), align(inner), &|start, end| unsafe {
        reduce::extreme_gradient(operands.get(), dx.get(), axis, inner, accumulate != 0, start, end);
    });
}
