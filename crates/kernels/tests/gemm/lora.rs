//! LoRA's products against float64, in parts as threads cut them, with wide rows and both kinds of accumulation.

use crate::random::Random;
use kernels::gemm::lora::Layer;
use kernels::gemm::{Strided, Tile, blocked};

struct Sizes {
    t: usize,
    inputs: usize,
    outputs: usize,
    rank: usize,
}

const SIZES: [Sizes; 9] = [
    Sizes { t: 4, inputs: 8, outputs: 8, rank: 2 },
    Sizes { t: 0, inputs: 3, outputs: 5, rank: 2 },
    Sizes { t: 3, inputs: 0, outputs: 5, rank: 2 },
    Sizes { t: 5, inputs: 7, outputs: 3, rank: 1 },
    Sizes { t: 29, inputs: 48, outputs: 40, rank: 8 },
    Sizes { t: 33, inputs: 31, outputs: 67, rank: 13 },
    Sizes { t: 1, inputs: 97, outputs: 50, rank: 4 },
    Sizes { t: 270, inputs: 20, outputs: 24, rank: 64 },
    Sizes { t: 21, inputs: 300, outputs: 37, rank: 1 },
];

const SCALING: f32 = 0.75;
const EXTRA: usize = 5;

/// [rows, columns] in float64, row-major without gaps.
fn product(a: &[f64], b: &[f64], rows: usize, inner: usize, columns: usize) -> Vec<f64> {
    let mut c = vec![0.0; rows * columns];
    for i in 0..rows {
        for p in 0..inner {
            for j in 0..columns {
                c[i * columns + j] += a[i * inner + p] * b[p * columns + j];
            }
        }
    }
    c
}

fn transposed(a: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..rows * columns).map(|i| a[i % rows * columns + i / rows]).collect()
}

fn wide(a: &[f32]) -> Vec<f64> {
    a.iter().map(|&x| x as f64).collect()
}

/// The first `columns` of rows that lie `columns + EXTRA` apart.
fn dense(a: &[f32], columns: usize) -> Vec<f32> {
    a.chunks(columns + EXTRA).flat_map(|row| &row[..columns]).copied().collect()
}

fn check(name: &str, got: &[f32], want: impl Iterator<Item = f64>) {
    for (i, (&got, want)) in got.iter().zip(want).enumerate() {
        assert!((got as f64 - want).abs() <= 2e-5 * (1.0 + want.abs()), "{name}[{i}]: {got}, expected {want}");
    }
}

#[test]
fn forward_and_gradients() {
    for Sizes { t, inputs, outputs, rank } in SIZES {
        for accumulate in [false, true] {
            let first = step(t, inputs, outputs, rank, Tile::ALL[0], 1, accumulate);
            for tile in Tile::ALL {
                for parts in [1, 3] {
                    let other = step(t, inputs, outputs, rank, tile, parts, accumulate);
                    assert_eq!(
                        first, other,
                        "{t} × {inputs} → {outputs}, rank {rank}: other bits, {tile:?}, {parts} parts"
                    );
                }
            }
        }
    }
}

/// Rows of a batch give the same bits in a call of their own, wherever they lie and however few they are.
#[test]
fn rows_do_not_depend_on_their_neighbours() {
    let (t, inputs) = (300, 530);
    let random = &mut Random(0x0123_4567_89ab_cdef);
    let x = random.fill(t * inputs);
    let mut workspace = vec![f32::NAN; blocked::WORKSPACE];
    for (rank, outputs) in [(1, 1), (1, 37), (2, 1), (3, 40), (8, 96), (16, 7), (40, 33), (64, 1)] {
        let (a, b, before) = (random.fill(inputs * rank), random.fill(rank * outputs), random.fill(t * outputs));
        let mut run = |start: usize, end: usize, tile: Tile| {
            let layer = Layer {
                t: end - start,
                in_features: inputs,
                out_features: outputs,
                rank,
                scaling: SCALING,
                x: Strided::rows(x[start * inputs..].as_ptr(), inputs),
                a: a.as_ptr(),
                b: b.as_ptr(),
            };
            let mut y = before[start * outputs..end * outputs].to_vec();
            let mut u = vec![f32::NAN; (end - start) * rank];
            unsafe {
                layer.forward(0..end - start, u.as_mut_ptr(), y.as_mut_ptr(), outputs, tile, workspace.as_mut_ptr())
            };
            u.iter().chain(&y).map(|value| value.to_bits()).collect::<Vec<u32>>()
        };
        let all = run(0, t, Tile::ALL[0]);
        for tile in Tile::ALL {
            for (start, end) in [(0, 1), (1, 3), (5, 8), (7, 11), (2, 10), (250, 259), (297, 300), (13, 277), (9, 9)] {
                let want: Vec<u32> = all[start * rank..end * rank]
                    .iter()
                    .chain(&all[t * rank + start * outputs..t * rank + end * outputs])
                    .copied()
                    .collect();
                assert_eq!(
                    run(start, end, tile),
                    want,
                    "rank {rank}, {outputs} outputs, rows {start} to {end}, {tile:?}"
                );
            }
        }
    }
}

