//! Philox4x32-10, a counter-based generator: number i of a stream is a function of (seed, stream, i) alone, so random
//! tensors can be filled by several threads, and a mask can be made again instead of kept.
//! Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.

use crate::math::{log, sin_turns};
use crate::memory::generate;
use crate::simd::{F32x4, LANES};

/// One stream of numbers. Two streams of one seed, or of two seeds, have nothing in common.
#[derive(Clone, Copy)]
pub struct Stream {
    pub seed: [u32; 2],
    pub stream: u32,
}

/// Ten rounds on a counter of four words under a key of two.
#[inline(always)]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
        }
        let (a, b) = (0xd251_1f53 * counter[0] as u64, 0xcd9e_8d57 * counter[2] as u64);
        let high = |product: u64| (product >> 32) as u32;
        counter = [high(b) ^ counter[1] ^ key[0], b as u32, high(a) ^ counter[3] ^ key[1], a as u32];
    }
    counter
}

impl Stream {
    /// Words 4·`block` to 4·`block` + 3 of the stream.
    #[inline(always)]
    pub fn words(&self, block: usize) -> [u32; LANES] {
        let block = block as u64;
        philox([block as u32, (block >> 32) as u32, self.stream, 0], self.seed)
    }

    /// Normal numbers 4·`block` to 4·`block` + 3: Box and Muller's √(−2·ln u)·cos(2π·v) and ·sin(2π·v) from two pairs of
    /// words. u is at least 2⁻³³, so no number lies beyond 6.77.
    #[inline(always)]
    fn normals(&self, block: usize) -> F32x4 {
        const UNIT: f32 = 1.0 / 4_294_967_296.0;
        let [u1, v1, u2, v2] = self.words(block).map(|word| word as f32 * UNIT + 0.5 * UNIT);
        let (u, v) = ([u1, u1, u2, u2], [v1, v1, v2, v2]);
        // cos(2π·v) = sin(2π·w) with w = ¼ − |v − round v|; sin is cos a quarter turn later.
        let v = unsafe { F32x4::load(v.as_ptr()) - F32x4::load([0.0f32, 0.25, 0.0, 0.25].as_ptr()) };
        let w = F32x4::splat(0.25) - (v - v.round()).abs();
        let u = unsafe { F32x4::load(u.as_ptr()) };
        (F32x4::splat(-2.0) * log(u)).sqrt() * sin_turns(w)
    }
}

/// y\[i\] ← uniform in 0..1 (24 random bits), number i of the stream, for i in `start..end`.
///
/// # Safety
/// `y` writable up to `end`; `start` a multiple of 4.
pub unsafe fn uniform(stream: Stream, y: *mut f32, (start, end): (usize, usize)) {
    const UNIT: f32 = 1.0 / 16_777_216.0;
    unsafe {
        generate(y.add(start), end - start, false, |i, _| {
            let unit = stream.words((start + i) / LANES).map(|word| (word >> 8) as f32 * UNIT);
            F32x4::load(unit.as_ptr())
        });
    }
}

/// y\[i\] ← normal with mean 0 and variance 1, number i of the stream, for i in `start..end`.
///
/// # Safety
/// As [`uniform`].
pub unsafe fn normal(stream: Stream, y: *mut f32, (start, end): (usize, usize)) {
    unsafe { generate(y.add(start), end - start, false, |i, _| stream.normals((start + i) / LANES)) }
}
