//! Sums of products of bytes, exact: four of x with the codes of four rows that lie in one another. Lane r of a sum is that of
//! row r. A signed factor meets one from 0 to 127: of such the relaxed instruction gives the same whole numbers everywhere.

use super::F32x4;

/// A sum for each of four rows.
pub trait Dots: Copy {
    const ZERO: Self;
    /// Plus the products of four bytes in each row; `small` are from 0 to 127, `ones` those of 16 bits.
    fn plus(self, signed: Bytes, small: Bytes, ones: Bytes) -> Self;
    /// The sums as float32, which are exact below 2²⁴.
    fn total(self, ones: Bytes) -> F32x4;
}

#[cfg(target_arch = "wasm32")]
mod lanes {
    use super::*;
    use core::arch::wasm32::*;

    /// Four bytes of each of four rows.
    #[derive(Clone, Copy)]
    pub struct Bytes(v128);

    impl Bytes {
        #[inline(always)]
        pub fn splat(byte: u8) -> Self {
            Self(u8x16_splat(byte))
        }

        /// # Safety
        /// `p` must be valid for reading 16 bytes.
        #[inline(always)]
        pub unsafe fn load(p: *const u8) -> Self {
            Self(unsafe { v128_load(p as *const v128) })
        }

        /// Eight numbers of 16 bits, alike.
        #[inline(always)]
        pub fn splat_16(value: u16) -> Self {
            Self(u16x8_splat(value))
        }

        /// The same four for all rows.
        ///
        /// # Safety
        /// `p` must be valid for reading four bytes.
        #[inline(always)]
        pub unsafe fn load_splat(p: *const u8) -> Self {
            Self(unsafe { v128_load32_splat(p as *const u32) })
        }

        #[inline(always)]
        pub fn low_nibbles(self, mask: Self) -> Self {
            Self(v128_and(self.0, mask.0))
        }

        #[inline(always)]
        pub fn high_nibbles(self, mask: Self) -> Self {
            // Shifts of bytes are made of several instructions, those of pairs of bytes are one.
            Self(v128_and(u16x8_shr(self.0, 4), mask.0))
        }
    }

    /// By products of 16 bits: rows 0 and 1, rows 2 and 3, two sums of each.
    #[derive(Clone, Copy)]
    pub struct Widened([v128; 2]);

    impl Dots for Widened {
        const ZERO: Self = Self([i32x4(0, 0, 0, 0); 2]);

