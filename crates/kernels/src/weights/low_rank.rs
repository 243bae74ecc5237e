//! W ← W + α·L·R in the format that W is stored in, in float32 and rounded once: a merge of an adapter. Each part of W is read,
//! changed and written while it is in registers.
//!
//! W [rows, columns], L [rows, rank], rows contiguous; R [rank, columns] in panels. Every element is W + α·Σ L·R, the sum in the
//! order of the rank, whatever the range of rows.

use crate::gemm::tile::{Strip, sum};
use crate::simd::F32x4;
use crate::simd::half::{from_bfloats, from_halves, to_bfloats, to_halves};
use crate::simd::normal::{self, NormalBfloats, NormalHalves, NormalWeights};
use core::array::from_fn;
use core::hint::black_box;
use core::ops::Range;

/// Rows and columns of the register tile, the one that every version of V8 keeps in registers.
pub const ROWS: usize = 4;
pub const COLUMNS: usize = 8;

/// Elements of R that stay in the first-level cache while rows pass.
const SLAB: usize = 4096;

/// L·R, of rank `rank`, times α.
#[derive(Clone, Copy)]
pub struct LowRank {
    pub left: *const f32,
    /// R in panels of `COLUMNS` columns, one after the other, each [rank, COLUMNS]; the last is filled up with zeros. Rows of R as they
    /// are often lie a power of two apart, where a cache holds few of them.
    pub panels: *const f32,
    pub rank: usize,
    pub alpha: f32,
}

/// Changes `rows` of W, in one of the formats whose elements stand by themselves. Gives how many values were finite and are too large
/// for the format.
///
/// # Safety
/// All valid and not overlapping; nobody else uses these rows meanwhile.
pub unsafe fn add(format: usize, w: *mut u8, columns: usize, update: LowRank, rows: Range<usize>) -> usize {
    unsafe {
        match format {
            1 => blocks::<Halves>(w, columns, update, rows),
            2 => blocks::<Bfloats>(w, columns, update, rows),
            _ => blocks::<Singles>(w, columns, update, rows),
        }
    }
}

/// Elements in the stored format.
trait Elements {
    const BYTES: usize;
    /// The quick way for nearly all of them.
    type Normal: NormalWeights;
    /// Eight of them.
    unsafe fn load(p: *const u8) -> [F32x4; 2];
    /// Writes eight; gives how many are too large.
    unsafe fn store(values: [F32x4; 2], p: *mut u8) -> u32;
}

struct Singles;
struct Halves;
struct Bfloats;

impl Elements for Singles {
    const BYTES: usize = 4;
    type Normal = normal::Singles;
    #[inline(always)]
    unsafe fn load(p: *const u8) -> [F32x4; 2] {
        unsafe { normal::Singles.load(p) }
    }
    #[inline(always)]
    unsafe fn store(values: [F32x4; 2], p: *mut u8) -> u32 {
        unsafe { normal::Singles::store(values, p) }
        0
    }
}

impl Elements for Halves {
    const BYTES: usize = 2;
    type Normal = NormalHalves;
    #[inline(always)]
    unsafe fn load(p: *const u8) -> [F32x4; 2] {
        unsafe { from_halves(p) }
    }
    #[inline(always)]
    unsafe fn store(values: [F32x4; 2], p: *mut u8) -> u32 {
        unsafe { to_halves(values, p) }
    }
}

impl Elements for Bfloats {
    const BYTES: usize = 2;
    type Normal = NormalBfloats;
    #[inline(always)]
    unsafe fn load(p: *const u8) -> [F32x4; 2] {
        unsafe { from_bfloats(p) }
    }
    #[inline(always)]
    unsafe fn store(values: [F32x4; 2], p: *mut u8) -> u32 {
        unsafe { to_bfloats(values, p) }
    }
}

