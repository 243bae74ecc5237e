//! Attention against f64, its gradients against the same formulas in f64, in every layout that the ops use.

mod reference_support;

use kernels::attention::{
    Attention, Distances, GradientTargets, Layout, Operands, Sequence, forward, forward_one, gradient, one_query,
    scratch_length,
};
use reference_support::*;
use std::ptr::{null, null_mut};

/// One attention problem: shapes, layouts, data.
struct Case {
    op: Attention,
    sequences: Vec<Sequence>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    key_bias: Vec<f32>,
    tables: Tables,
    /// Elements of O, and of lse.
    size: (usize, usize),
}

/// Biases by the distance of query and key; empty for none.
#[derive(Default)]
struct Tables {
    /// Distances stand from −`before` on.
    before: usize,
    /// `[heads, distances]`
    bias: Vec<f32>,
    buckets: Vec<i32>,
    c2p: Vec<f32>,
    p2c: Vec<f32>,
}

/// Results and gradients.
struct Reference {
    dc2p: Vec<f64>,
    dp2c: Vec<f64>,
    o: Vec<f64>,
    dq: Vec<f64>,
    dk: Vec<f64>,
    dv: Vec<f64>,
}

impl Case {
    /// Q, K, V as column blocks of one `[tokens, 3·hidden]`.
    fn ragged(lengths: &[usize], heads: usize, head_dim: usize) -> Self {
        let (tokens, hidden) = (lengths.iter().sum::<usize>(), heads * head_dim);
        let rows = Layout { row: 3 * hidden, head: head_dim };
        let op = Attention {
            heads,
            kv_heads: heads,
            head_dim,
            scale: 1.0 / (head_dim as f32).sqrt(),
            cap: 0.0,
            causal: false,
            q: rows,
            kv: rows,
            o: Layout { row: hidden, head: head_dim },
            lse_head: tokens,
            key_bias: null(),
            key_bias_step: 0,
            window: usize::MAX,
            distances: Distances::NONE,
        };
        let mut start = 0;
        let sequence = |length: &usize| {
            let row = start as u32;
            start += length;
            Sequence { q_start: row, q_length: *length as u32, k_start: row, k_length: *length as u32, offset: 0 }
        };
        let sequences = lengths.iter().map(sequence).collect();
        let qkv = values_about(tokens * 3 * hidden, 1, 0.0, 2.0);
        let block = |i: usize| qkv.get(i * hidden..).unwrap_or(&[]).to_vec();
        let (q, k, v) = (block(0), block(1), block(2));
        let size = (tokens * hidden, tokens * heads);
        Self { op, sequences, q, k, v, key_bias: vec![], tables: Tables::default(), size }
    }

    /// Q `[batch, heads, rows, head_dim]`, K and V `[batch, kv_heads, keys, head_dim]`.
    fn batched(batch: usize, (heads, kv_heads): (usize, usize), (rows, keys): (usize, usize), head_dim: usize) -> Self {
        let op = Attention {
            heads,
            kv_heads,
            head_dim,
            scale: 0.3,
            cap: 0.0,
            causal: false,
            q: Layout { row: head_dim, head: rows * head_dim },
            kv: Layout { row: head_dim, head: keys * head_dim },
            o: Layout { row: head_dim, head: rows * head_dim },
            lse_head: rows,
            key_bias: null(),
            key_bias_step: keys,
            window: usize::MAX,
            distances: Distances::NONE,
        };
        let sequence = |b: usize| Sequence {
            q_start: (b * heads * rows) as u32,
            q_length: rows as u32,
            k_start: (b * kv_heads * keys) as u32,
            k_length: keys as u32,
            offset: 0,
        };
        let (q_size, kv_size) = (batch * heads * rows * head_dim, batch * kv_heads * keys * head_dim);
        Self {
            op,
            sequences: (0..batch).map(sequence).collect(),
            q: values_about(q_size, 1, 0.0, 2.0),
            k: values_about(kv_size, 2, 0.0, 2.0),
            v: values_about(kv_size, 3, 0.0, 1.0),
            key_bias: vec![],
            tables: Tables::default(),
            size: (q_size, batch * heads * rows),
        }
    }

