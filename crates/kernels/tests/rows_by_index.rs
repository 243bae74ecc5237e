//! Embedding, ragged mean pooling and squared error: small kernels against their definitions.

mod reference_support;

use kernels::{embedding, loss, pooling};
use reference_support::*;

#[test]
fn embedding_gathers_and_adds_back() {
    for columns in [0, 1, 4, 7, 35] {
        let (vocabulary, index) = (7, [0u32, 3, 3, 6, 0, 3]);
        let table = values(vocabulary * columns, 1);
        let mut y = vec![f32::NAN; index.len() * columns];
        for range in [(0, 2), (2, index.len())] {
            unsafe { embedding::forward((table.as_ptr(), index.as_ptr()), y.as_mut_ptr(), columns, range) }
        }
        let row = |r: &u32| table[*r as usize * columns..][..columns].to_vec();
        assert_eq!(y, index.iter().flat_map(row).collect::<Vec<_>>());

        let (g, before) = (values(y.len(), 2), values(table.len(), 3));
        for (padding, accumulate) in [(None, false), (None, true), (Some(3), false), (Some(0), true)] {
            let mut expected = if accumulate { to_f64(&before) } else { vec![0.0; before.len()] };
            for (j, r) in index.iter().enumerate().filter(|(_, r)| padding != Some(**r)) {
                (0..columns).for_each(|c| expected[*r as usize * columns + c] += g[j * columns + c] as f64);
            }
            let mut target = before.clone();
            for range in [(0, columns / 2), (columns / 2, columns)] {
                let operands = (g.as_ptr(), index.as_ptr());
                let size = (vocabulary, columns, index.len());
                unsafe { embedding::gradient(operands, target.as_mut_ptr(), size, padding, accumulate, range) }
            }
            assert_close(&format!("{columns} columns, padding {padding:?}"), &target, &expected, 1e-6);
        }
    }
}

#[test]
fn mean_pool_of_ragged_rows() {
    let (offsets, sequences, tokens) = ([0u32, 3, 3, 4, 8], 4, 8);
    let starts = offsets.as_ptr();
    for columns in [0, 1, 4, 6, 35] {
        let x = values(tokens * columns, 1);
        let (mut y, mut expected) = (vec![f32::NAN; sequences * columns], vec![0.0; sequences * columns]);
        let g = values(y.len(), 2);
        let before = values(x.len(), 3);
        let mut gradient = vec![0.0; x.len()];
        for s in 0..sequences {
            let (first, end) = (offsets[s] as usize, offsets[s + 1] as usize);
            for j in first..end {
                for c in 0..columns {
                    let (at, share) = (j * columns + c, 1.0 / (end - first) as f64);
                    expected[s * columns + c] += x[at] as f64 * share;
                    gradient[at] += g[s * columns + c] as f64 * share;
                }
            }
        }
        for range in [(0, 2), (2, sequences)] {
            unsafe { pooling::forward(starts, x.as_ptr(), y.as_mut_ptr(), columns, range) }
        }
        assert_close("y", &y, &expected, 1e-6);
        let mut dx = before.clone();
        unsafe { pooling::gradient(starts, g.as_ptr(), dx.as_mut_ptr(), columns, true, (0, sequences)) }
        assert_close("dx", &dx, &sum(&before, &gradient), 1e-6);
        unsafe { pooling::gradient(starts, g.as_ptr(), dx.as_mut_ptr(), columns, false, (0, sequences)) }
        assert_close("dx written", &dx, &gradient, 1e-6);
    }
}

#[test]
fn squared_error() {
    for n in [0, 1, 5, 8, 1000] {
        let (x, y, g, before) = (values(n, 1), values(n, 2), values(n.max(1), 3), values(n, 4));
        let squares: Vec<f64> = x.iter().zip(&y).map(|(x, y)| (*x as f64 - *y as f64).powi(2)).collect();
        let total = unsafe { loss::sum_of_squared_differences(x.as_ptr(), y.as_ptr(), n) };
        assert!((total - squares.iter().sum::<f64>()).abs() <= 1e-6 * total.max(1.0));
        let mut losses = vec![f32::NAN; n];
        unsafe { loss::squared_differences(x.as_ptr(), y.as_ptr(), losses.as_mut_ptr(), n) }
        assert_close("losses", &losses, &squares, 1e-6);
        for (step, accumulate) in [(0, false), (1, true)] {
            let each = |i: usize| 2.0 * g[i * step] as f64 * (x[i] as f64 - y[i] as f64);
            let expected: Vec<f64> = (0..n).map(each).collect();
            let mut dx = before.clone();
            let g = (g.as_ptr(), step, 2.0);
            unsafe { loss::scaled_difference((x.as_ptr(), y.as_ptr()), g, dx.as_mut_ptr(), n, accumulate) }
            assert_close("dx", &dx, &if accumulate { sum(&before, &expected) } else { expected }, 1e-6);
        }
    }
}
