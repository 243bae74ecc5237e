//! Sums of products of small whole numbers, exact: 32 numbers x with the codes of four groups. Each sum is a float32 that is a
//! whole number below 2²⁴, so every build gives the same. Products are of 16 bits: the relaxed instruction for bytes gave wrong
//! sums in Node 20.
//!
//! Of each 16 numbers those at even places come first, then those at odd ones: so codes are widened by shifts alone.

use super::F32x4;

/// Where number `i` of 32 stands.
pub const fn place(i: usize) -> usize {
    i / 16 * 16 + i % 2 * 8 + i % 16 / 2
}

#[cfg(target_arch = "wasm32")]
mod lanes {
    use super::super::half::widen_four;
    use super::*;
    use core::arch::wasm32::*;

    /// [Σ x·q of group 0, 1, 2, 3] for each x: q are 32 signed bytes.
    ///
    /// # Safety
    /// x must be valid for reading 32 numbers, the groups for 32 bytes.
    #[inline(always)]
    pub unsafe fn dot_bytes<const R: usize>(x: [*const i16; R], groups: [*const u8; 4]) -> [F32x4; R] {
        let even = |q| i16x8_shr(i16x8_shl(q, 8), 8);
        unsafe {
            dots(x, |j| {
                let q = [0, 16].map(|at| v128_load(groups[j].add(at) as *const v128));
                [even(q[0]), i16x8_shr(q[0], 8), even(q[1]), i16x8_shr(q[1], 8)]
            })
        }
    }

    /// The same with q of four bits, the first 16 in the low nibbles of 16 bytes.
    ///
    /// # Safety
    /// x must be valid for reading 32 numbers, the groups for 16 bytes.
    #[inline(always)]
    pub unsafe fn dot_nibbles<const R: usize>(x: [*const i16; R], groups: [*const u8; 4]) -> [F32x4; R] {
        let low = |q| v128_and(q, u16x8_splat(15));
        unsafe {
            dots(x, |j| {
                let q = v128_load(groups[j] as *const v128);
                [low(q), low(u16x8_shr(q, 8)), low(u16x8_shr(q, 4)), u16x8_shr(q, 12)]
            })
        }
    }

    #[inline(always)]
    unsafe fn dots<const R: usize>(x: [*const i16; R], codes: impl Fn(usize) -> [v128; 4]) -> [F32x4; R] {
        let mut sums = [[i32x4_splat(0); R]; 4];
        for (j, sums) in sums.iter_mut().enumerate() {
            let q = codes(j);
            for (x, sum) in x.iter().zip(sums) {
                let dot = |part: usize| i32x4_dot_i16x8(unsafe { v128_load(x.add(8 * part) as *const v128) }, q[part]);
                *sum = i32x4_add(i32x4_add(dot(0), dot(1)), i32x4_add(dot(2), dot(3)));
            }
        }
        core::array::from_fn(|i| F32x4(f32x4_convert_i32x4(across(sums.map(|sums| sums[i])))))
    }

    /// The sum of each vector's lanes.
    #[inline(always)]
    fn across([a, b, c, d]: [v128; 4]) -> v128 {
        let pairs = |x, y| i32x4_add(i32x4_shuffle::<0, 2, 4, 6>(x, y), i32x4_shuffle::<1, 3, 5, 7>(x, y));
        pairs(pairs(a, b), pairs(c, d))
    }

    /// The numbers of 16 bits at four places.
    ///
    /// # Safety
    /// All must be valid for reading two bytes.
    #[inline(always)]
    pub unsafe fn halves_at(p: [*const u8; 4]) -> F32x4 {
        widen_four(core::array::from_fn(|i| unsafe { (p[i] as *const u16).read_unaligned() }))
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    use super::super::half::from_half;
    use super::*;
    use core::array::from_fn;

    /// [Σ x·q of group 0, 1, 2, 3] for each x: q are 32 signed bytes.
    ///
    /// # Safety
    /// x must be valid for reading 32 numbers, the groups for 32 bytes.
    pub unsafe fn dot_bytes<const R: usize>(x: [*const i16; R], groups: [*const u8; 4]) -> [F32x4; R] {
        dots(x, groups, |group, i| i32::from(unsafe { *(group.add(i) as *const i8) }))
    }

    /// The same with q of four bits, the first 16 in the low nibbles of 16 bytes.
    ///
    /// # Safety
    /// x must be valid for reading 32 numbers, the groups for 16 bytes.
    pub unsafe fn dot_nibbles<const R: usize>(x: [*const i16; R], groups: [*const u8; 4]) -> [F32x4; R] {
        dots(x, groups, |group, i| i32::from(unsafe { *group.add(i % 16) } >> (4 * (i / 16)) & 15))
    }

    fn dots<const R: usize>(
        x: [*const i16; R],
        groups: [*const u8; 4],
        code: impl Fn(*const u8, usize) -> i32,
    ) -> [F32x4; R] {
        let value = |x: *const i16, i: usize| i32::from(unsafe { x.add(place(i)).read_unaligned() });
        let dot = |x, group| (0..32).map(|i| value(x, i) * code(group, i)).sum::<i32>() as f32;
        x.map(|x| F32x4(from_fn(|j| dot(x, groups[j]))))
    }

    /// The numbers of 16 bits at four places.
    ///
    /// # Safety
    /// All must be valid for reading two bytes.
    pub unsafe fn halves_at(p: [*const u8; 4]) -> F32x4 {
        F32x4(p.map(|p| from_half(unsafe { (p as *const u16).read_unaligned() })))
    }
}

pub use lanes::{dot_bytes, dot_nibbles, halves_at};
