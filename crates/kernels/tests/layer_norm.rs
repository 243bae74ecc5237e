//! Layer norm and rms norm against f64, their gradients against central differences.

mod reference_support;

use kernels::layer_norm::{affine_gradient, forward, gradient};
use reference_support::*;
use std::ptr::{null, null_mut};

/// `[rows, columns]` normalised in f64; `w` and `b` may be empty.
fn reference(x: &[f64], w: &[f64], b: &[f64], columns: usize, epsilon: f64, centered: bool) -> Vec<f64> {
    let mut y = vec![];
    for row in x.chunks(columns.max(1)) {
        let n = columns as f64;
        let mean = if centered { row.iter().sum::<f64>() / n } else { 0.0 };
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        for (c, x) in row.iter().enumerate() {
            let unit = (x - mean) / (variance + epsilon).sqrt();
            y.push(unit * w.get(c).unwrap_or(&1.0) + b.get(c).unwrap_or(&0.0));
        }
    }
    y
}

fn pointer(x: &[f32]) -> *const f32 {
    if x.is_empty() { null() } else { x.as_ptr() }
}

fn check<const CENTERED: bool>(rows: usize, columns: usize, with_weight: bool, with_bias: bool) {
    let name = format!("{rows}×{columns} centered {CENTERED} weight {with_weight} bias {with_bias}");
    let x = values_about(rows * columns, 1, 0.5, 2.0);
    let w = values(if with_weight { columns } else { 0 }, 2);
    let b = values(if with_bias { columns } else { 0 }, 3);
    let g = values(rows * columns, 4);
    let epsilon = 1e-5;
    let (mut y, mut mean, mut rstd) = (vec![f32::NAN; x.len()], vec![f32::NAN; rows], vec![f32::NAN; rows]);
    let operands = (x.as_ptr(), pointer(&w), pointer(&b));
    // In two ranges, as threads would.
    for range in [(0, rows / 2), (rows / 2, rows)] {
        let statistics = (mean.as_mut_ptr(), rstd.as_mut_ptr());
        unsafe { forward::<CENTERED>(operands, y.as_mut_ptr(), statistics, columns, epsilon, range) }
    }
    let (x64, w64, b64, g64) = (to_f64(&x), to_f64(&w), to_f64(&b), to_f64(&g));
    let of_x = |x: &[f64]| reference(x, &w64, &b64, columns, epsilon as f64, CENTERED);
    assert_close(&format!("{name}: y"), &y, &of_x(&x64), 2e-6);

    let statistics = (mean.as_ptr(), rstd.as_ptr());
    let expected = numeric_gradient(&x64, &g64, of_x);
    let before = values(x.len(), 5);
    for accumulate in [false, true] {
        let mut dx = before.clone();
        let operands = (g.as_ptr(), x.as_ptr(), pointer(&w));
        unsafe {
            gradient::<CENTERED>(operands, statistics, dx.as_mut_ptr(), columns, accumulate, (0, rows));
        }
        let expected = if accumulate { sum(&before, &expected) } else { expected.clone() };
        // A row of one column has the gradient 0, as a difference of large numbers.
        assert_close(&format!("{name}: dx"), &dx, &expected, if columns > 1 { 2e-5 } else { 1e-3 });
    }
    let ones = vec![1.0; columns];
    let dw = numeric_gradient(&ones, &g64, |w| reference(&x64, w, &[], columns, epsilon as f64, CENTERED));
    let zeros = vec![0.0; columns];
    let db = numeric_gradient(&zeros, &g64, |b| reference(&x64, &[], b, columns, epsilon as f64, CENTERED));
    let before = values(columns, 6);
    for accumulate in [false, true] {
        let (mut got_dw, mut got_db) = (before.clone(), before.clone());
        let cut = columns / 2 / 16 * 16;
        for range in [(0, cut), (cut, columns)] {
            let targets = ((got_dw.as_mut_ptr(), accumulate), (got_db.as_mut_ptr(), accumulate));
            let operands = (g.as_ptr(), x.as_ptr());
            unsafe {
                affine_gradient::<CENTERED>(operands, statistics, targets.0, targets.1, (rows, columns), range);
            }
        }
        let expected = |d: &[f64]| if accumulate { sum(&before, d) } else { d.to_vec() };
        assert_close(&format!("{name}: dw"), &got_dw, &expected(&dw), 2e-5);
        assert_close(&format!("{name}: db"), &got_db, &expected(&db), 2e-5);
    }
}

#[test]
fn value_and_gradients_at_awkward_sizes() {
    for rows in [1, 2, 5] {
        for columns in [1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 48] {
            check::<true>(rows, columns, true, true);
            check::<true>(rows, columns, false, false);
            check::<false>(rows, columns, true, false);
            check::<false>(rows, columns, false, false);
        }
    }
    check::<true>(3, 9, true, false);
    check::<true>(3, 9, false, true);
}

#[test]
fn no_rows_and_no_columns() {
    check::<true>(0, 8, true, true);
    check::<false>(0, 8, true, false);
    let nowhere = ((null_mut(), false), (null_mut(), false));
    unsafe {
        affine_gradient::<true>((null(), null()), (null(), null()), nowhere.0, nowhere.1, (0, 0), (0, 0));
    }
}

#[test]
fn keeps_its_digits_about_a_large_offset() {
    let columns = 384;
    let x = values_about(columns, 7, 1000.0, 1.0);
    let (mut y, mut mean, mut rstd) = (vec![0.0; columns], [0.0], [0.0]);
    let statistics = (mean.as_mut_ptr(), rstd.as_mut_ptr());
    unsafe { forward::<true>((x.as_ptr(), null(), null()), y.as_mut_ptr(), statistics, columns, 1e-12, (0, 1)) }
    assert_close("y", &y, &reference(&to_f64(&x), &[], &[], columns, 1e-12, true), 1e-4);
}
