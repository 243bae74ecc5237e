//! Elementary functions on four lanes. The largest errors, in units of the last place (ulp) against f64, are asserted
//! by the tests; they hold for fused and unfused multiply-add.
//!
//! | function | error | range |
//! |---|---|---|
//! | [`exp`] | 1.5 ulp | all |
//! | [`exp_nonpositive`] | 1.5 ulp | x ≤ 0, and a little above it |
//! | [`log`] | 1.5 ulp | all |
//! | [`tanh`] | 3 ulp | all |
//! | [`sigmoid`] | 3 ulp | all |
//! | [`erf`] | 6 ulp | all |
//! | [`normal_tail`] | 6 ulp + the rounding of t² (t²/2 ulp) | 0 ≤ t ≤ 13 |
//! | [`sin_turns`] | 4 ulp | −1/4..=1/4 turn |
//!
//! Errors of subnormal results count in units of the smallest normal numbers' last place: none is flushed to 0.
//! A NaN of either sign and any payload gives a NaN. Exponents are set by integer arithmetic, which makes numbers of a
//! NaN's bits: so such a power of two is only ever a factor beside one that is a NaN then.
//!
//! Polynomials and rational functions are minimax fits to the stated interval (Lawson's algorithm at 40 digits).

use crate::simd::{F32x4, Lanes};
use core::f32::consts::{FRAC_2_SQRT_PI, LOG2_E};

/// 1.5·2²³: adding it rounds to an integer, which then stands in the low mantissa bits.
const SHIFT: f32 = 12_582_912.0;
/// ln 2 in two parts. The first has ten bits, so that its product with any exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// 1/√(2π)
pub(crate) const FRAC_1_SQRT_2PI: f32 = 0.398_942_3;

/// All lanes a constant number, see `F32x4::constant`.
macro_rules! all {
    ($x:expr) => {
        $crate::simd::F32x4::constant(const { &$crate::simd::Lanes::splat($x) })
    };
}
pub(crate) use all;

/// c\[0\] + c\[1\]·x + c\[2\]·x² + … with constant c.
macro_rules! polynomial {
    ($x:expr, $c:expr) => {
        horner($x, const { &Lanes::splats($c) })
    };
}

#[inline(always)]
fn horner<const N: usize>(x: F32x4, c: &'static [Lanes; N]) -> F32x4 {
    let mut sum = F32x4::constant(&c[N - 1]);
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, F32x4::constant(&c[i]));
    }
    sum
}

/// f·x = n·ln 2 + f·r with |f·r| ≤ ln 2 / 2, f = 2 where `DOUBLE`, else 1: returns (n + `SHIFT`, (e^(f·r) − 1) / f).
/// For |x| < 2²⁰; beyond it any two numbers, NaN too. Where x is a NaN, so is the second.
#[inline(always)]
fn reduced_expm1<const DOUBLE: bool>(x: F32x4) -> (F32x4, F32x4) {
    // Powers of two: f costs neither an instruction nor a digit.
    const fn f(double: bool) -> f32 {
        if double { 2.0 } else { 1.0 }
    }
    const fn terms(f: f32) -> [f32; 5] {
        let (square, fourth) = (f * f, f * f * f * f);
        [
            5.0e-1 * f,
            1.666_651_8e-1 * square,
            4.166_620_6e-2 * square * f,
            8.368_919e-3 * fourth,
            1.395_053_7e-3 * fourth * f,
        ]
    }
    let shifted = x.mul_add(all!(f(DOUBLE) * LOG2_E), all!(SHIFT));
    let n = shifted - all!(SHIFT);
    let r = n.mul_add(all!(-LN_2_LOW / f(DOUBLE)), n.mul_add(all!(-LN_2_HIGH / f(DOUBLE)), x));
    let curve = polynomial!(r, terms(f(DOUBLE)));
    (shifted, curve.mul_add(r * r, r))
}

/// eˣ: 0 below −104, subnormal results included, ∞ above 88.72, NaN for NaN.
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let (shifted, tail) = reduced_expm1::<false>(x.clamp(all!(-104.0), all!(89.0)));
    // 2ⁿ in two factors, so that neither leaves the normal numbers.
    let (power, rest) = shifted.powers_of_two();
    tail.mul_add(power, power) * rest
}

/// eˣ for x ≤ 0, cheaper than [`exp`]: 0 below −104, subnormal results included, NaN for NaN.
#[inline(always)]
pub fn exp_nonpositive(x: F32x4) -> F32x4 {
    const LOWEST: f32 = -104.0;
    // 2ⁿ⁺²⁴ is normal as far as LOWEST; the result of an x below it is cleared.
    let (shifted, tail) = reduced_expm1::<false>(x);
    let power = shifted.power_of_two::<24>();
    (tail.mul_add(power, power) * all!(1.0 / 16_777_216.0)).zero_where_less(x, all!(LOWEST))
}

