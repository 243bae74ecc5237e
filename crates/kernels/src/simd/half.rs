//! Eight 16-bit floats widened, exactly: subnormals, infinities and NaN too; and eight numbers narrowed to them, rounded to
//! nearest, ties to even: infinities stay, a NaN becomes a quiet one.

use super::F32x4;

/// Exponents of binary32 and binary16 differ by this much, in binary32's place.
pub(super) const REBIAS: u32 = (127 - 15) << 23;
/// Binary16's smallest normal number, in binary32's place before and after the exponent is moved.
const SMALLEST_NORMAL: u32 = 1 << 23;
pub(super) const SMALLEST_VALUE: u32 = SMALLEST_NORMAL + REBIAS;
/// Binary16's infinity in binary32's place.
const INFINITY: u32 = 31 << 23;
pub(super) const SIGN: u32 = 1 << 31;
const MAGNITUDE: u32 = 0x7fff << 13;
/// The least magnitudes of binary32 that round to an infinity.
pub(super) const HALF_OVERFLOW: u32 = 0x477f_f000;
pub(super) const BFLOAT_OVERFLOW: u32 = 0x7f7f_8000;
/// ½, whose last place is binary16's smallest number: what is added to it is rounded to a multiple of that.
const ONE_HALF: u32 = 0x3f00_0000;
const INFINITE: u32 = 0x7f80_0000;
const QUIET_HALF: u32 = 0x7e00;
const INFINITE_HALF: u32 = 0x7c00;
#[cfg(target_arch = "wasm32")]
const SMALLEST_NORMAL_HALF: u16 = 0x0400;

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
    let bits = value.to_bits();
    let rounded = match bits & !SIGN {
        magnitude if magnitude > INFINITE => QUIET_HALF,
        magnitude if magnitude >= HALF_OVERFLOW => INFINITE_HALF,
        magnitude if magnitude < SMALLEST_VALUE => {
            (f32::from_bits(magnitude) + f32::from_bits(ONE_HALF)).to_bits() - ONE_HALF
        }
        magnitude => (magnitude - REBIAS + 0xfff + (magnitude >> 13 & 1)) >> 13,
    };
    (rounded | bits >> 16 & SIGN >> 16) as u16
}

/// Widens binary16 numbers one load after the other.
pub trait Widening {
    /// `zero` is 0, of which the compiler must not know.
    fn new(zero: u32) -> Self;

    /// Eight numbers.
    ///
    /// # Safety
    /// `p` must be valid for reading 16 bytes.
    unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2];

    /// Whether all so far were of the kind that it can widen.
    fn held(&self) -> bool;
}

