//! Gated linear units: the first half of each row, activated, times the second (Shazeer, arXiv 2002.05202).
//!
//! x `[rows, 2·columns]` = (a, b), y = f(a)·b `[rows, columns]`; ∂a = g·b·f′(a), ∂b = g·f(a).

use crate::memory::{generate, lanes};
use crate::unary::Unary;

/// The rows `start..end` of y.
///
/// # Safety
/// Shapes as above; `y` overlaps nothing.
pub unsafe fn forward(f: impl Unary, x: *const f32, y: *mut f32, columns: usize, (start, end): (usize, usize)) {
    for row in start..end {
        unsafe {
            let (a, b) = (x.add(2 * row * columns), x.add((2 * row + 1) * columns));
            let y = y.add(row * columns);
            generate(y, columns, false, |i, n| f.value(lanes(a, i, n)) * lanes(b, i, n));
        }
    }
}

/// The rows `start..end` of ∂L/∂x, written or added to what is there.
///
/// # Safety
/// As [`forward`]; `dx` overlaps nothing.
pub unsafe fn gradient(
    f: impl Unary,
    (g, x): (*const f32, *const f32),
    dx: *mut f32,
    columns: usize,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    for row in start..end {
        unsafe {
            let (a, b) = (x.add(2 * row * columns), x.add((2 * row + 1) * columns));
            let (g, da, db) = (g.add(row * columns), dx.add(2 * row * columns), dx.add((2 * row + 1) * columns));
            generate(da, columns, accumulate, |i, n| {
                let a = lanes(a, i, n);
                f.gradient(lanes(g, i, n) * lanes(b, i, n), a, f.value(a))
            });
            generate(db, columns, accumulate, |i, n| lanes(g, i, n) * f.value(lanes(a, i, n)));
        }
    }
}
