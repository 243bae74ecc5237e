//! Inverted dropout (Srivastava et al., JMLR 15, 2014): y = x·keep / (1 − p), keep = 1 with probability 1 − p.
//!
//! keep\[i\] depends on (seed, stream, i) alone: the gradient, dx = g·keep / (1 − p), is the same function of g and makes
//! the mask again. An element takes 16 random bits, eight elements a block of the generator, so p is rounded to a
//! multiple of 2⁻¹⁶; the factor is that of the rounded p, which keeps the mean of y that of x.

use crate::memory::{put, put_partial};
use crate::philox::Stream;
use crate::rows::lanes_or;
use crate::simd::{F32x4, LANES};

/// Elements that one block of the generator decides.
const BLOCK: usize = 8;
/// Values of 16 bits.
const VALUES: f64 = 65_536.0;

/// y\[i\] ← x\[i\]·keep\[i\] / (1 − p), or y\[i\] + that, for i in `start..end`. 0 ≤ p ≤ 1; all is 0 at p = 1.
///
/// # Safety
/// `x` readable, `y` writable (readable where it accumulates) up to `end`; `y` equals `x` or does not overlap it;
/// `start` is a multiple of 8.
pub unsafe fn dropout(
    stream: Stream,
    p: f64,
    x: *const f32,
    y: *mut f32,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    let dropped = (p * VALUES).round();
    let scale = if dropped < VALUES { (VALUES / (VALUES - dropped)) as f32 } else { 0.0 };
    let factor = |bits: u32| if bits < dropped as u32 { 0.0 } else { scale };
    for i in (start..end).step_by(BLOCK) {
        let words = stream.words(i / BLOCK);
        for (part, word_bits) in [0, 16].into_iter().enumerate() {
            let at = i + part * LANES;
            let count = end.saturating_sub(at).min(LANES);
            let factors = words.map(|word| factor(word >> word_bits & 0xffff));
            unsafe {
                let value = lanes_or(x, at, count, 0.0) * F32x4::load(factors.as_ptr());
                if count == LANES {
                    put(value, y.add(at), accumulate);
                } else {
                    put_partial(value, y.add(at), count, accumulate);
                }
            }
        }
    }
}
