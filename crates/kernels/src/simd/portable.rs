//! `F32x4` over an array: what native tests run. Same methods, same order of operations as the WebAssembly version.

use super::{Lanes, MANTISSA_BITS, SQRT_HALF_BITS};
use core::array::from_fn;
use core::ops::{Add, Div, Mul, Sub};

/// Four `f32` lanes.
#[derive(Clone, Copy)]
pub struct F32x4(pub [f32; 4]);

impl F32x4 {
    /// All lanes 0.
    pub const ZERO: Self = Self([0.0; 4]);

    /// All lanes `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    /// A constant that stays in memory.
    #[inline(always)]
    pub fn constant(lanes: &'static Lanes) -> Self {
        Self(lanes.0)
    }

    /// Lanes `p[0..4]`; any alignment of `f32`.
    ///
    /// # Safety
    /// `p` must be valid for reading four values.
    #[inline(always)]
    pub unsafe fn load(p: *const f32) -> Self {
        Self(unsafe { (p as *const [f32; 4]).read_unaligned() })
    }

    /// All lanes `*p`.
    ///
    /// # Safety
    /// `p` must be valid for reading one value.
    #[inline(always)]
    pub unsafe fn load_splat(p: *const f32) -> Self {
        Self::splat(unsafe { *p })
    }

    /// Writes the lanes to `p[0..4]`.
    ///
    /// # Safety
    /// `p` must be valid for writing four values.
    #[inline(always)]
    pub unsafe fn store(self, p: *mut f32) {
        unsafe { (p as *mut [f32; 4]).write_unaligned(self.0) }
    }

    /// `self · b + c`.
    #[inline(always)]
    pub fn mul_add(self, b: Self, c: Self) -> Self {
        self * b + c
    }

