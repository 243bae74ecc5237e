//! O = softmax(scale·Q·Kᵀ + bias)·V, eight query rows at a time.

use super::pack::{transpose, whole_columns};
use super::tile::{Tile, neighbours, store};
use super::{Attention, COLUMNS, ROWS, Sequence, Visibility, row_width};
use crate::math::{exp_nonpositive, log};
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
    let (q_start, k_start, offset) = (sequence.q_start as usize, sequence.k_start as usize, sequence.offset as usize);
    let width = row_width(keys);
    unsafe {
        let q = q.add(q_start * op.q.row + head * op.q.head);
        let kv = k_start * op.kv.row + head * op.kv_heads / op.heads * op.kv.head;
        let o = o.add(q_start * op.o.row + head * op.o.head);
        let lse = lse.add(q_start + head * op.lse_head);
        let k_transposed = scratch;
        let q_transposed = k_transposed.add(columns * width);
        let p = q_transposed.add(columns * COLUMNS);
        transpose(k.add(kv), op.kv.row, (keys, columns), (k_transposed, width));
        let distances = op.distances.of(sequence, head, op.heads);
        let (v, v_step) = whole_columns(v.add(kv), op.kv.row, (keys, columns), p.add(width * COLUMNS));

        for row in (0..rows).step_by(COLUMNS) {
            let count = COLUMNS.min(rows - row);
            let place = offset + row;
            let (from, visible) = (op.first_key(place).min(keys), op.visible_keys(place + count - 1, keys));
            transpose(q.add(row * op.q.row), op.q.row, (count, columns), (q_transposed, COLUMNS));
            let scores = Visibility::new(op, index, place, distances);
            let mut max = [F32x4::splat(f32::NEG_INFINITY); 2];
            for key in (from..visible).step_by(ROWS) {
                let tile = neighbours::<COLUMNS>((k_transposed.add(key), width), (q_transposed, COLUMNS), columns);
                scaled_scores(&tile, &scores, (key, visible), &mut max, p);
            }
            let sum = exponentials(p.add(from * COLUMNS), visible - from, max);
            let factor = sum.map(|sum| F32x4::ZERO.select_equal(sum, sum, F32x4::splat(1.0) / sum));
            for half in 0..2 {
                // Where every key is hidden: lse = ∞, so that the gradient finds e^(s − lse) = 0.
                let value = max[half] + log(sum[half]);
                let value = F32x4::ZERO.select_equal(sum[half], F32x4::splat(f32::INFINITY), value);
                let (lse, count) = (lse.add(row + half * LANES), count.saturating_sub(half * LANES).min(LANES));
                value.store_partial(lse, count);
            }
            for (half, factor) in factor.into_iter().enumerate().take(count.div_ceil(ROWS)) {
                let first = half * ROWS;
                for c in (0..columns).step_by(COLUMNS) {
                    let (p, v) = (p.add(from * COLUMNS + first), v.add(from * v_step + c));
                    let tile = neighbours::<0>((p, COLUMNS), (v, v_step), visible - from);
                    let y = o.add((row + first) * op.o.row + c);
                    store(&tile, factor.to_array(), y, op.o.row, (count - first, columns - c), false);
                }
            }
        }
    }
}

/// Writes scale·s + bias of four keys (fewer where `end` cuts them off) by eight queries, and keeps the largest of each
/// query.
#[inline(always)]
unsafe fn scaled_scores(
    tile: &Tile,
    scores: &Visibility,
    (key, end): (usize, usize),
    max: &mut [F32x4; 2],
    p: *mut f32,
) {
    for (r, row) in tile.iter().enumerate().take(end - key) {
        let s = unsafe { scores.of(*row, key + r) };
        // A query with a NaN has NaN for its sum, whatever its largest.
        *max = [max[0].loose_max(s[0]), max[1].loose_max(s[1])];
        unsafe {
            let p = p.add((key + r) * COLUMNS);
            s[0].store(p);
            s[1].store(p.add(LANES));
        }
    }
}

/// p\[key, query\] ← e^(p − max) for all keys; returns each query's sum. Where max is −∞ all is 0.
#[inline(always)]
unsafe fn exponentials(p: *mut f32, keys: usize, max: [F32x4; 2]) -> [F32x4; 2] {
    let lowest = F32x4::splat(f32::MIN);
    // −∞ − (−∞) would be NaN.
    let max = max.map(|max| max.loose_max(lowest));
    let mut sum = [F32x4::ZERO; 2];
    for key in 0..keys {
        for half in 0..2 {
            unsafe {
                let p = p.add(key * COLUMNS + half * LANES);
                let e = exp_nonpositive(F32x4::load(p) - max[half]);
                e.store(p);
                sum[half] = sum[half] + e;
            }
        }
    }
    sum
}
