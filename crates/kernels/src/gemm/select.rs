//! Picks the compiled tile for a strip and its panels.
//!
//! The tiles stand in tables of function pointers: with direct calls wasm-opt puts them all into their one caller, a
//! function so large that V8 11 halves their speed.

use super::tile::{Compiled, Initial, Panels, Strip, run as tile};
use core::ops::Range;

/// By height less one, then by 1, 2 or 4 vectors. Taller strips are compiled for two vectors only, and for packed B.
type Table = [[Option<Compiled>; 3]; 8];

/// (A interleaved, rows of B as far apart as the panel is wide)
macro_rules! table {
    ($interleaved:literal, $dense:literal) => {{
        macro_rules! entry {
            ($rows:literal x $vectors:literal) => {
                Some(tile::<$rows, $vectors, $interleaved, { if $dense { 4 * $vectors } else { 0 } }> as Compiled)
            };
        }
        const TABLE: Table = [
        [entry!(1 x 1), entry!(1 x 2), entry!(1 x 4)],
        [entry!(2 x 1), entry!(2 x 2), entry!(2 x 4)],
        [entry!(3 x 1), entry!(3 x 2), entry!(3 x 4)],
        [entry!(4 x 1), entry!(4 x 2), entry!(4 x 4)],
        [None, if $dense { entry!(5 x 2) } else { None }, None],
        [None, if $dense { entry!(6 x 2) } else { None }, None],
        [None, if $dense { entry!(7 x 2) } else { None }, None],
        [if $dense { entry!(8 x 1) } else { None }, if $dense { entry!(8 x 2) } else { None }, None],
        ];
        TABLE
    }};
}

static TABLES: [[Table; 2]; 2] =
    [[table!(false, false), table!(false, true)], [table!(true, false), table!(true, true)]];

/// C[0..height, columns] ← α·A·B + initial for a strip of 1 to 8 rows and panels of 1, 2 or 4 vectors. `c` points at the
/// strip's first row and column 0 of C. Where no tile of that height is compiled, the strip is cut into two.
///
/// # Safety
/// As for `tile::run`.
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
    let table = &TABLES[usize::from(a.interleaved)][usize::from(b.row == 4 * vectors)];
    unsafe {
        let Some(compiled) = table[height - 1][vectors / 2] else {
            let rest = Strip { data: a.data.add(if a.interleaved { 4 } else { 4 * a.step }), ..a };
            run(4, vectors, k, a, b, c, c_row, columns.clone(), alpha, initial);
            return run(height - 4, vectors, k, rest, b, c.add(4 * c_row), c_row, columns, alpha, initial);
        };
        let (from, from_row) = initial.at(c, c_row, columns.start).unwrap_or((core::ptr::null(), 0));
        let panels = columns.len() / (4 * vectors);
        let c = c.add(columns.start);
        compiled(k, a.data, a.step, b.data, b.row, b.next, c, c_row, panels, alpha, from, from_row);
    }
}
