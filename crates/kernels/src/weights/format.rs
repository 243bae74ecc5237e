//! The formats.

use super::half;

/// How a row of weights is stored.
pub struct Format {
    /// Bytes of a row of so many elements.
    pub bytes: fn(usize) -> usize,
    /// Writes elements `start..start + count` of the row that begins at an address as float32: what the format says, exactly,
    /// so that neither the start nor the count changes a bit.
    pub decode: unsafe fn(*const u8, usize, usize, *mut f32),
}

/// By the number that the exports take.
pub static FORMATS: [Format; 3] = [
    Format { bytes: |count| 4 * count, decode: copy },
    Format { bytes: |count| 2 * count, decode: half::binary16 },
    Format { bytes: |count| 2 * count, decode: half::bfloat16 },
];

unsafe fn copy(row: *const u8, start: usize, count: usize, to: *mut f32) {
    unsafe { core::ptr::copy_nonoverlapping((row as *const f32).add(start), to, count) }
}
