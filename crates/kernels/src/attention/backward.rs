//! ∂L/∂Q, ∂L/∂K and ∂L/∂V, blocks of query rows at a time.

use super::pack::{transpose, whole_columns};
use super::tile::{columns_by_columns, row_pointers, rows_by_columns, store, store_whole};
use super::{Attention, COLUMNS, QUERY_BLOCK, ROWS, Sequence};
use crate::math::exp_nonpositive;
use crate::rows::{lanes_or, sums};
use crate::simd::{F32x4, LANES};

/// What the gradient reads: inputs and results of the forward pass, and g = ∂L/∂O.
#[derive(Clone, Copy)]
pub struct Operands {
    pub q: *const f32,
    pub k: *const f32,
    pub v: *const f32,
    pub o: *const f32,
    pub lse: *const f32,
    pub g: *const f32,
}

/// Where gradients go; null where not wanted. `accumulate_…` adds to what is there.
#[derive(Clone, Copy)]
pub struct GradientTargets {
    pub dq: *mut f32,
    pub dk: *mut f32,
    pub dv: *mut f32,
    pub accumulate_q: bool,
    pub accumulate_k: bool,
    pub accumulate_v: bool,
}

/// Scratch of one task.
struct Scratch {
    k_transposed: *mut f32,
    v_transposed: *mut f32,
    k_rows: *mut f32,
    q_rows: *mut f32,
    g_rows: *mut f32,
    bias: *mut f32,
    /// P and dS of one query block, `[QUERY_BLOCK, width]`.
    p: *mut f32,
    ds: *mut f32,
}

impl Scratch {
    unsafe fn cut(scratch: *mut f32, head_dim: usize, width: usize) -> Self {
        let columns = head_dim.next_multiple_of(COLUMNS);
        let mut next = scratch;
        let mut take = |length: usize| {
            let start = next;
            next = unsafe { next.add(length) };
            start
        };
        Self {
            k_transposed: take(head_dim * width),
            v_transposed: take(head_dim * width),
            k_rows: take(width * columns),
            q_rows: take(QUERY_BLOCK * columns),
            g_rows: take(QUERY_BLOCK * columns),
            bias: take(width),
            p: take(QUERY_BLOCK * width),
            ds: take(QUERY_BLOCK * width),
        }
    }
}

/// Gradients of one (sequence, K/V head): that head's dK and dV, and dQ of the query heads that use it, so that no two
/// tasks write to one place.
///
/// # Safety
/// As [`super::forward`]; `targets` have the layouts of Q and K, and overlap nothing.
pub unsafe fn gradient(
    op: &Attention,
    operands: Operands,
    targets: GradientTargets,
    (sequence, index): (Sequence, usize),
    kv_head: usize,
    scratch: *mut f32,
) {
    let (rows, keys) = (sequence.q_length as usize, sequence.k_length as usize);
    let width = keys.next_multiple_of(COLUMNS);
    let group = op.heads / op.kv_heads;
    unsafe {
        let scratch = Scratch::cut(scratch, op.head_dim, width);
        let kv = sequence.k_start as usize * op.kv.row + kv_head * op.kv.head;
        let (k, v) = (operands.k.add(kv), operands.v.add(kv));
        transpose(k, op.kv.row, (keys, op.head_dim), scratch.k_transposed);
        transpose(v, op.kv.row, (keys, op.head_dim), scratch.v_transposed);
        let k_rows = whole_columns(k, op.kv.row, (keys, op.head_dim), scratch.k_rows);
        op.pack_bias(index, keys, scratch.bias);

        let offset = |p: *mut f32, by: usize| if p.is_null() { p } else { p.add(by) };
        let mut targets = GradientTargets { dk: offset(targets.dk, kv), dv: offset(targets.dv, kv), ..targets };
        if rows == 0 {
            key_gradients(op, (scratch.q_rows, 0), (scratch.g_rows, 0), &targets, &scratch, (0, 0), keys);
        }
        for head in kv_head * group..(kv_head + 1) * group {
            let at =
                |layout: super::Layout, row: usize| (sequence.q_start as usize + row) * layout.row + head * layout.head;
            for start in (0..rows).step_by(QUERY_BLOCK) {
                let block = Block {
                    q: operands.q.add(at(op.q, start)),
                    o: operands.o.add(at(op.o, start)),
                    g: operands.g.add(at(op.o, start)),
                    lse: operands.lse.add(sequence.q_start as usize + start + head * op.lse_head),
                    start,
                    rows: QUERY_BLOCK.min(rows - start),
                };
                block.scores(op, &scratch, keys);
                if !targets.dq.is_null() {
                    block.query_gradient(op, k_rows, targets.dq.add(at(op.q, start)), &targets, &scratch, keys);
                }
                let q_rows = whole_columns(block.q, op.q.row, (block.rows, op.head_dim), scratch.q_rows);
                let g_rows = whole_columns(block.g, op.o.row, (block.rows, op.head_dim), scratch.g_rows);
                key_gradients(op, q_rows, g_rows, &targets, &scratch, (start, block.rows), keys);
                // The blocks and heads that follow add to what this one wrote.
                (targets.accumulate_k, targets.accumulate_v) = (true, true);
            }
        }
    }
}

