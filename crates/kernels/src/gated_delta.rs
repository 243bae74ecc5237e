//! The gated delta rule (Yang et al., "Gated Delta Networks", arXiv 2412.06464), token by token, and its gradient.
//!
//! For each head with a state S `[key_dim, value_dim]`: S ← e^g·S; δ = β·(v − Sᵀk); S ← S + k·δᵀ; o = Sᵀq. The columns of S depend
//! on nothing but themselves: a task has eight of them, which stay in the first level of cache, and goes over the state once a token.
//!
//! q and k are `[tokens, key_heads·key_dim]`, v and o `[tokens, value_heads·value_dim]`, g and β `[tokens, value_heads]`. Value head h has
//! key head h·key_heads / value_heads. A state in memory is `[value_heads, key_dim, value_dim]`.

use crate::math::exp;
use crate::memory::{copy, fill, put_partial};
use crate::rows::lanes_or;
use crate::simd::{F32x4, LANES};

/// Vectors of a task's columns.
const VECTORS: usize = 2;
/// Columns of a task.
pub const WIDTH: usize = VECTORS * LANES;

type Columns = [F32x4; VECTORS];
const NONE: Columns = [F32x4::ZERO; VECTORS];

/// Sizes of a call.
#[derive(Clone, Copy)]
pub struct GatedDelta {
    pub key_heads: usize,
    pub value_heads: usize,
    pub key_dim: usize,
    pub value_dim: usize,
}

/// A sequence's rows, and its state before and after them; null for zeros and for a state that nobody needs.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Sequence {
    pub start: usize,
    pub length: usize,
    pub before: *const f32,
    pub after: *mut f32,
}

/// q, k, v, g, β.
#[derive(Clone, Copy)]
pub struct Inputs {
    pub q: *const f32,
    pub k: *const f32,
    pub v: *const f32,
    pub g: *const f32,
    pub beta: *const f32,
}

/// What the gradient is added to.
#[derive(Clone, Copy)]
pub struct Targets {
    pub q: *mut f32,
    pub k: *mut f32,
    pub v: *mut f32,
    pub g: *mut f32,
    pub beta: *mut f32,
}

/// A head's columns `column..column + WIDTH`, of which the last may lie beyond the head.
#[derive(Clone, Copy)]
struct Block {
    head: usize,
    column: usize,
}

#[inline(always)]
unsafe fn load(x: *const f32) -> Columns {
    core::array::from_fn(|i| unsafe { F32x4::load(x.add(i * LANES)) })
}

#[inline(always)]
unsafe fn store(x: Columns, y: *mut f32) {
    (0..VECTORS).for_each(|i| unsafe { x[i].store(y.add(i * LANES)) });
}

#[inline(always)]
fn each(value: impl Fn(usize) -> F32x4) -> Columns {
    core::array::from_fn(value)
}

/// Σ a·b + sum
#[inline(always)]
fn multiply_add(a: Columns, b: Columns, sum: Columns) -> Columns {
    each(|i| a[i].mul_add(b[i], sum[i]))
}

#[inline(always)]
fn sum(x: Columns) -> f32 {
    x[1..].iter().fold(x[0], |sum, &x| sum + x).sum()
}

/// What a token changes in a state: k·δᵀ, then the factor of the next token.
struct Step {
    q: *const f32,
    k: *const f32,
    delta: Columns,
    decay: F32x4,
    next: *const f32,
}

/// With S = from + k·δᵀ: to ← decay·S, which may be `from`; returns Sᵀq and toᵀ·next. Compiled once.
#[inline(never)]
unsafe fn advance(from: *const f32, to: *mut f32, rows: usize, step: &Step) -> (Columns, Columns) {
    let &Step { q, k, delta, decay, next } = step;
    let (mut out, mut read) = (NONE, NONE);
    for i in 0..rows {
        unsafe {
            let state = load(from.add(i * WIDTH));
            let (q, k, next) =
                (F32x4::load_splat(q.add(i)), F32x4::load_splat(k.add(i)), F32x4::load_splat(next.add(i)));
            let state = multiply_add([k; VECTORS], delta, state);
            out = multiply_add([q; VECTORS], state, out);
            let state = each(|i| decay * state[i]);
            read = multiply_add([next; VECTORS], state, read);
            store(state, to.add(i * WIDTH));
        }
    }
    (out, read)
}

/// Tokens between two states that the gradient keeps: no fewer than there are such states.
fn chunk_length(tokens: usize) -> usize {
    (tokens as f64).sqrt() as usize + 1
}

