//! Scaled dot-product attention over a table of sequences, with its gradient.
//!
//! Per sequence and head: S = scale·Q·Kᵀ + bias, P = softmax of S's rows, O = P·V. A row that may see no key gives 0.
//! Only each row's lse = ln Σ e^S is kept; the gradient computes P = e^(S − lse) again (Dao et al., "FlashAttention",
//! arXiv 2205.14135):
//! dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P·(dP − Σ_c dO·O), dQ = scale·dS·K, dK = scale·dSᵀ·Q.
//!
//! The products run on tiles of 4 rows by 8 columns in registers ([`tile`]). K (in the gradient V too) is transposed
//! into scratch, padded with zeros to whole tiles; the bias of padded keys is −∞, which makes their P exactly 0.

mod backward;
mod forward;
mod pack;
mod tile;

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

/// Elements of scratch that one thread needs for sequences of up to `keys` keys, in either direction. A multiple of a
/// cache line's 16, so that threads don't share one.
pub const fn scratch_length(keys: usize, head_dim: usize) -> usize {
    let (keys, columns) = (keys.next_multiple_of(COLUMNS), head_dim.next_multiple_of(COLUMNS));
    let transposed = 2 * head_dim * keys;
    let packed = keys * columns + 2 * QUERY_BLOCK * columns;
    let probabilities = 2 * QUERY_BLOCK * keys;
    (transposed + packed + probabilities + keys).next_multiple_of(16)
}

impl Attention {
    /// The keys that one of the query rows up to `row` of a sequence may see: 0..that.
    #[inline(always)]
    fn visible_keys(&self, row: usize, keys: usize) -> usize {
        if self.causal { keys.min(row + 1) } else { keys }
    }

    /// Writes the bias of a sequence's keys, −∞ for the padding after them.
    ///
    /// # Safety
    /// `out` writable for `keys` rounded up to whole tiles.
    unsafe fn pack_bias(&self, sequence: usize, keys: usize, out: *mut f32) {
        for key in 0..keys.next_multiple_of(COLUMNS) {
            let bias = if key >= keys {
                f32::NEG_INFINITY
            } else if self.key_bias.is_null() {
                0.0
            } else {
                unsafe { *self.key_bias.add(sequence * self.key_bias_step + key) }
            };
            unsafe { *out.add(key) = bias }
        }
    }
}
