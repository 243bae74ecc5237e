//! Exports of `kernels::binary`. Sizes `n0 n1 n2` of the result, strides `a0 a1 a2` and `b0 b1 b2` of the operands over
//! it, in elements; see [`Broadcast`]. `accumulate` 1 adds to the destination, 0 overwrites it.

use crate::parallel::{self, Shared, grain};
use kernels::binary::{self, Broadcast};
use wasm_bindgen::prelude::wasm_bindgen;

macro_rules! values {
    ($($(#[$doc:meta])* $export:ident $op:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// As [`binary::value`].
        #[wasm_bindgen]
        #[allow(clippy::too_many_arguments)]
        pub unsafe fn $export(
            a: *const f32,
            b: *const f32,
            y: *mut f32,
            n0: usize,
            n1: usize,
            n2: usize,
            a0: usize,
            a1: usize,
            a2: usize,
            b0: usize,
            b1: usize,
            b2: usize,
            accumulate: u32,
        ) {
            let over = Broadcast { sizes: [n0, n1, n2], a: [a0, a1, a2], b: [b0, b1, b2] };
            let (a, b, y) = (Shared::new(a), Shared::new(b), Shared::new(y));
            parallel::ranges(over.size(), grain::BINARY, 16, &|start, end| unsafe {
                binary::value::<binary::$op>(a.get(), b.get(), y.get(), &over, accumulate != 0, start, end);
            });
        }
    )*};
}

values! {
    /// y ← a + b
    add_forward Add
    /// y ← a − b
    sub_forward Sub
    /// y ← a·b
    mul_forward Mul
    /// y ← a / b
    div_forward Div
    /// y ← max(a, b)
    maximum_forward Maximum
    /// y ← min(a, b)
    minimum_forward Minimum
}

macro_rules! gradients {
    ($($(#[$doc:meta])* $export:ident $op:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// As [`binary::gradient`].
        #[wasm_bindgen]
        #[allow(clippy::too_many_arguments)]
        pub unsafe fn $export(
            g: *const f32,
            x: *const f32,
            other: *const f32,
            dx: *mut f32,
            n0: usize,
            n1: usize,
            n2: usize,
            x0: usize,
            x1: usize,
            x2: usize,
            other0: usize,
            other1: usize,
            other2: usize,
            accumulate: u32,
        ) {
            let over = Broadcast { sizes: [n0, n1, n2], a: [x0, x1, x2], b: [other0, other1, other2] };
            let operands = Shared::new((g, x, other));
            let dx = Shared::new(dx);
            parallel::ranges(over.size(), grain::BINARY, 16, &|start, end| unsafe {
                binary::gradient::<binary::$op>(operands.get(), dx.get(), &over, accumulate != 0, start, end);
            });
        }
    )*};
}

gradients! {
    /// Gradient of other / x for x.
    div_gradient DivGradient
    /// Gradient of max(x, other) for x.
    maximum_gradient MaximumGradient
    /// Gradient of min(x, other) for x.
    minimum_gradient MinimumGradient
}