/// Elements of scratch of [`GatedDelta::gradient`] for sequences of at most `longest` tokens; with 0 of [`GatedDelta::forward`]. Perhaps
/// more than there can be.
pub fn scratch_length(key_dim: usize, longest: usize) -> f64 {
    let (block, chunk) = (key_dim as f64 * WIDTH as f64, chunk_length(longest) as f64);
    if longest == 0 { block } else { (3.0 + 2.0 * chunk) * block + 2.0 * chunk * WIDTH as f64 }
}

/// Where a run over tokens leaves what it finds; null for what nobody needs.
struct Trace {
    /// A state's block, of the first token undecayed; the next token's is `stride` elements on, and the last one's after it at the end.
    states: *mut f32,
    stride: usize,
    /// Of each token δ and v − Sᵀk.
    notes: *mut f32,
    o: *mut f32,
}

impl GatedDelta {
    /// Blocks of columns of a head: a task each.
    pub fn blocks(&self) -> usize {
        self.value_dim.div_ceil(WIDTH)
    }

    /// Elements of a state's block.
    fn block_length(&self) -> usize {
        self.key_dim * WIDTH
    }

    /// Where a token's row of a value head's key head lies in q and k.
    fn key_row(&self, token: usize, head: usize) -> usize {
        (token * self.key_heads + head * self.key_heads / self.value_heads) * self.key_dim
    }

    /// Elements of vector `i` of a block that lie in the head.
    fn count(&self, block: Block, i: usize) -> usize {
        self.value_dim.saturating_sub(block.column + i * LANES).min(LANES)
    }

    /// A block's columns of a row of `value_dim` elements; beyond them 0.
    unsafe fn columns(&self, row: *const f32, block: Block) -> Columns {
        each(|i| unsafe { lanes_or(row, block.column + i * LANES, self.count(block, i), 0.0) })
    }

    unsafe fn put(&self, x: Columns, row: *mut f32, block: Block, accumulate: bool) {
        for (i, x) in x.into_iter().enumerate() {
            unsafe { put_partial(x, row.wrapping_add(block.column + i * LANES), self.count(block, i), accumulate) };
        }
    }

    /// A block of a state in memory; zeros for null.
    unsafe fn take_state(&self, state: *const f32, to: *mut f32, block: Block) {
        for i in 0..self.key_dim {
            unsafe {
                let row = state.wrapping_add((block.head * self.key_dim + i) * self.value_dim);
                store(if state.is_null() { NONE } else { self.columns(row, block) }, to.add(i * WIDTH));
            }
        }
    }

    /// Goes over the tokens `start..end`.
    unsafe fn run(&self, inputs: &Inputs, block: Block, (start, end): (usize, usize), trace: &Trace) {
        if start == end {
            return;
        }
        let mut delta = NONE;
        for next in start..=end {
            // Before the first token nothing is added, after the last one nothing decays.
            let (token, following) = (next.max(start + 1) - 1, next.min(end - 1));
            let at = following * self.value_heads + block.head;
            unsafe {
                let key = self.key_row(token, block.head);
                let step = Step {
                    q: inputs.q.add(key),
                    k: inputs.k.add(key),
                    delta,
                    decay: if next < end { exp(F32x4::load_splat(inputs.g.add(at))) } else { F32x4::splat(1.0) },
                    next: inputs.k.add(self.key_row(following, block.head)),
                };
                let state = |token: usize| trace.states.add((token - start) * trace.stride);
                let (out, read) = advance(state(token), state(next), self.key_dim, &step);
                if next > start && !trace.o.is_null() {
                    let row = (token * self.value_heads + block.head) * self.value_dim;
                    self.put(out, trace.o.add(row), block, false);
                }
                let v = self.columns(inputs.v.add(at * self.value_dim), block);
                let rest = each(|i| v[i] - read[i]);
                let beta = F32x4::load_splat(inputs.beta.add(at));
                delta = each(|i| beta * rest[i]);
                if next < end && !trace.notes.is_null() {
                    let notes = trace.notes.add((next - start) * 2 * WIDTH);
                    store(delta, notes);
                    store(rest, notes.add(WIDTH));
                }
            }
        }
    }

    /// o of a sequence, and its state after it: the columns of block `index` of a value head.
    ///
    /// # Safety
    /// Shapes as above; `scratch` valid for [`scratch_length`] elements, which nobody else uses; `sequence.after` equals `before`
    /// or overlaps nothing.
    pub unsafe fn forward(
        &self,
        inputs: &Inputs,
        o: *mut f32,
        sequence: Sequence,
        (head, index): (usize, usize),
        scratch: *mut f32,
    ) {
        let block = Block { head, column: index * WIDTH };
        let Sequence { start, length, before, after } = sequence;
        unsafe {
            self.take_state(before, scratch, block);
            let trace = Trace { states: scratch, stride: 0, notes: core::ptr::null_mut(), o };
            self.run(inputs, block, (start, start + length), &trace);
            for i in 0..if after.is_null() { 0 } else { self.key_dim } {
                let row = after.add((head * self.key_dim + i) * self.value_dim);
                self.put(load(scratch.add(i * WIDTH)), row, block, false);
            }
        }
    }

