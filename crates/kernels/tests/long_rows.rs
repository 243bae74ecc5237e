//! Sums over a million terms, of every kernel that has any: numbers of one sign and size, so that errors of rounding go one
//! way and the result is no small difference. The error against f64 is that of a short row.

mod reference_support;

use kernels::cross_entropy::CrossEntropy;
use kernels::reduce::{Sum, reduce};
use kernels::{layer_norm, loss, normalize, pooling, softmax};
use reference_support::*;
use std::ptr::{null, null_mut};

const N: usize = 1_000_003;
/// Largest relative error.
const BOUND: f64 = 1e-6;

/// The rows: one number again and again, whose rounding errors don't average out, and numbers about it.
fn rows() -> [Vec<f32>; 2] {
    [vec![0.1; N], values_about(N, 1, 0.1, 0.05)]
}

#[track_caller]
fn check(name: &str, actual: f32, expected: f64) {
    check_difference(name, actual, expected, expected.abs());
}

/// For a difference of numbers of a certain size, which bounds its error.
#[track_caller]
fn check_difference(name: &str, actual: f32, expected: f64, size: f64) {
    let error = (actual as f64 - expected).abs() / size;
    assert!(error <= BOUND, "{name}: {actual:e}, expected {expected:e}: relative error {error:e}");
}

fn sum_of(x: &[f32], f: impl Fn(f64) -> f64) -> f64 {
    x.iter().map(|x| f(*x as f64)).sum()
}

#[test]
fn norms() {
    for x in rows() {
        let g = values_about(N, 2, 1.0, 0.5);
        let (mut y, mut dx, mut mean, mut rstd) = (vec![0.0; N], vec![0.0; N], [0.0], [0.0]);
        let (n, m) = (N as f64, sum_of(&x, |x| x) / N as f64);
        let statistics = (mean.as_mut_ptr(), rstd.as_mut_ptr());
        let operands = (x.as_ptr(), null(), null());
        unsafe {
            layer_norm::forward::<false>(operands, y.as_mut_ptr(), (null_mut(), statistics.1), N, 1e-6, (0, 1));
            let scale = 1.0 / (sum_of(&x, |x| x * x) / n + 1e-6).sqrt();
            check("rms norm", y[7], x[7] as f64 * scale);
            check("rms norm's end", y[N - 1], x[N - 1] as f64 * scale);
            let rms = (null(), rstd.as_ptr());
            layer_norm::gradient::<false>((g.as_ptr(), x.as_ptr(), null()), rms, dx.as_mut_ptr(), N, false, (0, 1));
            let along = x.iter().zip(&g).map(|(x, g)| *x as f64 * *g as f64).sum::<f64>() / n;
            let expected = scale * (g[7] as f64 - x[7] as f64 * along * scale * scale);
            check_difference("rms norm's gradient", dx[7], expected, scale * g[7] as f64);

            layer_norm::forward::<true>(operands, y.as_mut_ptr(), statistics, N, 1e-2, (0, 1));
            check("mean", mean[0], m);
            check("rstd", rstd[0], 1.0 / (sum_of(&x, |x| (x - m).powi(2)) / n + 1e-2).sqrt());

            let mut divisor = 0.0;
            normalize::normalize(x.as_ptr(), y.as_mut_ptr(), &mut divisor, N, 1e-12, 0, 1);
            check("normalize", y[7], x[7] as f64 / sum_of(&x, |x| x * x).sqrt());
            let operands = (g.as_ptr(), y.as_ptr(), &divisor as *const f32);
            normalize::normalize_gradient(operands, dx.as_mut_ptr(), N, false, 0, 1);
            let norm = sum_of(&x, |x| x * x).sqrt();
            let expected = (g[7] as f64 - x[7] as f64 * along * n / norm / norm) / norm;
            check_difference("normalize's gradient", dx[7], expected, g[7] as f64 / norm);
        }
    }
}

