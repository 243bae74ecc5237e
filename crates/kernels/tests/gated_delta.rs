//! The gated delta rule against its formula in f64, its gradient against central differences.

mod reference_support;

use kernels::gated_delta::{GatedDelta, Inputs, Sequence, Targets, WIDTH, scratch_length};
use reference_support::*;

/// q, k, v, g, β.
type Parts<T> = [Vec<T>; 5];

fn lengths(op: &GatedDelta, tokens: usize) -> [usize; 5] {
    let (keys, heads) = (tokens * op.key_heads * op.key_dim, tokens * op.value_heads);
    [keys, keys, heads * op.value_dim, heads, heads]
}

/// g below 0, β from 0 to 1, as models have them.
fn parts(op: &GatedDelta, tokens: usize) -> Parts<f32> {
    let [q, k, v, g, beta] = lengths(op, tokens);
    [values(q, 1), values(k, 2), values(v, 3), values_about(g, 4, -0.5, 0.5), values_about(beta, 5, 0.5, 0.5)]
}

/// o and the state after the tokens.
fn reference(op: &GatedDelta, [q, k, v, g, beta]: &Parts<f64>, before: &[f64], tokens: usize) -> (Vec<f64>, Vec<f64>) {
    let &GatedDelta { key_heads, value_heads, key_dim, value_dim } = op;
    let (mut state, mut o) = (before.to_vec(), vec![0.0; v.len()]);
    for t in 0..tokens {
        for h in 0..value_heads {
            let key = (t * key_heads + h * key_heads / value_heads) * key_dim;
            let at = t * value_heads + h;
            for j in 0..value_dim {
                let s = |i: usize| (h * key_dim + i) * value_dim + j;
                (0..key_dim).for_each(|i| state[s(i)] *= g[at].exp());
                let read: f64 = (0..key_dim).map(|i| state[s(i)] * k[key + i]).sum();
                let delta = beta[at] * (v[at * value_dim + j] - read);
                (0..key_dim).for_each(|i| state[s(i)] += k[key + i] * delta);
                o[at * value_dim + j] = (0..key_dim).map(|i| state[s(i)] * q[key + i]).sum();
            }
        }
    }
    (o, state)
}

fn inputs([q, k, v, g, beta]: &Parts<f32>) -> Inputs {
    Inputs { q: q.as_ptr(), k: k.as_ptr(), v: v.as_ptr(), g: g.as_ptr(), beta: beta.as_ptr() }
}

fn forward(op: &GatedDelta, parts: &Parts<f32>, sequence: Sequence, o: &mut [f32]) {
    let mut scratch = vec![f32::NAN; scratch_length(op.key_dim, 0) as usize];
    for head in 0..op.value_heads {
        for block in 0..op.blocks() {
            unsafe { op.forward(&inputs(parts), o.as_mut_ptr(), sequence, (head, block), scratch.as_mut_ptr()) }
        }
    }
}

const SIZES: [(GatedDelta, usize); 6] = [
    (GatedDelta { key_heads: 1, value_heads: 1, key_dim: 1, value_dim: 1 }, 3),
    (GatedDelta { key_heads: 2, value_heads: 4, key_dim: 5, value_dim: 3 }, 4),
    (GatedDelta { key_heads: 1, value_heads: 3, key_dim: 4, value_dim: WIDTH }, 10),
    (GatedDelta { key_heads: 2, value_heads: 2, key_dim: 3, value_dim: WIDTH + 5 }, 1),
    (GatedDelta { key_heads: 1, value_heads: 1, key_dim: 0, value_dim: 2 }, 2),
    (GatedDelta { key_heads: 1, value_heads: 2, key_dim: 2, value_dim: 7 }, 0),
];

#[test]
fn values_and_states() {
    for (op, tokens) in SIZES {
        let own = parts(&op, tokens);
        let before = values(op.value_heads * op.key_dim * op.value_dim, 6);
        for known in [false, true] {
            let start = if known { to_f64(&before) } else { vec![0.0; before.len()] };
            let (expected, state) = reference(&op, &own.clone().map(|x| to_f64(&x)), &start, tokens);
            let (mut o, mut after) = (vec![f32::NAN; expected.len()], vec![f32::NAN; state.len()]);
            let before = if known { before.as_ptr() } else { std::ptr::null() };
            forward(&op, &own, Sequence { start: 0, length: tokens, before, after: after.as_mut_ptr() }, &mut o);
            assert_close("o", &o, &expected, 1e-5);
            assert_close("state", &after, &state, 1e-5);
        }
    }
}

#[test]
fn gradients() {
    for (op, tokens) in SIZES {
        let own = parts(&op, tokens);
        let exact = own.clone().map(|x| to_f64(&x));
        let state = vec![0.0; op.value_heads * op.key_dim * op.value_dim];
        let up = values(own[2].len(), 7);
        let expected: Vec<Vec<f64>> = (0..5)
            .map(|part| {
                let of = |x: &[f64]| {
                    let mut changed = exact.clone();
                    changed[part] = x.to_vec();
                    reference(&op, &changed, &state, tokens).0
                };
                let numeric = numeric_gradient(&exact[part], &to_f64(&up), of);
                sum(&values(numeric.len(), 8), &numeric)
            })
            .collect();
        let mut found = lengths(&op, tokens).map(|length| values(length, 8));
        let [q, k, v, g, beta] = &mut found;
        let targets = Targets {
            q: q.as_mut_ptr(),
            k: k.as_mut_ptr(),
            v: v.as_mut_ptr(),
            g: g.as_mut_ptr(),
            beta: beta.as_mut_ptr(),
        };
        let mut scratch = vec![f32::NAN; scratch_length(op.key_dim, tokens + 3) as usize];
        let sequence = Sequence { start: 0, length: tokens, before: std::ptr::null(), after: std::ptr::null_mut() };
        for head in 0..op.key_heads {
            unsafe { op.gradient(&inputs(&own), up.as_ptr(), &targets, sequence, head, scratch.as_mut_ptr()) }
        }
        for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_close(&format!("part {part} of {tokens} tokens"), found, expected, 2e-5);
        }
    }
}

#[test]
fn in_pieces_the_same_bits() {
    let op = GatedDelta { key_heads: 2, value_heads: 4, key_dim: 6, value_dim: 11 };
    let own = parts(&op, 9);
    let size = op.value_heads * op.key_dim * op.value_dim;
    let (mut whole, mut end) = (vec![f32::NAN; own[2].len()], vec![f32::NAN; size]);
    let null = std::ptr::null();
    forward(&op, &own, Sequence { start: 0, length: 9, before: null, after: end.as_mut_ptr() }, &mut whole);
    let (mut o, mut state) = (vec![f32::NAN; own[2].len()], vec![0.0; size]);
    for (start, length) in [(0, 1), (1, 0), (1, 1), (2, 6), (8, 1)] {
        let sequence = Sequence { start, length, before: state.as_ptr(), after: state.as_mut_ptr() };
        forward(&op, &own, sequence, &mut o);
    }
    assert_eq!(o, whole);
    assert_eq!(state, end);
}
