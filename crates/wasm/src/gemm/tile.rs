//! The register tile in use, and the products' scratch.

use crate::parallel;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};
use kernels::gemm::{Tile, blocked};
use wasm_bindgen::prelude::wasm_bindgen;

static TILE: AtomicUsize = AtomicUsize::new(0);
static WORKSPACE: AtomicPtr<f32> = AtomicPtr::new(core::ptr::null_mut());

pub(crate) fn current_tile() -> Tile {
    Tile::ALL[TILE.load(Relaxed)]
}

/// Scratch of one task; tasks are never more than threads.
pub(crate) fn workspace(task: usize) -> *mut f32 {
    WORKSPACE.load(Relaxed).wrapping_add(task * blocked::WORKSPACE)
}

/// Number of scratch elements that `set_workspace` needs for this many threads.
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
/// may be changed at any time. An index out of range is ignored.
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
