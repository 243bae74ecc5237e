//! Functions of one tensor against float64: values and gradients at every ragged length.

mod elementwise_support;

use core::f32::consts::FRAC_2_SQRT_PI;
use elementwise_support::{LENGTHS, assert_close, values};
use kernels::unary::*;

fn check(name: &str, f: impl Unary, positive: bool, reference: fn(f64) -> f64, derivative: fn(f64) -> f64) {
    for n in LENGTHS {
        let mut x = values(n, 1);
        if positive {
            x.iter_mut().for_each(|x| *x = x.abs() + 0.1);
        }
        let g = values(n, 2);
        let mut y = vec![0.0; n];
        unsafe { value(f, x.as_ptr(), y.as_mut_ptr(), n) };
        assert_close(&y, x.iter().map(|&x| reference(x as f64)), 2e-6, name);
        for accumulate in [false, true] {
            let mut dx = vec![1.5; n];
            let operands = (g.as_ptr(), x.as_ptr(), y.as_ptr());
            unsafe { gradient(f, operands, dx.as_mut_ptr(), n, accumulate) };
            let base = if accumulate { 1.5 } else { 0.0 };
            let expected = x.iter().zip(&g).map(|(&x, &g)| g as f64 * derivative(x as f64) + base);
            assert_close(&dx, expected, 5e-6, &format!("gradient of {name}"));
        }
    }
}

#[test]
fn values_and_gradients() {
    check("neg", Neg, false, |x| -x, |_| -1.0);
    check("abs", Abs, false, f64::abs, f64::signum);
    check("square", Square, false, |x| x * x, |x| 2.0 * x);
    check("exp", Exp, false, f64::exp, f64::exp);
    check("log", Log, true, f64::ln, |x| 1.0 / x);
    check("sqrt", Sqrt, true, f64::sqrt, |x| 0.5 / x.sqrt());
    check("rsqrt", Rsqrt, true, |x| 1.0 / x.sqrt(), |x| -0.5 / (x * x.sqrt()));
    check("reciprocal", Reciprocal, true, |x| 1.0 / x, |x| -1.0 / (x * x));
    check("sin", Sin, false, f64::sin, f64::cos);
    check("cos", Cos, false, f64::cos, |x| -x.sin());
    check("x³", Pow { exponent: 3.0 }, false, |x| x * x * x, |x| 3.0 * x * x);
    check("x^−1.5", Pow { exponent: -1.5 }, true, |x| x.powf(-1.5), |x| -1.5 * x.powf(-2.5));
    check("x⁰", Pow { exponent: 0.0 }, false, |_| 1.0, |_| 0.0);
    let inside = |x: f64| (-0.5..=1.0).contains(&x) as u8 as f64;
    check("clamp", Clamp { minimum: -0.5, maximum: 1.0 }, false, |x| x.clamp(-0.5, 1.0), inside);
}

#[test]
fn erf_at_known_points() {
    // Abramowitz and Stegun, table 7.1.
    let x = [0.0, 0.5, 1.0, -1.0, 2.0];
    let mut y = [0.0; 5];
    unsafe { value(Erf, x.as_ptr(), y.as_mut_ptr(), 5) };
    let expected = [0.0, 0.520_499_877_8, 0.842_700_792_9, -0.842_700_792_9, 0.995_322_265_0];
    assert_close(&y, expected, 2e-7, "erf");
}

/// PyTorch's. The slope is one factor: the largest g times 2/√π would be infinite, and infinity times 0 is NaN.
#[test]
fn erf_gradient_at_its_limits() {
    const INF: f32 = f32::INFINITY;
    let g = [1.0, -2.0, f32::MAX, INF, f32::NAN];
    for (x, expected) in [
        (0.0, [FRAC_2_SQRT_PI, -2.0 * FRAC_2_SQRT_PI, INF, INF, f32::NAN]),
        (-0.0, [FRAC_2_SQRT_PI, -2.0 * FRAC_2_SQRT_PI, INF, INF, f32::NAN]),
        (INF, [0.0, -0.0, 0.0, f32::NAN, f32::NAN]),
        (-INF, [0.0, -0.0, 0.0, f32::NAN, f32::NAN]),
        (f32::MAX, [0.0, -0.0, 0.0, f32::NAN, f32::NAN]),
        (f32::NAN, [f32::NAN; 5]),
    ] {
        let (x, mut dx) = ([x; 5], [7.0f32; 5]);
        unsafe { gradient(Erf, (g.as_ptr(), x.as_ptr(), x.as_ptr()), dx.as_mut_ptr(), 5, false) };
        for (got, e) in dx.iter().zip(expected) {
            let same = if e == 0.0 { got.to_bits() == e.to_bits() } else { *got == e || (got - e).abs() < 3e-7 };
            assert!(same || (got.is_nan() && e.is_nan()), "erf's gradient at {}: {dx:?}, expected {expected:?}", x[0]);
        }
    }
}

#[test]
fn edges() {
    let run = |f: fn(*const f32, *mut f32), x: f32| {
        let mut y = 0.0f32;
        f(&x, &mut y);
        y
    };
    assert_eq!(run(|x, y| unsafe { value(Exp, x, y, 1) }, 100.0), f32::INFINITY);
    assert_eq!(run(|x, y| unsafe { value(Exp, x, y, 1) }, -200.0), 0.0);
    assert_eq!(run(|x, y| unsafe { value(Log, x, y, 1) }, 0.0), f32::NEG_INFINITY);
    assert!(run(|x, y| unsafe { value(Log, x, y, 1) }, -1.0).is_nan());
    assert!(run(|x, y| unsafe { value(Clamp { minimum: 0.0, maximum: 1.0 }, x, y, 1) }, f32::NAN).is_nan());
}
