//! The elementary functions at zeros, infinities, NaN of both signs and many payloads, and subnormal numbers, in each
//! lane. The native vector loses a NaN wherever a build may: what passes here holds for every one.

use kernels::math;
use kernels::simd::F32x4;

/// Bits of NaN: quiet and signalling, of both signs, with payloads that fill the places which integer arithmetic moves.
const NANS: [u32; 12] = [
    0x7fc0_0000,
    0xffc0_0000,
    0x7f80_0001,
    0xff80_0001,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fa0_0100,
    0xffa0_0100,
    0x7fc0_01ff,
    0xff80_0080,
    0x7fd5_5555,
    0xffaa_aaaa,
];

type Function = (&'static str, fn(F32x4) -> F32x4);

const FUNCTIONS: [Function; 8] = [
    ("exp", math::exp),
    ("exp_nonpositive", math::exp_nonpositive),
    ("log", math::log),
    ("tanh", math::tanh),
    ("sigmoid", math::sigmoid),
    ("erf", math::erf),
    ("normal_tail", |x| math::normal_tail(x).0),
    ("its bell", |x| math::normal_tail(x).1),
];

/// f of `bits` in one lane, the others holding `rest`.
fn in_lane(f: fn(F32x4) -> F32x4, bits: u32, lane: usize, rest: f32) -> [f32; 4] {
    let mut x = [rest; 4];
    x[lane] = f32::from_bits(bits);
    f(unsafe { F32x4::load(x.as_ptr()) }).to_array()
}

#[test]
fn nan_stays_nan_in_its_lane_alone() {
    for (name, f) in FUNCTIONS {
        for bits in NANS {
            for lane in 0..4 {
                // Where log and the normal tail are defined, and exp_nonpositive too.
                let rest = if name == "exp_nonpositive" { -0.5 } else { 0.5 };
                let y = in_lane(f, bits, lane, rest);
                assert_eq!(y.map(f32::is_nan), core::array::from_fn(|i| i == lane), "{name}({bits:#x}): {y:?}");
            }
        }
    }
}

fn bits(f: fn(F32x4) -> F32x4, x: f32) -> u32 {
    f(F32x4::splat(x)).to_array()[0].to_bits()
}

#[test]
fn zeros_keep_their_sign_and_infinities_have_limits() {
    let odd: [Function; 2] = [("tanh", math::tanh), ("erf", math::erf)];
    for (name, f) in odd {
        for (x, y) in [(0.0, 0.0f32), (-0.0, -0.0), (f32::INFINITY, 1.0), (f32::NEG_INFINITY, -1.0), (f32::MAX, 1.0)] {
            assert_eq!(bits(f, x), y.to_bits(), "{name}({x})");
        }
    }
    let (zero, one) = (0.0f32.to_bits(), 1.0f32.to_bits());
    let exponentials: [Function; 2] = [("exp", math::exp), ("exp_nonpositive", math::exp_nonpositive)];
    for (name, f) in exponentials {
        for (x, y) in [(0.0, one), (-0.0, one), (f32::NEG_INFINITY, zero), (f32::MIN, zero), (-1000.0, zero)] {
            assert_eq!(bits(f, x), y, "{name}({x})");
        }
        // Below −104 a result rounds to 0; above it there is still a last subnormal number.
        assert_eq!((bits(f, -103.9), bits(f, -104.1)), (1, 0), "{name}");
    }
    for x in [f32::INFINITY, f32::MAX, 88.73] {
        assert_eq!(bits(math::exp, x), f32::INFINITY.to_bits());
    }
    for (x, y) in [(f32::INFINITY, 1.0f32), (f32::NEG_INFINITY, 0.0), (f32::MIN, 0.0), (-0.0, 0.5)] {
        assert_eq!(bits(math::sigmoid, x), y.to_bits(), "sigmoid({x})");
    }
}

#[test]
fn subnormal_numbers_are_not_flushed() {
    let smallest = f32::from_bits(1);
    for x in [smallest, f32::from_bits(0x0040_0000), f32::MIN_POSITIVE] {
        assert_eq!(bits(math::tanh, x), x.to_bits(), "tanh({x:e})");
        assert_eq!(bits(math::tanh, -x), (-x).to_bits(), "tanh(−{x:e})");
        assert_eq!(bits(math::exp, x), 1.0f32.to_bits());
        let erf = f32::from_bits(bits(math::erf, x)) as f64;
        assert!((erf - core::f64::consts::FRAC_2_SQRT_PI * x as f64).abs() <= 6.0 * smallest as f64, "erf({x:e})");
    }
}
