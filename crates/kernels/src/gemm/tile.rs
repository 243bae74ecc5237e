//! The register tile: R rows × V vectors of C are summed over a block of k in registers, then written once.
//!
//! V8 has 15 vector registers on x86-64. Its newer releases fit 6 × 8 (12 sums, 2 vectors of B, 1 of A) into them, Node 20
//! spills there and wants 4 × 8; ARM's 32 take 8 × 8, and 4 × 16 pays where V8 fuses neighbouring vectors into 256 bits.

use crate::simd::F32x4;
use core::array::from_fn;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

/// Shape of the register tile. A packed matrix is laid out for the tile's columns and read by tiles of as many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tile {
    T4x8,
    T6x8,
    T8x8,
    T4x16,
}

impl Tile {
    pub const ALL: [Tile; 4] = [Tile::T4x8, Tile::T6x8, Tile::T8x8, Tile::T4x16];

    pub fn rows(self) -> usize {
        match self {
            Tile::T4x8 | Tile::T4x16 => 4,
            Tile::T6x8 => 6,
            Tile::T8x8 => 8,
        }
    }

    pub fn columns(self) -> usize {
        match self {
            Tile::T4x8 | Tile::T6x8 | Tile::T8x8 => 8,
            Tile::T4x16 => 16,
        }
    }
}

/// Rows of A over a block of k: row i is `data + i·step` with contiguous elements, or, interleaved, element (i, p) is
/// `data[p·step + i]` (a strip that was packed, or Aᵀ in place).
#[derive(Clone, Copy)]
pub struct Strip {
    pub data: *const f32,
    pub step: usize,
    pub interleaved: bool,
}

impl Strip {
    /// Without its first `rows` rows.
    ///
    /// # Safety
    /// The strip has as many.
    pub unsafe fn below(self, rows: usize) -> Self {
        let distance = if self.interleaved { rows } else { rows * self.step };
        Self { data: unsafe { self.data.add(distance) }, ..self }
    }
}

/// Neighbouring panels of B over a block of k: each V vectors wide, rows `row` apart, the panels `next` apart.
#[derive(Clone, Copy)]
pub struct Panels {
    pub data: *const f32,
    pub row: usize,
    pub next: usize,
}

/// The initial value of a block of k: C ← α·A·B + initial.
#[derive(Clone, Copy)]
pub enum Initial {
    Zero,
    /// C itself.
    Output,
    /// A row of biases, indexed by the column of C.
    Bias(*const f32),
}

/// A strip of A against neighbouring panels of B, by plain numbers: structures would go to a table's function through
/// memory. In order: k, A's data and step, B's data, row and next, where B is copied to, C at the strip's first row and
/// the panels' first column, the distance of its rows, the number of panels, α, and as for C what is added (null: nothing).
pub type Compiled = unsafe fn(
    usize,
    *const f32,
    usize,
    *const f32,
    usize,
    usize,
    *mut f32,
    *mut f32,
    usize,
    usize,
    f32,
    *const f32,
    usize,
);

/// C[0..R, 0..4V·panels] ← α·A·B + initial. `k` > 0. B's rows are `B_ROW` apart, or `b_row` where that is 0. With `COPY`
/// > 0, B is also written to `copy` in panels of as many vectors, one after the other.
///
/// # Safety
/// All addresses named by the strip, the panels, C and `initial` must be valid; C overlaps neither A nor B, and `initial`
/// only where it is C.
#[inline(never)]
#[allow(clippy::too_many_arguments)]
pub unsafe fn run<const R: usize, const V: usize, const INTERLEAVED: bool, const B_ROW: usize, const COPY: usize>(
    k: usize,
    a: *const f32,
    a_step: usize,
    mut b: *const f32,
    b_row: usize,
    b_next: usize,
    mut copy: *mut f32,
    mut c: *mut f32,
    c_row: usize,
    panels: usize,
    alpha: f32,
    mut initial: *const f32,
    initial_row: usize,
) {
    let a = Strip { data: a, step: a_step, interleaved: INTERLEAVED };
    for _ in 0..panels {
        unsafe {
            let sums = sum_copying::<R, V, INTERLEAVED, B_ROW, COPY>(k, a, b, b_row, copy);
            if COPY > 0 {
                copy = copy.add(4 * V * k);
            }
            if initial.is_null() {
                store(sums, alpha, None, c, c_row);
            } else {
                store(sums, alpha, Some((initial, initial_row)), c, c_row);
                initial = initial.add(4 * V);
            }
            b = b.add(b_next);
            c = c.add(4 * V);
        }
    }
}

impl Initial {
    /// Address of the first row's element in `column` and the distance of the rows.
    ///
    /// # Safety
    /// `c` points at column 0 of the row.
    #[inline(always)]
    pub unsafe fn at(self, c: *const f32, c_row: usize, column: usize) -> Option<(*const f32, usize)> {
        match self {
            Initial::Zero => None,
            Initial::Output => Some((unsafe { c.add(column) }, c_row)),
            Initial::Bias(bias) => Some((unsafe { bias.add(column) }, 0)),
        }
    }
}

