//! ∂L/∂Q, ∂L/∂K and ∂L/∂V, blocks of query rows at a time.

use super::distances::HeadDistances;
use super::pack::{transpose, whole_columns};
use super::tile::{neighbours, rows, store};
use super::{Attention, COLUMNS, Cap, QUERY_BLOCK, ROWS, Sequence, Visibility, row_width};
use crate::math::exp_nonpositive;
use crate::simd::{F32x4, LANES};

/// Inputs of the gradient: those of the forward pass, lse as the forward pass wrote it, and g = ∂L/∂O.
#[derive(Clone, Copy)]
pub struct Operands {
    pub q: *const f32,
    pub k: *const f32,
    pub v: *const f32,
    pub lse: *const f32,
    pub g: *const f32,
}

/// Where gradients go; null where not wanted. `accumulate_…` adds to what is there.
#[derive(Clone, Copy)]
pub struct GradientTargets {
    pub dq: *mut f32,
    pub dk: *mut f32,
    pub dv: *mut f32,
    /// Of the tables of [`super::Distances`].
    pub dc2p: *mut f32,
    pub dp2c: *mut f32,
    pub accumulate_q: bool,
    pub accumulate_k: bool,
    pub accumulate_v: bool,
    pub accumulate_c2p: bool,
    pub accumulate_p2c: bool,
}

/// Scratch of one task.
struct Scratch {
    /// `[head_dim, keys]`
    k_transposed: *mut f32,
    v_transposed: *mut f32,
    k_rows: *mut f32,
    /// `[head_dim, QUERY_BLOCK]`
    q_transposed: *mut f32,
    g_transposed: *mut f32,
    q_rows: *mut f32,
    g_rows: *mut f32,
    /// P and dS of one query block, `[keys, QUERY_BLOCK]`.
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
            q_transposed: take(head_dim * QUERY_BLOCK),
            g_transposed: take(head_dim * QUERY_BLOCK),
            q_rows: take(QUERY_BLOCK * columns),
            g_rows: take(QUERY_BLOCK * columns),
            p: take(width * QUERY_BLOCK),
            ds: take(width * QUERY_BLOCK),
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
    let (queries, keys, columns) = (sequence.q_length as usize, sequence.k_length as usize, op.head_dim);
    let width = row_width(keys);
    let group = op.heads / op.kv_heads;
    unsafe {
        let scratch = Scratch::cut(scratch, columns, width);
        let kv = sequence.k_start as usize * op.kv.row + kv_head * op.kv.head;
        let (k, v) = (operands.k.add(kv), operands.v.add(kv));
        transpose(k, op.kv.row, (keys, columns), (scratch.k_transposed, width));
        transpose(v, op.kv.row, (keys, columns), (scratch.v_transposed, width));
        let k_rows = whole_columns(k, op.kv.row, (keys, columns), scratch.k_rows);

        let offset = |p: *mut f32, by: usize| if p.is_null() { p } else { p.add(by) };
        let mut targets = GradientTargets { dk: offset(targets.dk, kv), dv: offset(targets.dv, kv), ..targets };
        if queries == 0 {
            key_gradients(op, [(scratch.q_rows, 0), (scratch.g_rows, 0)], &targets, &scratch, (0, 0), keys);
        }
        for head in kv_head * group..(kv_head + 1) * group {
            let distances = op.distances.of(sequence, head, op.heads);
            let tables = table_gradients(op, &targets, sequence, head);
            if !tables.0.is_null() && !targets.accumulate_c2p {
                distances.clear(tables.0, queries, op.distances.bucket_count);
            }
            if !tables.1.is_null() && !targets.accumulate_p2c {
                distances.clear(tables.1, keys, op.distances.bucket_count);
            }
            for start in (0..queries).step_by(QUERY_BLOCK) {
                let count = QUERY_BLOCK.min(queries - start);
                let row = sequence.q_start as usize + start;
                let q_offset = row * op.q.row + head * op.q.head;
                let (q, g) = (operands.q.add(q_offset), operands.g.add(row * op.o.row + head * op.o.head));
                transpose(q, op.q.row, (count, columns), (scratch.q_transposed, QUERY_BLOCK));
                transpose(g, op.o.row, (count, columns), (scratch.g_transposed, QUERY_BLOCK));
                let lse = operands.lse.add(row + head * op.lse_head);
                let places = (sequence.offset as usize + start, count);
                score_gradients(op, lse, &scratch, places, (keys, index), distances);
                if !tables.0.is_null() || !tables.1.is_null() {
                    distance_gradients(op, &distances, tables, scratch.ds, (start, count), keys);
                }
                if !targets.dq.is_null() {
                    let dq = targets.dq.add(q_offset);
                    query_gradient(op, k_rows, (dq, targets.accumulate_q), scratch.ds, places, keys);
                }
                let q_rows = whole_columns(q, op.q.row, (count, columns), scratch.q_rows);
                let g_rows = whole_columns(g, op.o.row, (count, columns), scratch.g_rows);
                key_gradients(op, [q_rows, g_rows], &targets, &scratch, places, keys);
                // The blocks and heads that follow add to what this one wrote.
                (targets.accumulate_k, targets.accumulate_v) = (true, true);
            }
        }
    }
}