#[inline(never)]
unsafe fn blocks<E: Elements>(w: *mut u8, columns: usize, update: LowRank, rows: Range<usize>) -> usize {
    if update.rank == 0 {
        return 0;
    }
    let whole = columns / COLUMNS * COLUMNS;
    let width = (SLAB / update.rank / COLUMNS * COLUMNS).max(COLUMNS);
    let mut over = 0;
    let mut normal = E::Normal::new(black_box(0));
    for start in (0..whole).step_by(width) {
        let end = whole.min(start + width);
        let mut row = rows.start;
        while row + ROWS <= rows.end {
            over += unsafe { strip::<E, ROWS>(&mut normal, w, columns, update, row, start..end) };
            row += ROWS;
        }
        for row in row..rows.end {
            over += unsafe { strip::<E, 1>(&mut normal, w, columns, update, row, start..end) };
        }
    }
    if whole < columns {
        for row in rows {
            over += unsafe { last_columns::<E>(w, columns, update, row, whole) };
        }
    }
    over
}

/// L·R for R rows from `row` on and the panel of columns from `column` on.
#[inline(always)]
unsafe fn products<const R: usize>(
    LowRank { left, panels, rank, .. }: LowRank,
    row: usize,
    column: usize,
) -> [[F32x4; 2]; R] {
    unsafe {
        let l = Strip { data: left.add(row * rank), step: rank, interleaved: false };
        sum::<R, 2, false, COLUMNS>(rank, l, panels.add(column * rank), COLUMNS)
    }
}

/// R rows of W, in columns that whole tiles cover.
#[inline(always)]
unsafe fn strip<E: Elements, const R: usize>(
    normal: &mut E::Normal,
    w: *mut u8,
    width: usize,
    update: LowRank,
    row: usize,
    columns: Range<usize>,
) -> usize {
    let mut over = 0;
    let alpha = F32x4::splat(update.alpha);
    for column in columns.step_by(COLUMNS) {
        unsafe {
            let sums = products::<R>(update, row, column);
            let first = w.add(E::BYTES * (row * width + column));
            let at = |i: usize| first.add(E::BYTES * i * width);
            let eights: [_; R] = from_fn(|i| {
                let [low, high] = normal.load(at(i));
                normal.narrow([alpha.mul_add(sums[i][0], low), alpha.mul_add(sums[i][1], high)])
            });
            if normal.held() {
                for (i, eight) in eights.into_iter().enumerate() {
                    E::Normal::store(eight, at(i));
                }
            } else {
                over += any_tile::<E, R>(first, E::BYTES * width, alpha, &sums);
            }
        }
    }
    over as usize
}

/// A tile of elements of any kind; out of line, since it is seldom needed.
#[cold]
#[inline(never)]
unsafe fn any_tile<E: Elements, const R: usize>(
    first: *mut u8,
    step: usize,
    alpha: F32x4,
    sums: &[[F32x4; 2]; R],
) -> u32 {
    let mut over = 0;
    for (i, sums) in sums.iter().enumerate() {
        unsafe {
            let p = first.add(i * step);
            let [low, high] = E::load(p);
            over += E::store([alpha.mul_add(sums[0], low), alpha.mul_add(sums[1], high)], p);
        }
    }
    over
}

/// The columns from `start` on, fewer than a tile has: nothing is touched past the row's end.
unsafe fn last_columns<E: Elements>(w: *mut u8, width: usize, update: LowRank, row: usize, start: usize) -> usize {
    let mut bytes = [0u8; 4 * COLUMNS];
    let alpha = F32x4::splat(update.alpha);
    unsafe {
        let [sums] = products::<1>(update, row, start);
        let (at, length) = (w.add(E::BYTES * (row * width + start)), E::BYTES * (width - start));
        core::ptr::copy_nonoverlapping(at, bytes.as_mut_ptr(), length);
        let old = E::load(bytes.as_ptr());
        // Whole vectors are fused and others are not, as at the right edge of `multiply`, whose bits these are.
        let add = |i: usize| match width - start {
            4 => alpha.mul_add(sums[i], old[i]),
            _ => alpha * sums[i] + old[i],
        };
        // Behind the row's end is zero, or NaN where L is not finite: neither is counted.
        let over = E::store([add(0), add(1)], bytes.as_mut_ptr());
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), at, length);
        over as usize
    }
}
