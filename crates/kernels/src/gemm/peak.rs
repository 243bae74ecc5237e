//! Yardsticks: the most that 128-bit arithmetic gives on this machine, and what each tile gets of it.

use super::select;
use super::tile::{Initial, Panels, Strip, Tile};
use crate::simd::F32x4;
use core::array::from_fn;
use core::ptr::with_exposed_provenance;

/// Rows of the yardstick's outer products, a form each. Eight sums just cover the latency of the operations on most
/// processors, twelve leave room for a late operand, and not every engine has registers for them: the highest counts.
pub const PEAK_ROWS: [usize; 2] = [4, 6];
const VECTORS: usize = 2;

/// Elements that the factors walk through.
const WALK: usize = 1024;

/// Floating point operations of one iteration of a form of `peak`.
pub const fn peak_flops(form: usize) -> usize {
    PEAK_ROWS[form] * VECTORS * 4 * 2
}

/// Elements that `peak` works on.
pub const PEAK_SCRATCH: usize = WALK + 4 * (PEAK_ROWS[1] + VECTORS);

/// `iterations` times, for independent sums: s ← s + x·y. All factors come from memory and are others each time, so no
/// compiler can take the products out of the loop; a form s ← s·x + y gives less, since it waits for both operations.
///
/// # Safety
/// `data` holds `PEAK_SCRATCH` finite and normal elements, of which the first four are overwritten.
pub unsafe fn peak(form: usize, iterations: usize, data: *mut f32) {
    unsafe {
        match form {
            0 => outer_products::<{ PEAK_ROWS[0] }>(iterations, data),
            _ => outer_products::<{ PEAK_ROWS[1] }>(iterations, data),
        }
    }
}

#[inline(never)]
unsafe fn outer_products<const ROWS: usize>(iterations: usize, data: *mut f32) {
    unsafe {
        let mut sums = [[F32x4::ZERO; VECTORS]; ROWS];
        let start = data.expose_provenance();
        let mut place = 0;
        for _ in 0..iterations {
            // Computed as a number, so that LLVM keeps one address with constant offsets: see `tile::sum`.
            let from = with_exposed_provenance::<f32>(start + 4 * place);
            place = (place + 4) % WALK;
            let y: [F32x4; VECTORS] = from_fn(|j| F32x4::load(from.add(4 * j)));
            for i in 0..ROWS {
                let x = F32x4::load(from.add(4 * (VECTORS + i)));
                for j in 0..VECTORS {
                    sums[i][j] = x.mul_add(y[j], sums[i][j]);
                }
            }
        }
        sums.into_iter().flatten().fold(F32x4::ZERO, |total, sum| total + sum).store(data);
    }
}

/// Depth of the products that `probe` times.
pub const PROBE_DEPTH: usize = 256;

/// Elements of scratch that `probe` needs: a strip of A, a panel of B, a tile of C.
pub const PROBE_SCRATCH: usize = (8 + 16) * PROBE_DEPTH + 8 * 16;

/// Runs a tile `iterations` times over operands in the first-level cache: 2·rows·columns·256 operations each.
///
/// # Safety
/// `scratch` holds `PROBE_SCRATCH` elements, finite and normal; the last 128 are overwritten.
pub unsafe fn probe(tile: Tile, iterations: usize, scratch: *mut f32) {
    unsafe {
        let (k, columns) = (PROBE_DEPTH, tile.columns());
        let a = Strip { data: scratch, step: k, interleaved: false };
        let b = Panels { data: scratch.add(8 * k), row: columns, next: 0 };
        let c = scratch.add(24 * k);
        for _ in 0..iterations {
            select::run(tile.rows(), columns / 4, k, a, b, c, columns, 0..columns, 1.0, Initial::Zero);
        }
    }
}
