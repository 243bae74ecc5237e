//! y ← x·Wᵀ + bias with x rounded to bytes in groups of 32, for weights in groups: products of whole numbers, which take a
//! fraction of the time that decoding takes. For inference: what is rounded has no gradient.
//!
//! | codes of W | x in a group | Σ x·w of a group |
//! |---|---|---|
//! | 4 bits: d·q + m | s·p, p from −127 to 127 | s·d·Σ p·q + m·s·Σ p |
//! | 8 bits: d·q | s·(p − z), p and z from 0 to 127 | s·d·(Σ p·q − z·Σ q) |
//!
//! One factor is from 0 to 127 in both, as `simd::dots` wants it. The inner sums are exact, so that the instruction by which they
//! are made changes no bit; nor does the number of rows, or of columns.

use super::groups::{GROUP, OF_4, OF_8};
use super::interleaved::{ROWS, halves};
use super::{FORMATS, Format, Stored};
use crate::simd::F32x4;
use crate::simd::codes::to_bytes;
use crate::simd::dots::{Bytes, Dots, Relaxed, RelaxedNibbles, Widened};
use crate::simd::half::{Halves, Normal, Widening};
use core::ops::Range;

/// Bytes of a group of x: s as float32, then s·Σ p (4 bits) or z (8 bits), and p.
const OF_X: usize = 8 + GROUP;

/// Bytes of a row of x, rounded.
pub fn rounded_bytes(width: usize) -> usize {
    width.div_ceil(GROUP) * OF_X
}

fn has_8_bits(format: &Format) -> bool {
    (format.bytes)(GROUP) == OF_8
}

/// Rows of x, [rows, width], rounded to nearest for a format; a group that holds a NaN or an infinity becomes NaN.
///
/// # Safety
/// x valid for the rows, `to` for `rounded_bytes(width)` of each; they don't overlap.
pub unsafe fn round(x: *const f32, width: usize, rows: Range<usize>, format: &Format, to: *mut u8) {
    let eight = has_8_bits(format);
    for row in rows {
        for (group, start) in (0..width).step_by(GROUP).enumerate() {
            unsafe {
                let from = x.add(row * width + start);
                let to = to.add(row * rounded_bytes(width) + group * OF_X);
                let values: [F32x4; 8] = if start + GROUP <= width {
                    core::array::from_fn(|i| F32x4::load(from.add(4 * i)))
                } else {
                    core::array::from_fn(|i| {
                        let left = (width - start).saturating_sub(4 * i).min(4);
                        F32x4::load_partial(from.wrapping_add(4 * i), left, 0.0)
                    })
                };
                if eight { shifted(&values, to) } else { symmetric(&values, to) }
            }
        }
    }
}

/// The largest of all lanes; NaN where one is.
fn largest(values: [F32x4; 8]) -> f32 {
    let [a, b, c, d, e, f, g, h] = values;
    let lanes = a.max(b).max(c.max(d)).max(e.max(f).max(g.max(h))).to_array();
    lanes.iter().fold(f32::NEG_INFINITY, |most, &lane| if lane > most || lane.is_nan() { lane } else { most })
}

unsafe fn symmetric(values: &[F32x4; 8], to: *mut u8) {
    let largest = largest(values.map(F32x4::abs));
    let (scale, inverse) = (largest / 127.0, 127.0 / largest);
    // Of the smallest numbers no inverse is finite, and no code is needed.
    let finite = scale.is_finite();
    let inverse = F32x4::splat(if finite && inverse.is_finite() { inverse } else { 0.0 });
    let codes = values.map(|value| (value * inverse).round());
    let sum = codes.iter().fold(F32x4::ZERO, |sum, &codes| sum + codes).sum();
    unsafe { put(codes, if finite { scale } else { f32::NAN }, scale * sum, to) }
}

