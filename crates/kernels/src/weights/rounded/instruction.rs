//! By which instruction the sums of products of bytes are made. All give the same bits.

/// An instruction, or a few in a row; see `simd::dots`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    /// Of 16 bits, in every build.
    Widened,
    /// The relaxed one for pairs.
    Pairs,
    /// The relaxed one that adds four products and a sum.
    Added,
}

impl Instruction {
    pub const ALL: [Self; 3] = [Self::Widened, Self::Pairs, Self::Added];
}
