//! The WebAssembly exports: numbers in, numbers out. Pointers are byte offsets into linear memory that the TypeScript
//! side owns and has checked; lengths count elements. No struct is exported and nothing here allocates.

// The paragraph above is every export's safety contract.
#![allow(clippy::missing_safety_doc)]
#![cfg_attr(target_feature = "atomics", feature(stdarch_wasm_atomic_wait))]

pub mod activation;
pub mod attention;
pub mod binary;
pub mod cross_entropy;
pub mod embedding;
pub mod frozen;
pub mod gated;
pub mod gemm;
pub mod layer_norm;
pub mod layout;
pub mod loss;
pub mod memory;
pub mod normalize;
pub mod optim;
pub mod parallel;
pub mod pooling;
pub mod random;
pub mod reduce;
pub mod rotary;
pub mod search;
pub mod softmax;
pub mod unary;
