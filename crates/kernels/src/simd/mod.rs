//! Four single-precision lanes: `v128` on wasm32, `[f32; 4]` elsewhere. The only module that names intrinsics.
//!
//! `mul_add` is fused where the build has relaxed SIMD and rounds twice elsewhere, so results of the two builds
//! differ in the last bits; each build by itself is repeatable.

pub mod code_sums;
pub mod codes;
pub mod dots;
pub mod half;
pub mod normal;
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

/// A constant's four lanes in memory.
#[repr(align(16))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// All lanes `x`.
    pub const fn splat(x: f32) -> Self {
        Self([x; LANES])
    }

    /// Of each number a vector with all lanes equal to it.
    pub const fn splats<const N: usize>(numbers: [f32; N]) -> [Self; N] {
        let mut lanes = [const { Self::splat(0.0) }; N];
        let mut i = 0;
        while i < N {
            lanes[i] = Self::splat(numbers[i]);
            i += 1;
        }
        lanes
    }
}

/// The mantissa's part of an `f32`.
const MANTISSA_BITS: u32 = 0x007f_ffff;
/// √½ as an `f32`'s bits.
const SQRT_HALF_BITS: u32 = core::f32::consts::FRAC_1_SQRT_2.to_bits();

impl F32x4 {
    /// Lanes `p[0..count]`, the others `filler`: the ragged end of a row takes the same path as its whole vectors.
    ///
    /// # Safety
    /// `p` must be valid for reading `count ≤ 4` values.
    #[inline(always)]
    pub unsafe fn load_partial(p: *const f32, count: usize, filler: f32) -> Self {
        let lane = |i: usize| if i < count { unsafe { *p.add(i) } } else { filler };
        unsafe { Self::load([lane(0), lane(1), lane(2), lane(3)].as_ptr()) }
    }

    /// Writes the first `count` lanes to `p[0..count]`.
    ///
    /// # Safety
    /// `p` must be valid for writing `count ≤ 4` values.
    #[inline(always)]
    pub unsafe fn store_partial(self, p: *mut f32, count: usize) {
        for (i, lane) in self.to_array().into_iter().enumerate() {
            if i < count {
                unsafe { *p.add(i) = lane };
            }
        }
    }
}
