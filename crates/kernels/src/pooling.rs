//! Means of row ranges: a ragged batch's tokens become one vector a sequence.
//!
//! y\[s, ·\] = mean over j in offsets\[s\]..offsets\[s + 1\] of x\[j, ·\]. An empty range gives 0.
//! ∂L/∂x\[j, ·\] = g\[s, ·\] / length of s. x `[tokens, columns]`, offsets `[sequences + 1]`, y and g `[sequences, columns]`.

use crate::memory::generate;
use crate::rows::{lane_sums, lanes_or};
use crate::simd::F32x4;

/// (first, end, 1 / length) of sequence `s`.
#[inline(always)]
unsafe fn range(offsets: *const u32, s: usize) -> (usize, usize, F32x4) {
    let (first, end) = unsafe { (*offsets.add(s) as usize, *offsets.add(s + 1) as usize) };
    (first, end, F32x4::splat(1.0 / (end - first) as f32))
}

/// Means of the sequences `start..end`.
///
/// # Safety
/// Pointers valid for the shapes above, offsets ascending, none beyond x; `y` overlaps nothing.
pub unsafe fn forward(offsets: *const u32, x: *const f32, y: *mut f32, columns: usize, (start, end): (usize, usize)) {
    for s in start..end {
        unsafe {
            let (first, last, scale) = range(offsets, s);
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
                        sum = sum + lanes_or(x.add(j * columns), i, count, 0.0);
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
/// As [`forward`].
pub unsafe fn gradient(
    offsets: *const u32,
    g: *const f32,
    dx: *mut f32,
    columns: usize,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    for s in start..end {
        unsafe {
            let (first, last, scale) = range(offsets, s);
            let g = g.add(s * columns);
            for j in first..last {
                let dx = dx.add(j * columns);
                generate(dx, columns, accumulate, |i, count| lanes_or(g, i, count, 0.0) * scale);
            }
        }
    }
}
