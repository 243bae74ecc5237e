//! `F32x4` over WebAssembly's `v128`.

use super::{Lanes, MANTISSA_BITS, SQRT_HALF_BITS};
use core::arch::wasm32::*;
use core::ops::{Add, Div, Mul, Sub};
use core::ptr::{from_ref, read_volatile};

/// Four `f32` lanes.
#[derive(Clone, Copy)]
pub struct F32x4(pub v128);

impl F32x4 {
    /// All lanes 0.
    pub const ZERO: Self = Self(f32x4(0.0, 0.0, 0.0, 0.0));

    /// All lanes `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }

    /// A constant that stays in memory, for loops with more constants than registers: one load, where V8 makes a vector that
    /// is repeated in the code at each use, by three instructions of which two wait for the same port.
    #[inline(always)]
    pub fn constant(lanes: &'static Lanes) -> Self {
        // Volatile, since LLVM would put it into the code otherwise.
        Self(unsafe { read_volatile(from_ref(lanes).cast::<v128>()) })
    }

    /// Lanes `p[0..4]`; any alignment.
    ///
    /// # Safety
    /// `p` must be valid for reading four values.
    #[inline(always)]
    pub unsafe fn load(p: *const f32) -> Self {
        Self(unsafe { v128_load(p as *const v128) })
    }

    /// All lanes `*p`.
    ///
    /// # Safety
    /// `p` must be valid for reading one value.
    #[inline(always)]
    pub unsafe fn load_splat(p: *const f32) -> Self {
        Self(unsafe { v128_load32_splat(p as *const u32) })
    }

    /// Writes the lanes to `p[0..4]`; any alignment.
    ///
    /// # Safety
    /// `p` must be valid for writing four values.
    #[inline(always)]
    pub unsafe fn store(self, p: *mut f32) {
        unsafe { v128_store(p as *mut v128, self.0) }
    }

