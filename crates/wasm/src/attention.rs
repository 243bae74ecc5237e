//! Exports of `kernels::attention`. Work is cut over the pairs of sequence and head; each thread takes every n-th pair,
//! so that the heads of a long sequence are shared out.

use crate::parallel::{self, Shared};
use kernels::attention::{self, Attention, GradientTargets, Layout, Operands, Sequence};
use wasm_bindgen::prelude::wasm_bindgen;

/// Elements of scratch, for all threads, where no sequence has more than `keys` keys.
#[wasm_bindgen]
pub fn attention_scratch_len(keys: usize, head_dim: usize) -> usize {
    parallel::threads() * attention::scratch_length(keys, head_dim)
}

/// Runs `body(pair, scratch)` for every pair, the scratch being the running thread's own.
fn each_pair(pairs: usize, scratch: *mut f32, scratch_length: usize, body: &(dyn Fn(usize, *mut f32) + Sync)) {
    let threads = parallel::threads();
    let (slots, scratch) = (threads.min(pairs), Shared::new(scratch));
    parallel::run(slots, &|slot| {
        let scratch = unsafe { scratch.get().add(slot * (scratch_length / threads)) };
        (slot..pairs).step_by(slots).for_each(|pair| body(pair, scratch));
    });
}

/// O and lse of all sequences and heads. `table` has a row (q_start, q_length, k_start, k_length) a sequence, the strides
/// are those of [`Layout`] (a head of K and V is `kv_head` apart), `key_bias` is 0 or `[sequences, key_bias_step]`.
/// `scratch_length` comes from `attention_scratch_len`.
///
/// # Safety
/// As [`attention::forward`] for every row of the table; no row of O stands in two sequences.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn attention_forward(
    q: *const f32,
    k: *const f32,
    v: *const f32,
    o: *mut f32,
    lse: *mut f32,
    table: *const u32,
    key_bias: *const f32,
    scratch: *mut f32,
    scratch_length: usize,
    sequences: usize,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    q_row: usize,
    q_head: usize,
    kv_row: usize,
    kv_head: usize,
    o_row: usize,
    o_head: usize,
    lse_head: usize,
    key_bias_step: usize,
    scale: f32,
    causal: u32,
) {
    let op = Shared::new(Attention {
        heads,
        kv_heads,
        head_dim,
        scale,
        causal: causal != 0,
        q: Layout { row: q_row, head: q_head },
        kv: Layout { row: kv_row, head: kv_head },
        o: Layout { row: o_row, head: o_head },
        lse_head,
        key_bias,
        key_bias_step,
    });
    let (inputs, results, table) =
        (Shared::new((q, k, v)), Shared::new((o, lse)), Shared::new(table as *const Sequence));
    each_pair(sequences * heads, scratch, scratch_length, &|pair, scratch| unsafe {
        let (index, head) = (pair / heads, pair % heads);
        let sequence = (*table.get().add(index), index);
        attention::forward(&op.get(), inputs.get(), results.get(), sequence, head, scratch);
    });
}

/// ∂L/∂Q, ∂L/∂K, ∂L/∂V (each 0 where not wanted), in the layouts of Q and of K and V.
///
/// # Safety
/// As [`attention::gradient`] for every row of the table; no row of Q or of K stands in two sequences.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn attention_gradient(
    g: *const f32,
    q: *const f32,
    k: *const f32,
    v: *const f32,
    lse: *const f32,
    dq: *mut f32,
    dk: *mut f32,
    dv: *mut f32,
    table: *const u32,
    key_bias: *const f32,
    scratch: *mut f32,
    scratch_length: usize,
    sequences: usize,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    q_row: usize,
    q_head: usize,
    kv_row: usize,
    kv_head: usize,
    o_row: usize,
    o_head: usize,
    lse_head: usize,
    key_bias_step: usize,
    scale: f32,
    causal: u32,
    accumulate_q: u32,
    accumulate_k: u32,
    accumulate_v: u32,
) {
    let op = Shared::new(Attention {
        heads,
        kv_heads,
        head_dim,
        scale,
        causal: causal != 0,
        q: Layout { row: q_row, head: q_head },
        kv: Layout { row: kv_row, head: kv_head },
        o: Layout { row: o_row, head: o_head },
        lse_head,
        key_bias,
        key_bias_step,
    });
    let (accumulate_q, accumulate_k, accumulate_v) = (accumulate_q != 0, accumulate_k != 0, accumulate_v != 0);
    let operands = Shared::new(Operands { q, k, v, lse, g });
    let targets = Shared::new(GradientTargets { dq, dk, dv, accumulate_q, accumulate_k, accumulate_v });
    let table = Shared::new(table as *const Sequence);
    each_pair(sequences * kv_heads, scratch, scratch_length, &|pair, scratch| unsafe {
        let (index, kv_head) = (pair / kv_heads, pair % kv_heads);
        let sequence = (*table.get().add(index), index);
        attention::gradient(&op.get(), operands.get(), targets.get(), sequence, kv_head, scratch);
    });
}
