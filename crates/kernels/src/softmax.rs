//! Softmax and its logarithm along any dimension, with their gradients. Tensors are `[outer, length, inner]`; the
//! dimension in question is the middle one, its elements `inner` apart.
//!
//! softmax: y = e^(x − max) / Σ e^(x − max), ∂L/∂x = y·(g − Σ g·y).
//! log softmax: y = (x − max) − ln Σ e^(x − max), ∂L/∂x = g − e^y·Σ g.
//! A NaN makes its whole line NaN through the sum, whichever value is found as the line's largest.

use crate::math::{exp_nonpositive, log};
use crate::memory::{generate, put, put_partial};
use crate::rows::{lane_sums, lanes_or, largest, sums};
use crate::simd::{F32x4, LANES};

/// Four lines of a tensor at once, side by side along the innermost dimension, or fewer at its end.
struct Lines {
    /// Offset of the first element of the lines.
    start: usize,
    count: usize,
    inner: usize,
}

impl Lines {
    #[inline(always)]
    unsafe fn load(&self, x: *const f32, i: usize) -> F32x4 {
        unsafe { lanes_or(x, self.start + i * self.inner, self.count, 0.0) }
    }

    #[inline(always)]
    unsafe fn put(&self, value: F32x4, y: *mut f32, i: usize, accumulate: bool) {
        unsafe {
            let y = y.add(self.start + i * self.inner);
            if self.count == LANES { put(value, y, accumulate) } else { put_partial(value, y, self.count, accumulate) }
        }
    }
}

/// Calls `body` with all lines whose (outer, inner) index lies in `start..end`, up to four neighbours at a time.
#[inline(always)]
fn each_lines(length: usize, inner: usize, (start, end): (usize, usize), body: impl Fn(Lines)) {
    let mut at = start;
    while at < end {
        let (o, i) = (at / inner, at % inner);
        let count = LANES.min(inner - i).min(end - at);
        body(Lines { start: o * length * inner + i, count, inner });
        at += count;
    }
}

/// y ← softmax(x), or its logarithm where `LOG`, of the lines `start..end` of `outer·inner`.
///
/// # Safety
/// `x` readable, `y` writable for these lines; `y` equals `x` or does not overlap it.
pub unsafe fn forward<const LOG: bool>(
    x: *const f32,
    y: *mut f32,
    length: usize,
    inner: usize,
    (start, end): (usize, usize),
) {
    if length == 0 {
        return;
    }
    if inner == 1 {
        for row in start..end {
            unsafe { forward_row::<LOG>(x.add(row * length), y.add(row * length), length) }
        }
        return;
    }
    each_lines(length, inner, (start, end), |lines| unsafe {
        let mut max = lines.load(x, 0);
        (1..length).for_each(|i| max = max.loose_max(lines.load(x, i)));
        let [sum] = lane_sums(length, |first, last| {
            let mut sum = F32x4::ZERO;
            for i in first..last {
                let e = exp_nonpositive(lines.load(x, i) - max);
                sum = sum + e;
                if !LOG {
                    lines.put(e, y, i, false);
                }
            }
            [sum]
        });
        if LOG {
            let log_sum = log(sum);
            (0..length).for_each(|i| lines.put((lines.load(x, i) - max) - log_sum, y, i, false));
        } else {
            let factor = F32x4::splat(1.0) / sum;
            (0..length).for_each(|i| lines.put(lines.load(y, i) * factor, y, i, false));
        }
    });
}

#[inline(always)]
unsafe fn forward_row<const LOG: bool>(x: *const f32, y: *mut f32, length: usize) {
    unsafe {
        let max = F32x4::splat(largest(x, length));
        let [sum] = sums(length, |i, count| {
            let e = exp_nonpositive(lanes_or(x, i, count, f32::NEG_INFINITY) - max);
            if !LOG {
                if count == LANES { e.store(y.add(i)) } else { e.store_partial(y.add(i), count) }
            }
            [e]
        });
        if LOG {
            let log_sum = log(F32x4::splat(sum));
            generate(y, length, false, |i, count| (lanes_or(x, i, count, 0.0) - max) - log_sum);
        } else {
            let factor = F32x4::splat(1.0 / sum);
            generate(y, length, false, |i, count| lanes_or(y, i, count, 0.0) * factor);
        }
    }
}

/// ∂L/∂x from the result y and g = ∂L/∂y, for the lines `start..end`, written to `dx` or added to it.
///
/// # Safety
/// `g` and `y` readable, `dx` writable (readable too where it accumulates); `dx` equals `g` or overlaps nothing.
pub unsafe fn gradient<const LOG: bool>(
    (g, y): (*const f32, *const f32),
    dx: *mut f32,
    length: usize,
    inner: usize,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    let term = |g: F32x4, y: F32x4| if LOG { g } else { g * y };
    let result = |g: F32x4, y: F32x4, sum: F32x4| {
        if LOG { g - exp_nonpositive(y) * sum } else { y * (g - sum) }
    };
    if inner == 1 {
        for row in start..end {
            unsafe {
                let (g, y, dx) = (g.add(row * length), y.add(row * length), dx.add(row * length));
                let operands = |i, count| (lanes_or(g, i, count, 0.0), lanes_or(y, i, count, 0.0));
                let [sum] = sums(length, |i, count| {
                    let (g, y) = operands(i, count);
                    [term(g, y)]
                });
                let sum = F32x4::splat(sum);
                generate(dx, length, accumulate, |i, count| {
                    let (g, y) = operands(i, count);
                    result(g, y, sum)
                });
            }
        }
        return;
    }
    each_lines(length, inner, (start, end), |lines| unsafe {
        let [sum] = lane_sums(length, |first, last| {
            let mut sum = F32x4::ZERO;
            (first..last).for_each(|i| sum = sum + term(lines.load(g, i), lines.load(y, i)));
            [sum]
        });
        (0..length).for_each(|i| lines.put(result(lines.load(g, i), lines.load(y, i), sum), dx, i, accumulate));
    });
}
