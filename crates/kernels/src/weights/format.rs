//! The formats.

use super::{encode, groups, half};

/// How a row of weights is stored.
pub struct Format {
    /// Bytes of a row of so many elements.
    pub bytes: fn(usize) -> usize,
    /// Writes elements `start..start + count` of the row that begins at an address as float32: what the format says, exactly,
    /// so that neither the start nor the count changes a bit.
    pub decode: unsafe fn(*const u8, usize, usize, *mut f32),
    /// Writes so many values from their beginning, each as the nearest that the format has, ties to even. Gives how many were
    /// finite and are not there. Null where elements stand in groups.
    pub encode: Option<unsafe fn(*const f32, usize, *mut u8) -> usize>,
    /// Writes a group of 32 numbers at an address; null where elements stand by themselves.
    pub encode_group: Option<unsafe fn(&[f32; groups::GROUP], *mut u8)>,
}

/// By the number that the exports take.
pub static FORMATS: [Format; 5] = [
    single(|count| 4 * count, copy, copy_back),
    single(|count| 2 * count, half::binary16, half::to_binary16),
    single(|count| 2 * count, half::bfloat16, half::to_bfloat16),
    grouped(groups::bytes_of_8, groups::decode_8, encode::of_8),
    grouped(groups::bytes_of_4, groups::decode_4, encode::of_4),
];

const fn single(
    bytes: fn(usize) -> usize,
    decode: unsafe fn(*const u8, usize, usize, *mut f32),
    encode: unsafe fn(*const f32, usize, *mut u8) -> usize,
) -> Format {
    Format { bytes, decode, encode: Some(encode), encode_group: None }
}

const fn grouped(
    bytes: fn(usize) -> usize,
    decode: unsafe fn(*const u8, usize, usize, *mut f32),
    encode: unsafe fn(&[f32; groups::GROUP], *mut u8),
) -> Format {
    Format { bytes, decode, encode: None, encode_group: Some(encode) }
}

unsafe fn copy(row: *const u8, start: usize, count: usize, to: *mut f32) {
    unsafe { core::ptr::copy_nonoverlapping((row as *const f32).add(start), to, count) }
}

unsafe fn copy_back(from: *const f32, count: usize, to: *mut u8) -> usize {
    unsafe { core::ptr::copy_nonoverlapping(from as *const u8, to, 4 * count) };
    0
}
