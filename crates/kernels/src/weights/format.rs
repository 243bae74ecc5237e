//! The formats.

use super::{encode, groups, half};

/// How a row of weights is stored.
pub struct Format {
    /// Bytes of a row of so many elements.
    pub bytes: fn(usize) -> usize,
    /// Writes elements `start..start + count` of the row that begins at an address as float32: what the format says, exactly,
    /// so that neither the start nor the count changes a bit.
    pub decode: unsafe fn(*const u8, usize, usize, *mut f32),
    /// Writes a group of 32 numbers at an address; null where elements stand by themselves.
    pub encode: Option<unsafe fn(&[f32; groups::GROUP], *mut u8)>,
}

/// By the number that the exports take.
pub static FORMATS: [Format; 5] = [
    Format { bytes: |count| 4 * count, decode: copy, encode: None },
    Format { bytes: |count| 2 * count, decode: half::binary16, encode: None },
    Format { bytes: |count| 2 * count, decode: half::bfloat16, encode: None },
    Format { bytes: groups::bytes_of_8, decode: groups::decode_8, encode: Some(encode::of_8) },
    Format { bytes: groups::bytes_of_4, decode: groups::decode_4, encode: Some(encode::of_4) },
];

unsafe fn copy(row: *const u8, start: usize, count: usize, to: *mut f32) {
    unsafe { core::ptr::copy_nonoverlapping((row as *const f32).add(start), to, count) }
}
