//! Yardsticks: the most that 128-bit arithmetic gives on this machine, and what each tile gets of it.

use super::tile::{Epilogue, Panels, Strip, Tile, run};
use crate::simd::F32x4;

/// Independent chains: enough to cover the latency of a multiplication followed by an addition.
const CHAINS: usize = 12;

/// Floating point operations of one iteration of `peak`.
pub const PEAK_FLOPS: usize = CHAINS * 4 * 2;

/// `iterations` times, in 12 independent chains: s ← s·x + y. The product is new each time, so no compiler can take
/// it out of the loop, and with x < 1 the sums stay finite and normal.
///
/// # Safety
/// `data` holds x and y (eight elements, read), and takes four results.
pub unsafe fn peak(iterations: usize, data: *mut f32) {
    unsafe {
        let (x, y) = (F32x4::load(data), F32x4::load(data.add(4)));
        let mut sums = [y; CHAINS];
        for _ in 0..iterations {
            for sum in &mut sums {
                *sum = sum.mul_add(x, y);
            }
        }
        let mut total = F32x4::ZERO;
        for sum in sums {
            total = total + sum;
        }
        total.store(data);
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
        let a = Strip { data: scratch, step: k };
        let b = Panels { data: scratch.add(8 * k), row: columns, panel: 0 };
        let c = scratch.add(24 * k);
        for _ in 0..iterations {
            match tile {
                Tile::T4x8 => run::<4, 2, false>(k, a, b, c, columns, 0..columns, &Epilogue::STORE),
                Tile::T4x16 => run::<4, 4, false>(k, a, b, c, columns, 0..columns, &Epilogue::STORE),
                Tile::T8x8 => run::<8, 2, false>(k, a, b, c, columns, 0..columns, &Epilogue::STORE),
            }
        }
    }
}
