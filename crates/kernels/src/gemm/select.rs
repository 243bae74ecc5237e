//! Picks the compiled tile for a strip and its panels.
//!
//! The tiles stand in tables of function pointers: with direct calls wasm-opt puts them all into their one caller, a
//! function so large that V8 11 halves their speed.

use super::tile::{Compiled, Initial, Panels, Strip, run as tile};
use core::ops::Range;
use core::ptr::{null, null_mut};

/// By height less one, then by 1, 2 or 4 vectors. Taller strips are compiled for two vectors only, and for packed B.
type Table = [[Option<Compiled>; 3]; 8];

/// (A interleaved, rows of B as far apart as the panel is wide)
macro_rules! table {
    ($interleaved:literal, $dense:literal) => {{
        macro_rules! entry {
            ($rows:literal x $vectors:literal) => {
                Some(tile::<$rows, $vectors, $interleaved, { if $dense { 4 * $vectors } else { 0 } }, 0> as Compiled)
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
            run(4, vectors, k, a, b, c, c_row, columns.clone(), alpha, initial);
            return run(height - 4, vectors, k, a.below(4), b, c.add(4 * c_row), c_row, columns, alpha, initial);
        };
        let (from, from_row) = initial.at(c, c_row, columns.start).unwrap_or((null(), 0));
        let panels = columns.len() / (4 * vectors);
        let c = c.add(columns.start);
        compiled(k, a.data, a.step, b.data, b.row, b.next, null_mut(), c, c_row, panels, alpha, from, from_row);
    }
}

/// Rows that `run_and_pack` takes.
pub const PACKING_ROWS: usize = 2;

/// Columns that `run_and_pack` takes at once: a line of the cache in each row of B.
pub const PACKING_COLUMNS: usize = 16;

/// C[0..2, columns] ← α·A·B + initial from B as it lies in memory, rows `b_row` apart; meanwhile B goes to `copy` in
/// panels of `nr` columns. Waiting for B takes the most of packing, and this tile works while it waits.
///
/// # Safety
/// As for `tile::run`; `copy` has room for k rows of the columns, whose number is a multiple of `PACKING_COLUMNS`.
#[allow(clippy::too_many_arguments)]
pub unsafe fn run_and_pack(
    nr: usize,
    k: usize,
    a: Strip,
    b: *const f32,
    b_row: usize,
    copy: *mut f32,
    c: *mut f32,
    c_row: usize,
    columns: Range<usize>,
    alpha: f32,
    initial: Initial,
) {
    static FORMS: [[Compiled; 2]; 2] =
        [[tile::<2, 4, false, 0, 2>, tile::<2, 4, false, 0, 4>], [tile::<2, 4, true, 0, 2>, tile::<2, 4, true, 0, 4>]];
    let compiled = FORMS[usize::from(a.interleaved)][usize::from(nr == 16)];
    unsafe {
        let (from, from_row) = initial.at(c, c_row, columns.start).unwrap_or((null(), 0));
        let (c, count) = (c.add(columns.start), columns.len() / PACKING_COLUMNS);
        compiled(k, a.data, a.step, b, b_row, PACKING_COLUMNS, copy, c, c_row, count, alpha, from, from_row);
    }
}
