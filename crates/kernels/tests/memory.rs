//! Level-1 kernels at every ragged length; memory after the end is unchanged.

mod elementwise_support;

use elementwise_support::{LENGTHS, assert_close, values};
use kernels::memory;

const GUARD: f32 = 77.0;

/// Runs `write` on the first `n` of `n + 3` values and checks that it left the others alone.
fn guarded(n: usize, before: &[f32], write: impl FnOnce(*mut f32)) -> Vec<f32> {
    let mut y = before.to_vec();
    y.extend([GUARD; 3]);
    write(y.as_mut_ptr());
    assert_eq!(y.split_off(n), [GUARD; 3]);
    y
}

#[test]
fn fill_copy_scale_axpy() {
    for n in LENGTHS {
        let (x, before) = (values(n, 1), values(n, 2));
        unsafe {
            assert_eq!(guarded(n, &before, |y| memory::fill(n, 2.5, y)), vec![2.5; n]);
            assert_eq!(guarded(n, &before, |y| memory::copy(n, x.as_ptr(), y)), x);
            let scaled = guarded(n, &before, |y| memory::scale(n, -3.0, x.as_ptr(), y));
            assert_close(&scaled, x.iter().map(|&x| -3.0 * x as f64), 1e-6, "scale");
            let sums = guarded(n, &before, |y| memory::axpy(n, 0.5, x.as_ptr(), y));
            assert_close(&sums, x.iter().zip(&before).map(|(&x, &y)| 0.5 * x as f64 + y as f64), 1e-6, "axpy");
        }
    }
}

#[test]
fn axpy_onto_itself() {
    let mut x = values(9, 3);
    let expected: Vec<f64> = x.iter().map(|&x| 2.0 * x as f64).collect();
    unsafe { memory::axpy(9, 1.0, x.as_ptr(), x.as_mut_ptr()) };
    assert_close(&x, expected, 0.0, "x + x");
}

#[test]
fn copy_keeps_the_bits_of_a_nan() {
    let x = f32::from_bits(0x7fc1_2345);
    let mut y = 0.0f32;
    unsafe { memory::copy(1, &x, &mut y) };
    assert_eq!(y.to_bits(), x.to_bits());
}