unsafe fn shifted(values: &[F32x4; 8], to: *mut u8) {
    let minus = F32x4::splat(-1.0);
    // 0 is among them, so that it has a code of its own.
    let (high, low) = (largest(*values).max(0.0), -largest(values.map(|value| value * minus)).max(0.0));
    let finite = values.iter().all(|value| value.to_array().iter().all(|lane| lane.is_finite()));
    let scale = high / 127.0 - low / 127.0;
    let inverse = if finite && (1.0 / scale).is_finite() { 1.0 / scale } else { 0.0 };
    let zero = (-low * inverse).round_ties_even();
    let (inverse, shift) = (F32x4::splat(inverse), F32x4::splat(zero));
    let (least, most) = (F32x4::ZERO, F32x4::splat(127.0));
    let codes = values.map(|value| ((value * inverse).round() + shift).max(least).min(most));
    unsafe { put(codes, if finite { scale } else { f32::NAN }, zero, to) }
}

#[inline(always)]
unsafe fn put([a, b, c, d, e, f, g, h]: [F32x4; 8], scale: f32, second: f32, to: *mut u8) {
    unsafe {
        (to as *mut f32).write_unaligned(scale);
        (to as *mut f32).add(1).write_unaligned(second);
        to_bytes([a, b, c, d], to.add(8));
        to_bytes([e, f, g, h], to.add(24));
    }
}

/// Groups in a row of which the next rows are read ahead. Short rows side by side are too short for the processor to foresee what
/// comes, at half the memory's speed; of long ones too much would be in the cache at once.
const NEAR: usize = 32;

/// Columns of y that a part begins at a multiple of.
pub const STEP: usize = 4 * ROWS;

/// Which instruction makes the sums.
#[derive(Clone, Copy, PartialEq)]
pub enum Instruction {
    Relaxed,
    Widened,
}

/// y\[·, columns\] of y, [m, n], for `weights` of n rows in blocks; `x` holds m rows rounded for the format. `columns` begins at
/// a multiple of `ROWS`.
///
/// # Safety
/// All valid, y overlaps nothing; `bias` has n elements or is null.
#[allow(clippy::too_many_arguments)]
pub unsafe fn times(
    by: Instruction,
    x: *const u8,
    m: usize,
    weights: Stored,
    n: usize,
    bias: *const f32,
    y: *mut f32,
    columns: Range<usize>,
) {
    let product = Rounded { x, m, data: weights.data, groups: weights.width.div_ceil(GROUP), n, bias, y, zero: 0 };
    let [normal, any, eight] = &TILES[usize::from(by == Instruction::Relaxed)];
    unsafe {
        if has_8_bits(weights.format) { product.run(eight, eight, columns) } else { product.run(normal, any, columns) }
    }
}

/// (product, row of x, column, end of the columns, whether to read ahead); false, and nothing written, for scales that it cannot
/// widen.
type Tile = unsafe fn(&Rounded, usize, usize, usize, bool) -> bool;

/// Rows of x by blocks of W, of each tile.
const SHAPES: [(usize, usize); 4] = [(1, 1), (1, 2), (1, 4), (4, 2)];

type Tiles = [Tile; SHAPES.len()];

const fn tiles<D: Dots, H: Widening, const EIGHT: bool>() -> Tiles {
    [tile::<D, H, 1, 1, EIGHT>, tile::<D, H, 1, 2, EIGHT>, tile::<D, H, 1, 4, EIGHT>, tile::<D, H, 4, 2, EIGHT>]
}

/// Of 4 bits, where nearly all scales are normal numbers, then where some are not; of 8 bits, whose are often subnormal.
/// Called through a table: in one function with the others they would run at half speed.
static TILES: [[Tiles; 3]; 2] = [
    [tiles::<Widened, Normal, false>(), tiles::<Widened, Halves, false>(), tiles::<Widened, Halves, true>()],
    [
        tiles::<RelaxedNibbles, Normal, false>(),
        tiles::<RelaxedNibbles, Halves, false>(),
        tiles::<Relaxed, Halves, true>(),
    ],
];

