//! Some rows of x with some blocks of rows of W.

use super::instruction::Instruction;
use super::rows::OF_X;
use crate::simd::F32x4;
use crate::simd::dots::{Added, Bytes, Dots, Pairs, PairsOfNibbles, Widened};
use crate::simd::half::{Halves, Normal, Widening};
use crate::weights::groups::{OF_4, OF_8};
use crate::weights::interleaved::{ROWS, halves};
use core::ptr::with_exposed_provenance;

/// A product, as the tiles take it.
pub(super) struct Rounded {
    pub x: *const u8,
    pub m: usize,
    pub data: *const u8,
    pub groups: usize,
    pub n: usize,
    pub bias: *const f32,
    pub y: *mut f32,
    /// 0, of which the tiles must not know; see `Halves`.
    pub zero: u32,
}

/// (product, first row of x, column, end of the columns, how many blocks further on to read ahead); false, and nothing written, for
/// scales that it cannot widen.
type Tile = unsafe fn(&Rounded, usize, usize, usize, usize) -> bool;

/// By rows of x: one with one block and with four, four, eight.
pub(super) struct Tiles {
    pub one: Tile,
    pub wide: Tile,
    pub four: Tile,
    pub eight: Tile,
}

const fn tiles<D: Dots, H: Widening, const EIGHT: bool>() -> Tiles {
    Tiles {
        one: tile::<D, H, 1, 1, EIGHT>,
        wide: tile::<D, H, 1, 4, EIGHT>,
        four: tile::<D, H, 4, 1, EIGHT>,
        eight: tile::<D, H, 8, 1, EIGHT>,
    }
}

/// By instruction. Of 4 bits, where nearly all scales are normal numbers, then where some are not; of 8 bits, whose are often
/// subnormal. Called through a table: in one function with the others they would run at half speed.
pub(super) static TILES: [[Tiles; 3]; Instruction::ALL.len()] = [
    [tiles::<Widened, Normal, false>(), tiles::<Widened, Halves, false>(), tiles::<Widened, Halves, true>()],
    [
        tiles::<PairsOfNibbles, Normal, false>(),
        tiles::<PairsOfNibbles, Halves, false>(),
        tiles::<Pairs, Halves, true>(),
    ],
    [tiles::<Added, Normal, false>(), tiles::<Added, Halves, false>(), tiles::<Added, Halves, true>()],
];

/// `R` rows of x with `G` blocks of rows of W.
unsafe fn tile<D: Dots, H: Widening, const R: usize, const G: usize, const EIGHT: bool>(
    product: &Rounded,
    row: usize,
    column: usize,
    end: usize,
    ahead: usize,
) -> bool {
    let bytes = if EIGHT { OF_8 } else { OF_4 };
    let (block, header) = (product.groups * ROWS * bytes, 2 * ROWS * halves(bytes));
    let mut sums = [[F32x4::ZERO; G]; R];
    let (mut widening, constant) =
        (H::new(product.zero), Bytes::splat(product.zero as u8 ^ if EIGHT { 1 } else { 15 }));
    let ones = Bytes::splat_16(product.zero as u16 ^ 1);
    // As integers: pointers let LLVM's loop strength reduction drop the constant offsets of loads.
    let mut w = product.data.expose_provenance() + column / ROWS * block;
    let mut x = product.x.expose_provenance() + row * product.groups * OF_X;
    let mut next = w.wrapping_add(ahead * block);
    unsafe {
        for _ in 0..product.groups {
            if ahead > 0 {
                touch::<G>(with_exposed_provenance(next), bytes);
                next += G * ROWS * bytes;
            }
            let of_x = with_exposed_provenance::<u8>(x);
            let of_w: [*const u8; G] = core::array::from_fn(|g| with_exposed_provenance(w + g * block));
            let mut dots = [[D::ZERO; G]; R];
            let mut all = [D::ZERO; G];
            macro_rules! parts {
                ($($part:literal)*) => { $(part::<D, R, G, EIGHT>($part, &of_w, header, of_x, constant, ones, &mut dots, &mut all);)* };
            }
            // Spelled out: in a loop that is not unrolled the sums would lie in memory.
            parts!(0 1 2 3);
            for g in 0..G {
                let [d, m] = widening.load(of_w[g]);
                let all = all[g].total(ones);
                for i in 0..R {
                    let x = of_x.add(i * OF_X) as *const f32;
                    let (scale, second) = (F32x4::load_splat(x), F32x4::load_splat(x.add(1)));
                    let dot = dots[i][g].total(ones);
                    sums[i][g] = if EIGHT {
                        (dot - second * all).mul_add(d * scale, sums[i][g])
                    } else {
                        dot.mul_add(d * scale, m.mul_add(second, sums[i][g]))
                    };
                }
            }
            w += ROWS * bytes;
            x += R * OF_X;
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
    w: &[*const u8; G],
    header: usize,
    x: *const u8,
    constant: Bytes,
    ones: Bytes,
    dots: &mut [[D; G]; R],
    all: &mut [D; G],
) {
    let halves: [[Bytes; 2]; G] = core::array::from_fn(|g| unsafe {
        // One constant at a time: of a sum LLVM does not know that it is in bounds, and adds it before the load.
        let codes = w[g].add(header).add(16 * part);
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
        let p = unsafe {
            let row = x.add(i * OF_X).add(4 * part);
            [Bytes::load_splat(row.add(8)), Bytes::load_splat(row.add(24))]
        };
        for (dot, [first, second]) in dots.iter_mut().zip(halves) {
            *dot = if EIGHT {
                dot.plus(first, p[0], ones).plus(second, p[1], ones)
            } else {
                dot.plus(p[0], first, ones).plus(p[1], second, ones)
            };
        }
    }
}
