//! Yardsticks: the most that 128-bit arithmetic gives on this machine, and what each tile gets of it.

use super::select;
use super::tile::{Initial, Panels, Strip, Tile};
use crate::simd::F32x4;

/// Independent sums: enough to cover the latency of an addition, few enough for V8's registers.
const SUMS: usize = 10;

/// Vectors that the left factor runs through.
const FACTORS: usize = 64;

/// Floating point operations of one iteration of `peak`.
pub const PEAK_FLOPS: usize = SUMS * 4 * 2;

/// Elements that `peak` works on.
pub const PEAK_SCRATCH: usize = (FACTORS + SUMS) * 4;

/// `iterations` times, for 10 independent sums: sᵢ ← sᵢ + x·yᵢ. x comes from memory and is another each time, so that no
/// compiler can take the products out of the loop.
///
/// # Safety
/// `data` holds `PEAK_SCRATCH` elements: 64 vectors x, then the yᵢ; finite and normal. The last four are overwritten.
pub unsafe fn peak(iterations: usize, data: *mut f32) {
    unsafe {
        let y: [F32x4; SUMS] = core::array::from_fn(|i| F32x4::load(data.add(4 * (FACTORS + i))));
        let mut sums = [F32x4::ZERO; SUMS];
        for iteration in 0..iterations {
            let x = F32x4::load(data.add(4 * (iteration % FACTORS)));
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum = x.mul_add(y, *sum);
            }
        }
        let total = sums.into_iter().fold(F32x4::ZERO, |total, sum| total + sum);
        total.store(data.add(PEAK_SCRATCH - 4));
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
