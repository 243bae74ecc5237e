//! The skinny products of a LoRA layer and their gradients.

use super::share::cut;
use super::tile::{current_tile, workspace};
use crate::parallel::{self, Shared, grain};
use kernels::gemm::Strided;
use kernels::gemm::lora::Layer;
use wasm_bindgen::prelude::wasm_bindgen;

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

/// Arguments of `lora_forward`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct LoraForward {
    pub t: usize,
    pub in_features: usize,
    pub out_features: usize,
    pub rank: usize,
    pub scaling: f32,
    pub x: *const f32,
    pub x_row: usize,
    pub a: *const f32,
    pub b: *const f32,
    pub u: *mut f32,
    pub y: *mut f32,
    pub y_row: usize,
}

#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<LoraForward>() == 12 * 4);

impl LoraForward {
    fn products(&self) -> usize {
        self.t.saturating_mul(self.in_features.saturating_add(self.out_features)).saturating_mul(self.rank)
    }

    unsafe fn run(&self, task: usize) {
        let Self { t, in_features, out_features, rank, scaling, x, x_row, a, b, u, y, y_row } = *self;
        let layer = Layer { t, in_features, out_features, rank, scaling, x: Strided::rows(x, x_row), a, b };
        unsafe { layer.forward(0..t, u, y, y_row, current_tile(), workspace(task)) }
    }
}

/// Forward pass of several adapters on few rows each, a [`LoraForward`] each in a table; threads share the adapters out. No two write
/// to the same place.
#[wasm_bindgen]
pub unsafe fn lora_forward_each(count: usize, table: *const u32) {
    let table = Shared::new(table as *const LoraForward);
    let products = (0..count).fold(0usize, |sum, i| sum.saturating_add(unsafe { (*table.get().add(i)).products() }));
    let tasks = if products < grain::PRODUCT { 1 } else { parallel::threads().min(count) };
    parallel::run(tasks, &|task| {
        for i in task * count / tasks..(task + 1) * count / tasks {
            unsafe { (*table.get().add(i)).run(task) };
        }
    });
}

/// Elements of scratch that `lora_backward` needs.
#[wasm_bindgen]
pub fn lora_scratch_len(t: usize, _in_features: usize, _out_features: usize, rank: usize) -> usize {
    t * rank
}

/// Gradient of an adapter. With g = ∂L/∂y, [t, out], rows `g_row` apart: gu = s·g·Bᵀ (into `scratch`), ∂A = xᵀ·gu, ∂B = s·uᵀ·g, ∂x += gu·Aᵀ.
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