/// A number's bits twice are its magnitude's, without the sign: those of normal ones are from 0x0800 to 0xf7fe. Less the first, and
/// as signed numbers from the least one on, that is up to the second.
#[cfg(target_arch = "wasm32")]
const SMALLEST_NORMAL_TWICE: i16 = (0x8000u16 - 0x0800) as i16;
#[cfg(target_arch = "wasm32")]
const LARGEST_TWICE: i16 = ((0xf7feu16 - 0x0800) ^ 0x8000) as i16;

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
        let magnitude = v128_and(halves, u16x8_splat(0x7fff));
        let small = i16x8_lt(magnitude, u16x8_splat(SMALLEST_NORMAL_HALF));
        if v128_any_true(v128_or(small, i16x8_ge(magnitude, u16x8_splat(INFINITE_HALF as u16)))) {
            return unsafe { from_any_halves(p) };
        }
        // Nearly all weights: the sign spreads over the places that the mask clears.
        let normal =
            |halves| i32x4_add(v128_and(i32x4_shl(halves, 13), u32x4_splat(SIGN | MAGNITUDE)), u32x4_splat(REBIAS));
        [i32x4_extend_low_i16x8(halves), i32x4_extend_high_i16x8(halves)].map(|halves| F32x4(normal(halves)))
    }

    /// Of any kind; out of line, since it is seldom needed.
    #[cold]
    #[inline(never)]
    unsafe fn from_any_halves(p: *const u8) -> [F32x4; 2] {
        unsafe { Halves::new(0).load(p) }
    }

    /// What widening needs, in registers: V8 creates a constant again wherever a loop uses it, in several instructions.
    #[derive(Clone, Copy)]
    pub struct Halves {
        magnitude: v128,
        rebias: v128,
        infinity: v128,
        smallest_value: v128,
        smallest_normal: v128,
        sign: v128,
    }

    impl Widening for Halves {
        #[inline(always)]
        fn new(zero: u32) -> Self {
            Self {
                magnitude: u32x4_splat(MAGNITUDE ^ zero),
                rebias: u32x4_splat(REBIAS ^ zero),
                infinity: u32x4_splat(INFINITY ^ zero),
                smallest_value: u32x4_splat(SMALLEST_VALUE ^ zero),
                smallest_normal: u32x4_splat(SMALLEST_NORMAL ^ zero),
                sign: u32x4_splat(SIGN ^ zero),
            }
        }

        #[inline(always)]
        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            let halves = unsafe { v128_load(p as *const v128) };
            [self.widen(u32x4_extend_low_u16x8(halves)), self.widen(u32x4_extend_high_u16x8(halves))]
        }

        #[inline(always)]
        fn held(&self) -> bool {
            true
        }
    }

    impl Halves {
        /// Not by multiplying the moved bits with 2^112, where each subnormal would cost some processors a hundred cycles.
        #[inline(always)]
        fn widen(&self, halves: v128) -> F32x4 {
            let magnitude = v128_and(u32x4_shl(halves, 13), self.magnitude);
            // Compared as signed numbers, which x86 has an instruction for.
            let special = v128_and(i32x4_ge(magnitude, self.infinity), self.rebias);
            let normal = i32x4_add(i32x4_add(magnitude, self.rebias), special);
            // A subnormal's mantissa with the smallest normal exponent is that much too large.
            let subnormal = f32x4_sub(i32x4_add(magnitude, self.smallest_value), self.smallest_value);
            let value = v128_bitselect(subnormal, normal, i32x4_lt(magnitude, self.smallest_normal));
            F32x4(v128_or(value, v128_and(u32x4_shl(halves, 16), self.sign)))
        }
    }

    /// Lanes that hold what a quick way gets wrong, noted as they come and looked at together.
    pub struct Others(v128);

    impl Others {
        #[inline(always)]
        pub fn none() -> Self {
            Self(u32x4_splat(0))
        }

        #[inline(always)]
        pub fn note(&mut self, lanes: v128) {
            self.0 = v128_or(self.0, lanes);
        }

        #[inline(always)]
        pub fn any(&self) -> bool {
            v128_any_true(self.0)
        }
    }

    /// Of normal numbers, in a third of the instructions.
    pub struct Normal {
        sign_and_magnitude: v128,
        rebias: v128,
        least: v128,
        most: v128,
        pub others: Others,
    }

    impl Widening for Normal {
        #[inline(always)]
        fn new(zero: u32) -> Self {
            let narrow = zero as i16;
            Self {
                sign_and_magnitude: u32x4_splat((SIGN | MAGNITUDE) ^ zero),
                rebias: u32x4_splat(REBIAS ^ zero),
                least: i16x8_splat(SMALLEST_NORMAL_TWICE ^ narrow),
                most: i16x8_splat(LARGEST_TWICE ^ narrow),
                others: Others::none(),
            }
        }

        #[inline(always)]
        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            let halves = unsafe { v128_load(p as *const v128) };
            // Without its sign, and what is not normal moved above all that is.
            let moved = i16x8_add(i16x8_add(halves, halves), self.least);
            self.others.note(i16x8_gt(moved, self.most));
            let widen =
                |halves| F32x4(i32x4_add(v128_and(i32x4_shl(halves, 13), self.sign_and_magnitude), self.rebias));
            [widen(i32x4_extend_low_i16x8(halves)), widen(i32x4_extend_high_i16x8(halves))]
        }

        #[inline(always)]
        fn held(&self) -> bool {
            !self.others.any()
        }
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

    /// Writes eight numbers as binary16. Gives how many were finite and are infinite there.
    ///
    /// # Safety
    /// `p` must be valid for writing 16 bytes.
    #[inline(always)]
    pub unsafe fn to_halves(values: [F32x4; 2], p: *mut u8) -> u32 {
        let magnitudes = values.map(|value| v128_and(value.0, u32x4_splat(!SIGN)));
        let [low, high] = magnitudes.map(|magnitude| {
            let small = i32x4_lt(magnitude, u32x4_splat(SMALLEST_VALUE));
            v128_or(small, i32x4_ge(magnitude, u32x4_splat(HALF_OVERFLOW)))
        });
        if !v128_any_true(v128_or(low, high)) {
            let [low, high] = [0, 1].map(|i| narrow_normal(values[i].0, magnitudes[i]));
            unsafe { v128_store(p as *mut v128, i16x8_shuffle::<1, 3, 5, 7, 9, 11, 13, 15>(low, high)) };
            return 0;
        }
        unsafe { to_any_halves(values[0], values[1], p) }
    }

    /// Of any kind.
    #[cold]
    #[inline(never)]
    unsafe fn to_any_halves(low: F32x4, high: F32x4, p: *mut u8) -> u32 {
        let narrowed = i16x8_shuffle::<0, 2, 4, 6, 8, 10, 12, 14>(narrow(low.0), narrow(high.0));
        unsafe { v128_store(p as *mut v128, narrowed) };
        overflows(low.0, HALF_OVERFLOW) + overflows(high.0, HALF_OVERFLOW)
    }

    /// In the upper halves of the lanes: of numbers that are neither subnormal nor too large there.
    #[inline(always)]
    fn narrow_normal(bits: v128, magnitude: v128) -> v128 {
        let odd = v128_and(u32x4_shr(bits, 13), u32x4_splat(1));
        let rounded = i32x4_add(i32x4_add(magnitude, odd), u32x4_splat(0xfff_u32.wrapping_sub(REBIAS)));
        v128_bitselect(bits, u32x4_shl(rounded, 3), u32x4_splat(SIGN))
    }

    #[inline(always)]
    fn narrow(bits: v128) -> v128 {
        let magnitude = v128_and(bits, u32x4_splat(!SIGN));
        let below = |limit: u32| i32x4_lt(magnitude, u32x4_splat(limit));
        let odd = v128_and(u32x4_shr(magnitude, 13), u32x4_splat(1));
        let rounded = i32x4_add(i32x4_add(magnitude, odd), u32x4_splat(0xfff_u32.wrapping_sub(REBIAS)));
        let half = u32x4_splat(ONE_HALF);
        let subnormal = i32x4_sub(f32x4_add(magnitude, half), half);
        let finite = v128_bitselect(subnormal, u32x4_shr(rounded, 13), below(SMALLEST_VALUE));
        let special = v128_bitselect(u32x4_splat(INFINITE_HALF), u32x4_splat(QUIET_HALF), below(INFINITE + 1));
        let value = v128_bitselect(finite, special, below(HALF_OVERFLOW));
        v128_or(value, v128_and(u32x4_shr(bits, 16), u32x4_splat(SIGN >> 16)))
    }

    /// Writes eight numbers as bfloat16. Gives how many were finite and are infinite there.
    ///
    /// # Safety
    /// `p` must be valid for writing 16 bytes.
    #[inline(always)]
    pub unsafe fn to_bfloats(values: [F32x4; 2], p: *mut u8) -> u32 {
        let large = values.map(|value| i32x4_ge(v128_and(value.0, u32x4_splat(!SIGN)), u32x4_splat(BFLOAT_OVERFLOW)));
        if v128_any_true(v128_or(large[0], large[1])) {
            return unsafe { to_any_bfloats(values[0], values[1], p) };
        }
        let [low, high] = values.map(|value| rounded_bfloat(value.0));
        unsafe { v128_store(p as *mut v128, i16x8_shuffle::<1, 3, 5, 7, 9, 11, 13, 15>(low, high)) };
        0
    }

    /// Of any kind.
    #[cold]
    #[inline(never)]
    unsafe fn to_any_bfloats(low: F32x4, high: F32x4, p: *mut u8) -> u32 {
        let narrowed = i16x8_shuffle::<1, 3, 5, 7, 9, 11, 13, 15>(narrow_bfloat(low.0), narrow_bfloat(high.0));
        unsafe { v128_store(p as *mut v128, narrowed) };
        overflows(low.0, BFLOAT_OVERFLOW) + overflows(high.0, BFLOAT_OVERFLOW)
    }

    /// In the upper halves of the lanes, of what is no NaN.
    #[inline(always)]
    fn rounded_bfloat(bits: v128) -> v128 {
        let odd = v128_and(u32x4_shr(bits, 16), u32x4_splat(1));
        i32x4_add(i32x4_add(bits, odd), u32x4_splat(0x7fff))
    }

    #[inline(always)]
    fn narrow_bfloat(bits: v128) -> v128 {
        let nan = i32x4_gt(v128_and(bits, u32x4_splat(!SIGN)), u32x4_splat(INFINITE));
        v128_bitselect(v128_or(bits, u32x4_splat(1 << 22)), rounded_bfloat(bits), nan)
    }

    #[inline(always)]
    fn overflows(bits: v128, least: u32) -> u32 {
        let magnitude = v128_and(bits, u32x4_splat(!SIGN));
        let large = i32x4_ge(magnitude, u32x4_splat(least));
        i32x4_bitmask(v128_and(large, i32x4_lt(magnitude, u32x4_splat(INFINITE)))).count_ones()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    use super::*;

    /// Binary16's smallest normal number.
    const SMALLEST: f32 = f32::from_bits(SMALLEST_VALUE);

    /// What widening needs.
    #[derive(Clone, Copy)]
    pub struct Halves;

    impl Widening for Halves {
        fn new(_: u32) -> Self {
            Self
        }

        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            unsafe { from_halves(p) }
        }

        fn held(&self) -> bool {
            true
        }
    }

    /// Of normal numbers.
    pub struct Normal(bool);

    impl Widening for Normal {
        fn new(_: u32) -> Self {
            Self(true)
        }

        unsafe fn load(&mut self, p: *const u8) -> [F32x4; 2] {
            let values = unsafe { from_halves(p) };
            self.0 &= values
                .iter()
                .flat_map(|value| value.to_array())
                .all(|value| value.abs() >= SMALLEST && value.is_finite());
            // What it cannot widen shows.
            if self.0 { values } else { [F32x4::ZERO; 2] }
        }

        fn held(&self) -> bool {
            self.0
        }
    }

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

    /// Writes eight numbers as binary16. Gives how many were finite and are infinite there.
    ///
    /// # Safety
    /// `p` must be valid for writing 16 bytes.
    pub unsafe fn to_halves(values: [F32x4; 2], p: *mut u8) -> u32 {
        unsafe { narrowed(values, p, HALF_OVERFLOW, |bits| to_half(f32::from_bits(bits)).into()) }
    }

    /// Writes eight numbers as bfloat16. Gives how many were finite and are infinite there.
    ///
    /// # Safety
    /// `p` must be valid for writing 16 bytes.
    pub unsafe fn to_bfloats(values: [F32x4; 2], p: *mut u8) -> u32 {
        unsafe {
            narrowed(values, p, BFLOAT_OVERFLOW, |bits| match bits & !SIGN {
                magnitude if magnitude > INFINITE => bits >> 16 | 1 << 6,
                _ => (bits + 0x7fff + (bits >> 16 & 1)) >> 16,
            })
        }
    }

    unsafe fn narrowed(values: [F32x4; 2], p: *mut u8, least: u32, narrow: impl Fn(u32) -> u32) -> u32 {
        let mut over = 0;
        for (i, value) in values.into_iter().flat_map(F32x4::to_array).enumerate() {
            let bits = value.to_bits();
            over += (least..INFINITE).contains(&(bits & !SIGN)) as u32;
            unsafe { (p as *mut u16).add(i).write_unaligned(narrow(bits) as u16) };
        }
        over
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use lanes::Others;
pub use lanes::{Halves, Normal, from_bfloats, from_halves, to_bfloats, to_halves};
