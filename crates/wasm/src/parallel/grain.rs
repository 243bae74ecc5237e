//! What a thread takes at least: below it, waking a second one costs more than it saves. In elements that a kernel reads or
//! writes, unless said otherwise; the more work an element is, the fewer.

/// Multiplications.
pub const PRODUCT: usize = 1 << 17;

/// Fill, axpy, scale: nothing but memory traffic.
pub const MEMORY: usize = 1 << 15;

pub const BINARY: usize = 1 << 14;
pub const EMBEDDING: usize = 1 << 14;
pub const LAYOUT: usize = 1 << 14;
pub const LOSS: usize = 1 << 14;
pub const NORMALIZE: usize = 1 << 14;
pub const OPTIMIZER: usize = 1 << 14;
pub const REDUCTION: usize = 1 << 14;

/// With an exponential, or in several passes.
pub const CROSS_ENTROPY: usize = 1 << 13;
pub const LAYER_NORM: usize = 1 << 13;
pub const SOFTMAX: usize = 1 << 13;
pub const UNARY: usize = 1 << 13;

pub const RANDOM: usize = 1 << 12;

/// Sequences.
pub const POOLING: usize = 16;
