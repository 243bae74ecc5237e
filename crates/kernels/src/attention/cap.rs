//! Soft caps of scores: c·tanh(s / c) (Gemma 2, arXiv 2408.00118).

use super::Attention;
use crate::math::{log, tanh};
use crate::simd::F32x4;

/// The cap c of scores, and 1/c. Its functions are never inlined, so that attention without it stays as it is.
#[derive(Clone, Copy)]
pub struct Cap {
    limit: F32x4,
    inverse: F32x4,
}

impl Cap {
    /// That of an operation, if it has one.
    #[inline(always)]
    pub fn of(op: &Attention) -> Option<Self> {
        (op.cap > 0.0).then(|| Self { limit: F32x4::splat(op.cap), inverse: F32x4::splat(1.0 / op.cap) })
    }

    /// c·tanh(s / c)
    #[inline(never)]
    pub fn value(&self, s: F32x4) -> F32x4 {
        tanh(s * self.inverse) * self.limit
    }

    /// ds ← ds·(1 − (s / c)²), the slope at a capped score s, of the four queries whose p = e^(s − lse).
    ///
    /// # Safety
    /// `p` readable and `ds` readable and writable for four values.
    #[inline(never)]
    pub unsafe fn gradient(&self, p: *const f32, lse: F32x4, ds: *mut f32) {
        unsafe {
            let (p, given) = (F32x4::load(p), F32x4::load(ds));
            let t = (log(p) + lse) * self.inverse;
            let slope = (F32x4::splat(1.0) - t * t).loose_max(F32x4::ZERO);
            // Where p is 0, a key is hidden, and lse may be ∞.
            F32x4::ZERO.select_equal(p, given, given * slope).store(ds);
        }
    }
}
