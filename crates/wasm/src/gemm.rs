//! Matrix products. Strides count elements; a null pointer stands for "none". The register tile and the workspace are
//! set once, before anything is packed or multiplied.

use crate::parallel;
use core::ops::Range;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};
use kernels::gemm::lora::Layer;
use kernels::gemm::{
    Activation, Output, Product, Right, Strided, Tile, blocked, multiply, pack as packing, peak as measure,
};
use wasm_bindgen::prelude::wasm_bindgen;

static TILE: AtomicUsize = AtomicUsize::new(0);
static WORKSPACE: AtomicPtr<f32> = AtomicPtr::new(core::ptr::null_mut());

/// Products below this many multiplications stay on one thread: waking another costs as much.
const SHARE_FROM: usize = 1 << 17;

pub(crate) fn current_tile() -> Tile {
    Tile::ALL[TILE.load(Relaxed)]
}

/// Scratch of one task; tasks are never more than threads.
pub(crate) fn workspace(task: usize) -> *mut f32 {
    WORKSPACE.load(Relaxed).wrapping_add(task * blocked::WORKSPACE)
}

/// Scratch elements that `set_workspace` must be given for this many threads.
#[wasm_bindgen]
pub fn workspace_len(threads: usize) -> usize {
    threads * blocked::WORKSPACE
}

/// Hands over scratch of `length` ≥ `workspace_len(threads)` elements, kept until the next call. Returns whether it is
/// long enough for the threads there are.
#[wasm_bindgen]
pub unsafe fn set_workspace(data: *mut f32, length: usize) -> bool {
    WORKSPACE.store(data, Relaxed);
    length >= workspace_len(parallel::threads())
}

/// Number of compiled register tiles.
#[wasm_bindgen]
pub fn tile_count() -> usize {
    Tile::ALL.len()
}

/// Index of the tile in use.
#[wasm_bindgen]
pub fn tile() -> usize {
    TILE.load(Relaxed)
}

/// Chooses the tile. What was packed before stays readable by tiles of as many columns, and only by those, so the rows
/// may be chosen anew at any time. An index out of range is ignored.
#[wasm_bindgen]
pub fn set_tile(index: usize) {
    if index < Tile::ALL.len() {
        TILE.store(index, Relaxed);
    }
}

/// Rows of a tile, 0 for an index out of range.
#[wasm_bindgen]
pub fn tile_rows(index: usize) -> usize {
    Tile::ALL.get(index).map_or(0, |tile| tile.rows())
}

/// Columns of a tile, 0 for an index out of range.
#[wasm_bindgen]
pub fn tile_columns(index: usize) -> usize {
    Tile::ALL.get(index).map_or(0, |tile| tile.columns())
}

/// Elements of scratch that `probe_tile` needs.
#[wasm_bindgen]
pub fn probe_len() -> usize {
    measure::PROBE_SCRATCH
}

/// Runs a tile `iterations` times over first-level cache: 2·rows·columns·256 operations each. `scratch` holds
/// `probe_len()` finite elements; the last 128 are overwritten.
#[wasm_bindgen]
pub unsafe fn probe_tile(index: usize, iterations: usize, scratch: *mut f32) {
    if let Some(&tile) = Tile::ALL.get(index) {
        unsafe { measure::probe(tile, iterations, scratch) }
    }
}

/// Forms of `peak`; which gives most depends on the processor and the engine.
#[wasm_bindgen]
pub fn peak_forms() -> usize {
    measure::PEAK_ROWS.len()
}

/// Operations of one iteration of a form of `peak`.
#[wasm_bindgen]
pub fn peak_flops(form: usize) -> usize {
    measure::peak_flops(form)
}

/// Elements that `peak` works on.
#[wasm_bindgen]
pub fn peak_len() -> usize {
    measure::PEAK_SCRATCH
}

/// The machine's best: independent multiply-adds in registers, in one of `peak_forms()` forms. `data` holds `peak_len()`
/// finite elements, of which the first four are overwritten.
#[wasm_bindgen]
pub unsafe fn peak(form: usize, iterations: usize, data: *mut f32) {
    unsafe { measure::peak(form, iterations, data) }
}

pub(crate) fn activation_of(code: u32) -> Activation {
    if code == 1 { Activation::Relu } else { Activation::None }
}

