//! L2 normalisation against float64, below and above ε.

mod elementwise_support;

use elementwise_support::{assert_close, values};
use kernels::normalize::*;

#[test]
fn rows_of_every_length() {
    for (rows, columns) in [(0, 3), (3, 0), (1, 1), (2, 5), (3, 8), (4, 13)] {
        let (x, g) = (values(rows * columns, 1), values(rows * columns, 2));
        let (mut y, mut d) = (vec![0.0; rows * columns], vec![0.0; rows]);
        unsafe { normalize(x.as_ptr(), y.as_mut_ptr(), d.as_mut_ptr(), columns, 1e-12, 0, rows) };
        let mut dx = vec![2.0; rows * columns];
        let operands = (g.as_ptr(), y.as_ptr(), d.as_ptr());
        unsafe { normalize_gradient(operands, dx.as_mut_ptr(), columns, true, 0, rows) };
        for r in 0..rows {
            let row = r * columns..(r + 1) * columns;
            let x: Vec<f64> = x[row.clone()].iter().map(|&x| x as f64).collect();
            let g: Vec<f64> = g[row.clone()].iter().map(|&g| g as f64).collect();
            let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            let along = x.iter().zip(&g).map(|(x, g)| x * g).sum::<f64>() / norm;
            assert_close(&y[row.clone()], x.iter().map(|x| x / norm), 1e-6, "y");
            let expected = x.iter().zip(&g).map(|(x, g)| (g - x / norm * along) / norm + 2.0);
            assert_close(&dx[row], expected, 1e-5, "dx");
        }
    }
}

#[test]
fn a_norm_below_epsilon_divides_by_epsilon() {
    let (x, g) = ([3e-4f32, 4e-4], [1.0f32, -2.0]);
    let (mut y, mut d, mut dx) = ([0.0f32; 2], [0.0f32; 1], [0.0f32; 2]);
    unsafe { normalize(x.as_ptr(), y.as_mut_ptr(), d.as_mut_ptr(), 2, 0.5, 0, 1) };
    assert_close(&y, [6e-4, 8e-4], 1e-9, "y");
    unsafe { normalize_gradient((g.as_ptr(), y.as_ptr(), d.as_ptr()), dx.as_mut_ptr(), 2, false, 0, 1) };
    assert_eq!(dx, [2.0, -4.0]);
}
