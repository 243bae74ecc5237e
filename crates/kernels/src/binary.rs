//! Operations of two tensors, element by element, with NumPy's broadcasting; and those gradients that are no such
//! operation themselves.

use crate::memory::{generate, lanes};
use crate::simd::F32x4;

/// How two contiguous operands lie over a contiguous result of three dimensions: strides count elements, 0 repeats the
/// operand along that dimension. Innermost strides are 0 or 1. Dimensions that run on in memory merge, so three are
/// enough for nearly every broadcast; the caller walks any further ones.
#[derive(Clone, Copy)]
pub struct Broadcast {
    pub sizes: [usize; 3],
    pub a: [usize; 3],
    pub b: [usize; 3],
}

impl Broadcast {
    /// Number of elements of the result.
    pub fn size(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Calls `row(offset in a, offset in b, offset in the result, length)` for each innermost run of `start..end`.
    #[inline(always)]
    fn rows(&self, start: usize, end: usize, mut row: impl FnMut(usize, usize, usize, usize)) {
        let [_, middle, inner] = self.sizes;
        let mut position = start;
        while position < end {
            let (line, column) = (position / inner, position % inner);
            let (i, j) = (line / middle, line % middle);
            let length = (inner - column).min(end - position);
            let offset = |stride: &[usize; 3]| i * stride[0] + j * stride[1] + column * stride[2];
            row(offset(&self.a), offset(&self.b), position, length);
            position += length;
        }
    }

    /// Whether `a` and `b` advance along the innermost dimension. A run of one element may as well do so.
    fn advances(&self) -> (bool, bool) {
        (self.a[2] == 1 || self.sizes[2] == 1, self.b[2] == 1 || self.sizes[2] == 1)
    }
}

/// f(a, b) on four lanes.
pub trait Binary {
    fn value(a: F32x4, b: F32x4) -> F32x4;
}

/// g·∂f/∂x on four lanes, `x` the operand in question and `other` the other one.
pub trait BinaryGradient {
    fn gradient(g: F32x4, x: F32x4, other: F32x4) -> F32x4;
}

macro_rules! binary {
    ($(#[$doc:meta])* $name:ident, $f:expr) => {
        $(#[$doc])*
        pub struct $name;
        impl Binary for $name {
            #[inline(always)]
            fn value(a: F32x4, b: F32x4) -> F32x4 {
                let f: fn(F32x4, F32x4) -> F32x4 = $f;
                f(a, b)
            }
        }
    };
}

binary!(
    /// a + b
    Add, |a, b| a + b
);
binary!(
    /// a − b
    Sub, |a, b| a - b
);
binary!(
    /// a·b. Its gradients are products too: g·b and g·a.
    Mul, |a, b| a * b
);
binary!(
    /// a / b. Its gradient for `a` is a quotient too: g / b.
    Div, |a, b| a / b
);
binary!(
    /// max(a, b), NaN where either is NaN
    Maximum, |a, b| a.max(b)
);
binary!(
    /// min(a, b), NaN where either is NaN
    Minimum, |a, b| a.min(b)
);

/// Gradient of a / b for the denominator, which is `x`: −g·((a / b) / b); b² could overflow where this does not.
pub struct DivGradient;
impl BinaryGradient for DivGradient {
    #[inline(always)]
    fn gradient(g: F32x4, x: F32x4, other: F32x4) -> F32x4 {
        F32x4::splat(-1.0) * g * (other / x / x)
    }
}

/// g/2 where both operands are equal, else g.
#[inline(always)]
fn shared_at_tie(g: F32x4, x: F32x4, other: F32x4) -> F32x4 {
    x.select_equal(other, g * F32x4::splat(0.5), g)
}

/// Gradient of max(a, b): 0 where x is the smaller, g/2 where both are equal, else g: beside a NaN too, as in PyTorch.
pub struct MaximumGradient;
impl BinaryGradient for MaximumGradient {
    #[inline(always)]
    fn gradient(g: F32x4, x: F32x4, other: F32x4) -> F32x4 {
        shared_at_tie(g, x, other).zero_where_less(x, other)
    }
}

/// Gradient of min(a, b): 0 where x is the larger, g/2 where both are equal, else g.
pub struct MinimumGradient;
impl BinaryGradient for MinimumGradient {
    #[inline(always)]
    fn gradient(g: F32x4, x: F32x4, other: F32x4) -> F32x4 {
        shared_at_tie(g, x, other).zero_where_less(other, x)
    }
}

/// One operand along a row: contiguous, or one value repeated.
#[inline(always)]
unsafe fn operand<const ADVANCES: bool>(p: *const f32) -> impl Fn(usize, usize) -> F32x4 {
    let first = if ADVANCES { F32x4::ZERO } else { unsafe { F32x4::load_splat(p) } };
    move |i, count| if ADVANCES { unsafe { lanes(p, i, count) } } else { first }
}

/// y\[i\] ← f(a\[…\], b\[…\]), or y\[i\] + that where `accumulate`, for elements `start..end` of the result.
///
/// # Safety
/// `a` and `b` valid for reading as far as `over` reaches, `y` for reading and writing up to `end`. `y` equals an operand
/// of the result's own shape or does not overlap the operands.
pub unsafe fn value<O: Binary>(
    a: *const f32,
    b: *const f32,
    y: *mut f32,
    over: &Broadcast,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    unsafe {
        match over.advances() {
            (true, true) => value_rows::<O, true, true>(a, b, y, over, accumulate, start, end),
            (true, false) => value_rows::<O, true, false>(a, b, y, over, accumulate, start, end),
            (false, true) => value_rows::<O, false, true>(a, b, y, over, accumulate, start, end),
            (false, false) => value_rows::<O, false, false>(a, b, y, over, accumulate, start, end),
        }
    }
}

#[inline(never)]
unsafe fn value_rows<O: Binary, const A: bool, const B: bool>(
    a: *const f32,
    b: *const f32,
    y: *mut f32,
    over: &Broadcast,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    over.rows(start, end, |a_offset, b_offset, position, length| unsafe {
        let (a, b) = (operand::<A>(a.add(a_offset)), operand::<B>(b.add(b_offset)));
        generate(y.add(position), length, accumulate, |i, count| O::value(a(i, count), b(i, count)));
    });
}

/// dx\[i\] ← g\[i\]·∂f/∂x, or dx\[i\] + that where `accumulate`, for elements `start..end` of the result. `g` and `dx`
/// have the result's shape: where `x` is broadcast, its gradient is the sum of `dx` over what it was repeated along.
/// In `over`, `a` stands for `x` and `b` for the other operand.
///
/// # Safety
/// As [`value`]; `g` valid for reading up to `end`, equal to `dx` or not overlapping it.
pub unsafe fn gradient<O: BinaryGradient>(
    (g, x, other): (*const f32, *const f32, *const f32),
    dx: *mut f32,
    over: &Broadcast,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    let operands = (g, x, other);
    unsafe {
        match over.advances() {
            (true, true) => gradient_rows::<O, true, true>(operands, dx, over, accumulate, start, end),
            (true, false) => gradient_rows::<O, true, false>(operands, dx, over, accumulate, start, end),
            (false, true) => gradient_rows::<O, false, true>(operands, dx, over, accumulate, start, end),
            (false, false) => gradient_rows::<O, false, false>(operands, dx, over, accumulate, start, end),
        }
    }
}

#[inline(never)]
unsafe fn gradient_rows<O: BinaryGradient, const X: bool, const OTHER: bool>(
    (g, x, other): (*const f32, *const f32, *const f32),
    dx: *mut f32,
    over: &Broadcast,
    accumulate: bool,
    start: usize,
    end: usize,
) {
    over.rows(start, end, |x_offset, other_offset, position, length| unsafe {
        let g = operand::<true>(g.add(position));
        let (x, other) = (operand::<X>(x.add(x_offset)), operand::<OTHER>(other.add(other_offset)));
        let lanes = |i, count| O::gradient(g(i, count), x(i, count), other(i, count));
        generate(dx.add(position), length, accumulate, lanes);
    });
}
