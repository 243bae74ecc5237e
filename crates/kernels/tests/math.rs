//! Largest errors of the elementary functions against f64, over every magnitude that matters.

use kernels::math;
use kernels::simd::F32x4;

/// Distance of two neighbouring `f32` at |x|, no less than that of the subnormal numbers.
fn ulp(x: f64) -> f64 {
    let x = (x.abs() as f32).max(f32::MIN_POSITIVE);
    (f32::from_bits(x.to_bits() + 1) - x) as f64
}

/// Largest error in ulp of `f` against `reference` over `points`, printed under `name`.
fn largest_error(
    name: &str,
    f: impl Fn(F32x4) -> F32x4,
    reference: impl Fn(f64) -> f64,
    points: impl Iterator<Item = f32>,
) -> f64 {
    let (mut worst, mut at) = (0.0, 0.0);
    for x in points {
        let (y, expected) = (f(F32x4::splat(x)).to_array()[0] as f64, reference(x as f64));
        let error = (y - expected).abs() / ulp(expected);
        if error > worst || error.is_nan() {
            (worst, at) = (error, x);
        }
    }
    println!("{name}: {worst:.2} ulp at {at:e}");
    worst
}

/// `count` values evenly spread over start..=end.
fn spread(start: f32, end: f32, count: usize) -> impl Iterator<Item = f32> {
    (0..count).map(move |i| start + (end - start) * (i as f32 / (count - 1) as f32))
}

/// Positive normal numbers of every magnitude, `step` bit patterns apart.
fn magnitudes(step: usize) -> impl Iterator<Item = f32> {
    (f32::MIN_POSITIVE.to_bits()..f32::INFINITY.to_bits()).step_by(step).map(f32::from_bits)
}

fn first(x: F32x4) -> f32 {
    x.to_array()[0]
}

