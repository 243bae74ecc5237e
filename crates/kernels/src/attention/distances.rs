//! Biases that depend on the distance i − j of query i and key j:
//! S += bias\[head, i − j\] + scale·(c2p\[i, head, b\] + p2c\[j, head, b\]), b = buckets\[i − j\]
//! (content to position and position to content: He et al., "DeBERTa", arXiv 2006.03654). c2p and p2c have gradients,
//! scale·dS added up over the pairs that use an element.

use super::Sequence;
use crate::simd::{F32x4, LANES};

/// Where these biases lie; null for none. For distances from −(keys − 1) to queries + 6: eight queries are read at once.
#[derive(Clone, Copy)]
pub struct Distances {
    /// `[heads, bias_step]`; at distance 0 of head 0.
    pub bias: *const f32,
    pub bias_step: usize,
    /// Bucket of each distance, from 0 to `bucket_count` − 1; at distance 0.
    pub buckets: *const i32,
    pub bucket_count: usize,
    /// `[rows of Q, heads, bucket_count]`
    pub c2p: *const f32,
    /// `[rows of K, heads, bucket_count]`
    pub p2c: *const f32,
}

impl Distances {
    pub const NONE: Self = Self {
        bias: core::ptr::null(),
        bias_step: 0,
        buckets: core::ptr::null(),
        bucket_count: 0,
        c2p: core::ptr::null(),
        p2c: core::ptr::null(),
    };

    /// Whether there are none.
    pub fn none(&self) -> bool {
        self.bias.is_null() && self.c2p.is_null() && self.p2c.is_null()
    }

    /// Those of one sequence and head.
    pub fn of(&self, sequence: Sequence, head: usize, heads: usize) -> HeadDistances {
        let row = heads * self.bucket_count;
        let table = |table: *const f32, start: u32| {
            if table.is_null() { table } else { table.wrapping_add(start as usize * row + head * self.bucket_count) }
        };
        HeadDistances {
            bias: if self.bias.is_null() { self.bias } else { self.bias.wrapping_add(head * self.bias_step) },
            buckets: self.buckets,
            c2p: table(self.c2p, sequence.q_start),
            p2c: table(self.p2c, sequence.k_start),
            row,
            last: (sequence.q_length as usize).saturating_sub(1),
        }
    }
}

/// Those of one sequence and head.
#[derive(Clone, Copy)]
pub struct HeadDistances {
    bias: *const f32,
    buckets: *const i32,
    c2p: *const f32,
    p2c: *const f32,
    /// From one row of c2p and p2c to the next.
    row: usize,
    /// The sequence's last query.
    last: usize,
}

impl HeadDistances {
    /// Whether there are none.
    pub fn none(&self) -> bool {
        self.bias.is_null() && self.c2p.is_null() && self.p2c.is_null()
    }

    /// s plus the biases of the queries `first..first + 8` with one key.
    ///
    /// # Safety
    /// The tables have the rows of the sequence, and `key` is one of them.
    pub unsafe fn add(&self, mut s: [F32x4; 2], scale: F32x4, first: usize, key: usize) -> [F32x4; 2] {
        let distance = first as isize - key as isize;
        for (half, s) in s.iter_mut().enumerate() {
            let at = distance + (half * LANES) as isize;
            if !self.bias.is_null() {
                *s = *s + unsafe { F32x4::load(self.bias.offset(at)) };
            }
            if self.c2p.is_null() && self.p2c.is_null() {
                continue;
            }
            let mut sums = [0.0; LANES];
            for (lane, sum) in sums.iter_mut().enumerate() {
                unsafe {
                    let bucket = *self.buckets.offset(at + lane as isize) as usize;
                    if !self.c2p.is_null() {
                        // Queries past the last are computed too, for nothing.
                        let query = (first + half * LANES + lane).min(self.last);
                        *sum += *self.c2p.add(query * self.row + bucket);
                    }
                    if !self.p2c.is_null() {
                        *sum += *self.p2c.add(key * self.row + bucket);
                    }
                }
            }
            *s = unsafe { F32x4::load(sums.as_ptr()) }.mul_add(scale, *s);
        }
        s
    }

    /// Sets the gradient of a table's `rows` rows to 0 in one head.
    ///
    /// # Safety
    /// `table` has them, from the sequence's first on.
    pub unsafe fn clear(&self, table: *mut f32, rows: usize, bucket_count: usize) {
        for row in 0..rows {
            unsafe { table.add(row * self.row).write_bytes(0, bucket_count) }
        }
    }

    /// Adds scale·dS of some queries and one key to the gradients of c2p and p2c. `ds` are those of the queries from `first`
    /// on.
    ///
    /// # Safety
    /// As [`Self::add`]; gradients are null or laid out as their tables, from the sequence's first row on.
    pub unsafe fn add_gradients(
        &self,
        (dc2p, dp2c): (*mut f32, *mut f32),
        (ds, count): (*const f32, usize),
        scale: f32,
        (first, key): (usize, usize),
    ) {
        for query in 0..count {
            unsafe {
                let bucket = *self.buckets.offset((first + query) as isize - key as isize) as usize;
                let ds = scale * *ds.add(query);
                if !dc2p.is_null() {
                    *dc2p.add((first + query) * self.row + bucket) += ds;
                }
                if !dp2c.is_null() {
                    *dp2c.add(key * self.row + bucket) += ds;
                }
            }
        }
    }
}
