//! Exports of `kernels::unary`: `<name>_forward(x, y, n)`, y\[i\] ← f(x\[i\]), and `<name>_gradient(g, x, y, dx, n,
//! accumulate)`, dx\[i\] ← g\[i\]·f′(x\[i\]) (added to dx where `accumulate` is 1).

use crate::parallel::{self, Shared, grain};
use kernels::unary::{self, Unary};
use wasm_bindgen::prelude::wasm_bindgen;

pub(crate) fn forward(f: impl Unary + Sync, x: *const f32, y: *mut f32, n: usize) {
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(n, grain::UNARY, 16, &|start, end| unsafe {
        unary::value(f, x.get().add(start), y.get().add(start), end - start);
    });
}

pub(crate) fn gradient(
    f: impl Unary + Sync,
    operands: (*const f32, *const f32, *const f32),
    dx: *mut f32,
    n: usize,
    accumulate: u32,
) {
    let (operands, dx) = (Shared::new(operands), Shared::new(dx));
    parallel::ranges(n, grain::UNARY, 16, &|start, end| unsafe {
        let (g, x, y) = operands.get();
        let operands = (g.add(start), x.add(start), y.add(start));
        unary::gradient(f, operands, dx.get().add(start), end - start, accumulate != 0);
    });
}

/// Defines the two exports of each function.
macro_rules! unary_exports {
    ($($forward:ident $gradient:ident ($($parameter:ident),*) $f:expr;)*) => {$(
        /// # Safety
        /// As [`unary::value`].
        #[wasm_bindgen]
        pub unsafe fn $forward(x: *const f32, y: *mut f32, n: usize $(, $parameter: f32)*) {
            $crate::unary::forward($f, x, y, n);
        }

        /// # Safety
        /// As [`unary::gradient`].
        #[wasm_bindgen]
        #[allow(clippy::too_many_arguments)]
        pub unsafe fn $gradient(
            g: *const f32,
            x: *const f32,
            y: *const f32,
            dx: *mut f32,
            n: usize,
            accumulate: u32
            $(, $parameter: f32)*
        ) {
            $crate::unary::gradient($f, (g, x, y), dx, n, accumulate);
        }
    )*};
}

pub(crate) use unary_exports;

unary_exports! {
    neg_forward neg_gradient () unary::Neg;
    abs_forward abs_gradient () unary::Abs;
    square_forward square_gradient () unary::Square;
    exp_forward exp_gradient () unary::Exp;
    log_forward log_gradient () unary::Log;
    sqrt_forward sqrt_gradient () unary::Sqrt;
    rsqrt_forward rsqrt_gradient () unary::Rsqrt;
    reciprocal_forward reciprocal_gradient () unary::Reciprocal;
    erf_forward erf_gradient () unary::Erf;
    sin_forward sin_gradient () unary::Sin;
    cos_forward cos_gradient () unary::Cos;
    pow_forward pow_gradient (exponent) unary::Pow { exponent };
    clamp_forward clamp_gradient (minimum, maximum) unary::Clamp { minimum, maximum };
}