/// C ← α·sums + initial, where `initial` and `c` point at the tile's first element.
///
/// # Safety
/// Both valid for R rows of V vectors.
#[inline(always)]
pub unsafe fn store<const R: usize, const V: usize>(
    sums: [[F32x4; V]; R],
    alpha: f32,
    initial: Option<(*const f32, usize)>,
    c: *mut f32,
    c_row: usize,
) {
    let alpha = F32x4::splat(alpha);
    let (mut c, c_row) = (c.expose_provenance(), 4 * c_row);
    match initial {
        None => {
            for row in sums {
                for j in 0..V {
                    unsafe { (alpha * row[j]).store(with_exposed_provenance_mut::<f32>(c).add(4 * j)) };
                }
                c += c_row;
            }
        }
        Some((initial, initial_row)) => {
            let mut initial = initial.expose_provenance();
            for row in sums {
                for j in 0..V {
                    unsafe {
                        let old = F32x4::load(with_exposed_provenance::<f32>(initial).add(4 * j));
                        alpha.mul_add(row[j], old).store(with_exposed_provenance_mut::<f32>(c).add(4 * j));
                    }
                }
                initial += 4 * initial_row;
                c += c_row;
            }
        }
    }
}

/// Σ over p < k of A[0..R, p] ⊗ B[p, 0..4V].
///
/// # Safety
/// As for `run`; `k` > 0.
#[inline(always)]
pub(crate) unsafe fn sum<const R: usize, const V: usize, const INTERLEAVED: bool, const B_ROW: usize>(
    k: usize,
    a: Strip,
    b: *const f32,
    b_row: usize,
) -> [[F32x4; V]; R] {
    unsafe { sum_copying::<R, V, INTERLEAVED, B_ROW, 0>(k, a, b, b_row, core::ptr::null_mut()) }
}

/// `sum`; with `COPY`, B's rows also go to `copy`, one after the other.
///
/// Two habits of the compilers decide the form. Pointers are carried as numbers, which keeps LLVM's loop strength
/// reduction from rewriting them, so that each load gets its constant offset. And the exits between the four steps of a
/// turn keep each step a block of its own: in one block LLVM sums one element after the other, and V8 spills.
///
/// # Safety
/// As for `run`; `k` > 0.
#[inline(always)]
unsafe fn sum_copying<
    const R: usize,
    const V: usize,
    const INTERLEAVED: bool,
    const B_ROW: usize,
    const COPY: usize,
>(
    k: usize,
    a: Strip,
    b: *const f32,
    b_row: usize,
    copy: *mut f32,
) -> [[F32x4; V]; R] {
    let mut sums = [[F32x4::ZERO; V]; R];
    let mut left = k;
    let step = 4 * a.step;
    let b_row = 4 * b_row;
    let mut b = b.expose_provenance();
    let mut copy = copy.expose_provenance();
    let mut strip = a.data.expose_provenance();
    let mut rows: [usize; R] = from_fn(|i| strip + i * step);
    macro_rules! turn {
        ($($p:literal)*) => {
            $(
                if INTERLEAVED {
                    unsafe { add_product::<R, V>(&mut sums, [strip; R], from_fn(|i| i), b, B_ROW * $p) };
                    strip += step;
                } else {
                    unsafe { add_product::<R, V>(&mut sums, rows, [$p; R], b, B_ROW * $p) };
                }
                if COPY > 0 {
                    unsafe { copy_row::<V, COPY>(b, copy, 16 * COPY * k, 4 * COPY * $p) };
                }
                if B_ROW == 0 {
                    b += b_row;
                }
                if left == $p + 1 {
                    return sums;
                }
            )*
        };
    }
    loop {
        turn!(0 1 2 3);
        left -= 4;
        rows = rows.map(|row| row + 16);
        b += 16 * B_ROW;
        copy += 64 * COPY;
    }
}

/// V vectors from byte address `from` to panels of P vectors, `next` bytes apart: from `to` + `offset` elements on.
#[inline(always)]
unsafe fn copy_row<const V: usize, const P: usize>(from: usize, to: usize, next: usize, offset: usize) {
    let from = with_exposed_provenance::<f32>(from);
    for j in 0..V {
        let to = with_exposed_provenance_mut::<f32>(to + j / P * next);
        unsafe { F32x4::load(from.add(4 * j)).store(to.add(offset + 4 * (j % P))) };
    }
}

/// One step: sums += a ⊗ b, where a's R values lie at byte address + element offset, and b's at `b` + `b_offset`.
#[inline(always)]
unsafe fn add_product<const R: usize, const V: usize>(
    sums: &mut [[F32x4; V]; R],
    a: [usize; R],
    a_offset: [usize; R],
    b: usize,
    b_offset: usize,
) {
    unsafe {
        let b = with_exposed_provenance::<f32>(b);
        let b: [F32x4; V] = from_fn(|j| F32x4::load(b.add(b_offset + 4 * j)));
        for i in 0..R {
            let a = F32x4::load_splat(with_exposed_provenance::<f32>(a[i]).add(a_offset[i]));
            for j in 0..V {
                sums[i][j] = a.mul_add(b[j], sums[i][j]);
            }
        }
    }
}