/// P = e^(S − lse) and dS = P·(dP − Σ over keys of P·dP), times a cap's slope, of the queries at the places `start..start + count`, both
/// `[keys, QUERY_BLOCK]`; 0 where a key is hidden. Rows of keys that no query of eight can see are not written.
#[inline(always)]
unsafe fn score_gradients(
    op: &Attention,
    lse: *const f32,
    scratch: &Scratch,
    (start, count): (usize, usize),
    (keys, index): (usize, usize),
    distances: HeadDistances,
) {
    let width = row_width(keys);
    for first in (0..count).step_by(COLUMNS) {
        let here = COLUMNS.min(count - first);
        // Of all eight, where they are fewer too, and in whole tiles: `key_gradients` reads these rows.
        let visible = op.visible_keys(start + first + COLUMNS - 1, keys).next_multiple_of(ROWS).min(keys);
        let from = op.first_key(start + first).min(visible);
        let scores = Visibility::new(op, index, start + first, distances);
        unsafe {
            // Queries past the last have lse = ∞, so P = 0.
            let lse: [F32x4; 2] = core::array::from_fn(|half| {
                let count = here.saturating_sub(half * LANES).min(LANES);
                F32x4::load_partial(lse.add(first + half * LANES), count, f32::INFINITY)
            });
            let (q, g) = (scratch.q_transposed.add(first), scratch.g_transposed.add(first));
            let mut along = [F32x4::ZERO; 2];
            let mut sums = [F32x4::ZERO; 2];
            for key in (from..visible).step_by(ROWS) {
                let s =
                    neighbours::<QUERY_BLOCK>((scratch.k_transposed.add(key), width), (q, QUERY_BLOCK), op.head_dim);
                let seen = ROWS.min(visible - key);
                for (r, s) in s.into_iter().enumerate().take(seen) {
                    let s = scores.of(s, key + r);
                    let p = scratch.p.add((key + r) * QUERY_BLOCK + first);
                    exp_nonpositive(s[0] - lse[0]).store(p);
                    exp_nonpositive(s[1] - lse[1]).store(p.add(LANES));
                }
                let slope =
                    neighbours::<QUERY_BLOCK>((scratch.v_transposed.add(key), width), (g, QUERY_BLOCK), op.head_dim);
                for (r, slope) in slope.into_iter().enumerate().take(seen) {
                    let at = (key + r) * QUERY_BLOCK + first;
                    for half in 0..2 {
                        let p = F32x4::load(scratch.p.add(at + half * LANES));
                        sums[half] = sums[half] + p;
                        along[half] = p.mul_add(slope[half], along[half]);
                        slope[half].store(scratch.ds.add(at + half * LANES));
                    }
                }
            }
            // P misses a sum of 1 by lse's rounding. Dividing by the sum it has keeps Σ dS at 0, on which ∂K, blind to what
            // all keys have in common, depends; so does taking the difference before the product.
            let tiny = F32x4::splat(f32::MIN_POSITIVE);
            // A NaN that the limit loses is in `along` too.
            let along = [along[0] / sums[0].loose_max(tiny), along[1] / sums[1].loose_max(tiny)];
            for key in from..visible {
                for (half, along) in along.into_iter().enumerate() {
                    let at = key * QUERY_BLOCK + first + half * LANES;
                    let (p, ds) = (F32x4::load(scratch.p.add(at)), scratch.ds.add(at));
                    (p * (F32x4::load(ds) - along)).store(ds);
                }
            }
            if let Some(cap) = Cap::of(op) {
                for (key, half) in (from..visible).flat_map(|key| [(key, 0), (key, 1)]) {
                    let at = key * QUERY_BLOCK + first + half * LANES;
                    cap.gradient(scratch.p.add(at), lse[half], scratch.ds.add(at));
                }
            }
        }
    }
}

