//! The exports that are compiled for size, for their loops are in the kernels' crate. The safety contract of `lib.rs` is theirs too.

#![allow(clippy::missing_safety_doc)]
#![cfg_attr(target_feature = "atomics", feature(stdarch_wasm_atomic_wait))]

pub mod attention;
pub mod embedding;
pub mod frozen;
pub mod gated_delta;
pub mod gemm;
pub mod layout;
pub mod parallel;
pub mod random;
pub mod rotary;