/// Φ(−t), by erf's series for small t and Lentz's continued fraction for large t.
fn upper_tail(t: f64) -> f64 {
    let density = (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if t < 3.0 {
        let (mut term, mut sum, mut n) = (t, t, 1.0);
        while term > sum * 1e-18 {
            n += 2.0;
            term *= t * t / n;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    let fraction = (1..200).rev().fold(t, |tail, k| t + k as f64 / tail);
    density / fraction
}

#[test]
fn exp_within_an_ulp_and_a_half() {
    let points = || spread(-87.3, 88.72, 400_000).chain(spread(-1.0, 1.0, 100_000));
    assert!(largest_error("exp", math::exp, f64::exp, points()) <= 1.5);
    let points = spread(-104.0, 0.0, 400_000).chain(magnitudes(9973).map(|x| -x).filter(|x| *x > -104.0));
    assert!(largest_error("exp_nonpositive", math::exp_nonpositive, f64::exp, points) <= 1.5);
    assert!(largest_error("exp, subnormal", math::exp, f64::exp, spread(-104.0, -87.3, 100_000)) <= 1.5);
}

#[test]
fn exp_at_the_borders() {
    let exp = |x| first(math::exp(F32x4::splat(x)));
    assert_eq!((exp(0.0), exp(-0.0), exp(f32::NEG_INFINITY), exp(-1e30)), (1.0, 1.0, 0.0, 0.0));
    assert_eq!((exp(f32::INFINITY), exp(1e30), exp(88.73)), (f32::INFINITY, f32::INFINITY, f32::INFINITY));
    assert!(exp(f32::NAN).is_nan() && exp(88.722).is_finite());
    let exp = |x| first(math::exp_nonpositive(F32x4::splat(x)));
    assert_eq!((exp(0.0), exp(f32::NEG_INFINITY), exp(-104.1), exp(-1e30)), (1.0, 0.0, 0.0, 0.0));
    assert!(exp(f32::NAN).is_nan());
}

#[test]
fn log_within_an_ulp_and_a_half() {
    let points = || magnitudes(4999).chain(spread(0.5, 2.0, 400_000));
    assert!(largest_error("log", math::log, f64::ln, points()) <= 1.5);
    let subnormal = (1..f32::MIN_POSITIVE.to_bits()).step_by(997).map(f32::from_bits);
    assert!(largest_error("log, subnormal", math::log, f64::ln, subnormal) <= 1.5);
    let log = |x| first(math::log(F32x4::splat(x)));
    assert_eq!((log(1.0), log(0.0), log(-0.0)), (0.0, f32::NEG_INFINITY, f32::NEG_INFINITY));
    assert_eq!(log(f32::INFINITY), f32::INFINITY);
    assert!(log(-1.0).is_nan() && log(f32::NAN).is_nan() && log(f32::NEG_INFINITY).is_nan());
}

#[test]
fn tanh_and_sigmoid_within_three_ulp() {
    let points = || spread(-20.0, 20.0, 800_000).chain(magnitudes(9973)).chain(magnitudes(9973).map(|x| -x));
    assert!(largest_error("tanh", math::tanh, f64::tanh, points()) <= 3.0);
    let reference = |x: f64| 1.0 / (1.0 + (-x).exp());
    let points = points().chain(spread(-105.0, -20.0, 100_000));
    assert!(largest_error("sigmoid", math::sigmoid, reference, points) <= 3.0);
    let (tanh, sigmoid) = (|x| first(math::tanh(F32x4::splat(x))), |x| first(math::sigmoid(F32x4::splat(x))));
    assert_eq!((tanh(0.0), tanh(f32::INFINITY), tanh(f32::NEG_INFINITY)), (0.0, 1.0, -1.0));
    assert_eq!((sigmoid(0.0), sigmoid(f32::INFINITY), sigmoid(f32::NEG_INFINITY)), (0.5, 1.0, 0.0));
    assert!(tanh(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan());
}

#[test]
fn erf_within_six_ulp() {
    let reference = |x: f64| x.signum() * (1.0 - 2.0 * upper_tail(x.abs() * std::f64::consts::SQRT_2));
    // Near 0 the reference itself cancels; erf x = 2/√π·x there, to the last place.
    let small = |x: f64| std::f64::consts::FRAC_2_SQRT_PI * (x - x * x * x / 3.0);
    let points = || spread(-6.0, 6.0, 400_000).filter(|x| x.abs() > 1e-3);
    assert!(largest_error("erf", math::erf, reference, points()) <= 6.0);
    let points = magnitudes(9973).filter(|x| *x <= 1e-3);
    assert!(largest_error("erf, small", math::erf, small, points) <= 6.0);
    let erf = |x| first(math::erf(F32x4::splat(x)));
    assert_eq!((erf(0.0), erf(f32::INFINITY), erf(f32::NEG_INFINITY)), (0.0, 1.0, -1.0));
    assert!(erf(f32::NAN).is_nan());
}

#[test]
fn normal_tail_within_six_ulp_of_its_rounded_argument() {
    for t in spread(0.0, 13.0, 200_000) {
        let (tail, bell) = math::normal_tail(F32x4::splat(t));
        let allowed = |y: f64| (6.0 + t as f64 * t as f64 / 2.0) * ulp(y);
        let (expected, density) = (upper_tail(t as f64), (-0.5 * t as f64 * t as f64).exp());
        assert!((first(tail) as f64 - expected).abs() <= allowed(expected), "Φ(−{t}) = {} ≠ {expected}", first(tail));
        assert!((first(bell) as f64 - density).abs() <= allowed(density), "bell at {t}");
    }
    for t in [20.0, 1e20, f32::INFINITY] {
        assert_eq!(first(math::normal_tail(F32x4::splat(t)).0), 0.0);
    }
    assert!(first(math::normal_tail(F32x4::splat(f32::NAN)).0).is_nan());
}

#[test]
fn sine_of_a_quarter_turn() {
    let reference = |w: f64| (2.0 * std::f64::consts::PI * w).sin();
    assert!(largest_error("sin_turns", math::sin_turns, reference, spread(-0.25, 0.25, 200_001)) <= 4.0);
}
