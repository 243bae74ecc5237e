//! Exports of `kernels::attention`. Work is cut over the pairs of sequence and head; each thread takes every n-th pair,
//! so that the heads of a long sequence are shared out.
//!
//! A call's description is in memory as structs, which `ts/engine/struct.ts` writes; `test/engine/struct.node.test.ts` compares
//! the fields of both sides.

use crate::parallel::{self, Shared};
use kernels::attention::{self, Attention, Distances, GradientTargets, Layout, Operands, Sequence};
use wasm_bindgen::prelude::wasm_bindgen;

/// What forward and gradient have in common. Behind it lies the table, a [`Sequence`] each. Strides are those of [`Layout`]
/// (a head of K and V is `kv_head` apart), `key_bias` is 0 or `[sequences, key_bias_step]`; the last six are [`Distances`].
#[derive(Clone, Copy)]
#[repr(C)]
pub struct AttentionPlan {
    pub key_bias: *const f32,
    pub sequences: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
    pub q_row: usize,
    pub q_head: usize,
    pub kv_row: usize,
    pub kv_head: usize,
    pub o_row: usize,
    pub o_head: usize,
    pub lse_head: usize,
    pub key_bias_step: usize,
    pub scale: f32,
    pub causal: u32,
    /// 2³² − 1 for none.
    pub window: u32,
    pub distance_bias: *const f32,
    pub distance_bias_step: usize,
    pub buckets: *const i32,
    pub bucket_count: usize,
    pub c2p: *const f32,
    pub p2c: *const f32,
}

/// Operands and results of the gradient; what is not wanted is 0.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct AttentionGradient {
    pub g: *const f32,
    pub q: *const f32,
    pub k: *const f32,
    pub v: *const f32,
    pub lse: *const f32,
    pub dq: *mut f32,
    pub dk: *mut f32,
    pub dv: *mut f32,
    pub accumulate_q: u32,
    pub accumulate_k: u32,
    pub accumulate_v: u32,
    pub dc2p: *mut f32,
    pub dp2c: *mut f32,
    pub accumulate_c2p: u32,
    pub accumulate_p2c: u32,
}

// Four bytes a field, no gaps, where pointers are of four bytes.
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<AttentionPlan>() == 22 * 4 && size_of::<AttentionGradient>() == 15 * 4);

/// The plan at a pointer, in the kernels' form, with its table. `cap` is 0 for none.
unsafe fn read_plan(plan: *const u32, cap: f32) -> (AttentionPlan, Shared<Attention>, Shared<*const Sequence>) {
    let plan = plan as *const AttentionPlan;
    let (given, table) = unsafe { (*plan, plan.add(1) as *const Sequence) };
    let op = Attention {
        heads: given.heads,
        kv_heads: given.kv_heads,
        head_dim: given.head_dim,
        scale: given.scale,
        cap,
        causal: given.causal != 0,
        q: Layout { row: given.q_row, head: given.q_head },
        kv: Layout { row: given.kv_row, head: given.kv_head },
        o: Layout { row: given.o_row, head: given.o_head },
        lse_head: given.lse_head,
        key_bias: given.key_bias,
        key_bias_step: given.key_bias_step,
        window: if given.window == u32::MAX { usize::MAX } else { given.window as usize },
        distances: Distances {
            bias: given.distance_bias,
            bias_step: given.distance_bias_step,
            buckets: given.buckets,
            bucket_count: given.bucket_count,
            c2p: given.c2p,
            p2c: given.p2c,
        },
    };
    (given, Shared::new(op), Shared::new(table))
}