    /// Lane-wise larger value (a NaN in either gives NaN).
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        Self(from_fn(|i| {
            let (x, y) = (self.0[i], b.0[i]);
            if x > y || x.is_nan() { x } else { y }
        }))
    }

    /// Lane-wise smaller value (a NaN in either gives NaN).
    #[inline(always)]
    pub fn min(self, b: Self) -> Self {
        Self(from_fn(|i| {
            let (x, y) = (self.0[i], b.0[i]);
            if x < y || x.is_nan() { x } else { y }
        }))
    }

    /// Lane-wise square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }

    /// Lane-wise absolute value.
    #[inline(always)]
    pub fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    /// Lane-wise smaller value; where one is a NaN, either: here `b`, as no careless use survives.
    #[inline(always)]
    pub fn loose_min(self, b: Self) -> Self {
        Self(from_fn(|i| if self.0[i] <= b.0[i] { self.0[i] } else { b.0[i] }))
    }

    /// Lane-wise larger value; where one is a NaN, either: here `b`.
    #[inline(always)]
    pub fn loose_max(self, b: Self) -> Self {
        Self(from_fn(|i| if self.0[i] >= b.0[i] { self.0[i] } else { b.0[i] }))
    }

    /// Lane-wise the larger of the bits as signed whole numbers: of numbers that are not negative the larger one, where a NaN is
    /// above all; of others, what is not negative.
    pub fn max_bits(self, b: Self) -> Self {
        Self(core::array::from_fn(|i| {
            if (self.0[i].to_bits() as i32) < b.0[i].to_bits() as i32 { b.0[i] } else { self.0[i] }
        }))
    }

    /// `self`, NaN where `x` is one: for results of `x` that went through `loose_min` and `loose_max` as their `self`.
    #[inline(always)]
    pub fn with_nan_of(self, x: Self) -> Self {
        Self(from_fn(|i| if x.0[i].is_nan() { x.0[i] } else { self.0[i] }))
    }

    /// Lanes within `low..=high`; a NaN stays one.
    #[inline(always)]
    pub fn clamp(self, low: Self, high: Self) -> Self {
        self.loose_min(high).loose_max(low).with_nan_of(self)
    }

    /// Lane-wise rounding to the nearest integer, ties to even.
    #[inline(always)]
    pub fn round(self) -> Self {
        Self(self.0.map(f32::round_ties_even))
    }

    /// 2^(n + `EXTRA`) for `self` = 1.5·2²³ + n: n stands in the low mantissa bits. The result must be a normal number.
    #[inline(always)]
    pub fn power_of_two<const EXTRA: i32>(self) -> Self {
        let one = ((127 + EXTRA) << 23) as u32;
        Self(self.0.map(|x| f32::from_bits((x.to_bits() << 23).wrapping_add(one))))
    }

    /// Two normal numbers whose product is 2^n, for `self` = 1.5·2²³ + n and −252 ≤ n ≤ 254.
    #[inline(always)]
    pub fn powers_of_two(self) -> (Self, Self) {
        let one = 127 << 23;
        let half = self.0.map(|x| x.to_bits() >> 1 << 23);
        let rest: [u32; 4] = from_fn(|i| (self.0[i].to_bits() << 23).wrapping_sub(half[i]));
        let power = |bits: [u32; 4]| Self(bits.map(|bits| f32::from_bits(bits.wrapping_add(one))));
        (power(half), power(rest))
    }

    /// Splits positive normal lanes into (m, e), m in [√½, √2) and e an integer, with `self` = m·2^e.
    #[inline(always)]
    pub fn split_exponent(self) -> (Self, Self) {
        let offset = self.0.map(|x| x.to_bits().wrapping_sub(SQRT_HALF_BITS));
        let exponent = offset.map(|bits| ((bits as i32) >> 23) as f32);
        (Self(offset.map(|bits| f32::from_bits((bits & MANTISSA_BITS).wrapping_add(SQRT_HALF_BITS)))), Self(exponent))
    }

    /// Lane-wise `self > b ? yes : no` (a NaN in either compares false).
    #[inline(always)]
    pub fn select_greater(self, b: Self, yes: Self, no: Self) -> Self {
        Self(from_fn(|i| if self.0[i] > b.0[i] { yes.0[i] } else { no.0[i] }))
    }

    /// Lane-wise `self == b ? yes : no` (a NaN in either compares false).
    #[inline(always)]
    pub fn select_equal(self, b: Self, yes: Self, no: Self) -> Self {
        Self(from_fn(|i| if self.0[i] == b.0[i] { yes.0[i] } else { no.0[i] }))
    }

    /// Lane-wise `a < b ? 0 : self` (a NaN in `a` or `b` compares false).
    #[inline(always)]
    pub fn zero_where_less(self, a: Self, b: Self) -> Self {
        Self(from_fn(|i| if a.0[i] < b.0[i] { 0.0 } else { self.0[i] }))
    }

    /// Lane-wise `a <= b ? 0 : self` (a NaN in `a` or `b` compares false).
    #[inline(always)]
    pub fn zero_where_at_most(self, a: Self, b: Self) -> Self {
        Self(from_fn(|i| if a.0[i] <= b.0[i] { 0.0 } else { self.0[i] }))
    }

    /// Lane-wise `a <= b ? self : 0` (a NaN in `a` or `b` compares false).
    #[inline(always)]
    pub fn keep_where_at_most(self, a: Self, b: Self) -> Self {
        Self(from_fn(|i| if a.0[i] <= b.0[i] { self.0[i] } else { 0.0 }))
    }

    /// `self` with the sign bits of `signs` set too: for `self` without any.
    #[inline(always)]
    pub fn or_sign(self, signs: Self) -> Self {
        Self(from_fn(|i| f32::from_bits(self.0[i].to_bits() | signs.0[i].to_bits() & (1 << 31))))
    }

    /// Rows become columns.
    #[inline(always)]
    pub fn transpose(rows: [Self; 4]) -> [Self; 4] {
        from_fn(|j| Self(from_fn(|i| rows[i].0[j])))
    }

    /// The lanes as an array.
    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        self.0
    }

    /// `(lane 0 + lane 2) + (lane 1 + lane 3)`.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.0;
        (a + c) + (b + d)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl $trait for F32x4 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                Self(from_fn(|i| self.0[i].$method(b.0[i])))
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);
