//! Eight 16-bit floats widened, exactly: subnormals, infinities and NaN too.

use super::F32x4;

/// Exponents of binary32 and binary16 differ by this much, in binary32's place.
const REBIAS: u32 = (127 - 15) << 23;
/// Binary16's smallest normal number, in binary32's place before and after the exponent is moved.
const SMALLEST_NORMAL: u32 = 1 << 23;
const SMALLEST_VALUE: u32 = SMALLEST_NORMAL + REBIAS;
/// Binary16's infinity in binary32's place.
const INFINITY: u32 = 31 << 23;
/// What rounds to binary16's infinity: 65520.
const LARGEST_ROUNDED: u32 = 0x477f_f000;
const SIGN: u32 = 1 << 31;
const MAGNITUDE: u32 = 0x7fff << 13;

/// An IEEE 754 binary16 number.
#[inline(always)]
pub fn from_half(half: u16) -> f32 {
    let magnitude = u32::from(half) << 13 & MAGNITUDE;
    let value = if magnitude < SMALLEST_NORMAL {
        (f32::from_bits(magnitude + SMALLEST_VALUE) - f32::from_bits(SMALLEST_VALUE)).to_bits()
    } else {
        magnitude + REBIAS + if magnitude >= INFINITY { REBIAS } else { 0 }
    };
    f32::from_bits(value | u32::from(half) << 16 & SIGN)
}

/// The nearest IEEE 754 binary16 number, ties to even; a NaN stays one.
pub fn to_half(value: f32) -> u16 {
    let (sign, magnitude) = ((value.to_bits() >> 16) as u16 & 0x8000, value.to_bits() & !SIGN);
    let rounded = if magnitude > f32::INFINITY.to_bits() {
        0x7e00
    } else if magnitude >= LARGEST_ROUNDED {
        0x7c00
    } else if magnitude < SMALLEST_VALUE {
        // The sum's last bit is worth binary16's smallest number, so that the addition rounds.
        (f32::from_bits(magnitude) + 0.5).to_bits() - 0.5f32.to_bits()
    } else {
        (magnitude - REBIAS + 0xfff + (magnitude >> 13 & 1)) >> 13
    };
    sign | rounded as u16
}

#[cfg(target_arch = "wasm32")]
mod lanes {
    use super::*;
    use core::arch::wasm32::*;

    /// Eight IEEE 754 binary16 numbers.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    #[inline(always)]
    pub unsafe fn from_halves(p: *const u8) -> [F32x4; 2] {
        let halves = unsafe { v128_load(p as *const v128) };
        [widen(u32x4_extend_low_u16x8(halves)), widen(u32x4_extend_high_u16x8(halves))]
    }

    /// Four IEEE 754 binary16 numbers.
    #[inline(always)]
    pub fn widen_four([a, b, c, d]: [u16; 4]) -> F32x4 {
        widen(u32x4(a.into(), b.into(), c.into(), d.into()))
    }

    /// Not by multiplying the moved bits with 2^112, where each subnormal would cost some processors a hundred cycles.
    #[inline(always)]
    fn widen(halves: v128) -> F32x4 {
        let magnitude = v128_and(u32x4_shl(halves, 13), u32x4_splat(MAGNITUDE));
        // Compared as signed numbers, which x86 has an instruction for.
        let rebias = u32x4_splat(REBIAS);
        let special = v128_and(i32x4_ge(magnitude, u32x4_splat(INFINITY)), rebias);
        let normal = i32x4_add(i32x4_add(magnitude, rebias), special);
        // A subnormal's mantissa behind the smallest normal exponent is that much too large.
        let smallest = u32x4_splat(SMALLEST_VALUE);
        let subnormal = f32x4_sub(i32x4_add(magnitude, smallest), smallest);
        let value = v128_bitselect(subnormal, normal, i32x4_lt(magnitude, u32x4_splat(SMALLEST_NORMAL)));
        F32x4(v128_or(value, v128_and(u32x4_shl(halves, 16), u32x4_splat(SIGN))))
    }

    /// Eight bfloat16 numbers: the upper halves of binary32.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    #[inline(always)]
    pub unsafe fn from_bfloats(p: *const u8) -> [F32x4; 2] {
        let (zero, halves) = (u16x8_splat(0), unsafe { v128_load(p as *const v128) });
        let low = i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(zero, halves);
        [F32x4(low), F32x4(i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(zero, halves))]
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    use super::*;

    /// Eight IEEE 754 binary16 numbers.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    pub unsafe fn from_halves(p: *const u8) -> [F32x4; 2] {
        unsafe { eight(p, |bits| from_half(bits as u16).to_bits()) }
    }

    /// Eight bfloat16 numbers: the upper halves of binary32.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    pub unsafe fn from_bfloats(p: *const u8) -> [F32x4; 2] {
        unsafe { eight(p, |bits| bits << 16) }
    }

    unsafe fn eight(p: *const u8, widen: impl Fn(u32) -> u32) -> [F32x4; 2] {
        let lane = |i: usize| f32::from_bits(widen(unsafe { (p as *const u16).add(i).read_unaligned() } as u32));
        [0, 4].map(|start| F32x4(core::array::from_fn(|i| lane(start + i))))
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use lanes::widen_four;
pub use lanes::{from_bfloats, from_halves};
