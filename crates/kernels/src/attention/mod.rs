//! Scaled dot-product attention over a table of sequences, with its gradient.
//!
//! Per sequence and head: S = scale·Q·Kᵀ + bias, P = softmax of S's rows, O = P·V. A row that may see no key gives 0. The
//! bias may depend on the key, on how far query and key are apart, and on either of the two with that distance ([`Distances`]).
//! Scores may have a soft cap ([`cap`]), in place of such biases.
//! Only each row's lse = ln Σ e^S is kept; the gradient computes P = e^(S − lse) again (Dao et al., "FlashAttention",
//! arXiv 2205.14135):
//! dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P·(dP − Σ_keys P·dP), dQ = scale·dS·K, dK = scale·dSᵀ·Q.
//!
//! The products run on tiles of 4 rows by 8 columns in registers ([`tile`]). Scores are kept as `[key, query]`, eight
//! queries side by side: the softmax over keys then needs no sum across lanes, and P is already in the order in which
//! the next product reads it. K, Q (in the gradient V and dO too) are transposed into scratch, with zeros after the last.

mod backward;
mod cap;
mod distances;
mod forward;
mod one_query;
mod pack;
mod tile;
mod visibility;

use cap::Cap;
use visibility::Visibility;

pub use backward::{GradientTargets, Operands, gradient};
pub use distances::Distances;
pub use forward::forward;
pub use one_query::{forward_one, one_query};

/// Strides of an operand's rows and heads, in elements: element (row, head, column) is at row·`row` + head·`head` +
/// column.
#[derive(Clone, Copy)]
pub struct Layout {
    pub row: usize,
    pub head: usize,
}

/// Arguments shared by all sequences and heads.
#[derive(Clone, Copy)]
pub struct Attention {
    pub heads: usize,
    /// Heads of K and V, a divisor of `heads`: query head h uses h·kv_heads / heads.
    pub kv_heads: usize,
    pub head_dim: usize,
    pub scale: f32,
    /// c of c·tanh(S / c), before keys are hidden; 0 for none. Biases are none then.
    pub cap: f32,
    /// Whether the query at place i sees the keys 0..=i only.
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
    /// A query sees the keys at most so far from it; `usize::MAX` for all.
    pub window: usize,
    pub distances: Distances,
}

/// One row of the table: rows of Q and O, rows of K and V, and which key's place the first query has.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Sequence {
    pub q_start: u32,
    pub q_length: u32,
    pub k_start: u32,
    pub k_length: u32,
    /// Keys before the first query's own: those that a cache holds. 0 where there are tables by query or key ([`Distances`]).
    pub offset: u32,
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
    /// The keys that the query at place `row` of a sequence, or one before it, may see end before that: in whole tiles where
    /// the window ends them.
    #[inline(always)]
    fn visible_keys(&self, row: usize, keys: usize) -> usize {
        let keys = if self.causal { keys.min(row + 1) } else { keys };
        keys.min(row.saturating_add(self.window).saturating_add(1).div_ceil(ROWS).saturating_mul(ROWS))
    }

    /// No key before that is seen by the query at place `row`, or one after it. A tile's first.
    #[inline(always)]
    fn first_key(&self, row: usize) -> usize {
        row.saturating_sub(self.window) / ROWS * ROWS
    }

    /// Of the `count` queries from place `start` on, those that may see one of the keys `key..key + ROWS`, counted from
    /// `start` and in whole tiles: from, to.
    #[inline(always)]
    fn seeing(&self, key: usize, (start, count): (usize, usize)) -> (usize, usize) {
        let least = if self.causal { key } else { key.saturating_sub(self.window) };
        let first = (least.saturating_sub(start) / COLUMNS * COLUMNS).min(count);
        let end = (key + ROWS).saturating_add(self.window).saturating_sub(start).div_ceil(COLUMNS);
        (first, end.saturating_mul(COLUMNS).clamp(first, count))
    }
}
