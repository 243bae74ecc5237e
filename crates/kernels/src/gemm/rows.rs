//! Products with so few rows that B is read about once: no copy of B, and sums spread over more columns.

use super::pack::{block, padded};
use super::tile::{Compiled, Initial, Tile, run, store};
use super::{Product, Right, Strided};
use crate::simd::F32x4;
use core::ops::Range;

/// More rows than this keep the register tile busy.
pub const FEW: usize = 3;

/// Rows of B read at once, each from left to right, which prefetchers follow. Where C has few rows, the blocked loops
/// take as many for the columns that are left to them: no cut of the columns then changes a sum.
pub const FEW_DEEP: usize = 16;

/// Rows for which Bᵀ is read in place.
const FEW_TRANSPOSED: usize = 8;

/// Works on the leading `columns` as far as it has a better way than the blocked loops, and returns the rest. The number of
/// `rows` in the part may decide only what leaves the order of a sum as it is.
///
/// # Safety
/// As for `blocked::multiply`; C is ready for `initial`, k > 0.
pub unsafe fn multiply(
    product: &Product,
    tile: Tile,
    rows: Range<usize>,
    columns: Range<usize>,
    initial: Initial,
) -> Range<usize> {
    let (m, a, count) = (product.m, product.a, rows.len());
    let contiguous = a.column == 1 || a.row == 1 || count == 1;
    let done = match product.b {
        Right::Strided(b) if b.column == 1 && m <= FEW && contiguous => unsafe {
            match count {
                1 => in_place::<1, 8>(product, b, rows.start, columns.clone(), initial),
                2 => in_place::<2, 4>(product, b, rows.start, columns.clone(), initial),
                _ => in_place::<3, 4>(product, b, rows.start, columns.clone(), initial),
            }
        },
        Right::Strided(b) if b.row == 1 && m <= FEW_TRANSPOSED && a.column == 1 => unsafe {
            let mut row = rows.start;
            while row < rows.end {
                let step = if rows.end - row == 3 { 3 } else { 2.min(rows.end - row) };
                match step {
                    1 if m == 1 => dots::<1, 2>(product, b, row, columns.clone(), initial),
                    1 => dots::<1, 1>(product, b, row, columns.clone(), initial),
                    2 => dots::<2, 1>(product, b, row, columns.clone(), initial),
                    _ => dots::<3, 1>(product, b, row, columns.clone(), initial),
                }
                row += step;
            }
            columns.len() / 4 * 4
        },
        Right::Packed(packed) => unsafe {
            match (count, tile.columns()) {
                (1, 8) => packed_rows::<1, 2, 4>(product, packed, rows.start, columns.clone(), initial),
                (2, 8) => packed_rows::<2, 2, 2>(product, packed, rows.start, columns.clone(), initial),
                (1, _) => packed_rows::<1, 4, 2>(product, packed, rows.start, columns.clone(), initial),
                _ => 0,
            }
        },
        _ => 0,
    };
    columns.start + done..columns.end
}

/// Strips of 4V columns of B as it lies in memory. Returns the number of columns done.
unsafe fn in_place<const R: usize, const V: usize>(
    product: &Product,
    b: Strided,
    row: usize,
    columns: Range<usize>,
    initial: Initial,
) -> usize {
    let Product { k, a, c, .. } = *product;
    let width = columns.len() / (4 * V) * (4 * V);
    let compiled: Compiled = if a.column == 1 { run::<R, V, false, 0, 0> } else { run::<R, V, true, 0, 0> };
    let step = if a.column == 1 { a.row } else { a.column };
    let mut initial = initial;
    for start in (0..k).step_by(FEW_DEEP) {
        let depth = FEW_DEEP.min(k - start);
        unsafe {
            let (a, b) = (a.at(row, start), Strided { data: b.at(start, columns.start), ..b });
            let to = c.data.add(row * c.row);
            let (from, from_row) = initial.at(to, c.row, columns.start).unwrap_or((core::ptr::null(), 0));
            let to = to.add(columns.start);
            compiled(
                depth,
                a,
                step,
                b.data,
                b.row,
                4 * V,
                core::ptr::null_mut(),
                to,
                c.row,
                width / (4 * V),
                c.alpha,
                from,
                from_row,
            );
        }
        initial = Initial::Output;
    }
    width
}

