//! Functions of one tensor, element by element, and their gradients. Activations are in `activation.rs`.

use crate::math;
use crate::memory::{generate, lanes};
use crate::simd::F32x4;

/// y = f(x) and its gradient from x and y.
pub trait Unary: Copy {
    /// f(x)
    fn value(self, x: F32x4) -> F32x4;
    /// g·f′(x), where y = f(x)
    fn gradient(self, g: F32x4, x: F32x4, y: F32x4) -> F32x4;
}

macro_rules! unary {
    ($(#[$doc:meta])* $name:ident, $value:expr, $gradient:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name;
        impl Unary for $name {
            #[inline(always)]
            fn value(self, x: F32x4) -> F32x4 {
                let f: fn(F32x4) -> F32x4 = $value;
                f(x)
            }
            #[inline(always)]
            fn gradient(self, g: F32x4, x: F32x4, y: F32x4) -> F32x4 {
                let f: fn(F32x4, F32x4, F32x4) -> F32x4 = $gradient;
                f(g, x, y)
            }
        }
    };
}

pub(crate) use unary;

#[inline(always)]
fn all(x: f32) -> F32x4 {
    F32x4::splat(x)
}

/// A function of the standard library on each lane: exact to the last bit or so, and not vectorised.
#[inline(always)]
fn lane_wise(x: F32x4, f: impl Fn(f32) -> f32) -> F32x4 {
    let lanes = x.to_array().map(f);
    unsafe { F32x4::load(lanes.as_ptr()) }
}

/// sign(x), 0 where x is 0 or NaN.
#[inline(always)]
fn sign(x: F32x4) -> F32x4 {
    let negative = F32x4::ZERO.select_greater(x, all(-1.0), F32x4::ZERO);
    x.select_greater(F32x4::ZERO, all(1.0), negative)
}

unary!(
    /// −x; gradient −g
    Neg, |x| all(-1.0) * x, |g, _, _| all(-1.0) * g
);
unary!(
    /// |x|; gradient g·sign(x), sign 0 at 0 and NaN
    Abs, |x| x.abs(), |g, x, _| g * sign(x)
);
unary!(
    /// x²; gradient 2g·x
    Square, |x| x * x, |g, x, _| g * (x + x)
);
unary!(
    /// eˣ; gradient g·y
    Exp, |x| math::exp(x), |g, _, y| g * y
);
unary!(
    /// ln x; gradient g / x
    Log, |x| math::log(x), |g, x, _| g / x
);
unary!(
    /// √x; gradient g / (2y)
    Sqrt, |x| x.sqrt(), |g, _, y| g / (y + y)
);
unary!(
    /// 1/√x; gradient −g·y³/2
    Rsqrt, |x| all(1.0) / x.sqrt(), |g, _, y| all(-0.5) * g * y * y * y
);
unary!(
    /// 1/x; gradient −g·y²
    Reciprocal, |x| all(1.0) / x, |g, _, y| all(-1.0) * g * y * y
);
unary!(
    /// erf x; gradient g·2/√π·e^(−x²)
    Erf, |x| math::erf(x), |g, x, _| g * (all(core::f32::consts::FRAC_2_SQRT_PI) * math::exp_nonpositive(all(-1.0) * x * x))
);
unary!(
    /// sin x (radians); gradient g·cos x
    Sin, |x| lane_wise(x, f32::sin), |g, x, _| g * lane_wise(x, f32::cos)
);
unary!(
    /// cos x (radians); gradient −g·sin x
    Cos, |x| lane_wise(x, f32::cos), |g, x, _| all(-1.0) * g * lane_wise(x, f32::sin)
);

/// x to a constant power; gradient g·p·x^(p−1), which is 0 for p = 0. NaN for a negative x and a fractional p.
#[derive(Clone, Copy)]
pub struct Pow {
    pub exponent: f32,
}

#[inline(always)]
fn power(x: F32x4, exponent: f32) -> F32x4 {
    // The exponents that PyTorch treats so too: cheaper, and of ±0 and −∞ not the same as `powf`.
    match exponent {
        -2.0 => all(1.0) / (x * x),
        -1.0 => all(1.0) / x,
        -0.5 => all(1.0) / x.sqrt(),
        0.0 => all(1.0),
        0.5 => x.sqrt(),
        1.0 => x,
        2.0 => x * x,
        3.0 => x * x * x,
        _ => lane_wise(x, |x| x.powf(exponent)),
    }
}

impl Unary for Pow {
    #[inline(always)]
    fn value(self, x: F32x4) -> F32x4 {
        power(x, self.exponent)
    }
    #[inline(always)]
    fn gradient(self, g: F32x4, x: F32x4, _: F32x4) -> F32x4 {
        if self.exponent == 0.0 { F32x4::ZERO } else { g * (all(self.exponent) * power(x, self.exponent - 1.0)) }
    }
}

/// x limited to minimum..=maximum, NaN kept; the gradient passes where x lies between, borders and NaN
/// excluded, as in PyTorch. An infinite limit is none.
#[derive(Clone, Copy)]
pub struct Clamp {
    pub minimum: f32,
    pub maximum: f32,
}

impl Unary for Clamp {
    #[inline(always)]
    fn value(self, x: F32x4) -> F32x4 {
        x.max(all(self.minimum)).min(all(self.maximum))
    }
    #[inline(always)]
    fn gradient(self, g: F32x4, x: F32x4, _: F32x4) -> F32x4 {
        // A limit that is none holds nothing back, infinities neither: as a NaN it compares false.
        let limit = |limit: f32| all(if limit.is_infinite() { f32::NAN } else { limit });
        g.zero_where_at_most(x, limit(self.minimum)).zero_where_at_most(limit(self.maximum), x).keep_where_at_most(x, x)
    }
}

/// y\[i\] ← f(x\[i\]).
///
/// # Safety
/// `x` valid for reading and `y` for writing `n` values; `y` equals `x` or does not overlap it.
pub unsafe fn value(f: impl Unary, x: *const f32, y: *mut f32, n: usize) {
    unsafe { generate(y, n, false, |i, count| f.value(lanes(x, i, count))) }
}

/// dx\[i\] ← g\[i\]·f′(x\[i\]), or dx\[i\] + that where `accumulate`, with y = f(x).
///
/// # Safety
/// `g`, `x` and `y` valid for reading, `dx` for reading and writing `n` values; `dx` equals any of them or overlaps none.
pub unsafe fn gradient(
    f: impl Unary,
    (g, x, y): (*const f32, *const f32, *const f32),
    dx: *mut f32,
    n: usize,
    accumulate: bool,
) {
    unsafe {
        generate(dx, n, accumulate, |i, count| f.gradient(lanes(g, i, count), lanes(x, i, count), lanes(y, i, count)));
    }
}
