//! Operations on C besides the product.

use super::Output;
use super::tile::Initial;
use core::ops::Range;

/// Brings C to where the product is added: C ← β·C + bias, unless the first block of k can do that on its way.
///
/// # Safety
/// C valid for the ranges; not read when β is 0.
pub unsafe fn prepare(c: &Output, k: usize, rows: Range<usize>, columns: Range<usize>) -> Initial {
    if k > 0 && c.beta == 0.0 {
        return if c.bias.is_null() { Initial::Zero } else { Initial::Bias(c.bias) };
    }
    if c.beta != 1.0 || !c.bias.is_null() {
        for i in rows {
            for j in columns.clone() {
                unsafe {
                    let place = c.data.add(i * c.row + j);
                    let old = if c.beta == 0.0 { 0.0 } else { c.beta * *place };
                    *place = if c.bias.is_null() { old } else { old + *c.bias.add(j) };
                }
            }
        }
    }
    Initial::Output
}

/// C[0..height, columns] ← edge + initial, where the tile hung over the right edge.
///
/// # Safety
/// As for `tile::run`; `edge` has rows `edge_row` apart.
pub unsafe fn add_edge(
    edge: *const f32,
    edge_row: usize,
    height: usize,
    c: *mut f32,
    c_row: usize,
    columns: Range<usize>,
    initial: Initial,
) {
    for i in 0..height {
        for j in columns.clone() {
            unsafe {
                let place = c.add(i * c_row + j);
                let old = match initial {
                    Initial::Zero => 0.0,
                    Initial::Output => *place,
                    Initial::Bias(bias) => *bias.add(j),
                };
                *place = old + *edge.add(i * edge_row + j - columns.start);
            }
        }
    }
}
