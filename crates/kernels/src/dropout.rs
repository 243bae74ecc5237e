//! Inverted dropout (Srivastava et al., JMLR 15, 2014): y = x·keep / (1 − p), keep = 1 with probability 1 − p.
//!
//! keep\[i\] depends on (seed, stream, i) alone: the gradient, dx = g·keep / (1 − p), is the same function of g and makes
//! the mask again.

use crate::memory::generate;
use crate::philox::Stream;
use crate::rows::lanes_or;
use crate::simd::{F32x4, LANES};

/// y\[i\] ← x\[i\]·keep\[i\] / (1 − p), or y\[i\] + that, for i in `start..end`. 0 ≤ p ≤ 1; all is 0 at p = 1.
///
/// # Safety
/// `x` readable, `y` writable (readable where it accumulates) up to `end`; `y` equals `x` or does not overlap it;
/// `start` is a multiple of 4.
pub unsafe fn dropout(
    stream: Stream,
    p: f64,
    x: *const f32,
    y: *mut f32,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    // A word below the threshold drops: of 2³² words, p·2³².
    let threshold = (p * 4_294_967_296.0) as u64;
    let scale = if p < 1.0 { (1.0 / (1.0 - p)) as f32 } else { 0.0 };
    unsafe {
        let (x, y) = (x.add(start), y.add(start));
        generate(y, end - start, accumulate, |i, count| {
            let words = stream.words((start + i) / LANES);
            let factors = words.map(|word| if (word as u64) < threshold { 0.0 } else { scale });
            lanes_or(x, i, count, 0.0) * F32x4::load(factors.as_ptr())
        });
    }
}