    fn causal(mut self) -> Self {
        self.op.causal = true;
        self
    }

    /// Queries whose first stands at key `offset`.
    fn offset(mut self, offset: u32) -> Self {
        self.sequences.iter_mut().for_each(|sequence| sequence.offset = offset);
        self
    }

    fn window(mut self, window: usize) -> Self {
        self.op.window = window;
        self
    }

    fn capped(mut self, cap: f32) -> Self {
        self.op.cap = cap;
        self
    }

    /// How many distances there are, and how many of them are below 0.
    fn distances(&self) -> (usize, usize) {
        let longest = |length: fn(&Sequence) -> u32| self.sequences.iter().map(length).max().unwrap_or(0) as usize;
        let before = longest(|s| s.k_length).saturating_sub(1);
        (before + longest(|s| s.q_length) + 7, before)
    }

    fn distance_bias(mut self) -> Self {
        let (count, before) = self.distances();
        self.tables.before = before;
        self.tables.bias = values_about(count * self.op.heads, 11, 0.0, 1.0);
        self.op.distances.bias_step = count;
        self
    }

    /// Seven buckets, in no order. Which of the tables there are.
    fn disentangled(mut self, c2p: bool, p2c: bool) -> Self {
        let (count, before) = self.distances();
        self.tables.before = before;
        self.tables.buckets = (0..count).map(|i| (i * 5 % 7) as i32).collect();
        self.op.distances.bucket_count = 7;
        let rows = |end: fn(&Sequence) -> u32| self.sequences.iter().map(end).max().unwrap_or(0) as usize;
        let row = 7 * self.op.heads;
        if c2p {
            self.tables.c2p = values_about(rows(|s| s.q_start + s.q_length) * row, 12, 0.0, 2.0);
        }
        if p2c {
            self.tables.p2c = values_about(rows(|s| s.k_start + s.k_length) * row, 13, 0.0, 2.0);
        }
        self
    }

    /// Hides every third key, and the last sequence's keys altogether.
    fn masked(mut self) -> Self {
        let (step, last) = (self.op.key_bias_step, self.sequences.len() - 1);
        let hidden = |i: usize| i % step % 3 == 1 || i / step == last;
        let bias = |i| if hidden(i) { f32::NEG_INFINITY } else { 0.0 };
        self.key_bias = (0..step * self.sequences.len()).map(bias).collect();
        self
    }

