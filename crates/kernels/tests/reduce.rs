//! Reductions along an axis against float64, their accuracy, and the gradient of extremes.

mod elementwise_support;

use elementwise_support::{assert_close, values};
use kernels::reduce::*;

const SHAPES: [(usize, usize, usize); 14] = [
    (1, 1, 1),
    (1, 7, 1),
    (3, 5, 1),
    (2, 513, 1),
    (1, 1500, 1),
    (1, 3, 5),
    (2, 3, 4),
    (2, 65, 19),
    (1, 200, 37),
    (3, 1, 18),
    (0, 3, 2),
    (2, 0, 3),
    (2, 3, 0),
    (4, 0, 1),
];

fn reference(
    x: &[f32],
    (outer, axis, inner): (usize, usize, usize),
    fold: impl Fn(f64, f64) -> f64,
    neutral: f64,
) -> Vec<f64> {
    let at = |o: usize, r: usize, i: usize| x[(o * axis + r) * inner + i] as f64;
    let outputs = (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i)));
    outputs.map(|(o, i)| (0..axis).fold(neutral, |sum, r| fold(sum, at(o, r, i)))).collect()
}

#[test]
fn sums() {
    for shape @ (outer, axis, inner) in SHAPES {
        let x = values(outer * axis * inner, 5);
        let size = outer * inner;
        let sums = reference(&x, shape, |a, b| a + b, 0.0);
        for (alpha, accumulate, piece) in [(1.0, false, usize::MAX), (-0.5, true, 16), (1.0, false, 3)] {
            let mut y = vec![3.0; size];
            for start in (0..size).step_by(piece) {
                let end = start.saturating_add(piece).min(size);
                unsafe { reduce::<Sum>(x.as_ptr(), y.as_mut_ptr(), axis, inner, alpha, accumulate, start, end) };
            }
            let base = if accumulate { 3.0 } else { 0.0 };
            let expected = sums.iter().map(|&sum| alpha as f64 * sum + base);
            assert_close(&y, expected, 5e-6, &format!("sum {shape:?} in pieces of {piece}"));
        }
    }
}

#[test]
fn extremes() {
    for shape @ (outer, axis, inner) in SHAPES {
        let x = values(outer * axis * inner, 6);
        let size = outer * inner;
        let mut y = vec![0.0; size];
        unsafe { reduce::<Max>(x.as_ptr(), y.as_mut_ptr(), axis, inner, 1.0, false, 0, size) };
        let expected = reference(&x, shape, f64::max, f64::NEG_INFINITY);
        assert_eq!(y.iter().map(|&y| y as f64).collect::<Vec<_>>(), expected, "max {shape:?}");
        unsafe { reduce::<Min>(x.as_ptr(), y.as_mut_ptr(), axis, inner, 1.0, false, 0, size) };
        let expected = reference(&x, shape, f64::min, f64::INFINITY);
        assert_eq!(y.iter().map(|&y| y as f64).collect::<Vec<_>>(), expected, "min {shape:?}");
    }
}

#[test]
fn nan_wins_wherever_it_stands() {
    for n in [1, 4, 17, 40] {
        for at in 0..n {
            let mut x = values(n, 7);
            x[at] = f32::NAN;
            let mut y = 0.0;
            unsafe { reduce::<Max>(x.as_ptr(), &mut y, n, 1, 1.0, false, 0, 1) };
            assert!(y.is_nan(), "max of {n} with NaN at {at}");
            unsafe { reduce::<Min>(x.as_ptr(), &mut y, n, 1, 1.0, false, 0, 1) };
            assert!(y.is_nan(), "min of {n} with NaN at {at}");
        }
    }
}

#[test]
fn error_does_not_grow_with_length() {
    let n = 1 << 20;
    let x = vec![0.1f32; n];
    let expected = 0.1f32 as f64 * n as f64;
    for (axis, inner) in [(n, 1), (n / 2, 2), (n / 16, 16)] {
        let mut y = vec![0.0; inner];
        unsafe { reduce::<Sum>(x.as_ptr(), y.as_mut_ptr(), axis, inner, 1.0, false, 0, inner) };
        let error = (y[0] as f64 * inner as f64 / expected - 1.0).abs();
        assert!(error < 1e-6, "relative error {error:e} over {axis} rows");
    }
}

#[test]
fn ties_share_the_gradient() {
    // [2, 4, 1] and, with the same numbers, [1, 4, 2].
    let cases = [
        (1, [1.0, 3.0, 3.0, 0.0, 2.0, 2.0, 2.0, 2.0], [0.0, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5]),
        (2, [1.0, 2.0, 3.0, 2.0, 3.0, 2.0, 0.0, 2.0], [0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.5]),
    ];
    for (inner, x, expected) in cases {
        let (y, g) = ([3.0f32, 2.0], [1.0f32, 2.0]);
        let mut dx = [10.0f32; 8];
        let operands = (g.as_ptr(), x.as_ptr(), y.as_ptr());
        unsafe { extreme_gradient(operands, dx.as_mut_ptr(), 4, inner, false, 0, 2) };
        assert_eq!(dx, expected);
        unsafe { extreme_gradient(operands, dx.as_mut_ptr(), 4, inner, true, 0, 2) };
        assert_eq!(dx, expected.map(|e| 2.0 * e));
    }
}
