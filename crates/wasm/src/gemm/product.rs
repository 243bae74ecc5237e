//! C ← f(α·A·B + β·C + bias), one product or a batch.

use super::share::{SHARE_FROM, share};
use super::tile::{current_tile, workspace};
use crate::parallel;
use kernels::gemm::{Activation, Output, Product, Right, Strided, multiply};
use wasm_bindgen::prelude::wasm_bindgen;

pub(super) fn activation_of(code: u32) -> Activation {
    if code == 1 { Activation::Relu } else { Activation::None }
}

/// C ← f(α·A·B + β·C + bias): A [m, k], B [k, n], C [m, n] with contiguous rows `c_row` apart. A·Bᵀ and Aᵀ·B by strides.
/// `bias` is [n] or null; `activation` 0 none, 1 max(x, 0). C overlaps no operand. With β = 0, C is not read.
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
    activation: u32,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let b = Right::Strided(Strided { data: b, row: b_row, column: b_col });
    let c = Output { data: c, row: c_row, alpha, beta, bias, activation: activation_of(activation) };
    unsafe { share(&Product { m, n, k, a, b, c }) }
}

/// `batch` products C ← α·A·B + β·C, whose operands are `a_batch`, `b_batch` (0 = the same for all) and `c_batch`
/// elements apart. Shapes, strides and aliasing as for `gemm`; the C's don't overlap.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_batched(
    batch: usize,
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    a_batch: usize,
    b: *const f32,
    b_row: usize,
    b_col: usize,
    b_batch: usize,
    beta: f32,
    c: *mut f32,
    c_row: usize,
    c_batch: usize,
) {
    let (a, b, c) = (a as usize, b as usize, c as usize);
    let product = |i: usize| Product {
        m,
        n,
        k,
        a: Strided { data: (a as *const f32).wrapping_add(i * a_batch), row: a_row, column: a_col },
        b: Right::Strided(Strided { data: (b as *const f32).wrapping_add(i * b_batch), row: b_row, column: b_col }),
        c: Output::new((c as *mut f32).wrapping_add(i * c_batch), c_row, alpha, beta),
    };
    let threads = parallel::threads();
    if batch < threads {
        for i in 0..batch {
            unsafe { share(&product(i)) }
        }
        return;
    }
    let small = batch.saturating_mul(m).saturating_mul(n).saturating_mul(k) < SHARE_FROM;
    let tasks = if small { 1 } else { threads };
    let tile = current_tile();
    parallel::run(tasks, &|task| {
        for i in task * batch / tasks..(task + 1) * batch / tasks {
            unsafe { multiply(&product(i), tile, 0..m, 0..n, workspace(task)) }
        }
    });
}
