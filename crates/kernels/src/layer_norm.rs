//! Layer normalisation and root-mean-square normalisation of rows, with their gradients.
//!
//! layer norm: y = x̂·w + b with x̂ = (x − mean)·rstd, rstd = 1/√(var + ε), var = mean((x − mean)²).
//! rms norm: the same with mean = 0 and no b, so rstd = 1/√(mean(x²) + ε).
//! With g = ∂L/∂y and h = g·w: ∂L/∂x = rstd·(h − mean(h) − x̂·mean(h·x̂)), without mean(h) in rms norm;
//! ∂L/∂w = Σ over rows of g·x̂, ∂L/∂b = Σ over rows of g.
//!
//! x, y, g, dx are `[rows, columns]`, w, b, dw, db `[columns]`, mean and rstd `[rows]`. Null pointers stand for a weight
//! of 1 and a bias of 0. Ba et al., arXiv 1607.06450; Zhang and Sennrich, arXiv 1910.07467.

use crate::memory::{generate, put, put_partial};
use crate::rows::{lane_sums, lanes_or, sums};
use crate::simd::{F32x4, LANES};

/// `weight[i..i + count]`, or 1 where there is no weight.
#[inline(always)]
unsafe fn weight_or_one<const WEIGHT: bool>(weight: *const f32, i: usize, count: usize) -> F32x4 {
    if WEIGHT { unsafe { lanes_or(weight, i, count, 0.0) } } else { F32x4::splat(1.0) }
}

/// Mean and 1/√(variance + ε) of a row. A second pass computes the variance about the mean, and the mean corrected
/// by what rounding left in the first: rows with a large offset keep their digits.
///
/// # Safety
/// `x` valid for reading `columns` ≥ 1 values.
#[inline(always)]
unsafe fn statistics<const CENTERED: bool>(x: *const f32, columns: usize, epsilon: f32) -> (f32, f32) {
    let n = columns as f32;
    let first = if CENTERED { sums(columns, |i, count| [unsafe { lanes_or(x, i, count, 0.0) }])[0] / n } else { 0.0 };
    let [rest, squares] = sums(columns, |i, count| {
        let deviation = unsafe { lanes_or(x, i, count, first) } - F32x4::splat(first);
        [deviation, deviation * deviation]
    });
    let shift = if CENTERED { rest / n } else { 0.0 };
    (first + shift, 1.0 / (squares / n - shift * shift + epsilon).sqrt())
}

/// Normalises the rows `start..end`; writes each row's mean (where `CENTERED`: layer norm) and rstd, which the gradient
/// needs.
///
/// # Safety
/// Shapes as above, `weight` and `bias` null or readable, `mean` writable where `CENTERED`. `y` equals `x` or overlaps
/// nothing.
pub unsafe fn forward<const CENTERED: bool>(
    (x, weight, bias): (*const f32, *const f32, *const f32),
    y: *mut f32,
    (mean, rstd): (*mut f32, *mut f32),
    columns: usize,
    epsilon: f32,
    (start, end): (usize, usize),
) {
    for row in start..end {
        unsafe {
            let (x, y) = (x.add(row * columns), y.add(row * columns));
            let (center, scale) = statistics::<CENTERED>(x, columns, epsilon);
            if CENTERED {
                *mean.add(row) = center;
            }
            *rstd.add(row) = scale;
            let (center, scale) = (F32x4::splat(center), F32x4::splat(scale));
            let unit = |i, count| (lanes_or(x, i, count, 0.0) - center) * scale;
            match (weight.is_null(), bias.is_null()) {
                (true, true) => generate(y, columns, false, unit),
                (false, true) => generate(y, columns, false, |i, n| unit(i, n) * lanes_or(weight, i, n, 0.0)),
                (true, false) => generate(y, columns, false, |i, n| unit(i, n) + lanes_or(bias, i, n, 0.0)),
                (false, false) => generate(y, columns, false, |i, n| {
                    unit(i, n).mul_add(lanes_or(weight, i, n, 0.0), lanes_or(bias, i, n, 0.0))
                }),
            }
        }
    }
}

/// ∂L/∂x of the rows `start..end`, written to `dx` or added to it.
///
/// # Safety
/// As [`forward`], with the mean and rstd that it wrote; `dx` equals `g` or overlaps nothing.
pub unsafe fn gradient<const CENTERED: bool>(
    (g, x, weight): (*const f32, *const f32, *const f32),
    (mean, rstd): (*const f32, *const f32),
    dx: *mut f32,
    columns: usize,
    accumulate: bool,
    (start, end): (usize, usize),
) {
    for row in start..end {
        unsafe {
            let at = row * columns;
            let center = if CENTERED { *mean.add(row) } else { 0.0 };
            let (g, x, dx, statistics) = (g.add(at), x.add(at), dx.add(at), (center, *rstd.add(row)));
            if weight.is_null() {
                gradient_row::<CENTERED, false>((g, x, weight), statistics, dx, columns, accumulate);
            } else {
                gradient_row::<CENTERED, true>((g, x, weight), statistics, dx, columns, accumulate);
            }
        }
    }
}

