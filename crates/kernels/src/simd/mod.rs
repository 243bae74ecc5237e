//! Four single-precision lanes: `v128` on wasm32, `[f32; 4]` elsewhere. The only module that names intrinsics.
//!
//! `mul_add` is fused where the build has relaxed SIMD and rounds twice elsewhere, so results of the two builds
//! differ in the last bits; each build by itself is repeatable.

#[cfg(not(target_arch = "wasm32"))]
mod portable;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub use portable::F32x4;
#[cfg(target_arch = "wasm32")]
pub use wasm::F32x4;

/// Lanes of a vector.
pub const LANES: usize = 4;