    /// The same in f64, written as the definition reads.
    fn reference(&self, g: &[f32]) -> Reference {
        let op = &self.op;
        let (q, k, v, g) = (to_f64(&self.q), to_f64(&self.k), to_f64(&self.v), to_f64(g));
        let Tables { before, bias: distance_bias, buckets, c2p, p2c } = &self.tables;
        let count = op.distances.bucket_count;
        let mut result = Reference {
            dc2p: vec![0.0; c2p.len()],
            dp2c: vec![0.0; p2c.len()],
            o: vec![0.0; self.size.0],
            dq: vec![0.0; q.len()],
            dk: vec![0.0; k.len()],
            dv: vec![0.0; v.len()],
        };
        for (index, s) in self.sequences.iter().enumerate() {
            let (rows, keys) = (s.q_length as usize, s.k_length as usize);
            for head in 0..op.heads {
                let kv_head = head / (op.heads / op.kv_heads);
                let at_q = |row: usize, c: usize| (s.q_start as usize + row) * op.q.row + head * op.q.head + c;
                let at_o = |row: usize, c: usize| (s.q_start as usize + row) * op.o.row + head * op.o.head + c;
                let at_k = |key: usize, c: usize| (s.k_start as usize + key) * op.kv.row + kv_head * op.kv.head + c;
                let bucket = |row: usize, key: usize| {
                    buckets.get((row + before).wrapping_sub(key)).copied().unwrap_or(0) as usize
                };
                let in_table = |table_row: usize, bucket: usize| (table_row * op.heads + head) * count + bucket;
                let at_c2p = |row: usize, key: usize| in_table(s.q_start as usize + row, bucket(row, key));
                let at_p2c = |row: usize, key: usize| in_table(s.k_start as usize + key, bucket(row, key));
                for row in 0..rows {
                    let score = |key: usize| {
                        let bias = self.key_bias.get(index * op.key_bias_step + key).copied().unwrap_or(0.0);
                        let place = s.offset as usize + row;
                        let hidden = op.causal && key > place || key.abs_diff(place) > op.window;
                        let mut dot: f64 = (0..op.head_dim).map(|c| q[at_q(row, c)] * k[at_k(key, c)]).sum();
                        dot += c2p.get(at_c2p(row, key)).copied().unwrap_or(0.0) as f64;
                        dot += p2c.get(at_p2c(row, key)).copied().unwrap_or(0.0) as f64;
                        let scaled = op.scale as f64 * dot;
                        let cap = op.cap as f64;
                        let scaled = if cap == 0.0 { scaled } else { cap * (scaled / cap).tanh() };
                        let distance = (head * op.distances.bias_step + row + before).wrapping_sub(key);
                        let bias = bias as f64 + distance_bias.get(distance).copied().unwrap_or(0.0) as f64;
                        if hidden { f64::NEG_INFINITY } else { scaled + bias }
                    };
                    let scores: Vec<f64> = (0..keys).map(score).collect();
                    let max = scores.iter().cloned().fold(f64::NEG_INFINITY, f64::max);
                    if max == f64::NEG_INFINITY {
                        continue;
                    }
                    let sum: f64 = scores.iter().map(|s| (s - max).exp()).sum();
                    let p: Vec<f64> = scores.iter().map(|s| (s - max).exp() / sum).collect();
                    for c in 0..op.head_dim {
                        result.o[at_o(row, c)] = (0..keys).map(|key| p[key] * v[at_k(key, c)]).sum();
                    }
                    let slope = |key: usize| (0..op.head_dim).map(|c| g[at_o(row, c)] * v[at_k(key, c)]).sum::<f64>();
                    let mean: f64 = (0..keys).map(|key| p[key] * slope(key)).sum();
                    for key in 0..keys {
                        let t = if op.cap == 0.0 || p[key] == 0.0 { 0.0 } else { scores[key] / op.cap as f64 };
                        let ds = op.scale as f64 * p[key] * (slope(key) - mean) * (1.0 - t * t);
                        if !c2p.is_empty() {
                            result.dc2p[at_c2p(row, key)] += ds;
                        }
                        if !p2c.is_empty() {
                            result.dp2c[at_p2c(row, key)] += ds;
                        }
                        for c in 0..op.head_dim {
                            result.dq[at_q(row, c)] += ds * k[at_k(key, c)];
                            result.dk[at_k(key, c)] += ds * q[at_q(row, c)];
                            result.dv[at_k(key, c)] += p[key] * g[at_o(row, c)];
                        }
                    }
                }
            }
        }
        result
    }

    /// Which elements of Q, and of K and V, are rows of a sequence: the others belong to somebody else.
    fn owned(&self) -> (Vec<bool>, Vec<bool>) {
        let op = &self.op;
        let mark = |size: usize, rows: &[(u32, u32)], layout: Layout, heads: usize| {
            let mut owned = vec![false; size];
            for (start, length) in rows {
                for (row, head) in (*start..start + length).flat_map(|row| (0..heads).map(move |head| (row, head))) {
                    let at = row as usize * layout.row + head * layout.head;
                    owned[at..at + op.head_dim].fill(true);
                }
            }
            owned
        };
        let queries: Vec<_> = self.sequences.iter().map(|s| (s.q_start, s.q_length)).collect();
        let keys: Vec<_> = self.sequences.iter().map(|s| (s.k_start, s.k_length)).collect();
        (mark(self.q.len(), &queries, op.q, op.heads), mark(self.k.len(), &keys, op.kv, op.kv_heads))
    }