        #[inline(always)]
        fn plus(self, Bytes(a): Bytes, Bytes(b): Bytes, _: Bytes) -> Self {
            let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(a), i16x8_extend_low_i8x16(b));
            let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(a), i16x8_extend_high_i8x16(b));
            Self([i32x4_add(self.0[0], low), i32x4_add(self.0[1], high)])
        }

        #[inline(always)]
        fn total(self, _: Bytes) -> F32x4 {
            let [low, high] = self.0;
            let (even, odd) = (i32x4_shuffle::<0, 2, 4, 6>(low, high), i32x4_shuffle::<1, 3, 5, 7>(low, high));
            F32x4(f32x4_convert_i32x4(i32x4_add(even, odd)))
        }
    }

    /// By the relaxed instruction for pairs of bytes, whose sums fit into 16 bits.
    #[cfg(target_feature = "relaxed-simd")]
    #[derive(Clone, Copy)]
    pub struct Pairs(v128);

    #[cfg(target_feature = "relaxed-simd")]
    impl Dots for Pairs {
        const ZERO: Self = Self(i32x4(0, 0, 0, 0));

        #[inline(always)]
        fn plus(self, signed: Bytes, small: Bytes, ones: Bytes) -> Self {
            let pairs = i16x8_relaxed_dot_i8x16_i7x16(signed.0, small.0);
            Self(i32x4_add(self.0, i32x4_dot_i16x8(pairs, ones.0)))
        }

        #[inline(always)]
        fn total(self, _: Bytes) -> F32x4 {
            F32x4(f32x4_convert_i32x4(self.0))
        }
    }

    /// The same where the small factors are below 16: eight products of pairs are added in 16 bits.
    #[cfg(target_feature = "relaxed-simd")]
    #[derive(Clone, Copy)]
    pub struct PairsOfNibbles(v128);

    #[cfg(target_feature = "relaxed-simd")]
    impl Dots for PairsOfNibbles {
        const ZERO: Self = Self(i32x4(0, 0, 0, 0));

        #[inline(always)]
        fn plus(self, signed: Bytes, small: Bytes, _: Bytes) -> Self {
            Self(i16x8_add(self.0, i16x8_relaxed_dot_i8x16_i7x16(signed.0, small.0)))
        }

        #[inline(always)]
        fn total(self, ones: Bytes) -> F32x4 {
            F32x4(f32x4_convert_i32x4(i32x4_dot_i16x8(self.0, ones.0)))
        }
    }

    /// By the relaxed instruction that adds four products and a sum: one where the processor has it, five where it has not.
    #[cfg(target_feature = "relaxed-simd")]
    #[derive(Clone, Copy)]
    pub struct Added(v128);

    #[cfg(target_feature = "relaxed-simd")]
    impl Dots for Added {
        const ZERO: Self = Self(i32x4(0, 0, 0, 0));

        #[inline(always)]
        fn plus(self, signed: Bytes, small: Bytes, _: Bytes) -> Self {
            Self(i32x4_relaxed_dot_i8x16_i7x16_add(signed.0, small.0, self.0))
        }

        #[inline(always)]
        fn total(self, _: Bytes) -> F32x4 {
            F32x4(f32x4_convert_i32x4(self.0))
        }
    }

    /// Whether `Added` is one instruction of the processor. Where an x86 processor has none, sums of two products are kept within
    /// 16 bits on the way, which shows with a factor above 127.
    #[cfg(target_feature = "relaxed-simd")]
    pub fn sums_of_four_are_added() -> bool {
        let (most, byte) = (core::hint::black_box(127), core::hint::black_box(255));
        let sums = i32x4_relaxed_dot_i8x16_i7x16_add(i8x16_splat(most), u8x16_splat(byte), i32x4_splat(0));
        i32x4_extract_lane::<0>(sums) != 2 * i32::from(i16::MAX)
    }

    #[cfg(not(target_feature = "relaxed-simd"))]
    pub fn sums_of_four_are_added() -> bool {
        false
    }
    #[cfg(not(target_feature = "relaxed-simd"))]
    pub type Added = Widened;
    #[cfg(not(target_feature = "relaxed-simd"))]
    pub type Pairs = Widened;
    #[cfg(not(target_feature = "relaxed-simd"))]
    pub type PairsOfNibbles = Widened;
}

#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    use super::*;
    use core::array::from_fn;

    /// Four bytes of each of four rows.
    #[derive(Clone, Copy)]
    pub struct Bytes([i8; 16]);

    impl Bytes {
        pub fn splat(byte: u8) -> Self {
            Self([byte as i8; 16])
        }

        /// # Safety
        /// `p` must be valid for reading 16 bytes.
        pub unsafe fn load(p: *const u8) -> Self {
            Self(from_fn(|i| unsafe { *p.add(i) as i8 }))
        }

        /// Eight numbers of 16 bits, alike.
        pub fn splat_16(value: u16) -> Self {
            Self(from_fn(|i| value.to_le_bytes()[i % 2] as i8))
        }

        /// The same four for all rows.
        ///
        /// # Safety
        /// `p` must be valid for reading four bytes.
        pub unsafe fn load_splat(p: *const u8) -> Self {
            Self(from_fn(|i| unsafe { *p.add(i % 4) as i8 }))
        }

        pub fn low_nibbles(self, mask: Self) -> Self {
            Self(from_fn(|i| self.0[i] & mask.0[i]))
        }

        pub fn high_nibbles(self, mask: Self) -> Self {
            Self(from_fn(|i| self.0[i] >> 4 & mask.0[i]))
        }
    }

    #[derive(Clone, Copy)]
    pub struct Widened([i32; 4]);
    pub type Pairs = Widened;
    pub type PairsOfNibbles = Widened;
    pub type Added = Widened;

    pub fn sums_of_four_are_added() -> bool {
        false
    }

    impl Dots for Widened {
        const ZERO: Self = Self([0; 4]);

        fn plus(self, signed: Bytes, small: Bytes, _: Bytes) -> Self {
            assert!(small.0.iter().all(|&byte| byte >= 0));
            let product = |i: usize| i32::from(signed.0[i]) * i32::from(small.0[i]);
            Self(from_fn(|row| self.0[row] + (0..4).map(|i| product(4 * row + i)).sum::<i32>()))
        }

        fn total(self, _: Bytes) -> F32x4 {
            F32x4(self.0.map(|sum| sum as f32))
        }
    }
}

pub use lanes::{Added, Bytes, Pairs, PairsOfNibbles, Widened, sums_of_four_are_added};
