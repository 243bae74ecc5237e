//! Exports of `kernels::layout`.

use crate::parallel::{self, Shared, grain};
use kernels::layout::{self, Strided};
use wasm_bindgen::prelude::wasm_bindgen;

/// y\[…\] ← α·x\[…\] over sizes `n0 n1 n2 n3` with strides `x0…x3` and `y0…y3` in elements; added to y where `accumulate`
/// is 1.
///
/// # Safety
/// As [`layout::copy_strided`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn copy_strided(
    x: *const f32,
    y: *mut f32,
    n0: usize,
    n1: usize,
    n2: usize,
    n3: usize,
    x0: usize,
    x1: usize,
    x2: usize,
    x3: usize,
    y0: usize,
    y1: usize,
    y2: usize,
    y3: usize,
    alpha: f32,
    accumulate: u32,
) {
    let over = Strided { sizes: [n0, n1, n2, n3], x: [x0, x1, x2, x3], y: [y0, y1, y2, y3] };
    let (x, y) = (Shared::new(x), Shared::new(y));
    // A transposing copy moves several rows at a time.
    let align = if x3 == 1 { 1 } else { 8 };
    parallel::ranges(over.rows(), grain::LAYOUT / n3.max(1), align, &|start, end| unsafe {
        layout::copy_strided(x.get(), y.get(), &over, alpha, accumulate != 0, start, end);
    });
}

macro_rules! selections {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        #[doc = concat!("As [`layout::", stringify!($name), "`].")]
        #[wasm_bindgen]
        pub unsafe fn $name(
            from: *const f32,
            index: *const u32,
            to: *mut f32,
            outer: usize,
            axis: usize,
            count: usize,
            inner: usize,
        ) {
            let (from, index, to) = (Shared::new(from), Shared::new(index), Shared::new(to));
            parallel::ranges(outer, grain::LAYOUT / (count * inner).max(1), 1, &|start, end| unsafe {
                layout::$name(from.get(), index.get(), to.get(), (axis, count, inner), start, end);
            });
        }
    )*};
}

selections! {
    /// to\[o, j, i\] ← from\[o, index\[j\], i\]
    index_select
    /// to\[o, index\[j\], i\] += from\[o, j, i\]
    index_add
    /// to\[o, j, i\] ← from\[o, index\[o, j, i\], i\]
    gather
    /// to\[o, index\[o, j, i\], i\] += from\[o, j, i\]
    scatter_add
}
