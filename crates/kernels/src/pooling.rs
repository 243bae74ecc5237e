//! Means of row ranges: a ragged batch's tokens become one vector a sequence.
//!
//! y\[s, ·\] = mean over j in offsets\[s\]..offsets\[s + 1\] of x\[row(j), ·\], where row(j) = rows\[j\], or j itself where
//! `rows` is null. An empty range gives 0. ∂L/∂x\[row(j), ·\] = g\[s, ·\] / length of s.
//! x `[tokens, columns]`, offsets `[sequences + 1]`, y and g `[sequences, columns]`.

use crate::memory::generate;
use crate::rows::{lane_sums, lanes_or};
use crate::simd::F32x4;

/// Which tokens each sequence has.
#[derive(Clone, Copy)]
pub struct Ranges {
    pub offsets: *const u32,
    /// Token rows in the order of the offsets, or null for 0, 1, 2, …
    pub rows: *const u32,
}

impl Ranges {
    /// (first, end, 1 / length) of sequence `s`.
    #[inline(always)]
    unsafe fn of(&self, s: usize) -> (usize, usize, F32x4) {
        let (first, end) = unsafe { (*self.offsets.add(s) as usize, *self.offsets.add(s + 1) as usize) };
        (first, end, F32x4::splat(1.0 / (end - first) as f32))
    }

    #[inline(always)]
    unsafe fn row(&self, j: usize) -> usize {
        if self.rows.is_null() { j } else { unsafe { *self.rows.add(j) as usize } }
    }
}

/// Means of the sequences `start..end`.
///
/// # Safety
/// Pointers valid for the shapes above, offsets ascending, every row a row of x; `y` overlaps nothing.
pub unsafe fn forward(ranges: Ranges, x: *const f32, y: *mut f32, columns: usize, (start, end): (usize, usize)) {
    for s in start..end {
        unsafe {
            let (first, last, scale) = ranges.of(s);
            let y = y.add(s * columns);
            if first == last {
                generate(y, columns, false, |_, _| F32x4::ZERO);
                continue;
            }
            // A vector of columns stays in a register while the tokens pass by.
            generate(y, columns, false, |i, count| {
                let [sum] = lane_sums(last - first, |from, to| {
                    let mut sum = F32x4::ZERO;
                    for j in first + from..first + to {
                        sum = sum + lanes_or(x.add(ranges.row(j) * columns), i, count, 0.0);
                    }
                    [sum]
                });
                sum * scale
            });
        }
    }
}

/// ∂L/∂x of the tokens of the sequences `start..end`, written or added. Tokens of no sequence are left alone.
///
/// # Safety
/// As [`forward`]; no token stands in two sequences.
pub unsafe fn gradient(
    ranges: Ranges,
    g: *const f32,
    dx: *mut f32,
    columns: usize,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    for s in start..end {
        unsafe {
            let (first, last, scale) = ranges.of(s);
            let g = g.add(s * columns);
            for j in first..last {
                let dx = dx.add(ranges.row(j) * columns);
                generate(dx, columns, accumulate, |i, count| lanes_or(g, i, count, 0.0) * scale);
            }
        }
    }
}
