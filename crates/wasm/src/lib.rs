//! The WebAssembly exports: numbers in, numbers out. Pointers are byte offsets into linear memory that the TypeScript
//! side owns and has checked; lengths count elements. No struct is exported and nothing here allocates.

pub mod parallel;