    fn check(&self, name: &str) {
        let Tables { before, bias, buckets, c2p, p2c } = &self.tables;
        let start = |table: &[f32]| if table.is_empty() { null() } else { table.as_ptr() };
        let distances = Distances {
            bias: start(bias).wrapping_add(if bias.is_empty() { 0 } else { *before }),
            buckets: buckets.as_ptr().wrapping_add(if buckets.is_empty() { 0 } else { *before }),
            c2p: start(c2p),
            p2c: start(p2c),
            ..self.op.distances
        };
        let op = Attention { key_bias: start(&self.key_bias), distances, ..self.op };
        let g = values(self.size.0, 4);
        let expected = self.reference(&g);
        let (mut o, mut lse) = (vec![f32::NAN; self.size.0], vec![f32::NAN; self.size.1]);
        let keys = self.sequences.iter().map(|s| s.k_length as usize).max().unwrap_or(0);
        let mut scratch = vec![f32::NAN; scratch_length(keys, op.head_dim) as usize];
        let (q, k, v) = (self.q.as_ptr(), self.k.as_ptr(), self.v.as_ptr());
        for (index, sequence) in self.sequences.iter().enumerate() {
            for head in 0..op.heads {
                let results = (o.as_mut_ptr(), lse.as_mut_ptr());
                unsafe { forward(&op, (q, k, v), results, (*sequence, index), head, scratch.as_mut_ptr()) }
            }
        }
        assert_close(&format!("{name}: o"), &o, &expected.o, 5e-6);

        let operands = Operands { q, k, v, lse: lse.as_ptr(), g: g.as_ptr() };
        let before = (values(self.q.len(), 5), values(self.k.len(), 6), values(self.v.len(), 7));
        let (q_owned, kv_owned) = self.owned();
        for accumulate in [false, true] {
            // What is to be written starts as NaN, zero gradients too; elements between the rows start and stay as they are.
            let start = |before: &[f32], owned: &[bool]| -> Vec<f32> {
                let value = |(b, owned): (&f32, &bool)| if *owned && !accumulate { f32::NAN } else { *b };
                before.iter().zip(owned).map(value).collect()
            };
            let (mut dq, mut dk, mut dv) =
                (start(&before.0, &q_owned), start(&before.1, &kv_owned), start(&before.2, &kv_owned));
            let table = |length: usize, seed| if accumulate { values(length, seed) } else { vec![f32::NAN; length] };
            let (mut dc2p, mut dp2c) = (table(c2p.len(), 8), table(p2c.len(), 9));
            let wanted = |table: &mut Vec<f32>| if table.is_empty() { null_mut() } else { table.as_mut_ptr() };
            let targets = GradientTargets {
                dc2p: wanted(&mut dc2p),
                dp2c: wanted(&mut dp2c),
                accumulate_c2p: accumulate,
                accumulate_p2c: accumulate,
                dq: dq.as_mut_ptr(),
                dk: dk.as_mut_ptr(),
                dv: dv.as_mut_ptr(),
                accumulate_q: accumulate,
                accumulate_k: accumulate,
                accumulate_v: accumulate,
            };
            for (index, sequence) in self.sequences.iter().enumerate() {
                for kv_head in 0..op.kv_heads {
                    unsafe { gradient(&op, operands, targets, (*sequence, index), kv_head, scratch.as_mut_ptr()) }
                }
            }
            for (what, d, seed, expected) in [("dc2p", &dc2p, 8, &expected.dc2p), ("dp2c", &dp2c, 9, &expected.dp2c)] {
                let before = if accumulate { to_f64(&values(d.len(), seed)) } else { vec![0.0; d.len()] };
                let expected: Vec<f64> = expected.iter().zip(before).map(|(e, b)| e + b).collect();
                assert_close(&format!("{name}: {what}, accumulate {accumulate}"), d, &expected, 3e-5);
            }
            for (what, d, before, owned, expected) in [
                ("dq", &dq, &before.0, &q_owned, &expected.dq),
                ("dk", &dk, &before.1, &kv_owned, &expected.dk),
                ("dv", &dv, &before.2, &kv_owned, &expected.dv),
            ] {
                let value = |i: usize| {
                    let kept = if owned[i] && !accumulate { 0.0 } else { before[i] as f64 };
                    if owned[i] { expected[i] + kept } else { kept }
                };
                let expected: Vec<f64> = (0..d.len()).map(value).collect();
                assert_close(&format!("{name}: {what}, accumulate {accumulate}"), d, &expected, 3e-5);
            }
        }
    }
}

