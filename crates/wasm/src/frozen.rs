//! Exports for frozen weights: products with stored matrices, what is read of them, and how they are written. `format` is the row of
//! `kernels::weights::FORMATS`; a stored matrix has rows of `width` elements, `transposed` = 1 means its transpose.

use crate::gemm::share::share;
use crate::gemm::tile::{current_tile, workspace};
use crate::parallel::{self, Shared, grain};
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
use kernels::gemm::{Output, Product, Right, Strided, pack as packing, stored as stored_packing};
use kernels::weights::interleaved::interleave;
use kernels::weights::low_rank::{self, LowRank};
use kernels::weights::rounded::{self, Instruction};
use kernels::weights::{self, FORMATS, Format, GROUP, Stored};
use wasm_bindgen::prelude::wasm_bindgen;

fn stored(format: usize, data: *const u8, width: usize, transposed: u32) -> Stored {
    Stored { format: &FORMATS[format.min(FORMATS.len() - 1)], data, width, transposed: transposed != 0 }
}

/// Bytes of a row of `width` elements.
#[wasm_bindgen]
pub fn stored_bytes(format: usize, width: usize) -> usize {
    FORMATS.get(format).map_or(0, |format| (format.bytes)(width))
}

/// C ← α·A·W + β·C + bias with a stored W, [k, n], equal to the bit to `gemm_packed` of its values. Rows of `width` = n
/// elements; with `transposed` W lies as [n, k] and `width` = k. All else as for `gemm`.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_stored(
    m: usize,
    n: usize,
    k: usize,
    alpha: f32,
    a: *const f32,
    a_row: usize,
    a_col: usize,
    format: usize,
    data: *const u8,
    transposed: u32,
    beta: f32,
    c: *mut f32,
    c_row: usize,
    bias: *const f32,
) {
    let a = Strided { data: a, row: a_row, column: a_col };
    let b = Right::Stored(stored(format, data, if transposed != 0 { k } else { n }, transposed));
    let c = Output { data: c, row: c_row, alpha, beta, bias };
    unsafe { share(&Product { m, n, k, a, b, c }) }
}

/// The result of `pack` for a stored matrix, [k, n].
#[wasm_bindgen]
pub unsafe fn pack_stored(k: usize, n: usize, format: usize, data: *const u8, transposed: u32, packed: *mut f32) {
    let b = stored(format, data, if transposed != 0 { k } else { n }, transposed);
    unsafe { stored_packing::pack(k, n, b, current_tile().columns(), packed, workspace(0)) }
}

/// Columns `start..end` of what `pack(k, n, …)` wrote, as [k, end − start].
#[wasm_bindgen]
pub unsafe fn unpack(k: usize, n: usize, packed: *const f32, start: usize, end: usize, to: *mut f32) {
    unsafe { packing::unpack(k, n, packed, current_tile().columns(), start..end, to) }
}

/// Columns `start..end` of a stored matrix, [k, n], as [k, end − start].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn stored_columns(
    k: usize,
    n: usize,
    format: usize,
    data: *const u8,
    transposed: u32,
    start: usize,
    end: usize,
    to: *mut f32,
) {
    let matrix = stored(format, data, if transposed != 0 { k } else { n }, transposed);
    unsafe { weights::columns(matrix, k, start..end, to) }
}

/// y\[j, ·\] ← row index\[j\] of a stored matrix with rows of `width` elements; y is [n, width].
#[wasm_bindgen]
pub unsafe fn stored_rows(format: usize, data: *const u8, width: usize, index: *const u32, y: *mut f32, n: usize) {
    let operands = Shared::new((data, index, y));
    parallel::ranges(n, grain::LAYOUT / width.max(1), 1, &|start, end| unsafe {
        let (data, index, y) = operands.get();
        weights::rows(stored(format, data, width, 0), index, y, start..end);
    });
}

/// Rows of `width` elements in one format become rows in another, which is in groups of 32; see
/// `kernels::weights::quantize`.
#[wasm_bindgen]
pub unsafe fn quantize_rows(from: usize, data: *const u8, width: usize, rows: usize, format: usize, to: *mut u8) {
    let operands = Shared::new((data, to));
    parallel::ranges(rows, grain::LAYOUT / 16 / width.max(1), 1, &|start, end| unsafe {
        let (data, to) = operands.get();
        let [from, format] = [from, format].map(|format| &FORMATS[format.min(FORMATS.len() - 1)]);
        weights::quantize(from, data, width, start..end, format, to);
    });
}

/// Bytes of a row of `width` elements as `round_rows` writes it.
#[wasm_bindgen]
pub fn rounded_bytes(width: usize) -> usize {
    rounded::rounded_bytes(width)
}

