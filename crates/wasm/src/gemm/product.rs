//! C ← α·A·B + β·C + bias.

use super::share::share;
use kernels::gemm::{Output, Product, Right, Strided};
use wasm_bindgen::prelude::wasm_bindgen;

/// C ← α·A·B + β·C + bias: A [m, k], B [k, n], C [m, n] with contiguous rows `c_row` apart. A·Bᵀ and Aᵀ·B by strides.
/// `bias` is [n] or null. C overlaps no operand. With β = 0, C is not read.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm(
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    b: *const f32,
    b_row: usize,
    b_col: usize,
    beta: f32,
    c: *mut f32,
    c_row: usize,
    bias: *const f32,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let b = Right::Strided(Strided { data: b, row: b_row, column: b_col });
    let c = Output { data: c, row: c_row, alpha, beta, bias };
    unsafe { share(&Product { m, n, k, a, b, c }) }
}
