//! The skinny products of a LoRA layer (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models").
//!
//! Forward: u = x·A, y ← y + s·u·B. With g = ∂L/∂y the gradients are
//! gu = s·g·Bᵀ, ∂A = xᵀ·gu, ∂B = s·uᵀ·g, ∂x ← ∂x + gu·Aᵀ.
//!
//! x is [t, in], A [in, rank], u and gu [t, rank], B [rank, out], y and g [t, out]; all row-major. Nothing overlaps.
//!
//! Forward, a row's bits depend on neither t nor its place: rows of several adapters, each with a call of its own, give
//! what they give together or alone.

use super::{Output, Product, Right, Strided, Tile, multiply};
use core::ops::Range;

/// Rows that a product is said to have, so that each is summed as in a long one, however many there are.
const LONG: usize = 1 << 30;

/// Sizes and the operands that both directions read.
#[derive(Clone, Copy)]
pub struct Layer {
    pub t: usize,
    pub in_features: usize,
    pub out_features: usize,
    pub rank: usize,
    pub scaling: f32,
    pub x: Strided,
    /// A, [in, rank]
    pub a: *const f32,
    /// B, [rank, out]
    pub b: *const f32,
}

// Tasks write disjoint ranges and only read the operands.
unsafe impl Send for Layer {}
unsafe impl Sync for Layer {}

impl Layer {
    fn a(&self) -> Strided {
        Strided::rows(self.a, self.rank)
    }

    fn b(&self) -> Strided {
        Strided::rows(self.b, self.out_features)
    }

    /// u[rows] ← x·A, then y[rows] += s·u·B.
    ///
    /// # Safety
    /// As for `multiply`; `u` is [t, rank], `y` has rows `y_row` apart.
    pub unsafe fn forward(
        &self,
        rows: Range<usize>,
        u: *mut f32,
        y: *mut f32,
        y_row: usize,
        tile: Tile,
        workspace: *mut f32,
    ) {
        let Self { in_features, out_features, rank, scaling, x, .. } = *self;
        let down = Product {
            m: LONG,
            n: rank,
            k: in_features,
            a: x,
            b: Right::Strided(self.a()),
            c: Output::new(u, rank, 1.0, 0.0),
        };
        let up = Product {
            m: LONG,
            n: out_features,
            k: rank,
            a: Strided::rows(u, rank),
            b: Right::Strided(self.b()),
            c: Output::new(y, y_row, scaling, 1.0),
        };
        debug_assert!(rows.end <= self.t);
        unsafe {
            multiply_rows(&down, tile, rows.clone(), workspace);
            multiply_rows(&up, tile, rows, workspace);
        }
    }

    /// gu[rows] ← s·g·Bᵀ, then, unless `grad_x` is null, ∂x[rows] += gu·Aᵀ.
    ///
    /// # Safety
    /// As for `multiply`; `gu` is [t, rank], `grad_x` has rows `grad_x_row` apart.
    #[allow(clippy::too_many_arguments)]
    pub unsafe fn backward_rows(
        &self,
        rows: Range<usize>,
        g: Strided,
        gu: *mut f32,
        grad_x: *mut f32,
        grad_x_row: usize,
        tile: Tile,
        workspace: *mut f32,
    ) {
        let Self { t, in_features, out_features, rank, scaling, .. } = *self;
        let inner = Product {
            m: t,
            n: rank,
            k: out_features,
            a: g,
            b: Right::Strided(self.b().transposed()),
            c: Output::new(gu, rank, scaling, 0.0),
        };
        let outer = Product {
            m: t,
            n: in_features,
            k: rank,
            a: Strided::rows(gu, rank),
            b: Right::Strided(self.a().transposed()),
            c: Output::new(grad_x, grad_x_row, 1.0, 1.0),
        };
        unsafe {
            multiply(&inner, tile, rows.clone(), 0..rank, workspace);
            if !grad_x.is_null() {
                multiply(&outer, tile, rows, 0..in_features, workspace);
            }
        }
    }

    /// ∂A[rows] ← xᵀ·gu, or += where `accumulate`; rows are input features.
    ///
    /// # Safety
    /// As for `multiply`; `grad_a` is [in, rank].
    pub unsafe fn backward_a(
        &self,
        rows: Range<usize>,
        gu: *const f32,
        grad_a: *mut f32,
        accumulate: bool,
        tile: Tile,
        workspace: *mut f32,
    ) {
        let Self { t, in_features, rank, x, .. } = *self;
        let product = Product {
            m: in_features,
            n: rank,
            k: t,
            a: x.transposed(),
            b: Right::Strided(Strided::rows(gu, rank)),
            c: Output::new(grad_a, rank, 1.0, if accumulate { 1.0 } else { 0.0 }),
        };
        unsafe { multiply(&product, tile, rows, 0..rank, workspace) }
    }

    /// ∂B[.., columns] ← s·uᵀ·g, or += where `accumulate`; columns are output features.
    ///
    /// # Safety
    /// As for `multiply`; `grad_b` is [rank, out], `u` is [t, rank].
    #[allow(clippy::too_many_arguments)]
    pub unsafe fn backward_b(
        &self,
        columns: Range<usize>,
        u: *const f32,
        g: Strided,
        grad_b: *mut f32,
        accumulate: bool,
        tile: Tile,
        workspace: *mut f32,
    ) {
        let Self { t, out_features, rank, scaling, .. } = *self;
        let product = Product {
            m: rank,
            n: out_features,
            k: t,
            a: Strided::rows(u, rank).transposed(),
            b: Right::Strided(g),
            c: Output::new(grad_b, out_features, scaling, if accumulate { 1.0 } else { 0.0 }),
        };
        unsafe { multiply(&product, tile, 0..rank, columns, workspace) }
    }
}

/// C[rows] ← α·A·B + β·C, summed row by row in one order; A's rows are contiguous.
///
/// # Safety
/// As for `multiply`.
unsafe fn multiply_rows(product: &Product, tile: Tile, rows: Range<usize>, workspace: *mut f32) {
    let Product { n, k, a, b, c, .. } = *product;
    match b {
        // A column of results is a row of the transposed product, as in `multiply`: whole vectors of them, then one by one.
        Right::Strided(b) if n == 1 && c.row == 1 => unsafe {
            let whole = rows.start..rows.end - rows.len() % 4;
            let transposed = |n, rows: Strided, c| Product {
                m: 1,
                n,
                k,
                a: b.transposed(),
                b: Right::Strided(rows.transposed()),
                c,
            };
            multiply(&transposed(whole.end, a, c), tile, 0..1, whole.clone(), workspace);
            for row in whole.end..rows.end {
                let same = Strided { data: a.at(row, 0), row: 0, column: a.column };
                let mut lanes = [0.0; 4];
                lanes[0] = if c.beta == 0.0 { 0.0 } else { *c.data.add(row) };
                let once = transposed(4, same, Output { data: lanes.as_mut_ptr(), ..c });
                multiply(&once, tile, 0..1, 0..4, workspace);
                *c.data.add(row) = lanes[0];
            }
        },
        _ => unsafe { multiply(product, tile, rows, 0..n, workspace) },
    }
}