#[test]
fn ragged_sequences() {
    Case::ragged(&[5, 1, 17, 32, 10], 3, 32).check("d 32");
    Case::ragged(&[1], 1, 4).check("one token");
    Case::ragged(&[4, 0, 3], 2, 8).check("an empty sequence");
    Case::ragged(&[], 2, 8).check("no sequence");
    Case::ragged(&[3, 9, 66], 2, 7).check("d 7");
    Case::ragged(&[6, 2], 1, 1).check("d 1");
    Case::ragged(&[33, 12], 2, 13).causal().check("causal, d 13");
}

#[test]
fn batches_with_causal_padding_and_grouped_heads() {
    Case::batched(2, (3, 3), (5, 5), 4).check("plain");
    Case::batched(2, (3, 3), (5, 5), 4).causal().check("causal");
    Case::batched(1, (2, 2), (17, 17), 8).causal().check("causal 17");
    Case::batched(2, (2, 2), (3, 6), 4).check("cross");
    Case::batched(2, (2, 2), (7, 3), 4).causal().check("more queries than keys, causal");
    Case::batched(2, (2, 2), (3, 40), 8).causal().check("more keys than queries, causal");
    Case::batched(3, (2, 2), (5, 5), 4).masked().check("masked");
    Case::batched(3, (2, 1), (35, 37), 12).masked().causal().check("masked, causal, grouped");
    Case::batched(2, (6, 2), (4, 4), 4).causal().check("grouped, causal");
    Case::batched(1, (4, 1), (70, 50), 16).check("one K/V head, several query blocks");
    Case::batched(2, (2, 2), (0, 3), 4).check("no query");
    Case::batched(2, (2, 2), (3, 0), 4).check("no key");
}

#[test]
fn windows() {
    for window in [0, 1, 3, 4, 7, 30, 200] {
        Case::ragged(&[5, 1, 17, 70, 0, 33], 2, 8).window(window).check(&format!("window {window}"));
        Case::ragged(&[9, 40], 2, 5).window(window).causal().check(&format!("window {window}, causal"));
    }
    Case::batched(2, (2, 2), (19, 6), 4).window(3).check("queries that see no key");
    Case::batched(3, (4, 2), (35, 37), 12).masked().window(6).check("masked, grouped");
}

#[test]
fn capped_scores() {
    for cap in [0.5, 2.0, 50.0] {
        Case::ragged(&[5, 1, 17, 70, 0, 33], 2, 8).capped(cap).check(&format!("cap {cap}"));
        Case::ragged(&[9, 40], 3, 13).capped(cap).causal().check(&format!("cap {cap}, causal"));
        Case::batched(2, (4, 2), (35, 37), 12).capped(cap).causal().window(6).check(&format!("cap {cap}, grouped"));
    }
    Case::batched(1, (2, 2), (4, 9), 8).capped(2.0).window(1).offset(30).check("cap, queries that see no key");
}

