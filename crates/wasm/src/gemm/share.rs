//! How products are cut over threads. No cut changes a bit.

use super::tile::{current_tile, workspace};
use crate::parallel::{self, grain};
use core::ops::Range;
use kernels::gemm::{Product, blocked, multiply};

/// Runs a product on one thread or on all: cut by columns (B is then packed once in all) or, where those are few, by rows.
/// The cut depends on the tile, which is chosen by time; `multiply` sees to it that no cut changes a bit.
pub(crate) unsafe fn share(product: &Product) {
    let Product { m, n, k, .. } = *product;
    let tile = current_tile();
    let threads = parallel::threads();
    let part = |rows: Range<usize>, columns: Range<usize>, task: usize| unsafe {
        multiply(product, tile, rows, columns, workspace(task));
    };
    if threads == 1 || m.saturating_mul(n).saturating_mul(k) < grain::PRODUCT {
        return part(0..m, 0..n, 0);
    }
    let by_columns = n >= threads * 4 * tile.columns();
    let (length, align) = if by_columns { (n, tile.columns()) } else { (m, blocked::PART_ROWS) };
    let size = length.div_ceil(threads).next_multiple_of(align);
    parallel::run(length.div_ceil(size), &|task| {
        let range = task * size..length.min((task + 1) * size);
        if by_columns { part(0..m, range, task) } else { part(range, 0..n, task) }
    });
}

/// Cuts `0..length` over the threads where length·depth·rank multiplications are worth it.
pub(crate) fn cut(length: usize, depth: usize, rank: usize, body: impl Fn(Range<usize>, usize) + Sync) {
    let small = length.saturating_mul(depth).saturating_mul(rank) < grain::PRODUCT;
    let tasks = if small { 1 } else { parallel::threads() };
    let size = length.div_ceil(tasks).next_multiple_of(16).max(1);
    parallel::run(length.div_ceil(size), &|task| body(task * size..length.min((task + 1) * size), task));
}
