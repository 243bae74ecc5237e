//! Eight weights widened to binary32 and narrowed again where all of them are what nearly all weights are, normal numbers before and
//! after. Others are noticed afterwards, so that many are looked at together and none is stored. Constants are in registers: V8 creates one again
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
    use crate::simd::half::{BFLOAT_OVERFLOW, HALF_OVERFLOW, Normal, Others, REBIAS, SIGN, SMALLEST_VALUE, Widening};
    use core::arch::wasm32::*;
    use core::mem::replace;

    /// Twice a number's bits are its magnitude's, without the sign. Less the least one's, and as signed numbers from the least one on,
    /// those in a range are up to one limit.
    const LEAST_TWICE: u32 = (2 * SMALLEST_VALUE).wrapping_neg() ^ SIGN;
    const LAST_TWICE: u32 = (2 * (HALF_OVERFLOW - SMALLEST_VALUE) - 1) ^ SIGN;
    const LAST_BFLOAT_TWICE: u32 = (2 * BFLOAT_OVERFLOW - 1) ^ SIGN;

    /// What narrowing to 16 bits needs, whichever those are.
    struct Narrowing {
        one: v128,
        rounding: v128,
        least: v128,
        last: v128,
    }

    impl Narrowing {
        #[inline(always)]
        fn new(zero: u32, rounding: u32, least: u32, last: u32) -> Self {
            let [one, rounding, least, last] = [1, rounding, least, last].map(|constant| u32x4_splat(constant ^ zero));
            Self { one, rounding, least, last }
        }

        /// Eight numbers in the upper halves that `place` leaves them in, rounded where the lowest bit kept is at SHIFT.
        #[inline(always)]
        fn narrow<const SHIFT: u32>(
            &self,
            values: [F32x4; 2],
            others: &mut Others,
            place: impl Fn(v128, v128) -> v128,
        ) -> v128 {
            let [low, high] = values.map(|value| {
                let bits = value.0;
                let moved = i32x4_add(i32x4_add(bits, bits), self.least);
                others.note(i32x4_gt(moved, self.last));
                let odd = v128_and(u32x4_shr(bits, SHIFT), self.one);
                place(bits, i32x4_add(i32x4_add(bits, odd), self.rounding))
            });
            i16x8_shuffle::<1, 3, 5, 7, 9, 11, 13, 15>(low, high)
        }
    }

    pub struct NormalHalves {
        widening: Normal,
        narrowing: Narrowing,
        sign: v128,
    }

    impl NormalWeights for NormalHalves {
        type Eight = v128;

        #[inline(always)]
        fn new(zero: u32) -> Self {
            Self {
                widening: Normal::new(zero),
                narrowing: Narrowing::new(zero, 0xfff_u32.wrapping_sub(REBIAS), LEAST_TWICE, LAST_TWICE),
                sign: u32x4_splat(SIGN ^ zero),
            }
        }

        #[inline(always)]
        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            unsafe { self.widening.load(p) }
        }

        #[inline(always)]
        fn narrow(&mut self, values: [F32x4; 2]) -> v128 {
            let sign = self.sign;
            self.narrowing.narrow::<13>(values, &mut self.widening.others, |bits, rounded| {
                v128_bitselect(bits, i32x4_shl(rounded, 3), sign)
            })
        }

        #[inline(always)]
        unsafe fn store(eight: v128, p: *mut u8) {
            unsafe { v128_store(p as *mut v128, eight) }
        }

        #[inline(always)]
        fn held(&mut self) -> bool {
            !replace(&mut self.widening.others, Others::none()).any()
        }
    }

    pub struct NormalBfloats {
        narrowing: Narrowing,
        others: Others,
    }

    impl NormalWeights for NormalBfloats {
        type Eight = v128;

        #[inline(always)]
        fn new(zero: u32) -> Self {
            Self { narrowing: Narrowing::new(zero, 0x7fff, SIGN, LAST_BFLOAT_TWICE), others: Others::none() }
        }

        #[inline(always)]
        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            unsafe { crate::simd::half::from_bfloats(p) }
        }

        #[inline(always)]
        fn narrow(&mut self, values: [F32x4; 2]) -> v128 {
            self.narrowing.narrow::<16>(values, &mut self.others, |_, rounded| rounded)
        }

        #[inline(always)]
        unsafe fn store(eight: v128, p: *mut u8) {
            unsafe { v128_store(p as *mut v128, eight) }
        }

        #[inline(always)]
        fn held(&mut self) -> bool {
            !replace(&mut self.others, Others::none()).any()
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

/// Numbers of binary32: all are used unchanged.
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
