//! Softmax and log softmax against f64 along every kind of dimension.

mod reference_support;

use kernels::softmax::{forward, gradient};
use reference_support::*;

fn reference(x: &[f64], (outer, length, inner): (usize, usize, usize), log: bool) -> Vec<f64> {
    let mut y = vec![0.0; x.len()];
    for o in 0..outer {
        for i in 0..inner {
            let at = |l: usize| (o * length + l) * inner + i;
            let max = (0..length).map(|l| x[at(l)]).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..length).map(|l| (x[at(l)] - max).exp()).sum();
            for l in 0..length {
                let logarithm = x[at(l)] - max - sum.ln();
                y[at(l)] = if log { logarithm } else { logarithm.exp() };
            }
        }
    }
    y
}

fn check<const LOG: bool>(shape: (usize, usize, usize), scale: f32) {
    let (outer, length, inner) = shape;
    let x = values_about(outer * length * inner, 1, 0.3 * scale, scale);
    let mut y = vec![f32::NAN; x.len()];
    let lines = outer * inner;
    for range in [(0, lines / 2), (lines / 2, lines)] {
        unsafe { forward::<LOG>(x.as_ptr(), y.as_mut_ptr(), length, inner, range) }
    }
    let x64 = to_f64(&x);
    assert_close(&format!("{shape:?} log {LOG}"), &y, &reference(&x64, shape, LOG), 1e-6);
    let mut in_place = x.clone();
    unsafe { forward::<LOG>(in_place.as_ptr(), in_place.as_mut_ptr(), length, inner, (0, lines)) }
    assert_eq!(in_place, y, "in place");

    let (g, before) = (values(x.len(), 2), values(x.len(), 3));
    let expected = numeric_gradient(&x64, &to_f64(&g), |x| reference(x, shape, LOG));
    for accumulate in [false, true] {
        let mut dx = before.clone();
        let operands = (g.as_ptr(), y.as_ptr());
        for range in [(0, lines / 2), (lines / 2, lines)] {
            unsafe { gradient::<LOG>(operands, dx.as_mut_ptr(), length, inner, accumulate, range) }
        }
        let expected = if accumulate { sum(&before, &expected) } else { expected.clone() };
        assert_close(&format!("{shape:?} log {LOG}: dx"), &dx, &expected, 2e-5);
    }
}

#[test]
fn every_dimension_at_awkward_sizes() {
    for shape in [
        (3, 7, 1),
        (1, 1, 1),
        (2, 4, 1),
        (5, 9, 1),
        (1, 64, 1),
        (1, 4, 5),
        (2, 5, 3),
        (3, 1, 2),
        (2, 3, 8),
        (1, 13, 9),
        (0, 4, 1),
        (3, 0, 2),
        (2, 3, 0),
    ] {
        check::<false>(shape, 3.0);
        check::<true>(shape, 3.0);
    }
}

#[test]
fn large_logits() {
    for inner in [1, 3] {
        let x: Vec<f32> = values_about(6 * inner, 4, 0.0, 1e4);
        let (mut y, mut log_y) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        unsafe {
            forward::<false>(x.as_ptr(), y.as_mut_ptr(), 6, inner, (0, inner));
            forward::<true>(x.as_ptr(), log_y.as_mut_ptr(), 6, inner, (0, inner));
        }
        assert_close("softmax", &y, &reference(&to_f64(&x), (1, 6, inner), false), 1e-6);
        assert_close("log softmax", &log_y, &reference(&to_f64(&x), (1, 6, inner), true), 1e-6);
    }
}
