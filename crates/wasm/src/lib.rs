//! The WebAssembly exports: numbers in, numbers out. Pointers are byte offsets into linear memory that the TypeScript
//! side owns and has checked; lengths count elements. No struct is exported and nothing here allocates.

// The paragraph above is every export's safety contract.
#![allow(clippy::missing_safety_doc)]
#![cfg_attr(all(feature = "compact", target_feature = "atomics"), feature(stdarch_wasm_atomic_wait))]

// These files are two crates. Of the exports with the feature `compact` the loops are in the kernels' crate, and what is here is compiled for
// size; loops over elements are compiled into the others, for speed.
#[cfg(not(feature = "compact"))]
pub use lowrank_compact::{attention, embedding, frozen, gemm, layout, parallel, random, rotary};

#[cfg(not(feature = "compact"))]
pub mod activation;
#[cfg(feature = "compact")]
pub mod attention;
#[cfg(not(feature = "compact"))]
pub mod binary;
#[cfg(not(feature = "compact"))]
pub mod cross_entropy;
#[cfg(feature = "compact")]
pub mod embedding;
#[cfg(feature = "compact")]
pub mod frozen;
#[cfg(not(feature = "compact"))]
pub mod gated;
#[cfg(feature = "compact")]
pub mod gemm;
#[cfg(not(feature = "compact"))]
pub mod layer_norm;
#[cfg(feature = "compact")]
pub mod layout;
#[cfg(not(feature = "compact"))]
pub mod loss;
#[cfg(not(feature = "compact"))]
pub mod memory;
#[cfg(not(feature = "compact"))]
pub mod normalize;
#[cfg(not(feature = "compact"))]
pub mod optim;
#[cfg(feature = "compact")]
pub mod parallel;
#[cfg(not(feature = "compact"))]
pub mod pooling;
#[cfg(feature = "compact")]
pub mod random;
#[cfg(not(feature = "compact"))]
pub mod reduce;
#[cfg(feature = "compact")]
pub mod rotary;
#[cfg(not(feature = "compact"))]
pub mod search;
#[cfg(not(feature = "compact"))]
pub mod softmax;
#[cfg(not(feature = "compact"))]
pub mod unary;
