//! Sums over sixteen bytes at a time, in whole numbers: products with numbers of 16 bits, and bits that differ.

#[cfg(target_arch = "wasm32")]
mod lanes {
    use core::arch::wasm32::*;

    /// Four partial sums.
    #[derive(Clone, Copy)]
    pub struct CodeSums(v128);

    impl CodeSums {
        pub const ZERO: Self = Self(i32x4(0, 0, 0, 0));

        /// Plus Σ codes\[i\]·weights\[i\] for sixteen signed codes.
        ///
        /// # Safety
        /// `codes` valid for reading 16 bytes, `weights` 16 numbers.
        #[inline(always)]
        pub unsafe fn plus_products(self, codes: *const u8, weights: *const i16) -> Self {
            unsafe {
                let (codes, weights) = (codes as *const i8, weights as *const v128);
                let low = i32x4_dot_i16x8(i16x8_load_extend_i8x8(codes), v128_load(weights));
                let high = i32x4_dot_i16x8(i16x8_load_extend_i8x8(codes.add(8)), v128_load(weights.add(1)));
                Self(i32x4_add(self.0, i32x4_add(low, high)))
            }
        }

        /// Plus the number of bits in which sixteen bytes differ.
        ///
        /// # Safety
        /// `a` and `b` valid for reading 16 bytes.
        #[inline(always)]
        pub unsafe fn plus_differing_bits(self, a: *const u8, b: *const u8) -> Self {
            let bits = unsafe { u8x16_popcnt(v128_xor(v128_load(a as *const v128), v128_load(b as *const v128))) };
            Self(i32x4_add(self.0, i32x4_extadd_pairwise_i16x8(i16x8_extadd_pairwise_u8x16(bits))))
        }

        #[inline(always)]
        pub fn total(self) -> i32 {
            let pairs = i32x4_add(self.0, i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0));
            i32x4_extract_lane::<0>(pairs) + i32x4_extract_lane::<1>(pairs)
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    /// Partial sums.
    #[derive(Clone, Copy)]
    pub struct CodeSums(i32);

    impl CodeSums {
        pub const ZERO: Self = Self(0);

        /// Plus Σ codes\[i\]·weights\[i\] for sixteen signed codes.
        ///
        /// # Safety
        /// `codes` valid for reading 16 bytes, `weights` 16 numbers.
        pub unsafe fn plus_products(self, codes: *const u8, weights: *const i16) -> Self {
            let product = |i| unsafe { i32::from(*codes.add(i) as i8) * i32::from(*weights.add(i)) };
            Self(self.0 + (0..16).map(product).sum::<i32>())
        }

        /// Plus the number of bits in which sixteen bytes differ.
        ///
        /// # Safety
        /// `a` and `b` valid for reading 16 bytes.
        pub unsafe fn plus_differing_bits(self, a: *const u8, b: *const u8) -> Self {
            let bits = |i| unsafe { (*a.add(i) ^ *b.add(i)).count_ones() as i32 };
            Self(self.0 + (0..16).map(bits).sum::<i32>())
        }

        pub fn total(self) -> i32 {
            self.0
        }
    }
}

pub use lanes::CodeSums;