struct Rounded {
    x: *const u8,
    m: usize,
    data: *const u8,
    groups: usize,
    n: usize,
    bias: *const f32,
    y: *mut f32,
    /// 0, of which the tiles must not know; see `Halves`.
    zero: u32,
}

impl Rounded {
    /// Blocks of rows of W outside, rows of x inside: a block stays in the first-level cache. Where `tiles` cannot widen a scale, the
    /// rest is by `others`.
    unsafe fn run<'a>(&self, mut tiles: &'a Tiles, others: &'a Tiles, columns: Range<usize>) {
        let mut column = columns.start;
        while column < columns.end {
            let left = (columns.end - column).div_ceil(ROWS);
            let blocks = match (self.m, left) {
                (_, 1) => 1,
                (1, 4..) => 4,
                _ => 2,
            };
            let mut row = 0;
            while row < self.m {
                let shape = match (blocks, self.m - row) {
                    (1, _) => 0,
                    (4, _) => 2,
                    (_, 4..) => 3,
                    _ => 1,
                };
                let ahead = row == 0 && column + 2 * blocks * ROWS <= columns.end && self.groups <= NEAR;
                if unsafe { tiles[shape](self, row, column, columns.end, ahead) } {
                    row += SHAPES[shape].0;
                } else {
                    tiles = others;
                }
            }
            column += blocks * ROWS;
        }
    }
}

/// `R` rows of x with `G` blocks of rows of W.
unsafe fn tile<D: Dots, H: Widening, const R: usize, const G: usize, const EIGHT: bool>(
    product: &Rounded,
    row: usize,
    column: usize,
    end: usize,
    ahead: bool,
) -> bool {
    let bytes = if EIGHT { OF_8 } else { OF_4 };
    let (block, header) = (product.groups * ROWS * bytes, 2 * ROWS * halves(bytes));
    let mut sums = [[F32x4::ZERO; G]; R];
    let (mut widening, constant) =
        (H::new(product.zero), Bytes::splat(product.zero as u8 ^ if EIGHT { 1 } else { 15 }));
    let ones = Bytes::splat_16(product.zero as u16 ^ 1);
    unsafe {
        let mut w = product.data.add(column / ROWS * block);
        let mut x = product.x.add(row * product.groups * OF_X);
        let x_row = product.groups * OF_X;
        let mut next = w.wrapping_add(G * block);
        for _ in 0..product.groups {
            if R == 1 && ahead {
                touch::<G>(next, bytes);
                next = next.add(G * ROWS * bytes);
            }
            let mut dots = [[D::ZERO; G]; R];
            let mut all = [D::ZERO; G];
            macro_rules! parts {
                ($($part:literal)*) => { $(part::<D, R, G, EIGHT>($part, w.add(header), block, x, x_row, constant, ones, &mut dots, &mut all);)* };
            }
            // Spelled out: in a loop that is not unrolled the sums would lie in memory.
            parts!(0 1 2 3);
            for g in 0..G {
                let [d, m] = widening.load(w.add(g * block));
                let all = all[g].total(ones);
                for i in 0..R {
                    let x = x.add(i * x_row) as *const f32;
                    let (scale, second) = (F32x4::load_splat(x), F32x4::load_splat(x.add(1)));
                    let dot = dots[i][g].total(ones);
                    sums[i][g] = if EIGHT {
                        (dot - second * all).mul_add(d * scale, sums[i][g])
                    } else {
                        dot.mul_add(d * scale, m.mul_add(second, sums[i][g]))
                    };
                }
            }
            w = w.add(ROWS * bytes);
            x = x.add(OF_X);
        }
        if !widening.held() {
            return false;
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (g, sum) in sums.into_iter().enumerate() {
                let column = column + g * ROWS;
                let count = ROWS.min(end.saturating_sub(column));
                let bias = if product.bias.is_null() {
                    F32x4::ZERO
                } else {
                    F32x4::load_partial(product.bias.add(column), count, 0.0)
                };
                let sum = if product.bias.is_null() { sum } else { sum + bias };
                let y = product.y.add((row + i) * product.n + column);
                if count == ROWS { sum.store(y) } else { sum.store_partial(y, count) }
            }
        }
    }
    true
}