/// Where the gradients of c2p and p2c begin for one sequence and head.
unsafe fn table_gradients(
    op: &Attention,
    targets: &GradientTargets,
    sequence: Sequence,
    head: usize,
) -> (*mut f32, *mut f32) {
    let buckets = op.distances.bucket_count;
    let at = |table: *mut f32, start: u32| {
        if table.is_null() { table } else { table.wrapping_add((start as usize * op.heads + head) * buckets) }
    };
    (at(targets.dc2p, sequence.q_start), at(targets.dp2c, sequence.k_start))
}

/// Adds what the query rows `start..start + count` give to the gradients of c2p and p2c.
unsafe fn distance_gradients(
    op: &Attention,
    distances: &HeadDistances,
    tables: (*mut f32, *mut f32),
    ds: *const f32,
    (start, count): (usize, usize),
    keys: usize,
) {
    for first in (0..count).step_by(COLUMNS) {
        let here = COLUMNS.min(count - first);
        let row = start + first;
        for key in op.first_key(row).min(keys)..op.visible_keys(row + COLUMNS - 1, keys) {
            unsafe {
                let ds = ds.add(key * QUERY_BLOCK + first);
                distances.add_gradients(tables, (ds, here), op.scale, (row, key));
            }
        }
    }
}

/// dQ = scale·dS·K
#[inline(always)]
unsafe fn query_gradient(
    op: &Attention,
    (k, k_step): (*const f32, usize),
    (dq, accumulate): (*mut f32, bool),
    ds: *const f32,
    (start, count): (usize, usize),
    keys: usize,
) {
    for row in (0..count).step_by(ROWS) {
        let last = (row + ROWS).min(count) - 1;
        let visible = op.visible_keys(start + last, keys);
        let from = op.first_key(start + row).min(visible);
        for c in (0..op.head_dim).step_by(COLUMNS) {
            unsafe {
                let (ds, k) = (ds.add(from * QUERY_BLOCK + row), k.add(from * k_step + c));
                let tile = neighbours::<0>((ds, QUERY_BLOCK), (k, k_step), visible - from);
                let (y, size) = (dq.add(row * op.q.row + c), (count - row, op.head_dim - c));
                store(&tile, [op.scale; ROWS], y, op.q.row, size, accumulate);
            }
        }
    }
}

/// dK = scale·dSᵀ·Q and dV = Pᵀ·g from the queries at the places `start..start + count`.
#[inline(always)]
unsafe fn key_gradients(
    op: &Attention,
    [q, g]: [(*const f32, usize); 2],
    targets: &GradientTargets,
    scratch: &Scratch,
    (start, count): (usize, usize),
    keys: usize,
) {
    for (target, accumulate, weights, (operand, step), factor) in [
        (targets.dk, targets.accumulate_k, scratch.ds, q, op.scale),
        (targets.dv, targets.accumulate_v, scratch.p, g, 1.0),
    ] {
        if target.is_null() {
            continue;
        }
        for key in (0..keys).step_by(ROWS) {
            let (first, end) = op.seeing(key, (start, count));
            for c in (0..op.head_dim).step_by(COLUMNS) {
                unsafe {
                    let (a, b) = (weights.add(key * QUERY_BLOCK + first), operand.add(first * step + c));
                    let tile = rows((a, QUERY_BLOCK), (b, step), end - first);
                    let (y, size) = (target.add(key * op.kv.row + c), (keys - key, op.head_dim - c));
                    store(&tile, [factor; ROWS], y, op.kv.row, size, accumulate);
                }
            }
        }
    }
}
