//! Small whole numbers widened to float32, and back.

use super::F32x4;

/// 1.5·2²³: plus a small number it is that number rounded to a whole one, ties to even, in its low bits.
pub const SHIFT: f32 = 12_582_912.0;

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

    /// Whole numbers that stand as `SHIFT` + n, n within ±2²¹: n + `offset` as a byte from `least` to 127, saturated.
    ///
    /// # Safety
    /// `p` must be valid for writing 32 bytes.
    #[inline(always)]
    pub unsafe fn to_bytes(values: [F32x4; 8], offset: i32, least: i8, p: *mut u8) {
        let (shift, least) = (i32x4_splat(offset.wrapping_sub(SHIFT.to_bits() as i32)), i8x16_splat(least));
        let [a, b, c, d, e, f, g, h] = values.map(|lanes| i32x4_add(lanes.0, shift));
        for (half, [a, b, c, d]) in [[a, b, c, d], [e, f, g, h]].into_iter().enumerate() {
            let bytes = i8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
            unsafe { v128_store((p as *mut v128).add(half), i8x16_max(bytes, least)) }
        }
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

    /// Whole numbers that stand as `SHIFT` + n, n within ±2²¹: n + `offset` as a byte from `least` to 127, saturated.
    ///
    /// # Safety
    /// `p` must be valid for writing 32 bytes.
    pub unsafe fn to_bytes(values: [F32x4; 8], offset: i32, least: i8, p: *mut u8) {
        for (i, value) in values.iter().flat_map(|lanes| lanes.to_array()).enumerate() {
            let number = (value.to_bits() as i32).wrapping_sub(SHIFT.to_bits() as i32).wrapping_add(offset);
            unsafe { *p.add(i) = (number.clamp(-128, 127) as i8).max(least) as u8 }
        }
    }

    fn widen(value: impl Fn(usize) -> f32) -> [F32x4; 4] {
        core::array::from_fn(|v| F32x4(core::array::from_fn(|i| value(4 * v + i))))
    }
}

pub use lanes::{from_bytes, from_nibbles, to_bytes};
