//! Gated units against f64, their gradients against central differences.

mod reference_support;

use kernels::activation::{Gelu, GeluTanh, Silu};
use kernels::gated;
use kernels::unary::Unary;
use reference_support::*;

fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

fn gelu_tanh(x: f64) -> f64 {
    0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
}

fn check(name: &str, f: impl Unary, reference: impl Fn(f64) -> f64) {
    for (rows, columns) in [(0, 3), (1, 1), (2, 5), (3, 8), (4, 33)] {
        let (x, g) = (values_about(2 * rows * columns, 1, 0.1, 6.0), values(rows * columns, 2));
        let parts = |row: usize, c: usize| (2 * row * columns + c, (2 * row + 1) * columns + c);
        let (mut expected, mut gradient) = (vec![0.0; rows * columns], vec![0.0; x.len()]);
        for row in 0..rows {
            for c in 0..columns {
                let (at_a, at_b) = parts(row, c);
                let (a, b, g) = (x[at_a] as f64, x[at_b] as f64, g[row * columns + c] as f64);
                expected[row * columns + c] = reference(a) * b;
                gradient[at_a] = g * b * (reference(a + 1e-6) - reference(a - 1e-6)) / 2e-6;
                gradient[at_b] = g * reference(a);
            }
        }
        let mut y = vec![f32::NAN; rows * columns];
        unsafe { gated::forward(f, x.as_ptr(), y.as_mut_ptr(), columns, (0, rows)) }
        assert_close(name, &y, &expected, 2e-6);
        for accumulate in [false, true] {
            let before = values(x.len(), 3);
            let mut dx = if accumulate { before.clone() } else { vec![f32::NAN; x.len()] };
            unsafe {
                gated::gradient(f, (g.as_ptr(), x.as_ptr()), dx.as_mut_ptr(), columns, accumulate, (0, rows));
            }
            let expected = if accumulate { sum(&before, &gradient) } else { gradient.clone() };
            assert_close(&format!("{name}: dx"), &dx, &expected, 5e-6);
        }
    }
}

#[test]
fn activated_half_times_the_other() {
    check("silu", Silu, silu);
    check("gelu tanh", GeluTanh, gelu_tanh);
}

#[test]
fn exact_gelu_is_the_activation_times_the_other() {
    let x = values_about(2 * 13, 1, 0.1, 6.0);
    let (mut y, mut a) = (vec![0.0; 13], vec![0.0; 13]);
    unsafe {
        gated::forward(Gelu, x.as_ptr(), y.as_mut_ptr(), 13, (0, 1));
        kernels::unary::value(Gelu, x.as_ptr(), a.as_mut_ptr(), 13);
    }
    for i in 0..13 {
        assert_eq!(y[i], a[i] * x[13 + i]);
    }
}

#[test]
fn nan_stays_in_its_column() {
    let mut x = values(10, 1);
    x[2] = f32::NAN;
    let mut y = vec![0.0; 5];
    unsafe { gated::forward(Silu, x.as_ptr(), y.as_mut_ptr(), 5, (0, 1)) }
    assert!(y[2].is_nan() && y.iter().filter(|y| y.is_nan()).count() == 1);
}
