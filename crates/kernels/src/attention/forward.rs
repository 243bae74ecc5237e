//! O = softmax(scale·Q·Kᵀ + bias)·V, four query rows at a time.

use super::pack::{transpose, whole_columns};
use super::tile::{row_pointers, rows_by_columns, store};
use super::{Attention, COLUMNS, ROWS, Sequence};
use crate::math::{exp_nonpositive, log};
use crate::rows::{largest, sums};
use crate::simd::{F32x4, LANES};

/// Writes O and lse of one (sequence, head). `index` is the sequence's row in the table.
///
/// # Safety
/// Pointers are to (row 0, head 0) of whole tensors that hold the sequence's rows; `scratch` has
/// [`super::scratch_length`] values. `o`, `lse` and `scratch` overlap nothing.
pub unsafe fn forward(
    op: &Attention,
    (q, k, v): (*const f32, *const f32, *const f32),
    (o, lse): (*mut f32, *mut f32),
    (sequence, index): (Sequence, usize),
    head: usize,
    scratch: *mut f32,
) {
    let (rows, keys, columns) = (sequence.q_length as usize, sequence.k_length as usize, op.head_dim);
    let (q_start, k_start) = (sequence.q_start as usize, sequence.k_start as usize);
    let width = keys.next_multiple_of(COLUMNS);
    unsafe {
        let q = q.add(q_start * op.q.row + head * op.q.head);
        let kv = k_start * op.kv.row + head * op.kv_heads / op.heads * op.kv.head;
        let o = o.add(q_start * op.o.row + head * op.o.head);
        let lse = lse.add(q_start + head * op.lse_head);
        let bias = scratch.add(columns * width);
        let scores = bias.add(width);
        transpose(k.add(kv), op.kv.row, (keys, columns), scratch);
        op.pack_bias(index, keys, bias);
        let (v, v_step) = whole_columns(v.add(kv), op.kv.row, (keys, columns), scores.add(ROWS * width));

        for row in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - row);
            let visible = op.visible_keys(row + count - 1, keys);
            let q_rows = row_pointers(q, op.q.row, row, rows);
            for key in (0..visible).step_by(COLUMNS) {
                let tile = rows_by_columns(q_rows, scratch.add(key), width, columns);
                for (r, scores_of_row) in tile.into_iter().enumerate() {
                    for (half, s) in scores_of_row.into_iter().enumerate() {
                        let at = key + half * LANES;
                        let s = s.mul_add(F32x4::splat(op.scale), F32x4::load(bias.add(at)));
                        s.store(scores.add(r * width + at));
                    }
                }
            }
            let mut factor = [0.0; ROWS];
            for (r, factor) in factor.iter_mut().enumerate().take(count) {
                let padded = visible.next_multiple_of(COLUMNS);
                let scores = scores.add(r * width);
                for key in op.visible_keys(row + r, keys)..padded {
                    *scores.add(key) = f32::NEG_INFINITY;
                }
                let (sum, log_sum) = exponentials(scores, padded);
                *factor = if sum > 0.0 { 1.0 / sum } else { 0.0 };
                *lse.add(row + r) = log_sum;
            }
            let p = row_pointers(scores, width, 0, count);
            for c in (0..columns).step_by(COLUMNS) {
                let tile = rows_by_columns(p, v.add(c), v_step, visible);
                store(&tile, factor, o.add(row * op.o.row + c), op.o.row, (count, columns - c), false);
            }
        }
    }
}

/// s\[i\] ← e^(s\[i\] − max); returns (Σ of these, max + ln Σ). A row of −∞ becomes 0, with lse = ∞, so that the gradient
/// finds e^(s − lse) = 0 there.
///
/// # Safety
/// `s` valid for `n` values, a multiple of eight.
#[inline(always)]
unsafe fn exponentials(s: *mut f32, n: usize) -> (f32, f32) {
    let max = unsafe { largest(s, n) };
    // Without a visible key max is −∞, and s − max would be NaN.
    let shift = F32x4::splat(if max == f32::NEG_INFINITY { 0.0 } else { max });
    let [sum] = sums(n, |i, _| unsafe {
        let e = exp_nonpositive(F32x4::load(s.add(i)) - shift);
        e.store(s.add(i));
        [e]
    });
    if sum == 0.0 { (0.0, f32::INFINITY) } else { (sum, max + log(F32x4::splat(sum)).to_array()[0]) }
}
