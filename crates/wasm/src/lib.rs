//! The WebAssembly exports: numbers in, numbers out. Pointers are byte offsets into linear memory that the TypeScript
//! side owns and has checked; lengths count elements. No struct is exported and nothing here allocates.

pub mod binary;
pub mod gemm;
pub mod layout;
pub mod memory;
pub mod normalize;
pub mod parallel;
pub mod reduce;
pub mod unary;
