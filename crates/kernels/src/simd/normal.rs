//! Eight weights widened to binary32 and narrowed again where all of them are what nearly all weights are, normal numbers before and
//! after. Others are noticed afterwards, so that many are looked at together and none is stored. Constants are in registers: V8 makes one anew
//! wherever a loop uses it, in several instructions.

use super::F32x4;

/// Weights of one kind, one load and narrowing after the other.
pub trait NormalWeights {
    /// Eight of them, as they are stored.
    type Eight: Copy;

    /// `zero` is 0, of which the compiler must not know.
    fn new(zero: u32) -> Self;

    /// Eight numbers.
    ///
    /// # Safety
    /// `p` must be valid for reading them.
    unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2];

    /// The nearest that can be stored, ties to even.
    fn narrow(&mut self, values: [F32x4; 2]) -> Self::Eight;

    /// # Safety
    /// `p` must be valid for writing them.
    unsafe fn store(eight: Self::Eight, p: *mut u8);

    /// Whether all since the last time were of the kind that it takes; what it gave is wrong otherwise.
    fn held(&mut self) -> bool;
}

#[cfg(target_arch = "wasm32")]
mod lanes {
    use super::*;
    use crate::simd::half::{BFLOAT_OVERFLOW, HALF_OVERFLOW, LARGEST_TWICE, MAGNITUDE, REBIAS, SIGN};
    use crate::simd::half::{SMALLEST_NORMAL_TWICE, SMALLEST_VALUE};
    use core::arch::wasm32::*;

    /// Twice a number's bits are its magnitude's, without the sign. Less the least one's, and as signed numbers from the least one on,
    /// those in a range are up to one limit.
    const LEAST_TWICE: u32 = (2 * SMALLEST_VALUE).wrapping_neg() ^ SIGN;
    const LAST_TWICE: u32 = (2 * (HALF_OVERFLOW - SMALLEST_VALUE) - 1) ^ SIGN;
    const LAST_BFLOAT_TWICE: u32 = (2 * BFLOAT_OVERFLOW - 1) ^ SIGN;

    pub struct NormalHalves {
        sign_and_magnitude: v128,
        rebias: v128,
        smallest: v128,
        largest: v128,
        one: v128,
        rounding: v128,
        sign: v128,
        least: v128,
        last: v128,
        others: v128,
    }

    impl NormalWeights for NormalHalves {
        type Eight = v128;

        #[inline(always)]
        fn new(zero: u32) -> Self {
            let narrow = zero as i16;
            Self {
                sign_and_magnitude: u32x4_splat((SIGN | MAGNITUDE) ^ zero),
                rebias: u32x4_splat(REBIAS ^ zero),
                smallest: i16x8_splat(SMALLEST_NORMAL_TWICE ^ narrow),
                largest: i16x8_splat(LARGEST_TWICE ^ narrow),
                one: u32x4_splat(1 ^ zero),
                rounding: u32x4_splat(0xfff_u32.wrapping_sub(REBIAS) ^ zero),
                sign: u32x4_splat(SIGN ^ zero),
                least: u32x4_splat(LEAST_TWICE ^ zero),
                last: u32x4_splat(LAST_TWICE ^ zero),
                others: u32x4_splat(0),
            }
        }

        #[inline(always)]
        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            let halves = unsafe { v128_load(p as *const v128) };
            let moved = i16x8_add(i16x8_add(halves, halves), self.smallest);
            self.others = v128_or(self.others, i16x8_gt(moved, self.largest));
            let widen =
                |halves| F32x4(i32x4_add(v128_and(i32x4_shl(halves, 13), self.sign_and_magnitude), self.rebias));
            [widen(i32x4_extend_low_i16x8(halves)), widen(i32x4_extend_high_i16x8(halves))]
        }

