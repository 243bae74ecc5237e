//! Elementary functions on four lanes. The largest errors, in units of the last place (ulp) against f64, are asserted
//! by the tests; they hold for fused and unfused multiply-add.
//!
//! | function | error | range |
//! |---|---|---|
//! | [`exp`], [`exp_nonpositive`] | 1.5 ulp | all |
//! | [`log`] | 1.5 ulp | all |
//! | [`tanh`] | 3 ulp | all |
//! | [`sigmoid`] | 3 ulp | x > −87 (below it the result is 0 or subnormal) |
//! | [`erf`] | 6 ulp | all |
//! | [`normal_tail`] | 6 ulp + the rounding of t² (t²/2 ulp) | 0 ≤ t ≤ 13 |
//! | [`sin_turns`] | 4 ulp | −1/4..=1/4 turn |
//!
//! Polynomials and rational functions are minimax fits to the stated interval (Lawson's algorithm at 40 digits).

use crate::simd::F32x4;
use core::f32::consts::{FRAC_2_SQRT_PI, LOG2_E};

/// 1.5·2²³: adding it rounds to an integer, which then stands in the low mantissa bits.
const SHIFT: f32 = 12_582_912.0;
/// ln 2 in two parts. The first has ten bits, so that its product with any exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// 1/√(2π)
pub(crate) const FRAC_1_SQRT_2PI: f32 = 0.398_942_3;

#[inline(always)]
fn all(x: f32) -> F32x4 {
    F32x4::splat(x)
}

/// c\[0\] + c\[1\]·x + c\[2\]·x² + …, by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: F32x4, c: [f32; N]) -> F32x4 {
    let mut sum = all(c[N - 1]);
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, all(c[i]));
    }
    sum
}

/// x = n·ln 2 + r with |r| ≤ ln 2 / 2: returns (n + `SHIFT`, n, eʳ − 1). For |x| < 2²⁰.
#[inline(always)]
fn reduced_expm1(x: F32x4) -> (F32x4, F32x4, F32x4) {
    let shifted = x.mul_add(all(LOG2_E), all(SHIFT));
    let n = shifted - all(SHIFT);
    let r = n.mul_add(all(-LN_2_LOW), n.mul_add(all(-LN_2_HIGH), x));
    let curve = polynomial(r, [5.0e-1, 1.666_651_8e-1, 4.166_620_6e-2, 8.368_919e-3, 1.395_053_7e-3]);
    (shifted, n, curve.mul_add(r * r, r))
}

/// eˣ: 0 below −104, subnormal results included, ∞ above 88.72, NaN for NaN.
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let (shifted, n, tail) = reduced_expm1(x.pmin(all(89.0)).pmax(all(-104.0)));
    // 2ⁿ in two steps, so that neither leaves the normal numbers: 2^(n−1)·2 or 2^(n+24)·2⁻²⁴.
    let step = n.select_greater(F32x4::ZERO, all(-1.0), all(24.0));
    let rest = n.select_greater(F32x4::ZERO, all(2.0), all(1.0 / 16_777_216.0));
    (all(1.0) + tail).add_exponent(shifted + step) * rest
}

/// eˣ for x ≤ 0, cheaper than [`exp`]: results that would be subnormal (x < −87.33) are 0, NaN stays NaN.
#[inline(always)]
pub fn exp_nonpositive(x: F32x4) -> F32x4 {
    const LOWEST: f32 = -87.33;
    let (shifted, _, tail) = reduced_expm1(x.pmax(all(LOWEST)));
    all(LOWEST).select_greater(x, F32x4::ZERO, (all(1.0) + tail).add_exponent(shifted))
}

/// ln x: −∞ at 0, NaN below it, ∞ at ∞. ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)) with s = f / (2 + f).
#[inline(always)]
pub fn log(x: F32x4) -> F32x4 {
    let subnormal = |yes: f32, no: f32| all(f32::MIN_POSITIVE).select_greater(x, all(yes), all(no));
    let (mantissa, exponent) = (x * subnormal(8_388_608.0, 1.0)).split_exponent();
    let exponent = exponent + subnormal(-23.0, 0.0);
    let f = mantissa - all(1.0);
    let s = f / (all(2.0) + f);
    let z = s * s;
    let curve = z * polynomial(z, [6.666_677_6e-1, 3.997_752e-1, 2.987_231_3e-1]);
    let half_square = all(0.5) * f * f;
    let low = exponent.mul_add(all(LN_2_LOW), s * (half_square + curve));
    let y = exponent.mul_add(all(LN_2_HIGH), f - (half_square - low));
    let y = x.select_greater(all(f32::MAX), x, y);
    let y = x.select_greater(F32x4::ZERO, y, all(f32::NAN));
    x.select_equal(F32x4::ZERO, all(f32::NEG_INFINITY), y)
}

/// tanh x = e / (e + 2) with e = e²ˣ − 1.
#[inline(always)]
pub fn tanh(x: F32x4) -> F32x4 {
    let (shifted, _, tail) = reduced_expm1((x + x).pmin(all(20.0)).pmax(all(-20.0)));
    let power = all(1.0).add_exponent(shifted);
    let e = power.mul_add(tail, power - all(1.0));
    e / (e + all(2.0))
}

/// 1 / (1 + e⁻ˣ)
#[inline(always)]
pub fn sigmoid(x: F32x4) -> F32x4 {
    all(1.0) / (all(1.0) + exp(F32x4::ZERO - x))
}

/// erf x = x·P(x²) / Q(x²), with x limited to ±4, where erf is 1 − 1.5e-8.
#[inline(always)]
pub fn erf(x: F32x4) -> F32x4 {
    let x = x.pmin(all(4.0)).pmax(all(-4.0));
    let z = x * x;
    let p =
        polynomial(z, [FRAC_2_SQRT_PI, 1.935_306_3e-1, 5.309_940_5e-2, 3.882_611_4e-3, 2.845_313_3e-4, 1.986_660_7e-6]);
    let q = polynomial(z, [1.0, 5.048_446e-1, 1.153_436_45e-1, 1.520_579_1e-2, 1.185_359_9e-3, 3.741_709e-5]);
    (x * p / q).pmin(all(1.0)).pmax(all(-1.0))
}

/// For t ≥ 0: (Φ(−t), e^(−t²/2)), the standard normal distribution's upper tail and its density times √(2π).
/// Φ(−t) = e^(−t²/2)·M(t); Mills' ratio M is a quotient of polynomials without a negative coefficient.
#[inline(always)]
pub fn normal_tail(t: F32x4) -> (F32x4, F32x4) {
    let bell = exp_nonpositive(all(-0.5) * t * t);
    let t = t.pmin(all(14.0));
    let p = polynomial(t, [5.0e-1, 4.359_3e-1, 1.814_863_8e-1, 4.004_449e-2, 4.029_083_5e-3]);
    let q = polynomial(t, [1.0, 1.669_745, 1.195_232_3, 4.648_544e-1, 1.003_839_45e-1, 1.009_927_3e-2]);
    (bell * p / q, bell)
}

/// sin(2π·w) for −¼ ≤ w ≤ ¼.
#[inline(always)]
pub fn sin_turns(w: F32x4) -> F32x4 {
    w * polynomial(w * w, [6.283_185_5, -4.134_168e1, 8.160_223_4e1, -7.657_499e1, 3.971_091_5e1])
}
