//! Picks the compiled tile for a strip and its panels.

use super::tile::{Initial, Panels, Strip, run as tile};
use core::ops::Range;

/// `tile::run` for 1 to 8 rows and panels of 1, 2 or 4 vectors. Where no tile of that height is compiled, the strip is
/// cut into two.
///
/// # Safety
/// As for `tile::run`.
#[inline(never)]
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
        ($($interleaved:literal, $dense:literal: $($rows:literal x $vectors:literal),*;)*) => {
            match (a.interleaved, b.row == 4 * vectors, height, vectors) {
                $($(
                    ($interleaved, $dense, $rows, $vectors) => unsafe {
                        tile::<$rows, $vectors, $interleaved, { if $dense { 4 * $vectors } else { 0 } }>(
                            k, a, b, c, c_row, columns, alpha, initial,
                        )
                    },
                )*)*
                _ => unsafe {
                    // 5 to 8 rows.
                    let rest = Strip { data: a.data.add(if a.interleaved { 4 } else { 4 * a.step }), ..a };
                    run(4, vectors, k, a, b, c, c_row, columns.clone(), alpha, initial);
                    run(height - 4, vectors, k, rest, b, c.add(4 * c_row), c_row, columns, alpha, initial);
                },
            }
        };
    }
    pick!(
        false, true:
            1 x 1, 2 x 1, 3 x 1, 4 x 1, 8 x 1,
            1 x 2, 2 x 2, 3 x 2, 4 x 2, 5 x 2, 6 x 2, 7 x 2, 8 x 2,
            1 x 4, 2 x 4, 3 x 4, 4 x 4;
        true, true:
            1 x 1, 2 x 1, 3 x 1, 4 x 1,
            1 x 2, 2 x 2, 3 x 2, 4 x 2, 5 x 2, 6 x 2, 7 x 2, 8 x 2,
            1 x 4, 2 x 4, 3 x 4, 4 x 4;
        false, false: 1 x 1, 2 x 1, 3 x 1, 4 x 1, 1 x 2, 2 x 2, 3 x 2, 4 x 2, 1 x 4, 2 x 4, 3 x 4, 4 x 4;
        true, false: 1 x 1, 2 x 1, 3 x 1, 4 x 1, 1 x 2, 2 x 2, 3 x 2, 4 x 2, 1 x 4, 2 x 4, 3 x 4, 4 x 4;
    );
}
