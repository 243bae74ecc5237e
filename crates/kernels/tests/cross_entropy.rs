//! Cross entropy against f64: class weights, smoothing, ignored targets, large logits.

mod reference_support;

use kernels::cross_entropy::CrossEntropy;
use reference_support::*;
use std::ptr::null;

const IGNORED: u32 = u32::MAX;

/// Loss of each row.
fn reference(z: &[f64], targets: &[u32], classes: usize, smoothing: f64, weights: &[f64]) -> Vec<f64> {
    let weight = |c: usize| *weights.get(c).unwrap_or(&1.0);
    let row_loss = |(row, target): (&[f64], &u32)| {
        if *target == IGNORED {
            return 0.0;
        }
        let max = row.iter().cloned().fold(f64::NEG_INFINITY, f64::max);
        let lse = max + row.iter().map(|z| (z - max).exp()).sum::<f64>().ln();
        let spread: f64 = row.iter().enumerate().map(|(c, z)| weight(c) * (lse - z)).sum();
        let t = *target as usize;
        (1.0 - smoothing) * weight(t) * (lse - row[t]) + smoothing / classes as f64 * spread
    };
    z.chunks(classes).zip(targets).map(row_loss).collect()
}

fn check(rows: usize, classes: usize, smoothing: f32, weighted: bool, scale: f32) {
    let name = format!("{rows}×{classes} smoothing {smoothing} weighted {weighted}");
    let z = values_about(rows * classes, 1, 0.0, scale);
    let random = values_about(rows, 2, 0.5, 0.5);
    let index = |(row, r): (usize, &f32)| {
        if row % 4 == 3 { IGNORED } else { ((r * classes as f32) as u32).min(classes as u32 - 1) }
    };
    let targets: Vec<u32> = random.iter().enumerate().map(index).collect();
    let weights = if weighted { values_about(classes, 3, 1.0, 0.9) } else { vec![] };
    let pointer = if weighted { weights.as_ptr() } else { null() };
    let op = CrossEntropy { classes, smoothing, weights: pointer };
    let (mut losses, mut statistics) = (vec![f32::NAN; rows], vec![f32::NAN; 2 * rows]);
    for range in [(0, rows / 2), (rows / 2, rows)] {
        unsafe { op.forward((z.as_ptr(), targets.as_ptr()), (losses.as_mut_ptr(), statistics.as_mut_ptr()), range) }
    }
    let (z64, w64) = (to_f64(&z), to_f64(&weights));
    let of_z = |z: &[f64]| reference(z, &targets, classes, smoothing as f64, &w64);
    assert_close(&name, &losses, &of_z(&z64), 2e-6);

    let (g, before) = (values(rows.max(1), 4), values(z.len(), 5));
    for (step, accumulate) in [(0, false), (1, false), (1, true)] {
        let upstream: Vec<f64> = (0..rows).map(|row| 0.7 * g[row * step] as f64).collect();
        let expected = numeric_gradient(&z64, &upstream, of_z);
        let mut dz = before.clone();
        let operands = (z.as_ptr(), targets.as_ptr(), statistics.as_ptr());
        unsafe { op.gradient(operands, (g.as_ptr(), step, 0.7), dz.as_mut_ptr(), accumulate, (0, rows)) }
        let expected = if accumulate { sum(&before, &expected) } else { expected };
        assert_close(&format!("{name}: dz"), &dz, &expected, 1e-5);
    }
}

#[test]
fn value_and_gradient_at_awkward_sizes() {
    for (rows, classes) in [(1, 1), (6, 5), (8, 2), (5, 4), (3, 11), (2, 33), (0, 3)] {
        for smoothing in [0.0, 0.2] {
            check(rows, classes, smoothing, false, 3.0);
            check(rows, classes, smoothing, true, 3.0);
        }
    }
}

#[test]
fn logits_of_ten_thousand() {
    let (classes, targets) = (5, [2u32, 0, 4]);
    let z = values_about(15, 9, 0.0, 1e4);
    let (mut losses, mut statistics, mut dz) = ([0.0; 3], [0.0; 6], [0.0; 15]);
    let op = CrossEntropy { classes, smoothing: 0.1, weights: null() };
    unsafe {
        op.forward((z.as_ptr(), targets.as_ptr()), (losses.as_mut_ptr(), statistics.as_mut_ptr()), (0, 3));
        let operands = (z.as_ptr(), targets.as_ptr(), statistics.as_ptr());
        op.gradient(operands, ([1.0f32].as_ptr(), 0, 1.0), dz.as_mut_ptr(), false, (0, 3));
    }
    assert_close("losses", &losses, &reference(&to_f64(&z), &targets, classes, 0.1, &[]), 1e-6);
    assert!(dz.iter().all(|d| d.is_finite()));
    let sums: Vec<f32> = dz.chunks(classes).map(|row| row.iter().sum()).collect();
    assert_close("a row's gradients add up to 0", &sums, &[0.0; 3], 1e-6);
}