/// Query rows `start..start + rows` of one head; pointers are to the first.
struct Block {
    q: *const f32,
    o: *const f32,
    g: *const f32,
    lse: *const f32,
    start: usize,
    rows: usize,
}

impl Block {
    /// P = e^(S − lse) and dS = P·(dP − Σ_c g·o), tile by tile; both 0 where a key is hidden.
    #[inline(always)]
    unsafe fn scores(&self, op: &Attention, scratch: &Scratch, keys: usize) {
        let width = keys.next_multiple_of(COLUMNS);
        for row in (0..self.rows).step_by(ROWS) {
            let visible = op.visible_keys(self.start + row + ROWS - 1, keys);
            unsafe {
                let q = row_pointers(self.q, op.q.row, row, self.rows);
                let g = row_pointers(self.g, op.o.row, row, self.rows);
                let o = row_pointers(self.o, op.o.row, row, self.rows);
                let lse = row_pointers(self.lse, 1, row, self.rows).map(|lse| F32x4::load_splat(lse));
                let along: [F32x4; ROWS] = core::array::from_fn(|r| F32x4::splat(dot(g[r], o[r], op.head_dim)));
                for key in (0..visible).step_by(COLUMNS) {
                    let (p, ds) = (scratch.p.add(row * width + key), scratch.ds.add(row * width + key));
                    let mut s = rows_by_columns(q, scratch.k_transposed.add(key), width, op.head_dim);
                    for r in 0..ROWS {
                        for (half, s) in s[r].iter_mut().enumerate() {
                            let bias = F32x4::load(scratch.bias.add(key + half * LANES));
                            *s = exp_nonpositive(s.mul_add(F32x4::splat(op.scale), bias) - lse[r]);
                        }
                    }
                    store_whole(&s, p, width);
                    let mut slope = rows_by_columns(g, scratch.v_transposed.add(key), width, op.head_dim);
                    for r in 0..ROWS {
                        for (half, slope) in slope[r].iter_mut().enumerate() {
                            let p = F32x4::load(p.add(r * width + half * LANES));
                            *slope = p * (*slope - along[r]);
                        }
                    }
                    store_whole(&slope, ds, width);
                }
                if op.causal {
                    for r in 0..ROWS {
                        let seen = op.visible_keys(self.start + row + r, keys);
                        for key in seen..visible.next_multiple_of(COLUMNS) {
                            *scratch.p.add((row + r) * width + key) = 0.0;
                            *scratch.ds.add((row + r) * width + key) = 0.0;
                        }
                    }
                }
            }
        }
    }

    /// dQ = scale·dS·K
    #[inline(always)]
    unsafe fn query_gradient(
        &self,
        op: &Attention,
        (k, k_step): (*const f32, usize),
        dq: *mut f32,
        targets: &GradientTargets,
        scratch: &Scratch,
        keys: usize,
    ) {
        let width = keys.next_multiple_of(COLUMNS);
        for row in (0..self.rows).step_by(ROWS) {
            let visible = op.visible_keys(self.start + row + ROWS - 1, keys);
            for c in (0..op.head_dim).step_by(COLUMNS) {
                unsafe {
                    let ds = row_pointers(scratch.ds, width, row, self.rows);
                    let tile = rows_by_columns(ds, k.add(c), k_step, visible);
                    let dq = dq.add(row * op.q.row + c);
                    let size = (self.rows - row, op.head_dim - c);
                    store(&tile, [op.scale; ROWS], dq, op.q.row, size, targets.accumulate_q);
                }
            }
        }
    }
}

/// dK = scale·dSᵀ·Q and dV = Pᵀ·g from the query rows `start..start + rows`.
#[inline(always)]
unsafe fn key_gradients(
    op: &Attention,
    q: (*const f32, usize),
    g: (*const f32, usize),
    targets: &GradientTargets,
    scratch: &Scratch,
    (start, rows): (usize, usize),
    keys: usize,
) {
    let width = keys.next_multiple_of(COLUMNS);
    for (target, accumulate, weights, (operand, step), factor) in [
        (targets.dk, targets.accumulate_k, scratch.ds, q, op.scale),
        (targets.dv, targets.accumulate_v, scratch.p, g, 1.0),
    ] {
        if target.is_null() {
            continue;
        }
        for key in (0..keys).step_by(ROWS) {
            // Earlier query rows can't see these keys.
            let first = if op.causal { key.saturating_sub(start).min(rows) } else { 0 };
            for c in (0..op.head_dim).step_by(COLUMNS) {
                unsafe {
                    let a = weights.add(first * width + key);
                    let tile = columns_by_columns(a, width, operand.add(first * step + c), step, rows - first);
                    let y = target.add(key * op.kv.row + c);
                    store(&tile, [factor; ROWS], y, op.kv.row, (keys - key, op.head_dim - c), accumulate);
                }
            }
        }
    }
}

/// Σ x\[i\]·y\[i\]
#[inline(always)]
unsafe fn dot(x: *const f32, y: *const f32, n: usize) -> f32 {
    sums(n, |i, count| [unsafe { lanes_or(x, i, count, 0.0) * lanes_or(y, i, count, 0.0) }])[0]
}
