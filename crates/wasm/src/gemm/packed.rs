//! Products with a weight that is copied ahead of use, in the order in which the tile reads it.

use super::share::share;
use super::tile::current_tile;
use kernels::gemm::{Output, Product, Right, Strided, pack as packing};
use wasm_bindgen::prelude::wasm_bindgen;

/// Elements of a packed [k, n] matrix.
#[wasm_bindgen]
pub fn packed_len(k: usize, n: usize) -> usize {
    packing::packed_len(k, n)
}

/// Copies B, [k, n], into the order in which the tile in use reads it: `packed_len(k, n)` elements. Wᵀ by strides.
#[wasm_bindgen]
pub unsafe fn pack(k: usize, n: usize, b: *const f32, b_row: usize, b_col: usize, packed: *mut f32) {
    let b = Strided { data: b, row: b_row, column: b_col };
    unsafe { packing::pack(k, n, b, current_tile().columns(), packed) }
}

/// `gemm` with B as `pack(k, n, …)` wrote it under a tile of as many columns.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_packed(
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    packed: *const f32,
    beta: f32,
    c: *mut f32,
    c_row: usize,
    bias: *const f32,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let c = Output { data: c, row: c_row, alpha, beta, bias };
    unsafe { share(&Product { m, n, k, a, b: Right::Packed(packed), c }) }
}

/// C ← α·A·Wᵀ + β·C from the one packed copy of W, [n, k], that `pack(n, k, …)` wrote: A is [m, k], C [m, n].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_packed_transposed(
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    packed: *const f32,
    beta: f32,
    c: *mut f32,
    c_row: usize,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let b = Right::PackedTransposed { packed, width: k };
    unsafe { share(&Product { m, n, k, a, b, c: Output::new(c, c_row, alpha, beta) }) }
}
