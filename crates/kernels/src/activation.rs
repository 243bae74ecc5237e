//! Activation functions and their gradients, element by element.
//!
//! GELU: Hendrycks and Gimpel, "Gaussian Error Linear Units", arXiv 1606.08415. SiLU: Elfwing et al., arXiv 1702.03118.

use crate::math;
use crate::simd::F32x4;
use crate::unary::{Unary, unary};

#[inline(always)]
fn all(x: f32) -> F32x4 {
    F32x4::splat(x)
}

unary!(
    /// max(x, 0); gradient 0 at 0. A NaN stays.
    Relu, |x| x.pmax(F32x4::ZERO), |g, x, _| x.select_greater(F32x4::ZERO, g, F32x4::ZERO)
);
unary!(
    /// 1 / (1 + e⁻ˣ); gradient g·y·(1 − y)
    Sigmoid, |x| math::sigmoid(x), |g, _, y| g * y * (all(1.0) - y)
);
unary!(
    /// tanh x; gradient g·(1 − y²)
    Tanh, |x| math::tanh(x), |g, _, y| g * (all(1.0) - y * y)
);
unary!(
    /// x·σ(x), also called swish
    Silu, |x| x * math::sigmoid(x), |g, x, _| g * gated(x, x, all(1.0))
);
unary!(
    /// x·σ(1.702·x), CLIP's and GPT's "quick" approximation of GELU
    QuickGelu, |x| x * math::sigmoid(all(1.702) * x), |g, x, _| g * gated(x, all(1.702) * x, all(1.702))
);
unary!(
    /// x·Φ(x) = max(x, 0) − |x|·Φ(−|x|), Φ the standard normal distribution; gradient g·(Φ(x) + x·φ(x))
    Gelu, |x| {
        let (tail, _) = math::normal_tail(x.abs());
        x.pmax(F32x4::ZERO) - x.abs() * tail
    }, |g, x, _| {
        let (tail, bell) = math::normal_tail(x.abs());
        let distribution = x.select_greater(F32x4::ZERO, all(1.0) - tail, tail);
        g * (x * bell).mul_add(all(math::FRAC_1_SQRT_2PI), distribution)
    }
);
unary!(
    /// x·(1 + tanh u)/2 = x·σ(2u) with u = √(2/π)·(x + 0.044715·x³): GELU's approximation in BERT's and GPT-2's
    /// first code, "gelu_new"
    GeluTanh, |x| {
        let (twice_u, _) = gelu_tanh_argument(x);
        x * math::sigmoid(twice_u)
    }, |g, x, _| {
        let (twice_u, slope) = gelu_tanh_argument(x);
        g * gated(limited(x), twice_u, slope)
    }
);

/// d/dx (x·σ(u)) = σ(u) + x·σ(u)·(1 − σ(u))·u′
#[inline(always)]
fn gated(x: F32x4, u: F32x4, slope: F32x4) -> F32x4 {
    let y = math::sigmoid(u);
    (x * y * (all(1.0) - y)).mul_add(slope, y)
}

/// x within ±20, beyond which the tanh form has long been 0 or x: keeps x³ finite.
#[inline(always)]
fn limited(x: F32x4) -> F32x4 {
    x.pmin(all(20.0)).pmax(all(-20.0))
}

/// (2u, 2u′) for u = √(2/π)·(x + 0.044715·x³).
#[inline(always)]
fn gelu_tanh_argument(x: F32x4) -> (F32x4, F32x4) {
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769_2;
    const CUBE: f32 = 0.044_715;
    let x = limited(x);
    let (factor, square) = (all(TWICE_SQRT_2_OVER_PI), x * x);
    (factor * x * square.mul_add(all(CUBE), all(1.0)), factor * square.mul_add(all(3.0 * CUBE), all(1.0)))
}
