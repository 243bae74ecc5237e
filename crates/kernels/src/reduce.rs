//! Reductions along one axis of `x [outer, axis, inner]` to `y [outer, inner]`, and the gradient of the extremes.
//!
//! Sums are pairwise over short sequential blocks, so that the error grows with log n rather than n (N. Higham, "The
//! accuracy of floating point summation", 1993). The order depends on sizes alone: results are repeatable, and the
//! same however the outputs are shared out.

use crate::simd::{F32x4, LANES};
use core::array::from_fn;

/// Longest run of a row that is folded sequentially, in [`STREAMS`] vectors side by side.
const ROW_BLOCK: usize = 512;
/// Most rows that are folded sequentially into columns.
const COLUMN_BLOCK: usize = 64;
/// Vectors that are independent of one another, to hide the latency of an addition.
const STREAMS: usize = 4;

/// A commutative fold.
pub trait Fold {
    /// Neutral element.
    const NEUTRAL: f32;
    fn lanes(a: F32x4, b: F32x4) -> F32x4;
    fn scalar(a: f32, b: f32) -> f32;
}

/// a + b
pub struct Sum;
impl Fold for Sum {
    const NEUTRAL: f32 = 0.0;
    #[inline(always)]
    fn lanes(a: F32x4, b: F32x4) -> F32x4 {
        a + b
    }
    #[inline(always)]
    fn scalar(a: f32, b: f32) -> f32 {
        a + b
    }
}

/// max(a, b), NaN where either is NaN
pub struct Max;
impl Fold for Max {
    const NEUTRAL: f32 = f32::NEG_INFINITY;
    #[inline(always)]
    fn lanes(a: F32x4, b: F32x4) -> F32x4 {
        a.max(b)
    }
    #[inline(always)]
    fn scalar(a: f32, b: f32) -> f32 {
        if a > b || a.is_nan() { a } else { b }
    }
}

/// min(a, b), NaN where either is NaN
pub struct Min;
impl Fold for Min {
    const NEUTRAL: f32 = f32::INFINITY;
    #[inline(always)]
    fn lanes(a: F32x4, b: F32x4) -> F32x4 {
        a.min(b)
    }
    #[inline(always)]
    fn scalar(a: f32, b: f32) -> f32 {
        if a < b || a.is_nan() { a } else { b }
    }
}

/// y\[o, i\] ← α·fold over r of x\[o, r, i\] (+ y\[o, i\] where `accumulate`), for the elements `start..end` of `y`.
/// An axis of length 0 gives α·neutral.
///
/// # Safety
/// `x` valid for reading all that these elements fold, `y` for reading and writing up to `end`; they don't overlap.
#[allow(clippy::too_many_arguments)]
pub unsafe fn reduce<F: Fold>(
    x: *const f32,
    y: *mut f32,
    axis: usize,
    inner: usize,
    alpha: f32,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    let write = |i: usize, value: f32| unsafe {
        let y = y.add(i);
        *y = if accumulate { *y + alpha * value } else { alpha * value };
    };
    let mut position = start;
    while position < end {
        if inner == 1 {
            write(position, unsafe { row::<F>(x.add(position * axis), axis) });
            position += 1;
            continue;
        }
        let (outer, offset) = (position / inner, position % inner);
        let columns = (inner - offset).min(end - position);
        let first = x.wrapping_add(outer * axis * inner + offset);
        if columns >= STREAMS * LANES {
            let sums = unsafe { column_vectors::<F, STREAMS>(first, axis, inner) };
            for (i, value) in sums.iter().flat_map(|lanes| lanes.to_array()).enumerate() {
                write(position + i, value);
            }
            position += STREAMS * LANES;
        } else if columns >= LANES {
            let [sum] = unsafe { column_vectors::<F, 1>(first, axis, inner) };
            for (i, value) in sum.to_array().into_iter().enumerate() {
                write(position + i, value);
            }
            position += LANES;
        } else {
            write(position, unsafe { column::<F>(first, axis, inner) });
            position += 1;
        }
    }
}