/// ln x: −∞ at 0, NaN below it, ∞ at ∞. ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)) with s = f / (2 + f).
#[inline(always)]
pub fn log(x: F32x4) -> F32x4 {
    let subnormal = |yes: F32x4, no: F32x4| all!(f32::MIN_POSITIVE).select_greater(x, yes, no);
    let (mantissa, exponent) = (x * subnormal(all!(8_388_608.0), all!(1.0))).split_exponent();
    let exponent = exponent + subnormal(all!(-23.0), F32x4::ZERO);
    let f = mantissa - all!(1.0);
    let s = f / (all!(2.0) + f);
    let z = s * s;
    let curve = z * polynomial!(z, [6.666_677_6e-1, 3.997_752e-1, 2.987_231_3e-1]);
    let half_square = all!(0.5) * f * f;
    let low = exponent.mul_add(all!(LN_2_LOW), s * (half_square + curve));
    let y = exponent.mul_add(all!(LN_2_HIGH), f - (half_square - low));
    let y = x.select_greater(all!(f32::MAX), x, y);
    let y = x.select_greater(F32x4::ZERO, y, all!(f32::NAN));
    x.select_equal(F32x4::ZERO, all!(f32::NEG_INFINITY), y)
}

/// tanh x = e / (e + 1) with e = (e²ˣ − 1) / 2, of |x| with the sign of x.
#[inline(always)]
pub fn tanh(x: F32x4) -> F32x4 {
    let (shifted, tail) = reduced_expm1::<true>(x.abs().loose_min(all!(10.0)));
    let power = shifted.power_of_two::<0>();
    let e = power.mul_add(tail, power.mul_add(all!(0.5), all!(-0.5)));
    (e / (e + all!(1.0))).or_sign(x).with_nan_of(x)
}

/// 1 / (1 + e⁻ˣ), below 0 as eˣ / (1 + eˣ)
#[inline(always)]
pub fn sigmoid(x: F32x4) -> F32x4 {
    let e = exp_nonpositive(x.abs() * all!(-1.0));
    x.select_greater(F32x4::ZERO, all!(1.0), e) / (all!(1.0) + e)
}

/// erf x = x·P(x²) / Q(x²), with x limited to ±4, where erf is 1 − 1.5e-8.
#[inline(always)]
pub fn erf(x: F32x4) -> F32x4 {
    let near = x.loose_min(all!(4.0)).loose_max(all!(-4.0));
    let z = near * near;
    let p = polynomial!(
        z,
        [FRAC_2_SQRT_PI, 1.935_306_3e-1, 5.309_940_5e-2, 3.882_611_4e-3, 2.845_313_3e-4, 1.986_660_7e-6]
    );
    let q = polynomial!(z, [1.0, 5.048_446e-1, 1.153_436_45e-1, 1.520_579_1e-2, 1.185_359_9e-3, 3.741_709e-5]);
    (near * p / q).loose_min(all!(1.0)).loose_max(all!(-1.0)).with_nan_of(x)
}

/// Where [`normal_tail`] has long been 0.
pub(crate) const NORMAL_LIMIT: f32 = 15.0;

/// For t ≥ 0: (Φ(−t), e^(−t²/2)), the standard normal distribution's upper tail and its density times √(2π).
/// Φ(−t) = e^(−t²/2)·M(t); Mills' ratio M is a quotient of polynomials without a negative coefficient.
#[inline(always)]
pub fn normal_tail(t: F32x4) -> (F32x4, F32x4) {
    let bell = exp_nonpositive(all!(-0.5) * t * t);
    // A NaN that is lost here is in `bell`.
    let t = t.loose_min(all!(NORMAL_LIMIT));
    let p = polynomial!(t, [5.0e-1, 4.359_3e-1, 1.814_863_8e-1, 4.004_449e-2, 4.029_083_5e-3]);
    let q = polynomial!(t, [1.0, 1.669_745, 1.195_232_3, 4.648_544e-1, 1.003_839_45e-1, 1.009_927_3e-2]);
    (bell * p / q, bell)
}

/// sin(2π·w) for −¼ ≤ w ≤ ¼.
#[inline(always)]
pub fn sin_turns(w: F32x4) -> F32x4 {
    w * polynomial!(w * w, [6.283_185_5, -4.134_168e1, 8.160_223_4e1, -7.657_499e1, 3.971_091_5e1])
}