/// R × 4 results at a time as sums of products of contiguous rows of A and contiguous columns of B; U vectors a step.
unsafe fn dots<const R: usize, const U: usize>(
    product: &Product,
    b: Strided,
    row: usize,
    columns: Range<usize>,
    initial: Initial,
) {
    let Product { k, a, c, .. } = *product;
    unsafe {
        let rows: [*const f32; R] = core::array::from_fn(|i| a.at(row + i, 0));
        let to = c.data.add(row * c.row);
        for column in columns.clone().step_by(4).take(columns.len() / 4) {
            let b: [*const f32; 4] = core::array::from_fn(|j| b.at(0, column + j));
            let mut sums = [[[F32x4::ZERO; 4]; U]; R];
            let whole = k / (4 * U) * (4 * U);
            for p in (0..whole).step_by(4 * U) {
                for u in 0..U {
                    let b = b.map(|b| F32x4::load(b.add(p + 4 * u)));
                    for i in 0..R {
                        let a = F32x4::load(rows[i].add(p + 4 * u));
                        for j in 0..4 {
                            sums[i][u][j] = a.mul_add(b[j], sums[i][u][j]);
                        }
                    }
                }
            }
            let results = core::array::from_fn(|i| {
                let mut lanes = sums[i][0];
                for more in &sums[i][1..] {
                    lanes = core::array::from_fn(|j| lanes[j] + more[j]);
                }
                let [s, t, u, v] = F32x4::transpose(lanes);
                let mut rest = [0.0f32; 4];
                for p in whole..k {
                    for j in 0..4 {
                        rest[j] += *rows[i].add(p) * *b[j].add(p);
                    }
                }
                [(s + t) + (u + v) + F32x4::load(rest.as_ptr())]
            });
            store::<R, 1>(results, c.alpha, initial.at(to, c.row, column), to.add(column), c.row);
        }
    }
}

/// Whole panels of a packed B, of V vectors, P of them at once: as many independent sums as hide the latency of an
/// addition. Each is the blocked loops' own. Returns the number of columns done.
unsafe fn packed_rows<const R: usize, const V: usize, const P: usize>(
    product: &Product,
    packed: *const f32,
    row: usize,
    columns: Range<usize>,
    mut initial: Initial,
) -> usize {
    let Product { n, k, a, c, .. } = *product;
    let length = block(k);
    let groups = columns.len() / (4 * V * P);
    unsafe {
        let to = c.data.add(row * c.row);
        for start in (0..k).step_by(length) {
            let depth = length.min(k - start);
            for column in columns.clone().step_by(4 * V * P).take(groups) {
                let panels = packed.add(start * padded(n) + column * depth);
                let mut sums = [[[F32x4::ZERO; V]; R]; P];
                for p in 0..depth {
                    for (panel, sums) in sums.iter_mut().enumerate() {
                        add_product(sums, a.at(row, start + p), a.row, panels.add((panel * depth + p) * 4 * V));
                    }
                }
                for (panel, sums) in sums.into_iter().enumerate() {
                    let column = column + panel * 4 * V;
                    store(sums, c.alpha, initial.at(to, c.row, column), to.add(column), c.row);
                }
            }
            initial = Initial::Output;
        }
    }
    groups * 4 * V * P
}

#[inline(always)]
unsafe fn add_product<const R: usize, const V: usize>(
    sums: &mut [[F32x4; V]; R],
    a: *const f32,
    a_row: usize,
    b: *const f32,
) {
    unsafe {
        let b: [F32x4; V] = core::array::from_fn(|j| F32x4::load(b.add(4 * j)));
        for i in 0..R {
            let a = F32x4::load_splat(a.add(i * a_row));
            for j in 0..V {
                sums[i][j] = a.mul_add(b[j], sums[i][j]);
            }
        }
    }
}