/// Slopes of Σ g·O along Q and K are the gradient: O at ± a small step, in f64.
#[test]
fn capped_gradients_are_central_differences() {
    let case = || {
        let mut case = Case::ragged(&[7], 2, 4).capped(1.5).causal();
        // Multiples of the step, which it is added to without rounding.
        let rounded = |values: &mut Vec<f32>| values.iter_mut().for_each(|x| *x = (*x * 1024.0).round() / 1024.0);
        rounded(&mut case.q);
        rounded(&mut case.k);
        case
    };
    let g = values(case().size.0, 4);
    let loss = |case: &Case| case.reference(&g).o.iter().zip(&g).map(|(o, g)| o * *g as f64).sum::<f64>();
    let expected = case().reference(&g);
    let step = 1.0 / 1024.0;
    for (what, gradient) in [("q", &expected.dq), ("k", &expected.dk)] {
        for i in 0..7 * 8 {
            // Rows of Q, K and V are as wide as the three together.
            let at = i / 8 * 24 + i % 8;
            let moved = |by: f32| {
                let mut case = case();
                if what == "q" {
                    case.q[at] += by
                } else {
                    case.k[at] += by
                }
                loss(&case)
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * step as f64);
            assert!((slope - gradient[at]).abs() < 1e-5, "{what}[{at}]: {slope} and {}", gradient[at]);
        }
    }
}

#[test]
fn queries_behind_cached_keys() {
    for (rows, keys) in [(1, 1), (1, 40), (3, 10), (9, 33), (35, 70)] {
        let case = || Case::batched(2, (6, 2), (rows, keys), 12).causal().offset((keys - rows) as u32);
        case().check(&format!("{rows} queries at the end of {keys} keys"));
        for window in [0, 2, 5, 30] {
            case().window(window).check(&format!("{rows} queries at the end of {keys} keys, window {window}"));
        }
    }
    Case::batched(1, (2, 2), (4, 9), 8).causal().offset(2).check("keys behind the queries");
    Case::batched(1, (2, 2), (4, 9), 8).window(1).offset(30).check("queries that see no key");
}

#[test]
fn biases_by_distance() {
    Case::ragged(&[5, 1, 17, 34, 0, 10], 3, 8).distance_bias().check("bias by distance");
    Case::ragged(&[5, 41], 2, 7).distance_bias().window(4).check("with a window");
    Case::batched(2, (4, 2), (3, 12), 8).distance_bias().causal().check("grouped, causal");
    for (c2p, p2c) in [(true, false), (false, true), (true, true)] {
        let name = format!("c2p {c2p}, p2c {p2c}");
        Case::ragged(&[5, 1, 17, 70, 0, 33], 3, 8).disentangled(c2p, p2c).check(&name);
        Case::ragged(&[3, 12], 1, 5).disentangled(c2p, p2c).causal().check(&format!("{name}, causal"));
        Case::ragged(&[3, 44], 2, 4).disentangled(c2p, p2c).window(5).distance_bias().check(&format!("{name}, all"));
    }
}

#[test]
fn long_sequence() {
    Case::ragged(&[512], 1, 32).check("512 tokens");
    Case::batched(1, (1, 1), (130, 130), 32).causal().check("130 tokens, causal");
}

#[test]
fn large_scores_stay_finite() {
    let mut case = Case::batched(1, (1, 1), (6, 9), 8);
    case.q.iter_mut().for_each(|q| *q *= 100.0);
    case.k.iter_mut().for_each(|k| *k *= 100.0);
    let (mut o, mut lse, mut scratch) = (vec![0.0; 48], vec![0.0; 6], vec![0.0; scratch_length(9, 8) as usize]);
    let inputs = (case.q.as_ptr(), case.k.as_ptr(), case.v.as_ptr());
    let results = (o.as_mut_ptr(), lse.as_mut_ptr());
    unsafe { forward(&case.op, inputs, results, (case.sequences[0], 0), 0, scratch.as_mut_ptr()) }
    assert_close("o", &o, &case.reference(&[0.0; 48]).o, 1e-2);
}

