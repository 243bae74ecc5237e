//! The skinny products of a LoRA layer (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models").
//!
//! Forward: u = x·A, y ← y + s·u·B. With g = ∂L/∂y the gradients are
//! gu = s·g·Bᵀ, ∂A = xᵀ·gu, ∂B = s·uᵀ·g, ∂x ← ∂x + gu·Aᵀ.
//!
//! x is [t, in], A [in, rank], u and gu [t, rank], B [rank, out], y and g [t, out]; all row-major. Nothing overlaps.

use super::{Output, Product, Right, Strided, Tile, multiply};
use core::ops::Range;

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
        let Self { t, in_features, out_features, rank, scaling, x, .. } = *self;
        let down = Product {
            m: t,
            n: rank,
            k: in_features,
            a: x,
            b: Right::Strided(self.a()),
            c: Output::new(u, rank, 1.0, 0.0),
        };
        let up = Product {
            m: t,
            n: out_features,
            k: rank,
            a: Strided::rows(u, rank),
            b: Right::Strided(self.b()),
            c: Output::new(y, y_row, scaling, 1.0),
        };
        unsafe {
            multiply(&down, tile, rows.clone(), 0..rank, workspace);
            multiply(&up, tile, rows, 0..out_features, workspace);
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