/// Runs a product on one thread or on all: cut by columns (B is then packed once in all) or, where those are few, by rows.
/// The cut depends on the tile, which is chosen by time; `multiply` sees to it that no cut changes a bit.
pub(crate) unsafe fn share(product: &Product) {
    let Product { m, n, k, .. } = *product;
    let tile = current_tile();
    let threads = parallel::threads();
    let part = |rows: Range<usize>, columns: Range<usize>, task: usize| unsafe {
        multiply(product, tile, rows, columns, workspace(task));
    };
    if threads == 1 || m.saturating_mul(n).saturating_mul(k) < SHARE_FROM {
        return part(0..m, 0..n, 0);
    }
    let by_columns = n >= threads * 4 * tile.columns();
    let (length, align) = if by_columns { (n, tile.columns()) } else { (m, blocked::PART_ROWS) };
    let size = length.div_ceil(threads).next_multiple_of(align);
    parallel::run(length.div_ceil(size), &|task| {
        let range = task * size..length.min((task + 1) * size);
        if by_columns { part(0..m, range, task) } else { part(range, 0..n, task) }
    });
}

/// C ← f(α·A·B + β·C + bias): A [m, k], B [k, n], C [m, n] with contiguous rows `c_row` apart. A·Bᵀ and Aᵀ·B by strides.
/// `bias` is [n] or null; `activation` 0 none, 1 max(x, 0). C overlaps no operand. With β = 0, C is not read.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm(
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    b: *const f32,
    b_row: usize,
    b_col: usize,
    beta: f32,
    c: *mut f32,
    c_row: usize,
    bias: *const f32,
    activation: u32,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let b = Right::Strided(Strided { data: b, row: b_row, column: b_col });
    let c = Output { data: c, row: c_row, alpha, beta, bias, activation: activation_of(activation) };
    unsafe { share(&Product { m, n, k, a, b, c }) }
}

/// `batch` products C ← α·A·B + β·C, whose operands are `a_batch`, `b_batch` (0 = the same for all) and `c_batch`
/// elements apart. Shapes, strides and aliasing as for `gemm`; the C's don't overlap.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_batched(
    batch: usize,
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    a_batch: usize,
    b: *const f32,
    b_row: usize,
    b_col: usize,
    b_batch: usize,
    beta: f32,
    c: *mut f32,
    c_row: usize,
    c_batch: usize,
) {
    let (a, b, c) = (a as usize, b as usize, c as usize);
    let product = |i: usize| Product {
        m,
        n,
        k,
        a: Strided { data: (a as *const f32).wrapping_add(i * a_batch), row: a_row, column: a_col },
        b: Right::Strided(Strided { data: (b as *const f32).wrapping_add(i * b_batch), row: b_row, column: b_col }),
        c: Output::new((c as *mut f32).wrapping_add(i * c_batch), c_row, alpha, beta),
    };
    let threads = parallel::threads();
    if batch < threads {
        for i in 0..batch {
            unsafe { share(&product(i)) }
        }
        return;
    }
    let small = batch.saturating_mul(m).saturating_mul(n).saturating_mul(k) < SHARE_FROM;
    let tasks = if small { 1 } else { threads };
    let tile = current_tile();
    parallel::run(tasks, &|task| {
        for i in task * batch / tasks..(task + 1) * batch / tasks {
            unsafe { multiply(&product(i), tile, 0..m, 0..n, workspace(task)) }
        }
    });
}

/// Elements of a packed [k, n] matrix.
#[wasm_bindgen]
pub fn packed_len(k: usize, n: usize) -> usize {
    packing::packed_len(k, n)
}

/// Copies B, [k, n], into the order in which the tile in use reads it: `packed_len(k, n)` elements. Wᵀ by strides.
#[wasm_bindgen]
pub unsafe fn pack(k: usize, n: usize, b: *const f32, b_row: usize, b_col: usize, packed: *mut f32) {
    let b = Strided { data: b, row: b_row, column: b_col };
    unsafe { packing::pack(k, n, b, current_tile().columns(), packed) }
}

/// `gemm` with B as `pack(k, n, …)` wrote it under a tile of as many columns.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_packed(
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    packed: *const f32,
    beta: f32,
    c: *mut f32,
    c_row: usize,
    bias: *const f32,
    activation: u32,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let c = Output { data: c, row: c_row, alpha, beta, bias, activation: activation_of(activation) };
    unsafe { share(&Product { m, n, k, a, b: Right::Packed(packed), c }) }
}

