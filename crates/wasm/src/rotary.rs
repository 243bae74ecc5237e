//! Exports of `kernels::rotary`. x, y, g and dx are `[rows, columns]`, cos and sin `[rows, pairs]`.

use crate::parallel::{self, Shared, grain};
use kernels::rotary::Rotary;
use wasm_bindgen::prelude::wasm_bindgen;

/// y ← x with pairs of features of its first `heads` heads rotated; with `back` by the opposite angles, for the
/// gradient.
///
/// # Safety
/// As [`Rotary::rows`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn rotary(
    x: *const f32,
    cos: *const f32,
    sin: *const f32,
    y: *mut f32,
    rows: usize,
    columns: usize,
    heads: usize,
    head_dim: usize,
    pairs: usize,
    interleaved: u32,
    back: u32,
    accumulate: u32,
) {
    let (interleaved, back) = (interleaved != 0, back != 0);
    let op = Shared::new(Rotary { columns, heads, head_dim, pairs, interleaved, back });
    let (operands, y) = (Shared::new((x, cos, sin)), Shared::new(y));
    parallel::ranges(rows, grain::BINARY / columns.max(1), 1, &|start, end| unsafe {
        op.get().rows(operands.get(), y.get(), accumulate != 0, (start, end));
    });
}
