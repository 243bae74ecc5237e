//! Exports of `kernels::optim`. Hyperparameters are f64: 1 − β₂ has no digits to lose.

use crate::parallel::{self, Shared, grain};
use kernels::optim::{self, AdamW, RootOfSquares, Sgd};
use wasm_bindgen::prelude::wasm_bindgen;

/// One AdamW step on `n` parameters; `v_max` is 0 without AMSGrad, `step` counts from 1.
///
/// # Safety
/// As [`AdamW::update`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn adamw(
    g: *const f32,
    p: *mut f32,
    m: *mut f32,
    v: *mut f32,
    v_max: *mut f32,
    n: usize,
    lr: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    penalty: f64,
    step: u32,
) {
    let update = AdamW { lr, beta1, beta2, epsilon, weight_decay, penalty, step };
    let (g, p, state) = (Shared::new(g), Shared::new(p), Shared::new((m, v, v_max)));
    parallel::ranges(n, grain::OPTIMIZER, 16, &|start, end| unsafe {
        let (m, v, v_max) = state.get();
        let state = (m.add(start), v.add(start), if v_max.is_null() { v_max } else { v_max.add(start) });
        update.update(g.get().add(start), p.get().add(start), state, end - start);
    });
}

/// One step of gradient descent on `n` parameters. `buffer` is 0 without momentum; `first` is 1 while it holds nothing.
///
/// # Safety
/// As [`Sgd::update`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn sgd(
    g: *const f32,
    p: *mut f32,
    buffer: *mut f32,
    n: usize,
    lr: f64,
    momentum: f64,
    dampening: f64,
    weight_decay: f64,
    nesterov: u32,
    first: u32,
) {
    let (nesterov, first) = (nesterov != 0, first != 0);
    let update = Sgd { lr, momentum, dampening, weight_decay, nesterov, first };
    let (g, p, buffer) = (Shared::new(g), Shared::new(p), Shared::new(buffer));
    parallel::ranges(n, grain::OPTIMIZER, 16, &|start, end| unsafe {
        let buffer = if buffer.get().is_null() { buffer.get() } else { buffer.get().add(start) };
        update.update(g.get().add(start), p.get().add(start), buffer, end - start);
    });
}

/// One step of RMSprop or Adagrad on `n` parameters. `a` is 0 where it is not centred, `b` without momentum.
///
/// # Safety
/// As [`RootOfSquares::update`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn root_of_squares(
    g: *const f32,
    p: *mut f32,
    v: *mut f32,
    a: *mut f32,
    b: *mut f32,
    n: usize,
    lr: f64,
    keep: f64,
    add: f64,
    epsilon: f64,
    weight_decay: f64,
    momentum: f64,
) {
    let update = RootOfSquares { lr, keep, add, epsilon, weight_decay, momentum };
    let (g, p, state) = (Shared::new(g), Shared::new(p), Shared::new((v, a, b)));
    parallel::ranges(n, grain::OPTIMIZER, 16, &|start, end| unsafe {
        let from = |x: *mut f32| if x.is_null() { x } else { x.add(start) };
        let (v, a, b) = state.get();
        update.update(g.get().add(start), p.get().add(start), (from(v), from(a), from(b)), end - start);
    });
}

/// Σ x\[i\]², summed in f64.
///
/// # Safety
/// As [`optim::sum_of_squares`].
#[wasm_bindgen]
pub unsafe fn sum_of_squares(x: *const f32, n: usize) -> f64 {
    let x = Shared::new(x);
    parallel::sum(n, grain::OPTIMIZER, &|start, end| unsafe { optim::sum_of_squares(x.get().add(start), end - start) })
}