        #[inline(always)]
        fn narrow(&mut self, values: [F32x4; 2]) -> v128 {
            let [low, high] = values.map(|value| {
                let bits = value.0;
                let moved = i32x4_add(i32x4_add(bits, bits), self.least);
                self.others = v128_or(self.others, i32x4_gt(moved, self.last));
                let odd = v128_and(u32x4_shr(bits, 13), self.one);
                let rounded = i32x4_add(i32x4_add(bits, odd), self.rounding);
                v128_bitselect(bits, i32x4_shl(rounded, 3), self.sign)
            });
            i16x8_shuffle::<1, 3, 5, 7, 9, 11, 13, 15>(low, high)
        }

        #[inline(always)]
        unsafe fn store(eight: v128, p: *mut u8) {
            unsafe { v128_store(p as *mut v128, eight) }
        }

        #[inline(always)]
        fn held(&mut self) -> bool {
            let held = !v128_any_true(self.others);
            self.others = u32x4_splat(0);
            held
        }
    }

    pub struct NormalBfloats {
        one: v128,
        rounding: v128,
        least: v128,
        last: v128,
        others: v128,
    }

    impl NormalWeights for NormalBfloats {
        type Eight = v128;

        #[inline(always)]
        fn new(zero: u32) -> Self {
            Self {
                one: u32x4_splat(1 ^ zero),
                rounding: u32x4_splat(0x7fff ^ zero),
                least: u32x4_splat(SIGN ^ zero),
                last: u32x4_splat(LAST_BFLOAT_TWICE ^ zero),
                others: u32x4_splat(0),
            }
        }

        #[inline(always)]
        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            unsafe { crate::simd::half::from_bfloats(p) }
        }

        #[inline(always)]
        fn narrow(&mut self, values: [F32x4; 2]) -> v128 {
            let [low, high] = values.map(|value| {
                let bits = value.0;
                let moved = i32x4_add(i32x4_add(bits, bits), self.least);
                self.others = v128_or(self.others, i32x4_gt(moved, self.last));
                let odd = v128_and(u32x4_shr(bits, 16), self.one);
                i32x4_add(i32x4_add(bits, odd), self.rounding)
            });
            i16x8_shuffle::<1, 3, 5, 7, 9, 11, 13, 15>(low, high)
        }

        #[inline(always)]
        unsafe fn store(eight: v128, p: *mut u8) {
            unsafe { v128_store(p as *mut v128, eight) }
        }

        #[inline(always)]
        fn held(&mut self) -> bool {
            let held = !v128_any_true(self.others);
            self.others = u32x4_splat(0);
            held
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    use super::*;

    /// Takes none.
    pub struct Nothing;

    impl NormalWeights for Nothing {
        type Eight = ();

        fn new(_: u32) -> Self {
            Self
        }

        unsafe fn load(&mut self, _: *const u8) -> [F32x4; 2] {
            [F32x4::ZERO; 2]
        }

        fn narrow(&mut self, _: [F32x4; 2]) {}

        unsafe fn store(_: (), _: *mut u8) {}

        fn held(&mut self) -> bool {
            false
        }
    }

    pub use Nothing as NormalHalves;
    pub use Nothing as NormalBfloats;
}

pub use lanes::{NormalBfloats, NormalHalves};

/// Numbers of binary32: all are taken as they are.
pub struct Singles;

impl NormalWeights for Singles {
    type Eight = [F32x4; 2];

    #[inline(always)]
    fn new(_: u32) -> Self {
        Self
    }

    #[inline(always)]
    unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
        unsafe { [F32x4::load(p as *const f32), F32x4::load((p as *const f32).add(4))] }
    }

    #[inline(always)]
    fn narrow(&mut self, values: [F32x4; 2]) -> Self::Eight {
        values
    }

    #[inline(always)]
    unsafe fn store([low, high]: [F32x4; 2], p: *mut u8) {
        unsafe {
            low.store(p as *mut f32);
            high.store((p as *mut f32).add(4));
        }
    }

    #[inline(always)]
    fn held(&mut self) -> bool {
        true
    }
}
