//! Small whole numbers widened to float32, and back.

use super::F32x4;

#[cfg(target_arch = "wasm32")]
mod lanes {
    use super::*;
    use core::arch::wasm32::*;

    /// Sixteen signed bytes.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    #[inline(always)]
    pub unsafe fn from_bytes(p: *const u8) -> [F32x4; 4] {
        widen(unsafe { v128_load(p as *const v128) })
    }

    /// The low, then the high four bits of sixteen bytes.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    #[inline(always)]
    pub unsafe fn from_nibbles(p: *const u8) -> [[F32x4; 4]; 2] {
        let (codes, mask) = (unsafe { v128_load(p as *const v128) }, u8x16_splat(15));
        // Shifts of bytes are made of several instructions, those of pairs of bytes are one.
        [widen(v128_and(codes, mask)), widen(v128_and(u16x8_shr(codes, 4), mask))]
    }

    /// Sixteen whole numbers from −128 to 127, or NaN for 0.
    ///
    /// # Safety
    /// `p` must be valid for writing 16 bytes.
    #[inline(always)]
    pub unsafe fn to_bytes(values: [F32x4; 4], p: *mut u8) {
        let [a, b, c, d] = values.map(|lanes| i32x4_trunc_sat_f32x4(lanes.0));
        let bytes = i8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        unsafe { v128_store(p as *mut v128, bytes) }
    }

    #[inline(always)]
    fn widen(bytes: v128) -> [F32x4; 4] {
        let (low, high) = (i16x8_extend_low_i8x16(bytes), i16x8_extend_high_i8x16(bytes));
        let float = |lanes| F32x4(f32x4_convert_i32x4(lanes));
        [
            float(i32x4_extend_low_i16x8(low)),
            float(i32x4_extend_high_i16x8(low)),
            float(i32x4_extend_low_i16x8(high)),
            float(i32x4_extend_high_i16x8(high)),
        ]
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    use super::*;

    /// Sixteen signed bytes.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    pub unsafe fn from_bytes(p: *const u8) -> [F32x4; 4] {
        widen(|i| unsafe { *(p as *const i8).add(i) as f32 })
    }

    /// The low, then the high four bits of sixteen bytes.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    pub unsafe fn from_nibbles(p: *const u8) -> [[F32x4; 4]; 2] {
        [0, 4].map(|shift| widen(|i| unsafe { *p.add(i) >> shift & 15 } as f32))
    }

    /// Sixteen whole numbers from −128 to 127, or NaN for 0.
    ///
    /// # Safety
    /// `p` must be valid for writing 16 bytes.
    pub unsafe fn to_bytes(values: [F32x4; 4], p: *mut u8) {
        for (i, value) in values.iter().flat_map(|lanes| lanes.to_array()).enumerate() {
            unsafe { *p.add(i) = value as i8 as u8 }
        }
    }

    fn widen(value: impl Fn(usize) -> f32) -> [F32x4; 4] {
        core::array::from_fn(|v| F32x4(core::array::from_fn(|i| value(4 * v + i))))
    }
}

pub use lanes::{from_bytes, from_nibbles, to_bytes};
