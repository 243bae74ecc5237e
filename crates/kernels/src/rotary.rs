//! Rotary position embedding: rotates pairs of features of each head by angles that depend on the row.
//!
//! For a pair (a, b) with cosine c and sine s: a′ = a·c − b·s, b′ = b·c + a·s; the gradient rotates back, with −s. A
//! pair is features i and i + `pairs` of a head ("half", as GPT-NeoX and Llama have it) or 2i and 2i + 1
//! ("interleaved", as in the paper). Features of a head beyond its 2·`pairs`, and columns beyond the heads, stay
//! unchanged.
//!
//! x and y are `[rows, columns]`, cos and sin `[rows, pairs]`. Su et al., "RoFormer", arXiv 2104.09864.

use crate::memory::generate;
use crate::rows::lanes_or;
use crate::simd::F32x4;

/// Arguments shared by all rows.
#[derive(Clone, Copy)]
pub struct Rotary {
    pub columns: usize,
    /// Rotated heads: those of the first columns.
    pub heads: usize,
    pub head_dim: usize,
    pub pairs: usize,
    pub interleaved: bool,
    /// Whether to turn back, as the gradient does.
    pub back: bool,
}

impl Rotary {
    /// The rows `start..end` of y, written or added to what is there.
    ///
    /// # Safety
    /// Shapes as above, `heads`·`head_dim` ≤ `columns`, 2·`pairs` ≤ `head_dim`; `y` overlaps nothing.
    pub unsafe fn rows(
        &self,
        (x, cos, sin): (*const f32, *const f32, *const f32),
        y: *mut f32,
        accumulate: bool,
        (start, end): (usize, usize),
    ) {
        let &Rotary { columns, heads, head_dim, pairs, .. } = self;
        let keep = |x: *const f32, y: *mut f32, from: usize, to: usize| unsafe {
            generate(y.add(from), to - from, accumulate, |i, n| lanes_or(x, from + i, n, 0.0));
        };
        for row in start..end {
            unsafe {
                let (x, y) = (x.add(row * columns), y.add(row * columns));
                let turn = (cos.add(row * pairs), sin.add(row * pairs));
                for head in (0..heads).map(|head| head * head_dim) {
                    let (x, y) = (x.add(head), y.add(head));
                    if self.interleaved {
                        self.neighbours((x, turn), y, accumulate);
                    } else {
                        self.halves((x, turn), y, accumulate);
                    }
                    keep(x, y, 2 * pairs, head_dim);
                }
                keep(x, y, heads * head_dim, columns);
            }
        }
    }

    /// 1, or −1 to turn back.
    fn sense(&self) -> f32 {
        if self.back { -1.0 } else { 1.0 }
    }

    #[inline(always)]
    unsafe fn halves(&self, (x, (cos, sin)): (*const f32, (*const f32, *const f32)), y: *mut f32, accumulate: bool) {
        let pairs = self.pairs;
        let (back, forth) = (F32x4::splat(-self.sense()), F32x4::splat(self.sense()));
        let half = |a: *const f32, b: *const f32, sense: F32x4, y: *mut f32| unsafe {
            generate(y, pairs, accumulate, |i, n| {
                let turned = lanes_or(b, i, n, 0.0) * (lanes_or(sin, i, n, 0.0) * sense);
                lanes_or(a, i, n, 0.0).mul_add(lanes_or(cos, i, n, 0.0), turned)
            });
        };
        unsafe {
            half(x, x.add(pairs), back, y);
            half(x.add(pairs), x, forth, y.add(pairs));
        }
    }

    #[inline(always)]
    unsafe fn neighbours(
        &self,
        (x, (cos, sin)): (*const f32, (*const f32, *const f32)),
        y: *mut f32,
        accumulate: bool,
    ) {
        for i in 0..self.pairs {
            unsafe {
                let (a, b) = (*x.add(2 * i), *x.add(2 * i + 1));
                let (c, s) = (*cos.add(i), *sin.add(i) * self.sense());
                for (at, value) in [(2 * i, a * c - b * s), (2 * i + 1, b * c + a * s)] {
                    let y = y.add(at);
                    *y = if accumulate { *y + value } else { value };
                }
            }
        }
    }
}
