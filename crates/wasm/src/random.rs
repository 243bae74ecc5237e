//! Exports of `kernels::philox` and `kernels::dropout`. A seed of 64 bits comes as two numbers; the same seed, stream
//! and index give the same number in every build, with any number of threads.

use crate::parallel::{self, Shared, grain};
use kernels::philox::{self, Stream};
use wasm_bindgen::prelude::wasm_bindgen;

/// y\[i\] = uniform in 0..1 for i in 0..n.
///
/// # Safety
/// As [`philox::uniform`].
#[wasm_bindgen]
pub unsafe fn philox_uniform(y: *mut f32, n: usize, seed_low: u32, seed_high: u32, stream: u32) {
    let (stream, y) = (Stream { seed: [seed_low, seed_high], stream }, Shared::new(y));
    parallel::ranges(n, grain::RANDOM, 16, &|start, end| unsafe { philox::uniform(stream, y.get(), (start, end)) });
}

/// y\[i\] = normal with mean 0 and variance 1 for i in 0..n.
///
/// # Safety
/// As [`philox::normal`].
#[wasm_bindgen]
pub unsafe fn philox_normal(y: *mut f32, n: usize, seed_low: u32, seed_high: u32, stream: u32) {
    let (stream, y) = (Stream { seed: [seed_low, seed_high], stream }, Shared::new(y));
    parallel::ranges(n, grain::RANDOM, 16, &|start, end| unsafe { philox::normal(stream, y.get(), (start, end)) });
}

/// y = x·keep / (1 − p), or added to y; the same call with g for x is the gradient.
///
/// # Safety
/// As [`kernels::dropout::dropout`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub unsafe fn dropout(
    x: *const f32,
    y: *mut f32,
    n: usize,
    p: f64,
    seed_low: u32,
    seed_high: u32,
    stream: u32,
    accumulate: u32,
) {
    let stream = Stream { seed: [seed_low, seed_high], stream };
    let (x, y) = (Shared::new(x), Shared::new(y));
    parallel::ranges(n, grain::RANDOM, 16, &|start, end| unsafe {
        kernels::dropout::dropout(stream, p, x.get(), y.get(), accumulate != 0, (start, end));
    });
}