/// Elements of scratch, for all threads, where no sequence has more than `keys` keys; perhaps more than there can be.
#[wasm_bindgen]
pub fn attention_scratch_len(keys: usize, head_dim: usize) -> f64 {
    parallel::threads() as f64 * attention::scratch_length(keys, head_dim)
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

/// O and lse of all sequences and heads. `plan` is an [`AttentionPlan`], `scratch_length` comes from
/// `attention_scratch_len`.
///
/// # Safety
/// As [`attention::forward`] for every row of the table; no row of O stands in two sequences.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn attention_forward(
    plan: *const u32,
    q: *const f32,
    k: *const f32,
    v: *const f32,
    o: *mut f32,
    lse: *mut f32,
    scratch: *mut f32,
    scratch_length: usize,
) {
    unsafe { attention_forward_capped(plan, q, k, v, o, lse, scratch, scratch_length, 0.0) }
}

/// Attention of scores s that become `cap`·tanh(s / `cap`) before keys are hidden; 0 for none.
///
/// # Safety
/// As `attention_forward`.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn attention_forward_capped(
    plan: *const u32,
    q: *const f32,
    k: *const f32,
    v: *const f32,
    o: *mut f32,
    lse: *mut f32,
    scratch: *mut f32,
    scratch_length: usize,
    cap: f32,
) {
    let (AttentionPlan { sequences, heads, kv_heads, .. }, op, table) = unsafe { read_plan(plan, cap) };
    let (inputs, results) = (Shared::new((q, k, v)), Shared::new((o, lse)));
    if (0..sequences).all(|index| unsafe { attention::one_query(&op.get(), &*table.get().add(index)) }) {
        return each_pair(sequences * kv_heads, scratch, scratch_length, &|pair, scratch| unsafe {
            let (sequence, kv_head) = (*table.get().add(pair / kv_heads), pair % kv_heads);
            attention::forward_one(&op.get(), inputs.get(), results.get(), sequence, kv_head, scratch);
        });
    }
    each_pair(sequences * heads, scratch, scratch_length, &|pair, scratch| unsafe {
        let (index, head) = (pair / heads, pair % heads);
        let sequence = (*table.get().add(index), index);
        attention::forward(&op.get(), inputs.get(), results.get(), sequence, head, scratch);
    });
}

/// ∂L/∂Q, ∂L/∂K, ∂L/∂V in the layouts of Q and of K and V. `plan` is the [`AttentionPlan`] of the forward pass, `operands`
/// an [`AttentionGradient`].
///
/// # Safety
/// As [`attention::gradient`] for every row of the table; no row of Q or of K stands in two sequences.
#[wasm_bindgen]
pub unsafe fn attention_gradient(plan: *const u32, operands: *const u32, scratch: *mut f32, scratch_length: usize) {
    unsafe { attention_gradient_capped(plan, operands, scratch, scratch_length, 0.0) }
}

/// Gradient of `attention_forward_capped`.
///
/// # Safety
/// As `attention_gradient`.
#[wasm_bindgen]
pub unsafe fn attention_gradient_capped(
    plan: *const u32,
    operands: *const u32,
    scratch: *mut f32,
    scratch_length: usize,
    cap: f32,
) {
    let (AttentionPlan { sequences, kv_heads, .. }, op, table) = unsafe { read_plan(plan, cap) };
    let given = unsafe { *(operands as *const AttentionGradient) };
    let AttentionGradient { g, q, k, v, lse, dq, dk, dv, .. } = given;
    let operands = Shared::new(Operands { q, k, v, lse, g });
    let targets = Shared::new(GradientTargets {
        dq,
        dk,
        dv,
        accumulate_q: given.accumulate_q != 0,
        accumulate_k: given.accumulate_k != 0,
        accumulate_v: given.accumulate_v != 0,
        dc2p: given.dc2p,
        dp2c: given.dp2c,
        accumulate_c2p: given.accumulate_c2p != 0,
        accumulate_p2c: given.accumulate_p2c != 0,
    });
    each_pair(sequences * kv_heads, scratch, scratch_length, &|pair, scratch| unsafe {
        let (index, kv_head) = (pair / kv_heads, pair % kv_heads);
        let sequence = (*table.get().add(index), index);
        attention::gradient(&op.get(), operands.get(), targets.get(), sequence, kv_head, scratch);
    });
}