/// C ← α·A·Wᵀ + β·C from the one packed copy of W, [n, k], that `pack(n, k, …)` wrote: A is [m, k], C [m, n].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_packed_transposed(
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    packed: *const f32,
    beta: f32,
    c: *mut f32,
    c_row: usize,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let b = Right::PackedTransposed { packed, width: k };
    unsafe { share(&Product { m, n, k, a, b, c: Output::new(c, c_row, alpha, beta) }) }
}

/// u ← x·A, y ← y + s·u·B. x [t, in], A [in, rank], B [rank, out], u [t, rank] (kept for the gradient), y [t, out];
/// x and y with rows `x_row`, `y_row` apart, the others dense. Nothing overlaps.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn lora_forward(
    t: usize,
    in_features: usize,
    out_features: usize,
    rank: usize,
    scaling: f32,
    x: *const f32,
    x_row: usize,
    a: *const f32,
    b: *const f32,
    u: *mut f32,
    y: *mut f32,
    y_row: usize,
) {
    let layer = Layer { t, in_features, out_features, rank, scaling, x: Strided::rows(x, x_row), a, b };
    let (u, y) = (u as usize, y as usize);
    cut(t, in_features + out_features, rank, |rows, task| unsafe {
        layer.forward(rows, u as *mut f32, y as *mut f32, y_row, current_tile(), workspace(task));
    });
}

/// Elements of scratch that `lora_backward` needs.
#[wasm_bindgen]
pub fn lora_scratch_len(t: usize, _in_features: usize, _out_features: usize, rank: usize) -> usize {
    t * rank
}

/// With g = ∂L/∂y, [t, out], rows `g_row` apart: gu = s·g·Bᵀ (into `scratch`), ∂A = xᵀ·gu, ∂B = s·uᵀ·g, ∂x += gu·Aᵀ.
/// A null `grad_a`, `grad_b` or `grad_x` is not wanted; `accumulate_…` = 1 adds to what is there, 0 writes every
/// element without reading. Operands as in `lora_forward`; `grad_a` [in, rank], `grad_b` [rank, out], `grad_x` [t, in].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn lora_backward(
    t: usize,
    in_features: usize,
    out_features: usize,
    rank: usize,
    scaling: f32,
    x: *const f32,
    x_row: usize,
    u: *const f32,
    g: *const f32,
    g_row: usize,
    a: *const f32,
    b: *const f32,
    grad_a: *mut f32,
    accumulate_a: u32,
    grad_b: *mut f32,
    accumulate_b: u32,
    grad_x: *mut f32,
    grad_x_row: usize,
    scratch: *mut f32,
) {
    let layer = Layer { t, in_features, out_features, rank, scaling, x: Strided::rows(x, x_row), a, b };
    let (u, g, gu) = (u as usize, g as usize, scratch as usize);
    let (grad_a, grad_b, grad_x) = (grad_a as usize, grad_b as usize, grad_x as usize);
    let gradient = move || Strided::rows(g as *const f32, g_row);
    let tile = current_tile();
    if grad_a != 0 || grad_x != 0 {
        cut(t, in_features + out_features, rank, |rows, task| unsafe {
            layer.backward_rows(
                rows,
                gradient(),
                gu as *mut f32,
                grad_x as *mut f32,
                grad_x_row,
                tile,
                workspace(task),
            );
        });
    }
    if grad_a != 0 {
        cut(in_features, t, rank, |rows, task| unsafe {
            layer.backward_a(rows, gu as *const f32, grad_a as *mut f32, accumulate_a != 0, tile, workspace(task));
        });
    }
    if grad_b != 0 {
        cut(out_features, t, rank, |columns, task| unsafe {
            layer.backward_b(
                columns,
                u as *const f32,
                gradient(),
                grad_b as *mut f32,
                accumulate_b != 0,
                tile,
                workspace(task),
            );
        });
    }
}

/// Cuts `0..length` over the threads where length·depth·rank multiplications are worth it.
fn cut(length: usize, depth: usize, rank: usize, body: impl Fn(Range<usize>, usize) + Sync) {
    let small = length.saturating_mul(depth).saturating_mul(rank) < SHARE_FROM;
    let tasks = if small { 1 } else { parallel::threads() };
    let size = length.div_ceil(tasks).next_multiple_of(16).max(1);
    parallel::run(length.div_ceil(size), &|task| body(task * size..length.min((task + 1) * size), task));
}