/// x, [rows, width], in groups of 32 bytes for products with a format; see `kernels::weights::rounded`.
#[wasm_bindgen]
pub unsafe fn round_rows(x: *const f32, width: usize, rows: usize, format: usize, to: *mut u8) {
    let operands = Shared::new((x, to));
    parallel::ranges(rows, grain::LAYOUT / 2 / width.max(1), 1, &|start, end| unsafe {
        let (x, to) = operands.get();
        rounded::round(x, width, rows, start..end, &FORMATS[format.min(FORMATS.len() - 1)], to);
    });
}

/// y ← x·W + bias, [m, n], with x as `round_rows` wrote it and W stored as its transpose, [n, k], in blocks of groups.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm_rounded(
    m: usize,
    n: usize,
    k: usize,
    x: *const u8,
    format: usize,
    data: *const u8,
    bias: *const f32,
    y: *mut f32,
) {
    let by = instruction();
    let operands = Shared::new((x, data, bias, y));
    // Each multiplication is a fraction of what it is otherwise.
    let grain = grain::PRODUCT.div_ceil((m * k).max(1)).next_multiple_of(rounded::STEP);
    parallel::ranges(n, grain, rounded::STEP, &|start, end| unsafe {
        let (x, data, bias, y) = operands.get();
        rounded::times(by, x, m, stored(format, data, k, 1), n, bias, y, start..end);
    });
}

/// Which of them, found out before the first product.
fn instruction() -> Instruction {
    static FASTEST: AtomicU8 = AtomicU8::new(UNKNOWN);
    const UNKNOWN: u8 = u8::MAX;
    if FASTEST.load(Relaxed) == UNKNOWN {
        FASTEST.store(rounded::fastest() as u8, Relaxed);
    }
    Instruction::ALL[usize::from(FASTEST.load(Relaxed)) % Instruction::ALL.len()]
}

/// Rows `0..rows` of a format in groups, contiguous, become interleaved blocks of four; with `back`, blocks become
/// groups. In place: `data` has room for whole blocks, `scratch` for one.
#[wasm_bindgen]
pub unsafe fn interleave_rows(format: usize, width: usize, rows: usize, data: *mut u8, scratch: *mut u8, back: u32) {
    let row = stored_bytes(format, width);
    let group = stored_bytes(format, GROUP);
    unsafe { interleave(group, row / group.max(1), rows, data, scratch, back != 0) }
}

/// y\[i\] ← element i of a row of `n` as float32.
#[wasm_bindgen]
pub unsafe fn stored_decode(format: usize, n: usize, data: *const u8, y: *mut f32) {
    let operands = Shared::new((data, y));
    let format = &FORMATS[format.min(FORMATS.len() - 1)];
    parallel::ranges(n, grain::MEMORY, 16, &|start, end| unsafe {
        let (data, y) = operands.get();
        (format.decode)(data, 0, start, end - start, y.add(start));
    });
}

/// Writes `n` values as a row in a format, each as the nearest that it has, ties to even. Gives how many are finite, but
/// too large for it; all of them where its elements stand in groups.
#[wasm_bindgen]
pub unsafe fn stored_encode(format: usize, n: usize, x: *const f32, data: *mut u8) -> usize {
    let operands = Shared::new((x, data));
    let Format { bytes, encode: Some(encode), .. } = FORMATS[format.min(FORMATS.len() - 1)] else { return n };
    let over = parallel::sum(n, grain::MEMORY, &|start, end| unsafe {
        let (x, data) = operands.get();
        encode(x.add(start), end - start, data.add(bytes(start))) as f64
    });
    over as usize
}

/// W ← W + α·L·R in W's own format, one whose elements stand by themselves; W [rows, columns], L [rows, rank], R [rank, columns] in
/// panels (`kernels::weights::low_rank`). Gives how many values are finite, but too large for it.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn stored_add_low_rank(
    format: usize,
    rows: usize,
    columns: usize,
    rank: usize,
    alpha: f32,
    left: *const f32,
    panels: *const f32,
    data: *mut u8,
) -> usize {
    let operands = Shared::new((left, panels, data));
    let strips = rows.div_ceil(low_rank::ROWS);
    let over = parallel::sum(strips, grain::MEMORY / (low_rank::ROWS * columns).max(1), &|start, end| unsafe {
        let (left, panels, data) = operands.get();
        let rows = start * low_rank::ROWS..rows.min(end * low_rank::ROWS);
        low_rank::add(format, data, columns, LowRank { left, panels, rank, alpha }, rows) as f64
    });
    over as usize
}