#[test]
fn gradients_of_norms_over_many_rows() {
    for x in rows() {
        // Seven columns, of which three are a ragged end.
        for columns in [1, 7, 19] {
            let rows = N / columns;
            let (ones, zeros) = (vec![1.0f32; rows], vec![0.0f32; rows]);
            let (mut dw, mut db) = (vec![0.0; columns], vec![0.0; columns]);
            let targets = ((dw.as_mut_ptr(), false), (db.as_mut_ptr(), false));
            let (operands, statistics) = ((x.as_ptr(), x.as_ptr()), (zeros.as_ptr(), ones.as_ptr()));
            unsafe {
                let size = (rows, columns);
                layer_norm::affine_gradient::<true>(operands, statistics, targets.0, targets.1, size, (0, columns));
            }
            for c in 0..columns {
                let column = || (0..rows).map(|row| x[row * columns + c] as f64);
                check("bias", db[c], column().sum());
                check("weight", dw[c], column().map(|x| x * x).sum());
            }
        }
    }
}

#[test]
fn softmax_and_cross_entropy() {
    for x in rows() {
        let lse = sum_of(&x, f64::exp).ln();
        let g = values_about(N, 3, 1.0, 0.5);
        // Alone in memory, and as one of three that lie side by side.
        for inner in [1, 3] {
            let spread = |x: &[f32]| x.iter().flat_map(|x| vec![*x; inner]).collect::<Vec<_>>();
            let (x3, g3) = (spread(&x), spread(&g));
            let (mut y, mut dx) = (vec![0.0; N * inner], vec![0.0; N * inner]);
            let (y, dx, all) = (&mut y, &mut dx, (0, inner));
            let log_p = |i: usize| x[i] as f64 - lse;
            unsafe {
                softmax::forward::<false>(x3.as_ptr(), y.as_mut_ptr(), N, inner, all);
                check("softmax", y[7 * inner], log_p(7).exp());
                softmax::gradient::<false>((g3.as_ptr(), y.as_ptr()), dx.as_mut_ptr(), N, inner, false, all);
                let along: f64 = x.iter().zip(&g).map(|(x, g)| (*x as f64 - lse).exp() * *g as f64).sum();
                let p = log_p(7).exp();
                check_difference("softmax's gradient", dx[7 * inner], p * (g[7] as f64 - along), p);
                softmax::forward::<true>(x3.as_ptr(), y.as_mut_ptr(), N, inner, all);
                check("log softmax", y[7 * inner], log_p(7));
                softmax::gradient::<true>((g3.as_ptr(), y.as_ptr()), dx.as_mut_ptr(), N, inner, false, all);
                let expected = g[7] as f64 - log_p(7).exp() * sum_of(&g, |g| g);
                check_difference("log softmax's gradient", dx[7 * inner], expected, 1.0);
            }
        }
        let op = CrossEntropy { classes: N, smoothing: 0.1, weights: x.as_ptr() };
        let (mut losses, mut statistics) = ([0.0], [0.0; 2]);
        unsafe {
            let target = 7u32;
            op.forward((x.as_ptr(), &target), (losses.as_mut_ptr(), statistics.as_mut_ptr()), (0, 1));
        }
        let spread = sum_of(&x, |x| x * (lse - x)) / N as f64;
        check("cross entropy", losses[0], 0.9 * x[7] as f64 * (lse - x[7] as f64) + 0.1 * spread);
    }
}

#[test]
fn sums_means_and_squares() {
    for x in rows() {
        for inner in [1, 4] {
            let axis = N / inner;
            let mut y = vec![0.0; inner];
            let offsets = [0, axis as u32];
            let column = |c: usize| (0..axis).map(|r| x[r * inner + c] as f64).sum::<f64>();
            unsafe {
                reduce::<Sum>(x.as_ptr(), y.as_mut_ptr(), axis, inner, 1.0, false, 0, inner);
                (0..inner).for_each(|c| check("sum", y[c], column(c)));
                let ranges = offsets.as_ptr();
                pooling::forward(ranges, x.as_ptr(), y.as_mut_ptr(), inner, (0, 1));
                (0..inner).for_each(|c| check("mean pool", y[c], column(c) / axis as f64));
            }
        }
        let zeros = vec![0.0f32; N];
        let squares = unsafe { loss::sum_of_squared_differences(x.as_ptr(), zeros.as_ptr(), N) };
        check("squared error", squares as f32, sum_of(&x, |x| x * x));
    }
}
