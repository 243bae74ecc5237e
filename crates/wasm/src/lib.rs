//! The WebAssembly exports: numbers in, numbers out. Pointers are byte offsets into linear memory that the TypeScript
//! side owns and has checked; lengths count elements. No struct is exported and nothing here allocates.
//!
//! Loops over elements are compiled into these exports, for speed; those of which the loops are in the kernels' crate are in
//! `compact.rs`, a crate of its own that is compiled for size.

// The first paragraph above is every export's safety contract.
#![allow(clippy::missing_safety_doc)]

pub use lowrank_compact::{attention, embedding, frozen, gated_delta, gemm, layout, parallel, random, rotary};

pub mod activation;
pub mod binary;
pub mod cross_entropy;
pub mod gated;
pub mod layer_norm;
pub mod loss;
pub mod memory;
pub mod normalize;
pub mod optim;
pub mod pooling;
pub mod reduce;
pub mod search;
pub mod softmax;
pub mod unary;
