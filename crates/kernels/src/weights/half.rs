//! Numbers of 16 bits: IEEE 754 binary16 and bfloat16.

use crate::simd::F32x4;
use crate::simd::half::{from_bfloats, from_halves, to_bfloats, to_halves};

/// # Safety
/// As [`super::Format::decode`].
pub unsafe fn binary16(row: *const u8, _: usize, start: usize, count: usize, to: *mut f32) {
    unsafe { decode(row.add(2 * start), count, to, |p| from_halves(p)) }
}

/// # Safety
/// As [`super::Format::decode`].
pub unsafe fn bfloat16(row: *const u8, _: usize, start: usize, count: usize, to: *mut f32) {
    unsafe { decode(row.add(2 * start), count, to, |p| from_bfloats(p)) }
}

#[inline(always)]
unsafe fn decode(from: *const u8, count: usize, to: *mut f32, widen: impl Fn(*const u8) -> [F32x4; 2]) {
    let whole = count / 8 * 8;
    unsafe {
        for i in (0..whole).step_by(8) {
            let [low, high] = widen(from.add(2 * i));
            low.store(to.add(i));
            high.store(to.add(i + 4));
        }
        if whole < count {
            // Nothing is read past the end, where other memory may lie.
            let (mut bits, mut values) = ([0u8; 16], [0f32; 8]);
            core::ptr::copy_nonoverlapping(from.add(2 * whole), bits.as_mut_ptr(), 2 * (count - whole));
            let [low, high] = widen(bits.as_ptr());
            low.store(values.as_mut_ptr());
            high.store(values.as_mut_ptr().add(4));
            core::ptr::copy_nonoverlapping(values.as_ptr(), to.add(whole), count - whole);
        }
    }
}

/// # Safety
/// As [`super::Format::encode`].
pub unsafe fn to_binary16(from: *const f32, count: usize, to: *mut u8) -> usize {
    unsafe { encode(from, count, to, |values, p| to_halves(values, p)) }
}

/// # Safety
/// As [`super::Format::encode`].
pub unsafe fn to_bfloat16(from: *const f32, count: usize, to: *mut u8) -> usize {
    unsafe { encode(from, count, to, |values, p| to_bfloats(values, p)) }
}

#[inline(always)]
unsafe fn encode(from: *const f32, count: usize, to: *mut u8, narrow: impl Fn([F32x4; 2], *mut u8) -> u32) -> usize {
    let whole = count / 8 * 8;
    let mut over = 0;
    unsafe {
        for i in (0..whole).step_by(8) {
            let values = [F32x4::load(from.add(i)), F32x4::load(from.add(i + 4))];
            over += narrow(values, to.add(2 * i)) as usize;
        }
        if whole < count {
            let (mut values, mut bits) = ([0f32; 8], [0u8; 16]);
            core::ptr::copy_nonoverlapping(from.add(whole), values.as_mut_ptr(), count - whole);
            let [low, high] = [0, 4].map(|start| F32x4::load(values.as_ptr().add(start)));
            over += narrow([low, high], bits.as_mut_ptr()) as usize;
            core::ptr::copy_nonoverlapping(bits.as_ptr(), to.add(2 * whole), 2 * (count - whole));
        }
    }
    over
}
