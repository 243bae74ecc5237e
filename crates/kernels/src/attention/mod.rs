//! Scaled dot-product attention over a table of sequences, with its gradient.
//!
//! Per sequence and head: S = scale·Q·Kᵀ + bias, P = softmax of S's rows, O = P·V. A row that may see no key gives 0.
//! Only each row's lse = ln Σ e^S is kept; the gradient computes P = e^(S − lse) again (Dao et al., "FlashAttention",
//! arXiv 2205.14135):
//! dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P·(dP − Σ_keys P·dP), dQ = scale·dS·K, dK = scale·dSᵀ·Q.
//!
//! The products run on tiles of 4 rows by 8 columns in registers ([`tile`]). Scores are kept as `[key, query]`, eight
//! queries side by side: the softmax over keys then needs no sum across lanes, and P is already in the order in which
//! the next product reads it. K, Q (in the gradient V and dO too) are transposed into scratch, with zeros after the last.

mod backward;
mod forward;
mod pack;
mod tile;

use crate::simd::F32x4;

pub use backward::{GradientTargets, Operands, gradient};
pub use forward::forward;

/// Where an operand's rows and heads lie, in elements: element (row, head, column) is at row·`row` + head·`head` + column.
#[derive(Clone, Copy)]
pub struct Layout {
    pub row: usize,
    pub head: usize,
}

/// What all sequences and heads have in common.
#[derive(Clone, Copy)]
pub struct Attention {
    pub heads: usize,
    /// Heads of K and V, a divisor of `heads`: query head h uses h·kv_heads / heads.
    pub kv_heads: usize,
    pub head_dim: usize,
    pub scale: f32,
    /// Whether query i sees the keys 0..=i only.
    pub causal: bool,
    /// Layout of Q and ∂Q.
    pub q: Layout,
    /// Layout of K, V, ∂K and ∂V.
    pub kv: Layout,
    /// Layout of O and ∂O.
    pub o: Layout,
    /// lse of (row, head) is at row + head·`lse_head`.
    pub lse_head: usize,
    /// Added to S: element (sequence, key) at sequence·`key_bias_step` + key, 0 or −∞ for a mask. Null for none.
    pub key_bias: *const f32,
    pub key_bias_step: usize,
}

/// One row of the table: rows of Q and O, rows of K and V.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Sequence {
    pub q_start: u32,
    pub q_length: u32,
    pub k_start: u32,
    pub k_length: u32,
}

/// Query rows that the gradient treats together: bounds its scratch for long sequences.
const QUERY_BLOCK: usize = 32;
/// Rows and columns of a register tile.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// Distance of the rows of a transposed operand with `keys` columns: whole tiles, and not a multiple of 512 bytes, which
/// would send all rows to a few sets of the cache.
const fn row_width(keys: usize) -> usize {
    let width = keys.next_multiple_of(ROWS);
    if width.is_multiple_of(128) { width + 16 } else { width }
}

/// Elements of scratch that one thread needs for sequences of up to `keys` keys, in either direction. A multiple of a
/// cache line's 16, so that threads don't share one. In float64, for tensors that memory holds may need more scratch than 32
/// bits can say.
pub fn scratch_length(keys: usize, head_dim: usize) -> f64 {
    let (width, columns) = (row_width(keys) as f64, head_dim.next_multiple_of(COLUMNS) as f64);
    let queries = QUERY_BLOCK as f64;
    let transposed = 2.0 * head_dim as f64 * (width + queries);
    let whole_rows = (width + 2.0 * queries) * columns;
    let probabilities = 2.0 * width * queries;
    ((transposed + whole_rows + probabilities) / 16.0).ceil() * 16.0
}

impl Attention {
    /// The keys that query row `row` of a sequence, or one before it, may see: 0..that.
    #[inline(always)]
    fn visible_keys(&self, row: usize, keys: usize) -> usize {
        if self.causal { keys.min(row + 1) } else { keys }
    }
}

/// Turns products q·k into scores for eight queries: scale, bias, −∞ where a query may not see the key.
struct Visibility {
    scale: F32x4,
    /// The sequence's row of the bias, or null.
    bias: *const f32,
    causal: bool,
    /// Numbers of the queries within the sequence.
    queries: [F32x4; 2],
}

impl Visibility {
    /// For the queries `row..row + 8` of the sequence with number `index`.
    #[inline(always)]
    fn new(op: &Attention, index: usize, row: usize) -> Self {
        let offset = index * op.key_bias_step;
        let bias = if op.key_bias.is_null() { op.key_bias } else { op.key_bias.wrapping_add(offset) };
        let first = F32x4::splat(row as f32);
        let count = |from: f32| unsafe { F32x4::load([from, from + 1.0, from + 2.0, from + 3.0].as_ptr()) };
        Self {
            scale: F32x4::splat(op.scale),
            bias,
            causal: op.causal,
            queries: [first + count(0.0), first + count(4.0)],
        }
    }

    /// scale·s + bias of one key.
    ///
    /// # Safety
    /// `key` is one of the sequence's.
    #[inline(always)]
    unsafe fn of(&self, s: [F32x4; 2], key: usize) -> [F32x4; 2] {
        let bias = if self.bias.is_null() { F32x4::ZERO } else { unsafe { F32x4::load_splat(self.bias.add(key)) } };
        let mut s = s.map(|s| s.mul_add(self.scale, bias));
        if self.causal {
            let (key, hidden) = (F32x4::splat(key as f32), F32x4::splat(f32::NEG_INFINITY));
            for (s, query) in s.iter_mut().zip(self.queries) {
                *s = key.select_greater(query, hidden, *s);
            }
        }
        s
    }
}
