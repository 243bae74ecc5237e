//! Exports of `kernels::memory`.

use crate::parallel::{self, Shared};
use kernels::memory;
use wasm_bindgen::prelude::wasm_bindgen;

/// Elements below which a second thread costs more than it saves.
const GRAIN: usize = 1 << 15;

/// y\[i\] ← value for i in 0..n.
///
/// # Safety
/// As [`memory::fill`].
#[wasm_bindgen]
pub unsafe fn fill(y: *mut f32, n: usize, value: f32) {
    let y = Shared::new(y);
    parallel::ranges(n, GRAIN, 16, &|start, end| unsafe { memory::fill(y.get().add(start), end - start, value) });
}

/// y\[i\] ← x\[i\] for i in 0..n; they may overlap.
///
/// # Safety
/// As [`memory::copy`].
#[wasm_bindgen]
pub unsafe fn copy(x: *const f32, y: *mut f32, n: usize) {
    unsafe { memory::copy(x, y, n) }
}

/// y\[i\] ← y\[i\] + α·x\[i\] for i in 0..n.
///
/// # Safety
/// As [`memory::axpy`].
#[wasm_bindgen]
pub unsafe fn axpy(alpha: f32, x: *const f32, y: *mut f32, n: usize) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(n, GRAIN, 16, &|start, end| unsafe {
        memory::axpy(alpha, x.get().add(start), y.get().add(start), end - start);
    });
}

/// y\[i\] ← α·x\[i\] for i in 0..n.
///
/// # Safety
/// As [`memory::scale`].
#[wasm_bindgen]
pub unsafe fn scale(alpha: f32, x: *const f32, y: *mut f32, n: usize) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(n, GRAIN, 16, &|start, end| unsafe {
        memory::scale(alpha, x.get().add(start), y.get().add(start), end - start);
    });
}