    /// `self · b + c`.
    #[inline(always)]
    pub fn mul_add(self, b: Self, c: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        {
            Self(f32x4_relaxed_madd(self.0, b.0, c.0))
        }
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            Self(f32x4_add(f32x4_mul(self.0, b.0), c.0))
        }
    }

    /// Lane-wise larger value (a NaN in either gives NaN).
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        Self(f32x4_max(self.0, b.0))
    }

    /// Lane-wise smaller value (a NaN in either gives NaN).
    #[inline(always)]
    pub fn min(self, b: Self) -> Self {
        Self(f32x4_min(self.0, b.0))
    }

    /// Lane-wise square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self(f32x4_sqrt(self.0))
    }

    /// Lane-wise absolute value.
    #[inline(always)]
    pub fn abs(self) -> Self {
        Self(f32x4_abs(self.0))
    }

    /// Lane-wise smaller value; where one is a NaN, either. One instruction, but what a NaN gives differs from build to
    /// build: only for lanes whose NaN comes into the result another way.
    #[inline(always)]
    pub fn loose_min(self, b: Self) -> Self {
        // LLVM turns `pmin` into `relaxed_min` too where the build has it. On x86 that keeps its second operand on a tie.
        #[cfg(target_feature = "relaxed-simd")]
        {
            Self(f32x4_relaxed_min(b.0, self.0))
        }
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            Self(f32x4_pmin(self.0, b.0))
        }
    }

    /// Lane-wise larger value; where one is a NaN, either, as in [`Self::loose_min`].
    #[inline(always)]
    pub fn loose_max(self, b: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        {
            Self(f32x4_relaxed_max(b.0, self.0))
        }
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            Self(f32x4_pmax(self.0, b.0))
        }
    }

    /// Lane-wise the larger of the bits as signed whole numbers: of numbers that are not negative the larger one, where a NaN is
    /// above all; of others, what is not negative.
    #[inline(always)]
    pub fn max_bits(self, b: Self) -> Self {
        Self(i32x4_max(self.0, b.0))
    }

    /// `self`, NaN where `x` is one: for results of `x` that went through `loose_min` and `loose_max` as their `self`.
    #[inline(always)]
    pub fn with_nan_of(self, x: Self) -> Self {
        // All bits set are a NaN: a comparison beside the chain of the others, and an `or`. `pmin` and `pmax` lose none.
        #[cfg(target_feature = "relaxed-simd")]
        {
            Self(v128_or(self.0, f32x4_ne(x.0, x.0)))
        }
        #[cfg(not(target_feature = "relaxed-simd"))]
        {
            let _ = x;
            self
        }
    }

    /// Lanes within `low..=high`; a NaN stays one.
    #[inline(always)]
    pub fn clamp(self, low: Self, high: Self) -> Self {
        self.loose_min(high).loose_max(low).with_nan_of(self)
    }

    /// Lane-wise rounding to the nearest integer, ties to even.
    #[inline(always)]
    pub fn round(self) -> Self {
        Self(f32x4_nearest(self.0))
    }

    /// 2^(n + `EXTRA`) for `self` = 1.5·2²³ + n: n stands in the low mantissa bits. The result must be a normal number.
    #[inline(always)]
    pub fn power_of_two<const EXTRA: i32>(self) -> Self {
        let exponent = Self::constant(const { &Lanes::splat(f32::from_bits(((127 + EXTRA) as u32) << 23)) });
        Self(i32x4_add(i32x4_shl(self.0, 23), exponent.0))
    }

    /// Two normal numbers whose product is 2^n, for `self` = 1.5·2²³ + n and −252 ≤ n ≤ 254.
    #[inline(always)]
    pub fn powers_of_two(self) -> (Self, Self) {
        let half = i32x4_shl(i32x4_shr(self.0, 1), 23);
        let rest = i32x4_sub(i32x4_shl(self.0, 23), half);
        let one = i32x4_splat(127 << 23);
        (Self(i32x4_add(half, one)), Self(i32x4_add(rest, one)))
    }

    /// Splits positive normal lanes into (m, e), m in [√½, √2) and e an integer, with `self` = m·2^e.
    #[inline(always)]
    pub fn split_exponent(self) -> (Self, Self) {
        let offset = i32x4_sub(self.0, u32x4_splat(SQRT_HALF_BITS));
        let exponent = f32x4_convert_i32x4(i32x4_shr(offset, 23));
        let mantissa = i32x4_add(v128_and(offset, u32x4_splat(MANTISSA_BITS)), u32x4_splat(SQRT_HALF_BITS));
        (Self(mantissa), Self(exponent))
    }

    /// Lane-wise `self > b ? yes : no` (a NaN in either compares false).
    #[inline(always)]
    pub fn select_greater(self, b: Self, yes: Self, no: Self) -> Self {
        Self(select(f32x4_gt(self.0, b.0), yes.0, no.0))
    }

    /// Lane-wise `self == b ? yes : no` (a NaN in either compares false).
    #[inline(always)]
    pub fn select_equal(self, b: Self, yes: Self, no: Self) -> Self {
        Self(select(f32x4_eq(self.0, b.0), yes.0, no.0))
    }

    /// Lane-wise `a < b ? 0 : self` (a NaN in `a` or `b` compares false).
    #[inline(always)]
    pub fn zero_where_less(self, a: Self, b: Self) -> Self {
        Self(v128_andnot(self.0, f32x4_lt(a.0, b.0)))
    }

    /// Lane-wise `a <= b ? 0 : self` (a NaN in `a` or `b` compares false).
    #[inline(always)]
    pub fn zero_where_at_most(self, a: Self, b: Self) -> Self {
        Self(v128_andnot(self.0, f32x4_le(a.0, b.0)))
    }

    /// Lane-wise `a <= b ? self : 0` (a NaN in `a` or `b` compares false).
    #[inline(always)]
    pub fn keep_where_at_most(self, a: Self, b: Self) -> Self {
        Self(v128_and(self.0, f32x4_le(a.0, b.0)))
    }

    /// `self` with the sign bits of `signs` set too: for `self` without any.
    #[inline(always)]
    pub fn or_sign(self, signs: Self) -> Self {
        Self(v128_or(self.0, v128_and(signs.0, f32x4_splat(-0.0))))
    }

    /// Rows become columns.
    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let low = |x: Self, y: Self| i32x4_shuffle::<0, 4, 1, 5>(x.0, y.0);
        let high = |x: Self, y: Self| i32x4_shuffle::<2, 6, 3, 7>(x.0, y.0);
        let (ac, bd, ac_high, bd_high) = (Self(low(a, c)), Self(low(b, d)), Self(high(a, c)), Self(high(b, d)));
        [Self(low(ac, bd)), Self(high(ac, bd)), Self(low(ac_high, bd_high)), Self(high(ac_high, bd_high))]
    }

    /// The lanes as an array.
    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        [
            f32x4_extract_lane::<0>(self.0),
            f32x4_extract_lane::<1>(self.0),
            f32x4_extract_lane::<2>(self.0),
            f32x4_extract_lane::<3>(self.0),
        ]
    }

    /// `(lane 0 + lane 2) + (lane 1 + lane 3)`.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        (a + c) + (b + d)
    }
}

/// Lanes of `yes` or `no` by a comparison's result.
#[inline(always)]
fn select(mask: v128, yes: v128, no: v128) -> v128 {
    // Where all bits of a lane's mask agree the two are the same; on x86 the second is one instruction, not three.
    #[cfg(not(target_feature = "relaxed-simd"))]
    {
        v128_bitselect(yes, no, mask)
    }
    #[cfg(target_feature = "relaxed-simd")]
    {
        i32x4_relaxed_laneselect(yes, no, mask)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for F32x4 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                Self($intrinsic(self.0, b.0))
            }
        }
    };
}
operator!(Add, add, f32x4_add);
operator!(Sub, sub, f32x4_sub);
operator!(Mul, mul, f32x4_mul);
operator!(Div, div, f32x4_div);