/// Fold of `x[0..n]`.
unsafe fn row<F: Fold>(x: *const f32, n: usize) -> f32 {
    if n > ROW_BLOCK {
        let half = (n / 2).next_multiple_of(ROW_BLOCK);
        return unsafe { F::scalar(row::<F>(x, half), row::<F>(x.add(half), n - half)) };
    }
    let mut streams = [F32x4::splat(F::NEUTRAL); STREAMS];
    let mut i = 0;
    while i + STREAMS * LANES <= n {
        streams = from_fn(|s| F::lanes(streams[s], unsafe { F32x4::load(x.add(i + s * LANES)) }));
        i += STREAMS * LANES;
    }
    while i < n {
        let count = (n - i).min(LANES);
        streams[0] = F::lanes(streams[0], unsafe { F32x4::load_partial(x.add(i), count, F::NEUTRAL) });
        i += count;
    }
    let [a, b, c, d] = streams;
    let [a, b, c, d] = F::lanes(F::lanes(a, c), F::lanes(b, d)).to_array();
    F::scalar(F::scalar(a, c), F::scalar(b, d))
}

/// Folds of `V` vectors of neighbouring columns over `n` rows, `stride` apart.
unsafe fn column_vectors<F: Fold, const V: usize>(x: *const f32, n: usize, stride: usize) -> [F32x4; V] {
    if n > COLUMN_BLOCK {
        let half = (n / 2).next_multiple_of(COLUMN_BLOCK);
        let top = unsafe { column_vectors::<F, V>(x, half, stride) };
        let bottom = unsafe { column_vectors::<F, V>(x.add(half * stride), n - half, stride) };
        return from_fn(|v| F::lanes(top[v], bottom[v]));
    }
    let mut folds = [F32x4::splat(F::NEUTRAL); V];
    for r in 0..n {
        folds = from_fn(|v| F::lanes(folds[v], unsafe { F32x4::load(x.add(r * stride + v * LANES)) }));
    }
    folds
}

/// Fold of one column over `n` rows, `stride` apart.
unsafe fn column<F: Fold>(x: *const f32, n: usize, stride: usize) -> f32 {
    if n > COLUMN_BLOCK {
        let half = (n / 2).next_multiple_of(COLUMN_BLOCK);
        return unsafe { F::scalar(column::<F>(x, half, stride), column::<F>(x.add(half * stride), n - half, stride)) };
    }
    (0..n).fold(F::NEUTRAL, |fold, r| F::scalar(fold, unsafe { *x.add(r * stride) }))
}

/// Gradient of an extreme y\[o, i\] of x\[o, ·, i\]: dx\[o, r, i\] ← g\[o, i\]·\[x = y\] / ties (added to dx where
/// `accumulate`), for the elements `start..end` of `y`. Equal extremes share the gradient evenly, and where y is a NaN,
/// which equals nothing, all is NaN: as of PyTorch's `amax`.
///
/// # Safety
/// `x` valid for reading, `dx` for reading and writing all that these elements fold; `g` and `y` for reading up to
/// `end`. `dx` overlaps none of the others.
pub unsafe fn extreme_gradient(
    (g, x, y): (*const f32, *const f32, *const f32),
    dx: *mut f32,
    axis: usize,
    inner: usize,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    for position in start..end {
        let first = position / inner * axis * inner + position % inner;
        unsafe {
            let extreme = *y.add(position);
            let at = |r: usize| first + r * inner;
            let ties = (0..axis).filter(|&r| *x.add(at(r)) == extreme).count();
            let (share, rest) = (*g.add(position) / ties as f32, *g.add(position) * 0.0 / ties as f32);
            for r in 0..axis {
                let value = if *x.add(at(r)) == extreme { share } else { rest };
                let target = dx.add(at(r));
                *target = if accumulate { *target + value } else { value };
            }
        }
    }
}
