//! Numeric kernels of lowrank: slices or pointers in, slices or pointers out; no allocation, no state.
//!
//! Each family of operations has a file of its own in which every forward kernel stands beside its gradient.
//! The same source serves every WebAssembly build and the native test build: only `simd` knows the difference.

pub mod binary;
pub mod gemm;
pub mod layout;
pub mod math;
pub mod memory;
pub mod normalize;
pub mod reduce;
pub mod simd;
pub mod unary;