    /// Adds the gradients of a sequence that begins with zeros, of a key head and its value heads; `up` is that of o. The states are
    /// computed once more: first one a chunk, then all of each chunk, from the last to the first.
    ///
    /// # Safety
    /// As [`Self::forward`], with its own scratch; `targets` overlap nothing.
    pub unsafe fn gradient(
        &self,
        inputs: &Inputs,
        up: *const f32,
        targets: &Targets,
        sequence: Sequence,
        key_head: usize,
        scratch: *mut f32,
    ) {
        let group = self.value_heads / self.key_heads;
        for head in key_head * group..(key_head + 1) * group {
            for column in (0..self.value_dim).step_by(WIDTH) {
                let block = Block { head, column };
                unsafe { self.block_gradient(inputs, up, targets, sequence, block, scratch) };
            }
        }
    }

    unsafe fn block_gradient(
        &self,
        inputs: &Inputs,
        up: *const f32,
        targets: &Targets,
        Sequence { start, length, .. }: Sequence,
        block: Block,
        scratch: *mut f32,
    ) {
        if length == 0 {
            return;
        }
        let (size, end, chunk) = (self.block_length(), start + length, chunk_length(length));
        let null = core::ptr::null_mut();
        unsafe {
            // The running state, its gradient, the states at the chunks' starts, those within a chunk.
            let (state, gradient, kept) = (scratch, scratch.add(size), scratch.add(2 * size));
            let states = kept.add(chunk * size);
            let notes = states.add((chunk + 1) * size);
            fill(2 * size, 0.0, scratch);
            for (i, first) in (start..end).step_by(chunk).enumerate() {
                copy(size, state, kept.add(i * size));
                let trace = Trace { states: state, stride: 0, notes: null, o: null };
                self.run(inputs, block, (first, end.min(first + chunk)), &trace);
            }
            for i in (0..length.div_ceil(chunk)).rev() {
                let first = start + i * chunk;
                let last = end.min(first + chunk);
                copy(size, kept.add(i * size), states);
                self.run(inputs, block, (first, last), &Trace { states, stride: size, notes, o: null });
                for token in (first..last).rev() {
                    let i = token - first;
                    let found = (states.add(i * size) as *const f32, notes.add(2 * i * WIDTH) as *const f32);
                    self.back(inputs, up, targets, block, token, found, gradient);
                }
            }
        }
    }

    /// One token's gradients. `gradient` is that of the state after it, and becomes that of the state before it; `state` is what it
    /// found, P = e^g·S.
    #[allow(clippy::too_many_arguments)]
    unsafe fn back(
        &self,
        inputs: &Inputs,
        up: *const f32,
        targets: &Targets,
        block: Block,
        token: usize,
        (state, notes): (*const f32, *const f32),
        gradient: *mut f32,
    ) {
        let (at, key) = (token * self.value_heads + block.head, self.key_row(token, block.head));
        unsafe {
            let (delta, rest) = (load(notes), load(notes.add(WIDTH)));
            let up = self.columns(up.add(at * self.value_dim), block);
            let along = sum(each(|i| delta[i] * up[i]));
            let mut toward = NONE;
            for i in 0..self.key_dim {
                let (state, at_row) = (load(state.add(i * WIDTH)), gradient.add(i * WIDTH));
                let k = *inputs.k.add(key + i);
                let row = multiply_add([F32x4::load_splat(inputs.q.add(key + i)); VECTORS], up, load(at_row));
                toward = multiply_add([F32x4::splat(k); VECTORS], row, toward);
                store(row, at_row);
                *targets.q.add(key + i) += sum(each(|i| state[i] * up[i])) + k * along;
            }
            let beta = F32x4::load_splat(inputs.beta.add(at));
            let own = each(|i| beta * toward[i]);
            self.put(own, targets.v.add(at * self.value_dim), block, true);
            *targets.beta.add(at) += sum(each(|i| toward[i] * rest[i]));
            let decay = exp(F32x4::load_splat(inputs.g.add(at)));
            let mut decayed = NONE;
            for i in 0..self.key_dim {
                let (state, at_row) = (load(state.add(i * WIDTH)), gradient.add(i * WIDTH));
                let row = load(at_row);
                *targets.k.add(key + i) += sum(each(|i| row[i] * delta[i] - state[i] * own[i]));
                let row = multiply_add([F32x4::splat(-*inputs.k.add(key + i)); VECTORS], own, row);
                decayed = multiply_add(row, state, decayed);
                store(each(|i| decay * row[i]), at_row);
            }
            *targets.g.add(at) += sum(decayed);
        }
    }
}
