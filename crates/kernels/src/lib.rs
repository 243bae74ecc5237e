//! Numeric kernels of lowrank: slices or pointers in, slices or pointers out; no allocation, no state.
//!
//! Each family of operations has one file, with every forward kernel beside its gradient.
//! The same source serves every WebAssembly build and the native test build: only `simd` differs.

pub mod activation;
pub mod attention;
pub mod binary;
pub mod cross_entropy;
pub mod dropout;
pub mod embedding;
pub mod gated;
pub mod gated_delta;
pub mod gemm;
pub mod layer_norm;
pub mod layout;
pub mod loss;
pub mod math;
pub mod memory;
pub mod normalize;
pub mod optim;
pub mod philox;
pub mod pooling;
pub mod reduce;
pub mod rotary;
mod rows;
pub mod search;
pub mod simd;
pub mod softmax;
pub mod unary;
pub mod weights;
