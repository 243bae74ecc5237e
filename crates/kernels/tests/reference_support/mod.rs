//! Shared by kernel tests: repeatable inputs, comparison with f64 references, numeric gradients.
#![allow(dead_code)]

/// `n` values in −1..1 from a linear congruential generator (Knuth's MMIX constants).
pub fn values(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// As [`values`], scaled and shifted.
pub fn values_about(n: usize, seed: u64, center: f32, scale: f32) -> Vec<f32> {
    values(n, seed).into_iter().map(|x| center + scale * x).collect()
}

pub fn to_f64(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| *x as f64).collect()
}

/// Fails where |actual − expected| exceeds `tolerance`·max(1, |expected|) anywhere.
#[track_caller]
pub fn assert_close(name: &str, actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{name}: lengths");
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        let error = (*a as f64 - e).abs() / e.abs().max(1.0);
        assert!(error <= tolerance, "{name}[{i}] = {a}, expected {e}: error {error:e}");
    }
}

/// ∂/∂x of Σ g·f(x) by central differences in f64.
pub fn numeric_gradient(x: &[f64], g: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let loss = |x: &[f64]| f(x).iter().zip(g).map(|(y, g)| y * g).sum::<f64>();
    let mut x = x.to_vec();
    (0..x.len())
        .map(|i| {
            let center = x[i];
            x[i] = center + STEP;
            let above = loss(&x);
            x[i] = center - STEP;
            let below = loss(&x);
            x[i] = center;
            (above - below) / (2.0 * STEP)
        })
        .collect()
}

/// `a[i] + b[i]`: what an accumulating gradient gives.
pub fn sum(a: &[f32], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| *a as f64 + b).collect()
}
