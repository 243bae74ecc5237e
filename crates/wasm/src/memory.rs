//! Exports of `kernels::memory`; parameters in the order of BLAS.

use crate::parallel::{self, Shared, grain};
use kernels::memory;
use wasm_bindgen::prelude::wasm_bindgen;

/// y\[i\] ← value for i in 0..n.
///
/// # Safety
/// As [`memory::fill`].
#[wasm_bindgen]
pub unsafe fn fill(n: usize, value: f32, y: *mut f32) {
    let y = Shared::new(y);
    parallel::ranges(n, grain::MEMORY, 16, &|start, end| unsafe {
        memory::fill(end - start, value, y.get().add(start))
    });
}

/// y\[i\] ← x\[i\] for i in 0..n; they may overlap.
///
/// # Safety
/// As [`memory::copy`].
#[wasm_bindgen]
pub unsafe fn copy(n: usize, x: *const f32, y: *mut f32) {
    unsafe { memory::copy(n, x, y) }
}

/// y\[i\] ← y\[i\] + α·x\[i\] for i in 0..n.
///
/// # Safety
/// As [`memory::axpy`].
#[wasm_bindgen]
pub unsafe fn axpy(n: usize, alpha: f32, x: *const f32, y: *mut f32) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(n, grain::MEMORY, 16, &|start, end| unsafe {
        memory::axpy(end - start, alpha, x.get().add(start), y.get().add(start));
    });
}

/// y\[i\] ← α·x\[i\] for i in 0..n.
///
/// # Safety
/// As [`memory::scale`].
#[wasm_bindgen]
pub unsafe fn scale(n: usize, alpha: f32, x: *const f32, y: *mut f32) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(n, grain::MEMORY, 16, &|start, end| unsafe {
        memory::scale(end - start, alpha, x.get().add(start), y.get().add(start));
    });
}
