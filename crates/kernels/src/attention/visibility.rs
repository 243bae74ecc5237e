//! From products to scores: scale, biases, and which keys a query sees.

use super::distances::HeadDistances;
use super::{Attention, Cap};
use crate::simd::F32x4;

/// Turns products q·k into scores for eight queries: scale, biases, −∞ where a query may not see the key.
pub struct Visibility {
    scale: F32x4,
    cap: Option<Cap>,
    /// The sequence's row of the bias, or null.
    bias: *const f32,
    /// Whether scale and bias by key are all.
    plain: bool,
    causal: bool,
    /// Place of the first query within the sequence.
    first: usize,
    /// Places of the queries within the sequence.
    queries: [F32x4; 2],
    window: Option<F32x4>,
    distances: HeadDistances,
}

impl Visibility {
    /// For the queries at the places `row..row + 8` of the sequence with number `index`.
    #[inline(always)]
    pub fn new(op: &Attention, index: usize, row: usize, distances: HeadDistances) -> Self {
        let offset = index * op.key_bias_step;
        let bias = if op.key_bias.is_null() { op.key_bias } else { op.key_bias.wrapping_add(offset) };
        let first = F32x4::splat(row as f32);
        let count = |from: f32| unsafe { F32x4::load([from, from + 1.0, from + 2.0, from + 3.0].as_ptr()) };
        Self {
            scale: F32x4::splat(op.scale),
            cap: Cap::of(op),
            bias,
            plain: !op.causal && op.window == usize::MAX && distances.none() && op.cap == 0.0,
            causal: op.causal,
            first: row,
            queries: [first + count(0.0), first + count(4.0)],
            window: (op.window != usize::MAX).then(|| F32x4::splat(op.window as f32)),
            distances,
        }
    }

    /// The score of one key.
    ///
    /// # Safety
    /// `key` is one of the sequence's.
    #[inline(always)]
    pub unsafe fn of(&self, s: [F32x4; 2], key: usize) -> [F32x4; 2] {
        let bias = if self.bias.is_null() { F32x4::ZERO } else { unsafe { F32x4::load_splat(self.bias.add(key)) } };
        let s = s.map(|s| s.mul_add(self.scale, bias));
        if self.plain { s } else { unsafe { self.by_distance(s, key) } }
    }

    /// The cap, and the bias by the distance of query and key.
    unsafe fn by_distance(&self, s: [F32x4; 2], key: usize) -> [F32x4; 2] {
        let s = if let Some(cap) = &self.cap { s.map(|s| cap.value(s)) } else { s };
        let mut s = unsafe { self.distances.add(s, self.scale, self.first, key) };
        let (key, hidden) = (F32x4::splat(key as f32), F32x4::splat(f32::NEG_INFINITY));
        for (s, query) in s.iter_mut().zip(self.queries) {
            if self.causal {
                *s = key.select_greater(query, hidden, *s);
            }
            if let Some(window) = self.window {
                *s = (key - query).select_greater(window, hidden, *s);
                *s = (query - key).select_greater(window, hidden, *s);
            }
        }
        s
    }
}
