//! The register tile: R rows × V vectors of C are summed over a block of k in registers, then written once.
//!
//! V8 has 15 vector registers on x86-64, so 4 × 8 (8 sums, 2 vectors of B, 1 of A) is the largest tile that does not
//! spill there; ARM's 32 take 8 × 8, and 4 × 16 pays where V8 fuses neighbouring vectors into 256 bits.

use super::Activation;
use crate::simd::F32x4;
use core::ops::Range;

/// Shape of the register tile. A packed matrix is laid out for one tile and read with that tile only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tile {
    T4x8,
    T4x16,
    T8x8,
}

impl Tile {
    pub const ALL: [Tile; 3] = [Tile::T4x8, Tile::T4x16, Tile::T8x8];

    pub fn rows(self) -> usize {
        match self {
            Tile::T4x8 | Tile::T4x16 => 4,
            Tile::T8x8 => 8,
        }
    }

    pub fn columns(self) -> usize {
        match self {
            Tile::T4x8 | Tile::T8x8 => 8,
            Tile::T4x16 => 16,
        }
    }
}

/// What one block of k does to C: first block `beta`, later ones 1; bias and activation with the last block.
#[derive(Clone, Copy)]
pub struct Epilogue {
    pub alpha: f32,
    pub beta: f32,
    /// Indexed by the column of C, or null.
    pub bias: *const f32,
    pub activation: Activation,
}

impl Epilogue {
    /// C ← A·B.
    pub const STORE: Self = Self { alpha: 1.0, beta: 0.0, bias: core::ptr::null(), activation: Activation::None };

    /// One element: the vector path's arithmetic, for edges.
    #[inline(always)]
    pub unsafe fn apply(&self, sum: f32, c: *mut f32, column: usize) {
        unsafe {
            let mut value = self.alpha * sum;
            if self.beta != 0.0 {
                value += self.beta * *c;
            }
            if !self.bias.is_null() {
                value += *self.bias.add(column);
            }
            if self.activation == Activation::Relu {
                value = value.max(0.0);
            }
            *c = value;
        }
    }
}

/// R rows of A over a block of k: row i is `data + i·step` with contiguous elements (`INTERLEAVED` false), or
/// element (i, p) is `data[p·step + i]` (true: strips packed by `pack::strip`, or Aᵀ in place).
#[derive(Clone, Copy)]
pub struct Strip {
    pub data: *const f32,
    pub step: usize,
}

/// V vectors of B over a block of k, `row` apart; neighbouring panels are `panel` apart.
#[derive(Clone, Copy)]
pub struct Panels {
    pub data: *const f32,
    pub row: usize,
    pub panel: usize,
}

/// Σ over p < k of A[0..R, p] ⊗ B[p, 0..4V].
#[inline(always)]
unsafe fn sum<const R: usize, const V: usize, const INTERLEAVED: bool>(
    k: usize,
    a: Strip,
    b: *const f32,
    b_row: usize,
) -> [[F32x4; V]; R] {
    unsafe {
        let mut sums = [[F32x4::ZERO; V]; R];
        let mut b = b;
        if INTERLEAVED {
            let mut a = a;
            for _ in 0..k {
                step::<R, V>(&mut sums, core::array::from_fn(|i| a.data.add(i)), 0, b);
                a.data = a.data.add(a.step);
                b = b.add(b_row);
            }
        } else {
            let mut rows: [*const f32; R] = core::array::from_fn(|i| a.data.add(i * a.step));
            for _ in 0..k / 4 {
                for p in 0..4 {
                    step::<R, V>(&mut sums, rows, p, b);
                    b = b.add(b_row);
                }
                rows = rows.map(|row| row.add(4));
            }
            for p in 0..k % 4 {
                step::<R, V>(&mut sums, rows, p, b);
                b = b.add(b_row);
            }
        }
        sums
    }
}

#[inline(always)]
unsafe fn step<const R: usize, const V: usize>(
    sums: &mut [[F32x4; V]; R],
    rows: [*const f32; R],
    p: usize,
    b: *const f32,
) {
    unsafe {
        let b: [F32x4; V] = core::array::from_fn(|j| F32x4::load(b.add(4 * j)));
        for i in 0..R {
            let a = F32x4::load_splat(rows[i].add(p));
            for j in 0..V {
                sums[i][j] = a.mul_add(b[j], sums[i][j]);
            }
        }
    }
}

/// C[0..R, columns] ← epilogue(A·B): one strip of A against neighbouring panels of B. `columns` are those of the whole
/// C, `c` points at row 0 and column 0 of it (the strip's first row); their count is a multiple of 4V.
///
/// # Safety
/// All addresses named by the strip, the panels, C and the bias must be valid; C overlaps none of the others.
#[inline(never)]
pub unsafe fn run<const R: usize, const V: usize, const INTERLEAVED: bool>(
    k: usize,
    a: Strip,
    mut b: Panels,
    c: *mut f32,
    c_row: usize,
    columns: Range<usize>,
    epilogue: &Epilogue,
) {
    unsafe {
        let Epilogue { alpha, beta, bias, activation } = *epilogue;
        let mut column = columns.start;
        while column < columns.end {
            let sums = sum::<R, V, INTERLEAVED>(k, a, b.data, b.row);
            let alpha = F32x4::splat(alpha);
            for i in 0..R {
                for j in 0..V {
                    let place = c.add(i * c_row + column + 4 * j);
                    let mut value = if beta == 0.0 {
                        alpha * sums[i][j]
                    } else if beta == 1.0 {
                        alpha.mul_add(sums[i][j], F32x4::load(place))
                    } else {
                        alpha.mul_add(sums[i][j], F32x4::splat(beta) * F32x4::load(place))
                    };
                    if !bias.is_null() {
                        value = value + F32x4::load(bias.add(column + 4 * j));
                    }
                    if activation == Activation::Relu {
                        value = value.max(F32x4::ZERO);
                    }
                    value.store(place);
                }
            }
            column += 4 * V;
            b.data = b.data.add(b.panel);
        }
    }
}
