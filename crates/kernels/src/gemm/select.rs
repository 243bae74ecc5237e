//! Picks the compiled tile for a strip and a panel.

use super::tile::{Initial, Panels, Strip, run as tile};
use core::ops::Range;

/// `tile::run` for 1 to 8 rows and panels of 1 or 2 vectors, or 1 to 4 rows and 4 vectors.
///
/// # Safety
/// As for `tile::run`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub unsafe fn run(
    height: usize,
    vectors: usize,
    k: usize,
    a: Strip,
    b: Panels,
    c: *mut f32,
    c_row: usize,
    columns: Range<usize>,
    alpha: f32,
    initial: Initial,
) {
    macro_rules! pick {
        ($($rows:literal x $vectors:literal),*) => {
            match (height, vectors, a.interleaved, b.row == 4 * vectors) {
                $(
                    ($rows, $vectors, false, true) =>
                        unsafe { tile::<$rows, $vectors, false, { 4 * $vectors }>(k, a, b, c, c_row, columns, alpha, initial) },
                    ($rows, $vectors, true, true) =>
                        unsafe { tile::<$rows, $vectors, true, { 4 * $vectors }>(k, a, b, c, c_row, columns, alpha, initial) },
                    ($rows, $vectors, false, false) =>
                        unsafe { tile::<$rows, $vectors, false, 0>(k, a, b, c, c_row, columns, alpha, initial) },
                    ($rows, $vectors, true, false) =>
                        unsafe { tile::<$rows, $vectors, true, 0>(k, a, b, c, c_row, columns, alpha, initial) },
                )*
                _ => {}
            }
        };
    }
    pick!(
        1 x 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1, 7 x 1, 8 x 1,
        1 x 2, 2 x 2, 3 x 2, 4 x 2, 5 x 2, 6 x 2, 7 x 2, 8 x 2,
        1 x 4, 2 x 4, 3 x 4, 4 x 4
    );
}
