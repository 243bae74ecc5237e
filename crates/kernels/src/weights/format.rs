//! The formats.

use super::{encode, groups, half, interleaved};

/// How rows of weights are stored.
pub struct Format {
    /// Number of interleaved rows in a block; 1 without interleaving.
    pub rows: usize,
    /// Bytes of a row of so many elements.
    pub bytes: fn(usize) -> usize,
    /// Writes elements `start..start + count` of a row as float32: what the format says, exactly, so that neither the start nor
    /// the count changes a bit. The row is given by its block's address and, where a block has several, its number there.
    pub decode: Decode,
    /// The same of all rows of a block, for whole groups, to rows so far apart; null where a block is a row.
    pub decode_block: Option<DecodeBlock>,
    /// Writes so many values from their beginning, each as the nearest that the format has, ties to even. Gives how
    /// many were finite and are not there. Null for formats in groups.
    pub encode: Option<unsafe fn(*const f32, usize, *mut u8) -> usize>,
    /// Writes a group of 32 numbers at an address; null for formats without groups.
    pub encode_group: Option<unsafe fn(&[f32; groups::GROUP], *mut u8)>,
}

/// (block, row in it, start, count, to)
pub type Decode = unsafe fn(*const u8, usize, usize, usize, *mut f32);
/// (block, first group, groups, to, distance of rows)
pub type DecodeBlock = unsafe fn(*const u8, usize, usize, *mut f32, usize);

/// By the number that the exports take. Numbers 5 and 6 are the two before, four rows in one another; the last is for files alone.
pub static FORMATS: [Format; 8] = [
    single(|count| 4 * count, copy, copy_back),
    single(|count| 2 * count, half::binary16, half::to_binary16),
    single(|count| 2 * count, half::bfloat16, half::to_bfloat16),
    grouped(groups::bytes_of_8, groups::decode_8, encode::of_8),
    grouped(groups::bytes_of_4, groups::decode_4, encode::of_4),
    blocks(groups::bytes_of_8, interleaved::decode_8, interleaved::decode_block_8),
    blocks(groups::bytes_of_4, interleaved::decode_4, interleaved::decode_block_4),
    grouped(groups::bytes_of_4_centred, groups::decode_4_centred, encode::of_4_centred),
];

const fn single(
    bytes: fn(usize) -> usize,
    decode: Decode,
    encode: unsafe fn(*const f32, usize, *mut u8) -> usize,
) -> Format {
    Format { rows: 1, bytes, decode, decode_block: None, encode: Some(encode), encode_group: None }
}

const fn grouped(
    bytes: fn(usize) -> usize,
    decode: Decode,
    encode: unsafe fn(&[f32; groups::GROUP], *mut u8),
) -> Format {
    Format { rows: 1, bytes, decode, decode_block: None, encode: None, encode_group: Some(encode) }
}

const fn blocks(bytes: fn(usize) -> usize, decode: Decode, decode_block: DecodeBlock) -> Format {
    let decode_block = Some(decode_block);
    Format { rows: interleaved::ROWS, bytes, decode, decode_block, encode: None, encode_group: None }
}

unsafe fn copy(row: *const u8, _: usize, start: usize, count: usize, to: *mut f32) {
    unsafe { core::ptr::copy_nonoverlapping((row as *const f32).add(start), to, count) }
}

unsafe fn copy_back(from: *const f32, count: usize, to: *mut u8) -> usize {
    unsafe { core::ptr::copy_nonoverlapping(from as *const u8, to, 4 * count) };
    0
}
