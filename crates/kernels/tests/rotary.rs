//! Rotary embedding against its formula in f64; its gradient is the rotation by the opposite angle.

mod reference_support;

use kernels::rotary::Rotary;
use reference_support::*;

fn reference(op: &Rotary, x: &[f32], cos: &[f32], sin: &[f32], rows: usize) -> Vec<f64> {
    let mut y = to_f64(x);
    for row in 0..rows {
        for head in 0..op.heads {
            for i in 0..op.pairs {
                let start = row * op.columns + head * op.head_dim;
                let (first, second) = if op.interleaved { (2 * i, 2 * i + 1) } else { (i, i + op.pairs) };
                let (a, b) = (x[start + first] as f64, x[start + second] as f64);
                let (c, s) = (cos[row * op.pairs + i] as f64, sin[row * op.pairs + i] as f64);
                let s = if op.back { -s } else { s };
                y[start + first] = a * c - b * s;
                y[start + second] = b * c + a * s;
            }
        }
    }
    y
}

#[test]
fn turns_pairs_and_nothing_else() {
    for (rows, heads, head_dim, pairs, rest) in
        [(3, 2, 8, 4, 5), (1, 1, 2, 1, 0), (5, 3, 14, 7, 14), (4, 2, 20, 3, 1), (2, 2, 6, 0, 3), (0, 1, 4, 2, 0)]
    {
        for choice in 0..8 {
            let (interleaved, back, accumulate) = (choice & 1 == 1, choice & 2 == 2, choice & 4 == 4);
            let columns = heads * head_dim + rest;
            let op = Rotary { columns, heads, head_dim, pairs, interleaved, back };
            let x = values(rows * columns, 1);
            let (cos, sin) = (values(rows * pairs, 2), values(rows * pairs, 3));
            let before = values(rows * columns, 4);
            let mut y = if accumulate { before.clone() } else { vec![f32::NAN; rows * columns] };
            let operands = (x.as_ptr(), cos.as_ptr(), sin.as_ptr());
            unsafe { op.rows(operands, y.as_mut_ptr(), accumulate, (0, rows)) }
            let turned = reference(&op, &x, &cos, &sin, rows);
            let expected = if accumulate { sum(&before, &turned) } else { turned };
            assert_close(&format!("{rows} rows of {heads} heads, choice {choice}"), &y, &expected, 1e-6);
        }
    }
}

#[test]
fn a_row_knows_nothing_of_others_and_nan_stays_in_its_pair() {
    let op = Rotary { columns: 8, heads: 1, head_dim: 8, pairs: 4, interleaved: false, back: false };
    let (mut x, cos, sin) = (values(16, 1), values(8, 2), values(8, 3));
    let mut whole = vec![0.0; 16];
    unsafe { op.rows((x.as_ptr(), cos.as_ptr(), sin.as_ptr()), whole.as_mut_ptr(), false, (0, 2)) }
    x[1] = f32::NAN;
    let mut y = vec![0.0; 16];
    unsafe { op.rows((x.as_ptr(), cos.as_ptr(), sin.as_ptr()), y.as_mut_ptr(), false, (0, 2)) }
    for (i, (y, whole)) in y.iter().zip(&whole).enumerate() {
        if i == 1 || i == 5 { assert!(y.is_nan()) } else { assert_eq!(y, whole) }
    }
}
