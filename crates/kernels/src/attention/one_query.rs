//! O = softmax(scale·q·Kᵀ)·V of one query after a cache, bit-identical to [`super::forward`]: K and V are read where they lie,
//! once for up to four heads that share them.

use super::{Attention, Cap, Sequence, row_width};
use crate::math::{exp_nonpositive, log};
use crate::simd::{F32x4, LANES};
use core::array::from_fn;

/// Heads that are treated together.
const HEADS: usize = 4;
/// Keys likewise, in vectors.
const KEYS: usize = 2;
/// Elements of a cache line.
const LINE: usize = 16;

/// Whether it gives a sequence's O: one query that sees a key, and no bias.
pub fn one_query(op: &Attention, sequence: &Sequence) -> bool {
    sequence.q_length == 1 && sequence.k_length > 0 && op.key_bias.is_null() && op.distances.none()
}

/// Writes O and lse of the heads that share head `kv_head` of K and V.
///
/// # Safety
/// As [`super::forward`], for a sequence of which [`one_query`] holds.
pub unsafe fn forward_one(
    op: &Attention,
    (q, k, v): (*const f32, *const f32, *const f32),
    (o, lse): (*mut f32, *mut f32),
    sequence: Sequence,
    kv_head: usize,
    scratch: *mut f32,
) {
    let (row, keys) = (sequence.q_start as usize, sequence.k_length as usize);
    let group = op.heads / op.kv_heads;
    let kv = sequence.k_start as usize * op.kv.row + kv_head * op.kv.head;
    let place = sequence.offset as usize;
    let (from, end) = (op.first_key(place).min(keys), op.visible_keys(place, keys));
    for first in (0..group).step_by(HEADS) {
        let head = kv_head * group + first;
        unsafe {
            let heads = Heads {
                op,
                q: q.add(row * op.q.row + head * op.q.head),
                k: k.add(kv),
                v: v.add(kv),
                o: o.add(row * op.o.row + head * op.o.head),
                lse: lse.add(row + head * op.lse_head),
                p: scratch,
                width: row_width(keys),
                place,
                keys: (from, end),
            };
            match group - first {
                1 => heads.run::<1, 8>(),
                2 => heads.run::<2, 4>(),
                3 => heads.run::<3, 2>(),
                _ => heads.run::<HEADS, 2>(),
            }
        }
    }
}

/// Neighbouring heads of one query; p\[head, key\] at head·`width` + key.
struct Heads<'a> {
    op: &'a Attention,
    q: *const f32,
    k: *const f32,
    v: *const f32,
    o: *mut f32,
    lse: *mut f32,
    p: *mut f32,
    width: usize,
    place: usize,
    keys: (usize, usize),
}

