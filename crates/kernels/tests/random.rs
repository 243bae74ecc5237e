//! Philox against Random123's published vectors, the distributions made from it, and dropout.

mod reference_support;

use kernels::dropout::dropout;
use kernels::philox::{Stream, normal, philox, uniform};
use reference_support::*;

const STREAM: Stream = Stream { seed: [7, 11], stream: 3 };

#[test]
fn known_answers_of_random123() {
    let zeros = philox([0; 4], [0; 2]);
    assert_eq!(zeros, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    let ones = philox([u32::MAX; 4], [u32::MAX; 2]);
    assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let digits_of_pi = philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
    assert_eq!(digits_of_pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
}

/// (mean, variance, fourth moment about the mean in units of the variance squared)
fn moments(x: &[f32]) -> (f64, f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().map(|x| *x as f64).sum::<f64>() / n;
    let moment = |k: i32| x.iter().map(|x| (*x as f64 - mean).powi(k)).sum::<f64>() / n;
    (mean, moment(2), moment(4) / moment(2).powi(2))
}

#[test]
fn uniform_and_normal_have_their_moments() {
    let mut y = vec![0.0f32; 200_003];
    unsafe { uniform(STREAM, y.as_mut_ptr(), (0, y.len())) }
    let (mean, variance, fourth) = moments(&y);
    assert!((mean - 0.5).abs() < 0.003 && (variance - 1.0 / 12.0).abs() < 0.001 && (fourth - 1.8).abs() < 0.02);
    assert!(y.iter().all(|y| (0.0..1.0).contains(y)));

    unsafe { normal(STREAM, y.as_mut_ptr(), (0, y.len())) }
    let (mean, variance, fourth) = moments(&y);
    assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.01 && (fourth - 3.0).abs() < 0.06);
    let within = y.iter().filter(|y| y.abs() < 1.0).count() as f64 / y.len() as f64;
    assert!((within - 0.6827).abs() < 0.005, "{within} within one standard deviation");
    let neighbours: f64 = y.windows(2).map(|w| w[0] as f64 * w[1] as f64).sum::<f64>();
    assert!((neighbours / y.len() as f64).abs() < 0.01, "neighbours are uncorrelated");
}

#[test]
fn normal_is_box_muller_of_its_words() {
    let mut y = [0.0f32; 8];
    unsafe { normal(STREAM, y.as_mut_ptr(), (0, 8)) }
    let pair = |[u, v]: [u32; 2]| {
        let unit = |word: u32| (word as f64 + 0.5) / 4_294_967_296.0;
        let (radius, angle) = ((-2.0 * unit(u).ln()).sqrt(), 2.0 * std::f64::consts::PI * unit(v));
        [radius * angle.cos(), radius * angle.sin()]
    };
    let block = |b| STREAM.words(b).chunks(2).flat_map(|w| pair([w[0], w[1]])).collect::<Vec<_>>();
    assert_close("normal", &y, &[block(0), block(1)].concat(), 2e-6);
}

#[test]
fn ranges_and_lengths_do_not_change_the_numbers() {
    for n in [0usize, 1, 5, 16, 103] {
        let (mut whole, mut parts) = (vec![0.0; 104], vec![0.0; n]);
        unsafe {
            normal(STREAM, whole.as_mut_ptr(), (0, 104));
            let cut = n / 2 / 4 * 4;
            normal(STREAM, parts.as_mut_ptr(), (cut, n));
            normal(STREAM, parts.as_mut_ptr(), (0, cut));
        }
        assert_eq!(parts[..], whole[..n]);
    }
    let (mut a, mut b) = (vec![0.0; 64], vec![0.0; 64]);
    unsafe {
        uniform(STREAM, a.as_mut_ptr(), (0, 64));
        uniform(Stream { stream: 4, ..STREAM }, b.as_mut_ptr(), (0, 64));
    }
    assert!(a.iter().zip(&b).all(|(a, b)| a != b), "streams differ");
}

#[test]
fn dropout_drops_its_share_and_its_gradient_has_the_same_mask() {
    for (p, n) in [(0.0, 33), (0.1, 100_001), (0.5, 10_002), (1.0, 7), (0.3, 0)] {
        let x = values_about(n, 1, 2.0, 1.0);
        let (mut y, mut dx) = (vec![f32::NAN; n], values(n, 2));
        let before = dx.clone();
        let cut = n / 3 / 8 * 8;
        unsafe {
            dropout(STREAM, p, x.as_ptr(), y.as_mut_ptr(), false, (0, cut));
            dropout(STREAM, p, x.as_ptr(), y.as_mut_ptr(), false, (cut, n));
            dropout(STREAM, p, vec![1.0; n].as_ptr(), dx.as_mut_ptr(), true, (0, n));
        }
        let dropped = y.iter().filter(|y| **y == 0.0).count() as f64;
        assert!((dropped - p * n as f64).abs() <= 4.0 * (p * (1.0 - p) * n as f64).sqrt(), "p {p}: {dropped} of {n}");
        for i in 0..n {
            let scale = if y[i] == 0.0 { 0.0 } else { 1.0 / (1.0 - (p * 65536.0).round() / 65536.0) };
            assert!((y[i] as f64 - x[i] as f64 * scale).abs() < 1e-6, "kept elements are scaled");
            assert!((dx[i] as f64 - before[i] as f64 - scale).abs() < 1e-6, "the gradient has the same mask");
        }
    }
}
