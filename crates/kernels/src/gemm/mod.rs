//! Matrix product C ← α·A·B + β·C, and what is built from it: batches, frozen weights packed ahead of use, LoRA.
//!
//! Goto's scheme (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008), cut down to what a
//! wasm engine rewards: B is copied panel by panel into a buffer that stays in the first-level cache, A is read in place
//! where its rows are contiguous, and a register tile of R × 4V results runs over both.
//!
//! | file | holds |
//! |---|---|
//! | `tile`, `select` | the register tile, and the choice among the compiled ones |
//! | `pack` | panels of B, strips of A, and the layout of a packed matrix |
//! | `stored` | panels of matrices in other formats |
//! | `blocked`, `source` | the loops over blocks, and where the panels come from |
//! | `output` | scaling of C, bias, right edges |
//! | `rows` | products with one to three rows |
//! | `lora` | the skinny products of a LoRA layer and its gradients |
//! | `peak` | what the machine could do at best, and what each tile does |

// Rows and columns are counted, as in the formulas; most loops walk several arrays at once.
#![allow(clippy::needless_range_loop)]

pub mod blocked;
pub mod lora;
mod output;
pub mod pack;
pub mod peak;
mod rows;
mod select;
mod source;
pub mod stored;
pub mod tile;

pub use blocked::multiply;
pub use tile::Tile;

use crate::weights::Stored;

/// A read-only matrix: element (i, j) is `data[i·row + j·column]`. Swapping the strides transposes it.
#[derive(Clone, Copy)]
pub struct Strided {
    pub data: *const f32,
    pub row: usize,
    pub column: usize,
}

impl Strided {
    /// Rows of contiguous elements, `row` elements apart.
    pub fn rows(data: *const f32, row: usize) -> Self {
        Self { data, row, column: 1 }
    }

    /// The transpose, without moving anything.
    pub fn transposed(self) -> Self {
        Self { data: self.data, row: self.column, column: self.row }
    }

    /// Address of element (i, j).
    ///
    /// # Safety
    /// The element must lie within the matrix or one past its end.
    #[inline(always)]
    pub unsafe fn at(self, i: usize, j: usize) -> *const f32 {
        unsafe { self.data.add(i * self.row + j * self.column) }
    }
}

/// The right operand: as it lies in memory, or copied ahead of use by `pack::pack`.
#[derive(Clone, Copy)]
pub enum Right {
    Strided(Strided),
    /// `B` as `pack::pack` wrote it for the same tile.
    Packed(*const f32),
    /// The product wants Bᵀ, and this is the packed `B`, of which each row had `width` columns.
    PackedTransposed {
        packed: *const f32,
        width: usize,
    },
    /// A matrix in another format, decoded while its panels are packed. The product is that of the packed float32 matrix,
    /// to the bit.
    Stored(Stored),
}

/// Where results go and what happens to them on the way: C ← α·(A·B) + β·C + bias.
#[derive(Clone, Copy)]
pub struct Output {
    /// Rows of contiguous elements, `row` apart.
    pub data: *mut f32,
    pub row: usize,
    pub alpha: f32,
    /// With 0, C is not read: it may hold anything, NaN included.
    pub beta: f32,
    /// One value a column, or null.
    pub bias: *const f32,
}

impl Output {
    /// C ← α·A·B + β·C without bias.
    pub fn new(data: *mut f32, row: usize, alpha: f32, beta: f32) -> Self {
        Self { data, row, alpha, beta, bias: core::ptr::null() }
    }
}

/// One product: `a` is [m, k], `b` is [k, n], the output [m, n]. The output overlaps neither operand nor bias.
#[derive(Clone, Copy)]
pub struct Product {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: Strided,
    pub b: Right,
    pub c: Output,
}

// Tasks write disjoint ranges of C and only read the rest.
unsafe impl Send for Product {}
unsafe impl Sync for Product {}