impl Heads<'_> {
    /// `H` heads; `V` vectors of O's columns at once.
    #[inline(always)]
    unsafe fn run<const H: usize, const V: usize>(&self) {
        let columns = self.op.head_dim;
        unsafe {
            let factor = self.softmax::<H>(self.scores::<H>());
            let mut c = 0;
            while c + V * LANES <= columns {
                self.mix::<H, V>(c, LANES, factor);
                c += V * LANES;
            }
            while c < columns {
                self.mix::<H, 1>(c, LANES.min(columns - c), factor);
                c += LANES;
            }
        }
    }

    /// p ← scale·q·kᵀ, −∞ where the window ends; the largest of each head. Entries after the last key are restored.
    #[inline(always)]
    unsafe fn scores<const H: usize>(&self) -> [f32; H] {
        let Self { op, place, keys: (from, end), .. } = *self;
        let (scale, lowest) = (F32x4::splat(op.scale), F32x4::splat(f32::NEG_INFINITY));
        let cap = Cap::of(op);
        let mut most = [lowest; H];
        for key in (from..end).step_by(KEYS * LANES) {
            let scores = unsafe { self.products::<H>(key) };
            for (h, (scores, most)) in scores.into_iter().zip(&mut most).enumerate() {
                for (vector, s) in scores.into_iter().enumerate() {
                    let key = key + vector * LANES;
                    if key >= end {
                        break;
                    }
                    let mut s = s.mul_add(scale, F32x4::ZERO);
                    if let Some(cap) = &cap {
                        s = cap.value(s);
                    }
                    if place.saturating_sub(key) > op.window {
                        let hidden: [f32; LANES] =
                            from_fn(|i| (place.saturating_sub(key + i) > op.window) as u8 as f32);
                        s = unsafe { F32x4::load(hidden.as_ptr()) }.select_greater(F32x4::ZERO, lowest, s);
                    }
                    *most = most.loose_max(s);
                    unsafe { s.store(self.p.add(h * self.width + key)) };
                }
            }
        }
        most.map(|most| most.to_array().into_iter().fold(f32::NEG_INFINITY, f32::max))
    }

    /// q·kᵀ of eight keys, the sums in the order of the columns.
    #[inline(always)]
    unsafe fn products<const H: usize>(&self, key: usize) -> [[F32x4; KEYS]; H] {
        let Self { op, q, k, keys: (_, end), .. } = *self;
        let (columns, whole) = (op.head_dim, op.head_dim / LANES * LANES);
        let rows: [[*const f32; LANES]; KEYS] =
            from_fn(|vector| from_fn(|i| unsafe { k.add((key + vector * LANES + i).min(end - 1) * op.kv.row) }));
        let mut sums = [[F32x4::ZERO; KEYS]; H];
        let add = |sums: &mut [[F32x4; KEYS]; H], c: usize, k: [F32x4; KEYS]| {
            for (h, sums) in sums.iter_mut().enumerate() {
                let q = unsafe { F32x4::load_splat(q.add(h * op.q.head + c)) };
                *sums = from_fn(|vector| k[vector].mul_add(q, sums[vector]));
            }
        };
        unsafe { self.touch(key) };
        for c in (0..whole).step_by(LANES) {
            let k: [[F32x4; LANES]; KEYS] =
                rows.map(|rows| F32x4::transpose(rows.map(|row| unsafe { F32x4::load(row.add(c)) })));
            for i in 0..LANES {
                add(&mut sums, c + i, k.map(|k| k[i]));
            }
        }
        for c in whole..columns {
            let k = rows.map(|rows| unsafe { F32x4::load(rows.map(|row| *row.add(c)).as_ptr()) });
            add(&mut sums, c, k);
        }
        sums
    }

    /// Reads of the eight keys' values, and of the next keys, a number of each cache line: rows of one head are too short for the
    /// processor to foresee what comes.
    #[inline(always)]
    unsafe fn touch(&self, key: usize) {
        let Self { op, k, v, keys: (_, end), .. } = *self;
        for i in key..key + KEYS * LANES {
            let (now, next) = (i.min(end - 1) * op.kv.row, (i + KEYS * LANES).min(end - 1) * op.kv.row);
            for c in (0..op.head_dim).step_by(LINE) {
                unsafe {
                    v.add(now + c).read_volatile();
                    k.add(next + c).read_volatile();
                }
            }
        }
    }

    /// p ← e^(p − most); writes lse and gives 1/Σ p.
    #[inline(always)]
    unsafe fn softmax<const H: usize>(&self, most: [f32; H]) -> [F32x4; H] {
        let Self { op, keys: (from, end), .. } = *self;
        let mut sums = [0.0f32; H];
        let shift = most.map(|most| F32x4::splat(most).loose_max(F32x4::splat(f32::MIN)));
        for key in (from..end).step_by(LANES) {
            for h in 0..H {
                unsafe {
                    let p = self.p.add(h * self.width + key);
                    let e = exp_nonpositive(F32x4::load(p) - shift[h]);
                    e.store(p);
                    for lane in e.to_array().into_iter().take(end - key) {
                        sums[h] += lane;
                    }
                }
            }
        }
        from_fn(|h| {
            let (most, sum) = (F32x4::splat(most[h]), F32x4::splat(sums[h]));
            let value = F32x4::ZERO.select_equal(sum, F32x4::splat(f32::INFINITY), most + log(sum));
            unsafe { value.store_partial(self.lse.add(h * op.lse_head), 1) };
            F32x4::ZERO.select_equal(sum, sum, F32x4::splat(1.0) / sum)
        })
    }

    /// O's columns from `c` on, `V` vectors of `count` of them.
    #[inline(always)]
    unsafe fn mix<const H: usize, const V: usize>(&self, c: usize, count: usize, factor: [F32x4; H]) {
        let Self { op, v, p, o, width, keys: (from, end), .. } = *self;
        let mut sums = [[F32x4::ZERO; V]; H];
        for key in from..end {
            let v: [F32x4; V] = from_fn(|i| unsafe {
                let v = v.add(key * op.kv.row + c + i * LANES);
                if count == LANES { F32x4::load(v) } else { F32x4::load_partial(v, count, 0.0) }
            });
            for (h, sums) in sums.iter_mut().enumerate() {
                let p = unsafe { F32x4::load_splat(p.add(h * width + key)) };
                *sums = from_fn(|i| p.mul_add(v[i], sums[i]));
            }
        }
        for (h, (sums, factor)) in sums.into_iter().zip(factor).enumerate() {
            for (i, sum) in sums.into_iter().enumerate() {
                unsafe { (sum * factor).store_partial(o.add(h * op.o.head + c + i * LANES), count) };
            }
        }
    }
}