/// Reads a byte of each cache line of what comes next.
#[inline(always)]
unsafe fn touch<const G: usize>(next: *const u8, bytes: usize) {
    for at in (0..G * ROWS * bytes).step_by(64) {
        unsafe { next.add(at).read_volatile() };
    }
}

/// Eight elements of each row: four of the first half of a group and four of the second.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn part<D: Dots, const R: usize, const G: usize, const EIGHT: bool>(
    part: usize,
    codes: *const u8,
    block: usize,
    x: *const u8,
    x_row: usize,
    constant: Bytes,
    ones: Bytes,
    dots: &mut [[D; G]; R],
    all: &mut [D; G],
) {
    let halves: [[Bytes; 2]; G] = core::array::from_fn(|g| unsafe {
        let codes = codes.add(g * block + 16 * part);
        if EIGHT {
            return [Bytes::load(codes), Bytes::load(codes.add(64))];
        }
        let codes = Bytes::load(codes);
        [codes.low_nibbles(constant), codes.high_nibbles(constant)]
    });
    if EIGHT {
        for g in 0..G {
            all[g] = all[g].plus(halves[g][0], constant, ones).plus(halves[g][1], constant, ones);
        }
    }
    for (i, dots) in dots.iter_mut().enumerate() {
        let p = [8, 24].map(|at| unsafe { Bytes::load_splat(x.add(i * x_row + at + 4 * part)) });
        for (dot, [first, second]) in dots.iter_mut().zip(halves) {
            *dot = if EIGHT {
                dot.plus(first, p[0], ones).plus(second, p[1], ones)
            } else {
                dot.plus(p[0], first, ones).plus(p[1], second, ones)
            };
        }
    }
}

/// Whether the relaxed instruction makes the right sums, in the code that uses it: that of Node 20's first compiler does not.
/// Products by it are compared with the same ones by the other.
pub fn relaxed_is_right() -> bool {
    const ROWS_OF_X: usize = 5;
    const COLUMNS: usize = 7 * ROWS;
    const WIDTH: usize = 2 * GROUP;
    let mut x = [0.0; ROWS_OF_X * WIDTH];
    for (i, value) in x.iter_mut().enumerate() {
        *value = (i * 37 % 101) as f32 - 40.0;
    }
    let mut data = [0u8; COLUMNS * 2 * OF_8];
    for (i, byte) in data.iter_mut().enumerate() {
        // As a half's upper byte, too: all are normal numbers, as nearly all scales are.
        *byte = if i % 2 == 1 { (i * 89 + i / 7) as u8 & 0xbb | 0x20 } else { (i * 89 + i / 7) as u8 };
    }
    let mut rounded = [0u8; ROWS_OF_X * 2 * OF_X];
    FORMATS.iter().filter(|format| format.rows == ROWS).all(|format| {
        let weights = Stored { format, data: data.as_ptr(), width: WIDTH, transposed: true };
        unsafe { round(x.as_ptr(), WIDTH, 0..ROWS_OF_X, format, rounded.as_mut_ptr()) };
        [1, ROWS_OF_X].iter().all(|&m| {
            let product = |by| {
                let mut y = [0.0; ROWS_OF_X * COLUMNS];
                let x = rounded.as_ptr();
                unsafe { times(by, x, m, weights, COLUMNS, core::ptr::null(), y.as_mut_ptr(), 0..COLUMNS) };
                y
            };
            product(Instruction::Relaxed) == product(Instruction::Widened)
        })
    })
}
