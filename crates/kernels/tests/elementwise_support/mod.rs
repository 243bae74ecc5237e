//! Repeatable data and comparison with float64 references.
#![allow(dead_code)] // each test file uses its part

/// Lengths around every vector and block boundary.
pub const LENGTHS: [usize; 12] = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 33, 67];

/// `n` values in (−2, 2), none of them 0 (a 64-bit linear congruential generator).
pub fn values(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 + 0.5) / (1 << 22) as f32 - 2.0
    };
    (0..n).map(|_| next()).collect()
}

/// Asserts |a − e| ≤ tolerance·max(1, |e|) for each pair.
#[track_caller]
pub fn assert_close(actual: &[f32], expected: impl IntoIterator<Item = f64>, tolerance: f64, what: &str) {
    let expected: Vec<f64> = expected.into_iter().collect();
    assert_eq!(actual.len(), expected.len(), "{what}: lengths");
    for (i, (&a, &e)) in actual.iter().zip(&expected).enumerate() {
        let error = (a as f64 - e).abs() / e.abs().max(1.0);
        assert!(error <= tolerance || (a.is_nan() && e.is_nan()), "{what}: element {i} is {a}, expected {e}");
    }
}
