//! Moving elements: strided copies (permute, slice, concat, pad, expand and their gradients) and selection by index.

use crate::memory::{generate, lanes};
use crate::simd::F32x4;

/// Four dimensions and the strides of source and destination along them, in elements. A source stride of 0 repeats.
#[derive(Clone, Copy)]
pub struct Strided {
    pub sizes: [usize; 4],
    pub x: [usize; 4],
    pub y: [usize; 4],
}

/// Rows that a transposing copy moves together: one cache line of the source.
const TILE: usize = 8;

impl Strided {
    /// Number of rows: the product of all sizes but the innermost.
    pub fn rows(&self) -> usize {
        self.sizes[..3].iter().product()
    }

    fn offsets(&self, row: usize) -> (usize, usize) {
        let [_, n1, n2, _] = self.sizes;
        let (i, j, k) = (row / n2 / n1, row / n2 % n1, row % n2);
        let offset = |stride: &[usize; 4]| i * stride[0] + j * stride[1] + k * stride[2];
        (offset(&self.x), offset(&self.y))
    }
}

/// y\[…\] ← α·x\[…\], or y\[…\] + that where `accumulate`, for the rows `start..end`. With α = 1 and no accumulation bits
/// are copied as they are.
///
/// # Safety
/// `x` valid for reading and `y` for reading and writing at every offset of `over`; they don't overlap, and no two
/// elements of `y` coincide.
pub unsafe fn copy_strided(
    x: *const f32,
    y: *mut f32,
    over: &Strided,
    alpha: f32,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    let (columns, x_step, y_step) = (over.sizes[3], over.x[3], over.y[3]);
    let write = |y: *mut f32, value: f32| unsafe { *y = if accumulate { *y + alpha * value } else { alpha * value } };
    let alphas = F32x4::splat(alpha);
    let mut row = start;
    while row < end {
        let (x_offset, y_offset) = over.offsets(row);
        let (x, y) = unsafe { (x.add(x_offset), y.add(y_offset)) };
        if x_step != 1 && over.x[2] == 1 {
            let count = TILE.min(end - row).min(over.sizes[2] - row % over.sizes[2]);
            for column in 0..columns {
                for r in 0..count {
                    unsafe { write(y.add(r * over.y[2] + column * y_step), *x.add(r + column * x_step)) };
                }
            }
            row += count;
            continue;
        }
        unsafe {
            match (x_step, y_step) {
                (1, 1) if alpha == 1.0 && !accumulate => core::ptr::copy_nonoverlapping(x, y, columns),
                (1, 1) => generate(y, columns, accumulate, |i, count| alphas * lanes(x, i, count)),
                (0, 1) => {
                    let value = alphas * F32x4::load_splat(x);
                    generate(y, columns, accumulate, |_, _| value);
                }
                _ => (0..columns).for_each(|i| write(y.add(i * y_step), *x.add(i * x_step))),
            }
        }
        row += 1;
    }
}

/// y\[o, j, i\] ← x\[o, index\[j\], i\] for x `[outer, axis, inner]`, y `[outer, count, inner]` and o in `start..end`.
///
/// # Safety
/// Pointers valid for these shapes; every index below `axis`; `y` overlaps neither `x` nor `index`.
pub unsafe fn index_select(
    x: *const f32,
    index: *const u32,
    y: *mut f32,
    (axis, count, inner): (usize, usize, usize),
    start: usize,
    end: usize,
) {
    for o in start..end {
        for j in 0..count {
            unsafe {
                let source = x.add((o * axis + *index.add(j) as usize) * inner);
                core::ptr::copy_nonoverlapping(source, y.add((o * count + j) * inner), inner);
            }
        }
    }
}

/// Gradient of [`index_select`]: dx\[o, index\[j\], i\] += g\[o, j, i\]. Other elements of `dx` are left alone.
///
/// # Safety
/// As [`index_select`], `g` for its `y` and `dx` for its `x`.
pub unsafe fn index_add(
    g: *const f32,
    index: *const u32,
    dx: *mut f32,
    (axis, count, inner): (usize, usize, usize),
    start: usize,
    end: usize,
) {
    for o in start..end {
        for j in 0..count {
            unsafe {
                let source = g.add((o * count + j) * inner);
                let target = dx.add((o * axis + *index.add(j) as usize) * inner);
                generate(target, inner, true, |i, count| lanes(source, i, count));
            }
        }
    }
}

/// y\[o, j, i\] ← x\[o, index\[o, j, i\], i\] for x `[outer, axis, inner]`, index and y `[outer, count, inner]` and o in
/// `start..end`.
///
/// # Safety
/// Pointers valid for these shapes; every index below `axis`; `y` overlaps neither `x` nor `index`.
pub unsafe fn gather(
    x: *const f32,
    index: *const u32,
    y: *mut f32,
    (axis, count, inner): (usize, usize, usize),
    start: usize,
    end: usize,
) {
    for position in start * count * inner..end * count * inner {
        let o = position / (count * inner);
        unsafe {
            let at = *index.add(position) as usize;
            *y.add(position) = *x.add((o * axis + at) * inner + position % inner);
        }
    }
}

/// Gradient of [`gather`]: dx\[o, index\[o, j, i\], i\] += g\[o, j, i\]. Other elements of `dx` are left alone.
///
/// # Safety
/// As [`gather`], `g` for its `y` and `dx` for its `x`.
pub unsafe fn scatter_add(
    g: *const f32,
    index: *const u32,
    dx: *mut f32,
    (axis, count, inner): (usize, usize, usize),
    start: usize,
    end: usize,
) {
    for position in start * count * inner..end * count * inner {
        let o = position / (count * inner);
        unsafe {
            let at = *index.add(position) as usize;
            *dx.add((o * axis + at) * inner + position % inner) += *g.add(position);
        }
    }
}
