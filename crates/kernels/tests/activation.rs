//! Activations against f64, their gradients against central differences.

mod reference_support;

use kernels::activation::{Gelu, GeluTanh, QuickGelu, Relu, Sigmoid, Silu, Softplus, Tanh};
use kernels::unary::{self, Unary};
use reference_support::*;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Φ(x): Simpson's rule from −12 on, in steps of 1/64 or less.
fn normal_distribution(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let (start, pieces) = (-12.0, 2000);
    let step = (x - start) / pieces as f64;
    let piece = |i: usize| {
        let t = start + i as f64 * step;
        density(t) + 4.0 * density(t + step / 2.0) + density(t + step)
    };
    (0..pieces).map(piece).sum::<f64>() * step / 6.0
}

fn gelu_tanh(x: f64) -> f64 {
    0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
}

fn check(name: &str, f: impl Unary, reference: impl Fn(f64) -> f64) {
    for n in [0, 1, 3, 4, 33, 257] {
        let x: Vec<f32> = values_about(n, 1, 0.1, 9.0).into_iter().filter(|x| x.abs() > 1e-4).collect();
        let n = x.len();
        let x64 = to_f64(&x);
        let expected: Vec<f64> = x64.iter().map(|x| reference(*x)).collect();
        let mut y = vec![f32::NAN; n];
        unsafe { unary::value(f, x.as_ptr(), y.as_mut_ptr(), n) }
        assert_close(name, &y, &expected, 5e-7);
        let (g, before) = (values(n, 2), values(n, 3));
        let each = |(x, g): (&f64, &f32)| *g as f64 * (reference(x + 1e-6) - reference(x - 1e-6)) / 2e-6;
        let expected: Vec<f64> = x64.iter().zip(&g).map(each).collect();
        for accumulate in [false, true] {
            let mut dx = before.clone();
            let operands = (g.as_ptr(), x.as_ptr(), y.as_ptr());
            unsafe { unary::gradient(f, operands, dx.as_mut_ptr(), n, accumulate) }
            let expected = if accumulate { sum(&before, &expected) } else { expected.clone() };
            assert_close(&format!("{name}: dx"), &dx, &expected, 2e-6);
        }
    }
}

/// f and f′ at one place.
fn at(f: impl Unary, x: f32) -> (f32, f32) {
    let (mut y, mut dx) = ([0.0], [0.0]);
    unsafe {
        unary::value(f, [x].as_ptr(), y.as_mut_ptr(), 1);
        unary::gradient(f, ([1.0].as_ptr(), [x].as_ptr(), y.as_ptr()), dx.as_mut_ptr(), 1, false);
    }
    (y[0], dx[0])
}

#[test]
fn values_and_gradients() {
    check("relu", Relu, |x| x.max(0.0));
    check("sigmoid", Sigmoid, sigmoid);
    check("tanh", Tanh, f64::tanh);
    check("silu", Silu, |x| x * sigmoid(x));
    check("quick gelu", QuickGelu, |x| x * sigmoid(1.702 * x));
    check("gelu", Gelu, |x| x * normal_distribution(x));
    check("gelu tanh", GeluTanh, gelu_tanh);
    check("softplus", Softplus, |x| x.exp().ln_1p());
}

#[test]
fn softplus_of_what_is_far_below_zero_keeps_its_digits() {
    for x in [-1.0f32, -5.5, -12.0, -20.0, -60.0, -87.0] {
        let expected = (x as f64).exp().ln_1p();
        let (y, _) = at(Softplus, x);
        assert!((y as f64 - expected).abs() <= 4e-7 * expected, "softplus({x}) = {y}, expected {expected}");
    }
    assert_eq!(at(Softplus, 0.0).1, 0.5);
}

#[test]
fn far_out_and_at_zero() {
    fn far(name: &str, f: impl Unary) {
        for x in [50.0, 1e10, 1e20, 3e38] {
            assert_eq!(at(f, x), (x, 1.0), "{name}({x})");
            let (y, dx) = at(f, -x);
            assert!(y.abs() < 1e-12 && dx.abs() < 1e-12, "{name}(−{x}) = {y}, {dx}");
        }
        assert!(at(f, f32::NAN).0.is_nan(), "{name}(NaN)");
    }
    far("relu", Relu);
    far("silu", Silu);
    far("quick gelu", QuickGelu);
    far("gelu", Gelu);
    far("gelu tanh", GeluTanh);
    far("softplus", Softplus);
    assert_eq!(at(Relu, 0.0), (0.0, 0.0));
    assert_eq!(at(Gelu, 0.0), (0.0, 0.5));
    assert_eq!((at(Tanh, 1e30), at(Sigmoid, -1e30)), ((1.0, 0.0), (0.0, 0.0)));
}
