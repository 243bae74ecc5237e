//! Broadcast operations against float64, whole and in pieces.

mod elementwise_support;

use elementwise_support::{assert_close, values};
use kernels::binary::*;

/// Sizes of a result, and which of its dimensions each operand repeats along.
const CASES: [([usize; 3], [bool; 3], [bool; 3]); 10] = [
    ([1, 1, 13], [false; 3], [false; 3]),
    ([1, 3, 5], [false; 3], [true, true, false]),
    ([1, 5, 3], [false; 3], [true, false, true]),
    ([1, 4, 7], [false, false, true], [true, true, false]),
    ([2, 3, 5], [false, true, false], [true, false, true]),
    ([2, 3, 4], [false; 3], [true; 3]),
    ([3, 2, 1], [false; 3], [true, false, true]),
    ([1, 1, 1], [true; 3], [true; 3]),
    ([0, 3, 2], [false; 3], [true, true, false]),
    ([2, 3, 0], [false; 3], [false, true, false]),
];

/// Strides of a contiguous operand that repeats along some dimensions, and the number of its elements.
fn strides(sizes: [usize; 3], repeats: [bool; 3]) -> ([usize; 3], usize) {
    let (mut strides, mut size) = ([0; 3], 1);
    for d in (0..3).rev() {
        if !repeats[d] {
            strides[d] = if sizes[d] == 1 { 0 } else { size };
            size *= sizes[d];
        }
    }
    (strides, size)
}

fn each(over: &Broadcast, mut visit: impl FnMut(usize, usize, usize)) {
    let [n0, n1, n2] = over.sizes;
    for position in 0..over.size() {
        let index = [position / n2 / n1 % n0.max(1), position / n2 % n1, position % n2];
        let at = |strides: &[usize; 3]| (0..3).map(|d| index[d] * strides[d]).sum();
        visit(position, at(&over.a), at(&over.b));
    }
}

/// Calls `run(start, end)` for the whole range, or for pieces that cut rows in the middle.
fn in_pieces(size: usize, length: usize, mut run: impl FnMut(usize, usize)) {
    (0..size).step_by(length).for_each(|start| run(start, (start + length).min(size)));
}

fn check_value<O: Binary>(name: &str, f: fn(f64, f64) -> f64) {
    for (sizes, repeats_a, repeats_b) in CASES {
        let ((a_strides, a_size), (b_strides, b_size)) = (strides(sizes, repeats_a), strides(sizes, repeats_b));
        let over = Broadcast { sizes, a: a_strides, b: b_strides };
        let (a, b, before) = (values(a_size, 1), values(b_size, 2), values(over.size(), 3));
        for (length, accumulate) in [(usize::MAX, false), (usize::MAX, true), (3, false), (7, true)] {
            let mut y = before.clone();
            in_pieces(over.size(), length.min(over.size().max(1)), |start, end| unsafe {
                value::<O>(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), &over, accumulate, start, end);
            });
            let mut expected = vec![0.0; over.size()];
            each(&over, |i, at_a, at_b| {
                expected[i] = f(a[at_a] as f64, b[at_b] as f64) + if accumulate { before[i] as f64 } else { 0.0 };
            });
            assert_close(&y, expected, 1e-6, &format!("{name} {sizes:?} in pieces of {length}"));
        }
    }
}

fn check_gradient<O: BinaryGradient>(name: &str, f: fn(f64, f64) -> f64) {
    for (sizes, repeats_x, repeats_other) in CASES {
        let ((x_strides, x_size), (o_strides, o_size)) = (strides(sizes, repeats_x), strides(sizes, repeats_other));
        let over = Broadcast { sizes, a: x_strides, b: o_strides };
        let (x, other, g) = (values(x_size, 1), values(o_size, 2), values(over.size(), 3));
        for accumulate in [false, true] {
            let mut dx = vec![2.0; over.size()];
            in_pieces(over.size(), 5, |start, end| unsafe {
                let operands = (g.as_ptr(), x.as_ptr(), other.as_ptr());
                gradient::<O>(operands, dx.as_mut_ptr(), &over, accumulate, start, end);
            });
            let mut expected = vec![0.0; over.size()];
            each(&over, |i, at_x, at_other| {
                let base = if accumulate { 2.0 } else { 0.0 };
                expected[i] = g[i] as f64 * f(x[at_x] as f64, other[at_other] as f64) + base;
            });
            assert_close(&dx, expected, 1e-5, &format!("{name} {sizes:?}"));
        }
    }
}

#[test]
fn forward() {
    check_value::<Add>("add", |a, b| a + b);
    check_value::<Sub>("sub", |a, b| a - b);
    check_value::<Mul>("mul", |a, b| a * b);
    check_value::<Div>("div", |a, b| a / b);
    check_value::<Maximum>("maximum", f64::max);
    check_value::<Minimum>("minimum", f64::min);
}

#[test]
fn gradients() {
    check_gradient::<DivGradient>("div", |x, other| -other / (x * x));
    check_gradient::<MaximumGradient>("maximum", |x, other| (x > other) as u8 as f64);
    check_gradient::<MinimumGradient>("minimum", |x, other| (x < other) as u8 as f64);
}

#[test]
fn ties_share_and_nan_stays() {
    let over = Broadcast { sizes: [1, 1, 3], a: [0, 0, 1], b: [0, 0, 1] };
    let (a, b, g) = ([1.0, f32::NAN, 2.0], [1.0, 0.0, f32::NAN], [4.0f32; 3]);
    let mut y = [0.0f32; 3];
    unsafe { value::<Maximum>(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), &over, false, 0, 3) };
    assert!(y[0] == 1.0 && y[1].is_nan() && y[2].is_nan());
    let operands = (g.as_ptr(), a.as_ptr(), b.as_ptr());
    unsafe { gradient::<MaximumGradient>(operands, y.as_mut_ptr(), &over, false, 0, 3) };
    assert_eq!(y[0], 2.0);
    unsafe { gradient::<MinimumGradient>(operands, y.as_mut_ptr(), &over, false, 0, 3) };
    assert_eq!(y[0], 2.0);
}
