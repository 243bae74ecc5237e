//! Activation functions and their gradients, element by element.
//!
//! GELU: Hendrycks and Gimpel, "Gaussian Error Linear Units", arXiv 1606.08415. SiLU: Elfwing et al., arXiv 1702.03118.

use crate::math::{self, all};
use crate::simd::F32x4;
use crate::unary::{Unary, unary};

unary!(
    /// max(x, 0); gradient 0 at 0. A NaN stays, and its gradient is g, as in PyTorch.
    Relu, |x| x.zero_where_less(x, F32x4::ZERO), |g, x, _| g.zero_where_at_most(x, F32x4::ZERO)
);
unary!(
    /// 1 / (1 + e⁻ˣ); gradient g·y·(1 − y)
    Sigmoid, |x| math::sigmoid(x), |g, _, y| g * y * (all!(1.0) - y)
);
unary!(
    /// tanh x; gradient g·(1 − y²)
    Tanh, |x| math::tanh(x), |g, _, y| g * (all!(1.0) - y * y)
);
unary!(
    /// x·σ(x), also called swish
    Silu, |x| x.loose_max(all!(-LIMIT)) * math::sigmoid(x), |g, x, _| g * gated(x, x, all!(1.0))
);
unary!(
    /// x·σ(1.702·x), CLIP's and GPT's "quick" approximation of GELU
    QuickGelu,
    |x| x.loose_max(all!(-LIMIT)) * math::sigmoid(all!(1.702) * x),
    |g, x, _| g * gated(x, all!(1.702) * x, all!(1.702))
);
unary!(
    /// x·Φ(x) = max(x, 0) − |x|·Φ(−|x|), Φ the standard normal distribution; gradient g·(Φ(x) + x·φ(x))
    Gelu, |x| {
        let (tail, _) = math::normal_tail(x.abs());
        // −0 for a negative x, as x·0 would be.
        x.loose_max(all!(-0.0)) - x.abs().loose_min(all!(math::NORMAL_LIMIT)) * tail
    }, |g, x, _| {
        // Φ(x) + x·φ(x) = w for a negative x, 1 − w for a positive one, w = Φ(−|x|) − |x|·φ(x).
        let (tail, bell) = math::normal_tail(x.abs());
        let density = bell * all!(-math::FRAC_1_SQRT_2PI);
        let w = x.abs().loose_min(all!(math::NORMAL_LIMIT)).mul_add(density, tail);
        g * x.select_greater(F32x4::ZERO, all!(1.0) - w, w)
    }
);
unary!(
    /// x·(1 + tanh u)/2 = x·σ(2u) with u = √(2/π)·(x + 0.044715·x³): GELU's approximation in BERT's and GPT-2's
    /// first code, "gelu_new"
    GeluTanh, |x| {
        let (twice_u, _) = gelu_tanh_argument(limited(x));
        x.loose_max(all!(-LIMIT)) * math::sigmoid(twice_u)
    }, |g, x, _| {
        let (twice_u, slope) = gelu_tanh_argument(limited(x));
        g * gated(x, twice_u, slope)
    }
);

unary!(
    /// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|); gradient g·σ(x). What 1 + y rounds off of y is added to its logarithm.
    Softplus, |x| {
        let y = math::exp_nonpositive(all!(-1.0) * x.abs());
        let u = all!(1.0) + y;
        x.loose_max(all!(0.0)) + (math::log(u) + (y - (u - all!(1.0))) / u)
    }, |g, x, _| g * math::sigmoid(x)
);

/// Beyond this σ(x) is 0 or 1, also where the argument is a multiple of x above 1: a factor x is clamped there, so that
/// ±∞ times 0 is 0. A NaN that the limit loses is in σ.
const LIMIT: f32 = 105.0;

/// d/dx (x·σ(u)) = σ(u) + x·σ(u)·(1 − σ(u))·u′
#[inline(always)]
fn gated(x: F32x4, u: F32x4, slope: F32x4) -> F32x4 {
    let (x, y) = (x.loose_min(all!(LIMIT)).loose_max(all!(-LIMIT)), math::sigmoid(u));
    (x * y * (all!(1.0) - y)).mul_add(slope, y)
}

/// x within ±20, beyond which the tanh form has long been 0 or x: keeps x³ finite.
#[inline(always)]
fn limited(x: F32x4) -> F32x4 {
    x.clamp(all!(-20.0), all!(20.0))
}

/// (2u, 2u′) for u = √(2/π)·(x + 0.044715·x³).
#[inline(always)]
fn gelu_tanh_argument(x: F32x4) -> (F32x4, F32x4) {
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769_2;
    const CUBE: f32 = 0.044_715;
    let (factor, square) = (all!(TWICE_SQRT_2_OVER_PI), x * x);
    (factor * x * square.mul_add(all!(CUBE), all!(1.0)), factor * square.mul_add(all!(3.0 * CUBE), all!(1.0)))
}
