//! Scores of rows of codes against plain loops, and which of them are high enough.

use kernels::search::{at_least, code_products, equal_bits};

/// Bytes of all values.
fn bytes(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|i| ((i + seed).wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

#[test]
fn products_are_exact() {
    for stride in [0, 16, 32, 48, 400] {
        for (start, end) in [(0, 0), (0, 1), (2, 7)] {
            let codes = bytes(7 * stride, 1);
            let weights: Vec<i16> = bytes(stride, 2).iter().map(|&b| (i16::from(b) - 128) * 250).collect();
            let mut scores = vec![f32::NAN; 7];
            unsafe { code_products(codes.as_ptr(), stride, weights.as_ptr(), scores.as_mut_ptr(), start, end) }
            for (r, score) in scores.into_iter().enumerate() {
                let row = codes[r * stride..][..stride].iter().zip(&weights);
                let expected: i64 = row.map(|(&c, &w)| i64::from(c as i8) * i64::from(w)).sum();
                assert!(if (start..end).contains(&r) { score == expected as f32 } else { score.is_nan() });
            }
        }
    }
}

#[test]
fn extreme_products_keep_within_32_bits() {
    let (codes, weights) = (vec![0x80u8; 496], vec![i16::MIN; 496]);
    let mut score = 0.0;
    unsafe { code_products(codes.as_ptr(), 496, weights.as_ptr(), &mut score, 0, 1) }
    assert_eq!(score, 496.0 * 128.0 * 32_768.0);
}

#[test]
fn bits_that_differ_count_against_a_row() {
    for stride in [0, 16, 48, 4096] {
        let (codes, query) = (bytes(5 * stride, 3), bytes(stride, 4));
        let mut scores = vec![f32::NAN; 5];
        unsafe { equal_bits(codes.as_ptr(), stride, query.as_ptr(), scores.as_mut_ptr(), 1, 5) }
        assert!(scores[0].is_nan());
        for r in 1..5 {
            let row = codes[r * stride..][..stride].iter().zip(&query);
            let bits: u32 = row.map(|(a, b)| (a ^ b).count_ones()).sum();
            assert_eq!(scores[r], -(bits as f32));
        }
    }
}

#[test]
fn scores_that_are_high_enough_are_found_in_order() {
    let scores = [1.0, f32::NAN, 3.0, 2.0, f32::NEG_INFINITY, 3.0, f32::INFINITY];
    let found = |least: f32| {
        let mut places = [99u32; 7];
        let count = unsafe { at_least(scores.as_ptr(), scores.len(), least, places.as_mut_ptr()) };
        places[..count].to_vec()
    };
    assert_eq!(found(3.0), [2, 5, 6]);
    assert_eq!(found(f32::NEG_INFINITY), [0, 2, 3, 4, 5, 6]);
    assert_eq!(found(f32::NAN), []);
    assert_eq!(unsafe { at_least(scores.as_ptr(), 0, 0.0, core::ptr::null_mut()) }, 0);
}
