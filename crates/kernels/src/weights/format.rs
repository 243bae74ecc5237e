//! The formats.

use super::half;

/// How a row of weights is stored.
pub struct Format {
    /// Bytes of a row of so many elements.
    pub bytes: fn(usize) -> usize,
    /// Writes elements `start..start + count` of the row that begins at an address as float32: what the format says, exactly,
    /// so that neither the start nor the count changes a bit.
    pub decode: unsafe fn(*const u8, usize, usize, *mut f32),
    /// Writes so many values from their beginning, each as the nearest that the format has, ties to even. Gives how many were
    /// finite and are not there.
    pub encode: unsafe fn(*const f32, usize, *mut u8) -> usize,
}

/// By the number that the exports take.
pub static FORMATS: [Format; 3] = [
    Format { bytes: |count| 4 * count, decode: copy, encode: copy_back },
    Format { bytes: |count| 2 * count, decode: half::binary16, encode: half::to_binary16 },
    Format { bytes: |count| 2 * count, decode: half::bfloat16, encode: half::to_bfloat16 },
];

unsafe fn copy(row: *const u8, start: usize, count: usize, to: *mut f32) {
    unsafe { core::ptr::copy_nonoverlapping((row as *const f32).add(start), to, count) }
}

unsafe fn copy_back(from: *const f32, count: usize, to: *mut u8) -> usize {
    unsafe { core::ptr::copy_nonoverlapping(from as *const u8, to, 4 * count) };
    0
}