#[inline(always)]
unsafe fn gradient_row<const CENTERED: bool, const WEIGHT: bool>(
    (g, x, weight): (*const f32, *const f32, *const f32),
    (mean, rstd): (f32, f32),
    dx: *mut f32,
    columns: usize,
    accumulate: bool,
) {
    let (mean, rstd) = (F32x4::splat(mean), F32x4::splat(rstd));
    let weighted = |i, count| unsafe {
        let h = lanes_or(g, i, count, 0.0) * weight_or_one::<WEIGHT>(weight, i, count);
        (h, (lanes_or(x, i, count, 0.0) - mean) * rstd)
    };
    let [plain, along] = sums(columns, |i, count| {
        let (h, unit) = weighted(i, count);
        [h, h * unit]
    });
    let n = columns as f32;
    let (plain, along) = (F32x4::splat(if CENTERED { plain / n } else { 0.0 }), F32x4::splat(-along / n));
    unsafe {
        generate(dx, columns, accumulate, |i, count| {
            let (h, unit) = weighted(i, count);
            unit.mul_add(along, h - plain) * rstd
        });
    }
}

/// ∂L/∂w and ∂L/∂b (each null where not wanted) for the columns `start..end`, summed over all rows.
///
/// # Safety
/// As [`gradient`]; `dw` and `db` null or valid for `columns` values.
pub unsafe fn affine_gradient<const CENTERED: bool>(
    (g, x): (*const f32, *const f32),
    (mean, rstd): (*const f32, *const f32),
    (dw, accumulate_dw): (*mut f32, bool),
    (db, accumulate_db): (*mut f32, bool),
    (rows, columns): (usize, usize),
    (start, end): (usize, usize),
) {
    /// Vectors of one cache line: what a pass down the rows takes with it.
    const WIDE: usize = 4;
    let mut c = start;
    while c < end {
        let operands = unsafe { (g.add(c), x.add(c)) };
        let wide = end - c >= WIDE * LANES;
        let (vectors, count) = if wide { (WIDE, LANES) } else { (1, LANES.min(end - c)) };
        let mut sums = [F32x4::ZERO; 2 * WIDE];
        unsafe {
            if wide {
                sums = lane_sums(rows, |first, last| {
                    column_sums::<CENTERED, _>(operands, (mean, rstd), (first, last), columns, LANES)
                });
            } else {
                let narrow: [F32x4; 2] = lane_sums(rows, |first, last| {
                    column_sums::<CENTERED, _>(operands, (mean, rstd), (first, last), columns, count)
                });
                sums[..2].copy_from_slice(&narrow);
            }
            for v in 0..vectors {
                for (target, sum, accumulate) in
                    [(dw, sums[2 * v], accumulate_dw), (db, sums[2 * v + 1], accumulate_db)]
                {
                    if target.is_null() {
                    } else if count == LANES {
                        put(sum, target.add(c + v * LANES), accumulate);
                    } else {
                        put_partial(sum, target.add(c), count, accumulate);
                    }
                }
            }
        }
        c += vectors * count;
    }
}

/// (Σ g·x̂, Σ g) down the rows `first..last` for each of `N`/2 neighbouring vectors of `count` columns.
#[inline(always)]
unsafe fn column_sums<const CENTERED: bool, const N: usize>(
    (g, x): (*const f32, *const f32),
    (mean, rstd): (*const f32, *const f32),
    (first, last): (usize, usize),
    columns: usize,
    count: usize,
) -> [F32x4; N] {
    let mut sums = [F32x4::ZERO; N];
    for row in first..last {
        unsafe {
            let mean = if CENTERED { F32x4::load_splat(mean.add(row)) } else { F32x4::ZERO };
            let rstd = F32x4::load_splat(rstd.add(row));
            for v in 0..N / 2 {
                let at = row * columns + v * LANES;
                let g = lanes_or(g, at, count, 0.0);
                sums[2 * v] = (g * rstd).mul_add(lanes_or(x, at, count, 0.0) - mean, sums[2 * v]);
                sums[2 * v + 1] = sums[2 * v + 1] + g;
            }
        }
    }
    sums
}
