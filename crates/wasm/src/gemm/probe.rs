//! What a tile does in the first-level cache, and what the machine could do at best.

use kernels::gemm::{Tile, peak as measure};
use wasm_bindgen::prelude::wasm_bindgen;

/// Elements of scratch that `probe_tile` needs.
#[wasm_bindgen]
pub fn probe_len() -> usize {
    measure::PROBE_SCRATCH
}

/// Runs a tile `iterations` times over first-level cache: 2·rows·columns·256 operations each. `scratch` holds
/// `probe_len()` finite elements; the last 128 are overwritten.
#[wasm_bindgen]
pub unsafe fn probe_tile(index: usize, iterations: usize, scratch: *mut f32) {
    if let Some(&tile) = Tile::ALL.get(index) {
        unsafe { measure::probe(tile, iterations, scratch) }
    }
}

/// Forms of `peak`; which gives most depends on the processor and the engine.
#[wasm_bindgen]
pub fn peak_forms() -> usize {
    measure::PEAK_ROWS.len()
}

/// Operations of one iteration of a form of `peak`.
#[wasm_bindgen]
pub fn peak_flops(form: usize) -> usize {
    measure::peak_flops(form)
}

/// Elements that `peak` works on.
#[wasm_bindgen]
pub fn peak_len() -> usize {
    measure::PEAK_SCRATCH
}

/// The machine's best: independent multiply-adds in registers, in one of `peak_forms()` forms. `data` holds `peak_len()`
/// finite elements, of which the first four are overwritten.
#[wasm_bindgen]
pub unsafe fn peak(form: usize, iterations: usize, data: *mut f32) {
    unsafe { measure::peak(form, iterations, data) }
}
