//! Exports for frozen weights: products with stored matrices, what is read of them, and how they are written. `format` is the row of
//! `kernels::weights::FORMATS`; a stored matrix has rows of `width` elements, `transposed` = 1 means its transpose.

use crate::gemm::share::share;
use crate::gemm::tile::{current_tile, workspace};
use crate::parallel::{self, Shared, grain};
use kernels::gemm::{Output, Product, Right, Strided, pack as packing};
use kernels::weights::{self, FORMATS, Stored};
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

/// What `pack` would make of a stored matrix, [k, n].
#[wasm_bindgen]
pub unsafe fn pack_stored(k: usize, n: usize, format: usize, data: *const u8, transposed: u32, packed: *mut f32) {
    let b = stored(format, data, if transposed != 0 { k } else { n }, transposed);
    unsafe { packing::pack_stored(k, n, b, current_tile().columns(), packed, workspace(0)) }
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

/// y\[j, ·\] ← row index\[j\] of a matrix of rows of `width` elements, as it lies; y is [n, width].
#[wasm_bindgen]
pub unsafe fn stored_rows(format: usize, data: *const u8, width: usize, index: *const u32, y: *mut f32, n: usize) {
    let operands = Shared::new((data, index, y));
    parallel::ranges(n, grain::LAYOUT / width.max(1), 1, &|start, end| unsafe {
        let (data, index, y) = operands.get();
        weights::rows(stored(format, data, width, 0), index, y, start..end);
    });
}

/// y\[i\] ← element i of a row of `n` as float32.
#[wasm_bindgen]
pub unsafe fn stored_decode(format: usize, n: usize, data: *const u8, y: *mut f32) {
    let operands = Shared::new((data, y));
    let format = &FORMATS[format.min(FORMATS.len() - 1)];
    parallel::ranges(n, grain::MEMORY, 16, &|start, end| unsafe {
        let (data, y) = operands.get();
        (format.decode)(data, start, end - start, y.add(start));
    });
}

/// Writes `n` values as a row in a format, each as the nearest that it has, ties to even. Gives how many are finite, but
/// too large for it.
#[wasm_bindgen]
pub unsafe fn stored_encode(format: usize, n: usize, x: *const f32, data: *mut u8) -> usize {
    let operands = Shared::new((x, data));
    let format = &FORMATS[format.min(FORMATS.len() - 1)];
    let over = parallel::sum(n, grain::MEMORY, &|start, end| unsafe {
        let (x, data) = operands.get();
        (format.encode)(x.add(start), end - start, data.add((format.bytes)(start))) as f64
    });
    over as usize
}