#[test]
fn unwanted_gradients_are_not_written_and_change_no_other() {
    let case = Case::batched(1, (1, 1), (2, 2), 4);
    let (lse, g) = (values(2, 8), values(8, 9));
    let operands =
        Operands { q: case.q.as_ptr(), k: case.k.as_ptr(), v: case.v.as_ptr(), lse: lse.as_ptr(), g: g.as_ptr() };
    let run = |wanted: [bool; 3]| {
        let mut gradients = [[f32::NAN; 8]; 3];
        let mut scratch = vec![f32::NAN; scratch_length(2, 4) as usize];
        let [dq, dk, dv] = core::array::from_fn(|i| if wanted[i] { gradients[i].as_mut_ptr() } else { null_mut() });
        let (accumulate_q, accumulate_k, accumulate_v) = (false, false, false);
        let (dc2p, dp2c, accumulate_c2p, accumulate_p2c) = (null_mut(), null_mut(), false, false);
        let targets = GradientTargets {
            dq,
            dk,
            dv,
            dc2p,
            dp2c,
            accumulate_q,
            accumulate_k,
            accumulate_v,
            accumulate_c2p,
            accumulate_p2c,
        };
        unsafe { gradient(&case.op, operands, targets, (case.sequences[0], 0), 0, scratch.as_mut_ptr()) }
        gradients
    };
    let all = run([true; 3]);
    assert!(all.as_flattened().iter().all(|d| d.is_finite()));
    for choice in 0..8 {
        let wanted = core::array::from_fn(|i| choice >> i & 1 == 1);
        for (i, gradient) in run(wanted).into_iter().enumerate() {
            if wanted[i] {
                assert_eq!(gradient, all[i], "gradient {i} where {wanted:?} are wanted");
            } else {
                assert!(gradient.iter().all(|d| d.is_nan()), "gradient {i} is written unasked");
            }
        }
    }
}

/// One query after a cache, with any window: bit-identical to the tiles of eight queries.
#[test]
fn one_query_has_the_same_bits() {
    for (head_dim, kv_heads, group) in [(64, 3, 3), (5, 2, 1), (16, 1, 2), (70, 1, 4), (33, 2, 7)] {
        for (keys, window, scale, cap) in [
            (1, None, 1.0, 0.0),
            (4, Some(0), 1.0, 0.0),
            (9, None, 1.0, 0.0),
            (70, Some(13), 1.0, 0.0),
            (31, None, f32::NAN, 0.0),
            (70, Some(13), 1.0, 1.5),
        ] {
            let mut case = Case::batched(2, (kv_heads * group, kv_heads), (1, keys), head_dim).causal().capped(cap);
            case.op.window = window.unwrap_or(usize::MAX);
            case.k[0] *= scale;
            let (Case { op, q, k, v, size, .. }, mut scratch) =
                (&case, vec![0.0; scratch_length(keys, head_dim) as usize]);
            let mut results = [0, 1].map(|_| (vec![7.0f32; size.0], vec![7.0f32; size.1]));
            for (index, &given) in case.sequences.iter().enumerate() {
                let sequence = Sequence { offset: keys as u32 - 1, ..given };
                assert!(one_query(op, &sequence));
                let (inputs, scratch) = ((q.as_ptr(), k.as_ptr(), v.as_ptr()), scratch.as_mut_ptr());
                let [tiles, single] = results.each_mut().map(|(o, lse)| (o.as_mut_ptr(), lse.as_mut_ptr()));
                for head in 0..op.heads {
                    unsafe { forward(op, inputs, tiles, (sequence, index), head, scratch) };
                }
                for head in 0..kv_heads {
                    unsafe { forward_one(op, inputs, single, sequence, head, scratch) };
                }
            }
            let bits = |values: &[f32]| {
                values.iter().map(|value| if value.is_nan() { 1 } else { value.to_bits() }).collect::<Vec<_>>()
            };
            let [tiles, single] = results;
            assert_eq!(bits(&tiles.0), bits(&single.0), "{head_dim} × {group}, {keys} keys");
            assert_eq!(bits(&tiles.1), bits(&single.1));
        }
    }
}