/// Checks one step and returns the bits of all results.
fn step(
    t: usize,
    inputs: usize,
    outputs: usize,
    rank: usize,
    tile: Tile,
    parts: usize,
    accumulate: bool,
) -> Vec<Vec<u32>> {
    let random = &mut Random(0x1234_5678_9abc_def1);
    let (x_row, y_row) = (inputs + EXTRA, outputs + EXTRA);
    let (x, a, b) = (random.fill(t * x_row), random.fill(inputs * rank), random.fill(rank * outputs));
    let (y_before, g) = (random.fill(t * y_row), random.fill(t * y_row));
    let (mut u, mut gu) = (vec![f32::NAN; t * rank], vec![f32::NAN; t * rank]);
    let mut y = y_before.clone();
    let grad_x_before = random.fill(t * x_row);
    let mut grad_x = grad_x_before.clone();
    let old = |random: &mut Random, length| if accumulate { random.fill(length) } else { vec![f32::NAN; length] };
    let (a_before, b_before) = (old(random, inputs * rank), old(random, rank * outputs));
    let (mut grad_a, mut grad_b) = (a_before.clone(), b_before.clone());
    let mut workspace = vec![f32::NAN; blocked::WORKSPACE];
    let workspace = workspace.as_mut_ptr();
    let layer = Layer {
        t,
        in_features: inputs,
        out_features: outputs,
        rank,
        scaling: SCALING,
        x: Strided::rows(x.as_ptr(), x_row),
        a: a.as_ptr(),
        b: b.as_ptr(),
    };
    let gradient = Strided::rows(g.as_ptr(), y_row);
    let cut = |n: usize, part: usize| {
        let size = n.div_ceil(parts).next_multiple_of(16);
        (part * size).min(n)..((part + 1) * size).min(n)
    };
    for part in 0..parts {
        unsafe { layer.forward(cut(t, part), u.as_mut_ptr(), y.as_mut_ptr(), y_row, tile, workspace) };
    }
    for part in 0..parts {
        let grad_x = grad_x.as_mut_ptr();
        unsafe { layer.backward_rows(cut(t, part), gradient, gu.as_mut_ptr(), grad_x, x_row, tile, workspace) };
    }
    for part in 0..parts {
        unsafe {
            let (grad_a, grad_b) = (grad_a.as_mut_ptr(), grad_b.as_mut_ptr());
            layer.backward_a(cut(inputs, part), gu.as_ptr(), grad_a, accumulate, tile, workspace);
            layer.backward_b(cut(outputs, part), u.as_ptr(), gradient, grad_b, accumulate, tile, workspace);
        }
    }

    let (x, g) = (wide(&dense(&x, inputs)), wide(&dense(&g, outputs)));
    let (a, b) = (wide(&a), wide(&b));
    let s = SCALING as f64;
    let u_want = product(&x, &a, t, inputs, rank);
    let added = product(&u_want, &b, t, rank, outputs);
    let gu_want: Vec<f64> =
        product(&g, &transposed(&b, rank, outputs), t, outputs, rank).iter().map(|v| s * v).collect();
    let grad_a_want = product(&transposed(&x, t, inputs), &gu_want, inputs, t, rank);
    let grad_b_want = product(&transposed(&u_want, t, rank), &g, rank, t, outputs);
    let grad_x_want = product(&gu_want, &transposed(&a, inputs, rank), t, rank, inputs);
    let start = |old: f32| if accumulate { old as f64 } else { 0.0 };

    check("u", &u, u_want.iter().copied());
    let y_before = dense(&y_before, outputs);
    check("y", &dense(&y, outputs), added.iter().zip(&y_before).map(|(d, &y)| s * d + y as f64));
    check("grad_a", &grad_a, grad_a_want.iter().zip(&a_before).map(|(d, &old)| d + start(old)));
    check("grad_b", &grad_b, grad_b_want.iter().zip(&b_before).map(|(d, &old)| s * d + start(old)));
    let grad_x_before = dense(&grad_x_before, inputs);
    check("grad_x", &dense(&grad_x, inputs), grad_x_want.iter().zip(&grad_x_before).map(|(d, &x)| d + x as f64));

    [u, gu, y, grad_a, grad_b, grad_x].iter().map(|result| result.iter().map(|v| v.to_bits()).collect()).collect()
}
