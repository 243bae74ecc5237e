//! Exports of `kernels::gated_delta`. `table` has a [`Sequence`] for each sequence; work is cut over heads and blocks of their columns.

use crate::parallel::{self, Shared, grain};
use kernels::gated_delta::{self, GatedDelta, Inputs, Sequence, Targets};
use wasm_bindgen::prelude::wasm_bindgen;

/// Elements of scratch that `gated_delta_forward` needs, or `gated_delta_gradient` of sequences of `longest` tokens, for all threads; 0 for
/// the former. Perhaps more than there can be.
#[wasm_bindgen]
pub fn gated_delta_scratch_len(key_dim: usize, longest: usize) -> f64 {
    parallel::threads() as f64 * gated_delta::scratch_length(key_dim, longest)
}

/// Runs `body(task, scratch)` for each of `tasks`, on so many threads that each has enough work.
fn each_task(
    tasks: usize,
    (op, tokens, longest): (&GatedDelta, usize, usize),
    scratch: *mut f32,
    body: &(dyn Fn(usize, *mut f32) + Sync),
) {
    let work = (tokens * op.value_heads).saturating_mul(op.key_dim * op.value_dim);
    let slots = parallel::threads().min(work / grain::PRODUCT).clamp(1, tasks.max(1));
    let (scratch, length) = (Shared::new(scratch), gated_delta::scratch_length(op.key_dim, longest) as usize);
    parallel::run(slots, &|slot| {
        let own = unsafe { scratch.get().add(slot * length) };
        (slot..tasks).step_by(slots).for_each(|task| body(task, own));
    });
}

/// o, and the states after the sequences.
///
/// # Safety
/// As [`GatedDelta::forward`] for every sequence of the table; no two have rows or states in common.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gated_delta_forward(
    q: *const f32,
    k: *const f32,
    v: *const f32,
    g: *const f32,
    beta: *const f32,
    o: *mut f32,
    table: *const u32,
    sequences: usize,
    rows: usize,
    key_heads: usize,
    value_heads: usize,
    key_dim: usize,
    value_dim: usize,
    scratch: *mut f32,
) {
    let op = GatedDelta { key_heads, value_heads, key_dim, value_dim };
    let shared = Shared::new((Inputs { q, k, v, g, beta }, o, table as *const Sequence, op));
    let blocks = op.blocks();
    each_task(sequences * value_heads * blocks, (&op, rows, 0), scratch, &|task, scratch| unsafe {
        let (inputs, o, table, op) = shared.get();
        let (pair, block) = (task / blocks, task % blocks);
        op.forward(&inputs, o, *table.add(pair / value_heads), (pair % value_heads, block), scratch);
    });
}

/// Adds the gradients of `gated_delta_forward` for sequences without states, of at most `longest` tokens; `up` is that of o.
///
/// # Safety
/// As [`GatedDelta::gradient`] for every sequence of the table.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gated_delta_gradient(
    q: *const f32,
    k: *const f32,
    v: *const f32,
    g: *const f32,
    beta: *const f32,
    up: *const f32,
    dq: *mut f32,
    dk: *mut f32,
    dv: *mut f32,
    dg: *mut f32,
    dbeta: *mut f32,
    table: *const u32,
    sequences: usize,
    rows: usize,
    longest: usize,
    key_heads: usize,
    value_heads: usize,
    key_dim: usize,
    value_dim: usize,
    scratch: *mut f32,
) {
    let op = GatedDelta { key_heads, value_heads, key_dim, value_dim };
    let targets = Targets { q: dq, k: dk, v: dv, g: dg, beta: dbeta };
    let shared = Shared::new((Inputs { q, k, v, g, beta }, up, targets, table as *const Sequence, op));
    each_task(sequences * key_heads, (&op, rows, longest), scratch, &|task, scratch| unsafe {
        let (inputs, up, targets, table, op) = shared.get();
        op.gradient(&inputs, up, &targets, *table.add(task / key_heads), task % key_heads, scratch);
    });
}
