//! Optimizer steps against the published update rules in f64, over several steps.

mod reference_support;

use kernels::optim::{AdamW, RootOfSquares, Sgd, sum_of_squares};
use reference_support::*;
use std::ptr::null_mut;

#[test]
fn adamw_over_ten_steps() {
    for (n, amsgrad, weight_decay, penalty) in
        [(1, false, 0.0, 0.0), (7, true, 0.1, 0.0), (64, false, 0.1, 0.0), (9, false, 0.0, 0.1), (0, false, 0.0, 0.0)]
    {
        let mut p = values(n, 1);
        let (mut m, mut v, mut v_max) = (vec![0.0f32; n], vec![0.0f32; n], vec![0.0f32; n]);
        let mut expected = to_f64(&p);
        let (mut m64, mut v64, mut max64) = (vec![0.0f64; n], vec![0.0f64; n], vec![0.0f64; n]);
        let (lr, beta1, beta2, epsilon) = (0.01, 0.9, 0.999, 1e-8);
        for step in 1..=10u32 {
            let g = values_about(n, 10 + step as u64, 0.0, if step == 7 { 0.0 } else { 4.0 / step as f32 });
            let op = AdamW { lr, beta1, beta2, epsilon, weight_decay, penalty, step };
            let state = (m.as_mut_ptr(), v.as_mut_ptr(), if amsgrad { v_max.as_mut_ptr() } else { null_mut() });
            unsafe { op.update(g.as_ptr(), p.as_mut_ptr(), state, n) }
            for i in 0..n {
                let g = g[i] as f64 + penalty * expected[i];
                m64[i] = beta1 * m64[i] + (1.0 - beta1) * g;
                v64[i] = beta2 * v64[i] + (1.0 - beta2) * g * g;
                max64[i] = f64::max(max64[i], v64[i]);
                let second = if amsgrad { max64[i] } else { v64[i] };
                let (t, decay) = (step as i32, 1.0 - lr * weight_decay);
                let denominator = (second / (1.0 - beta2.powi(t))).sqrt() + epsilon;
                expected[i] = expected[i] * decay - lr / (1.0 - beta1.powi(t)) * m64[i] / denominator;
            }
        }
        assert_close(&format!("n {n} amsgrad {amsgrad}"), &p, &expected, 1e-6);
    }
}

#[test]
fn root_of_squares_in_every_form() {
    for (keep, add, centred, momentum) in
        [(0.9, 0.1, false, 0.0), (0.9, 0.1, true, 0.0), (0.9, 0.1, true, 0.9), (1.0, 1.0, false, 0.0)]
    {
        for n in [0, 1, 6, 33] {
            let mut p = values(n, 1);
            let mut state = [vec![0.0f32; n], vec![0.0f32; n], vec![0.0f32; n]];
            let (mut expected, mut sums) = (to_f64(&p), vec![[0.0f64; 3]; n]);
            let (lr, epsilon, weight_decay) = (0.01, 1e-6, 0.1);
            for step in 0..5 {
                let g = values(n, 20 + step);
                let op = RootOfSquares { lr, keep, add, epsilon, weight_decay, momentum };
                let [v, a, b] = &mut state;
                let or_null = |there: bool, x: &mut Vec<f32>| if there { x.as_mut_ptr() } else { null_mut() };
                let pointers = (v.as_mut_ptr(), or_null(centred, a), or_null(momentum > 0.0, b));
                unsafe { op.update(g.as_ptr(), p.as_mut_ptr(), pointers, n) }
                for i in 0..n {
                    let (g, [v, a, b]) = (g[i] as f64 + weight_decay * expected[i], &mut sums[i]);
                    *v = keep * *v + add * g * g;
                    *a = keep * *a + add * g;
                    let under = if centred { *v - *a * *a } else { *v };
                    *b = momentum * *b + g / (under.sqrt() + epsilon);
                    expected[i] -= lr * *b;
                }
            }
            assert_close(&format!("ρ {keep} centred {centred} μ {momentum} n {n}"), &p, &expected, 1e-5);
        }
    }
}

#[test]
fn sgd_in_every_form() {
    for (momentum, dampening, nesterov) in [(0.0, 0.0, false), (0.9, 0.0, false), (0.9, 0.3, false), (0.9, 0.0, true)] {
        for n in [0, 1, 6, 33] {
            let (mut p, mut buffer) = (values(n, 1), vec![f32::NAN; n]);
            let (mut expected, mut b) = (to_f64(&p), vec![0.0f64; n]);
            let (lr, weight_decay) = (0.05, 0.1);
            for step in 0..5 {
                let (g, first) = (values(n, 20 + step), step == 0);
                let op = Sgd { lr, momentum, dampening, weight_decay, nesterov, first };
                let pointer = if momentum == 0.0 { null_mut() } else { buffer.as_mut_ptr() };
                unsafe { op.update(g.as_ptr(), p.as_mut_ptr(), pointer, n) }
                for i in 0..n {
                    let g = g[i] as f64 + weight_decay * expected[i];
                    b[i] = if first || momentum == 0.0 { g } else { momentum * b[i] + (1.0 - dampening) * g };
                    expected[i] -= lr * if nesterov { g + momentum * b[i] } else { b[i] };
                }
            }
            assert_close(&format!("μ {momentum} n {n}"), &p, &expected, 1e-6);
        }
    }
}

#[test]
fn sum_of_squares_keeps_every_digit_and_does_not_overflow() {
    let sum = |x: &[f32]| unsafe { sum_of_squares(x.as_ptr(), x.len()) };
    assert_eq!((sum(&[]), sum(&[3.0]), sum(&[1.0, 2.0, 3.0, 4.0, 5.0])), (0.0, 9.0, 55.0));
    assert!((sum(&[1e30; 5]) / 5e60 - 1.0).abs() < 1e-6);
    let ones_and_dust = [vec![4096.0f32], vec![1e-4; 100_000]].concat();
    assert!((sum(&ones_and_dust) - (4096.0f64.powi(2) + 1e5 * (1e-4f32 as f64).powi(2))).abs() < 1e-4);
}
