//! Products with rounded rows: against the same whole numbers in float64, at odd sizes, and where something is not finite.

use kernels::weights::interleaved::{ROWS, interleave};
use kernels::weights::rounded::{Instruction, is_right, round, rounded_bytes, times};
use kernels::weights::{FORMATS, Stored, quantize};

const Q8: usize = 5;
const Q4: usize = 6;

fn numbers(count: usize, mut state: u32) -> Vec<f32> {
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.4
        })
        .collect()
}

fn rounded(x: &[f32], width: usize, format: usize) -> Vec<u8> {
    let rows = x.len() / width;
    let mut groups = vec![0; rows * rounded_bytes(width)];
    unsafe {
        // In two parts, as threads do.
        round(x.as_ptr(), width, rows, 0..rows / 2, &FORMATS[format], groups.as_mut_ptr());
        round(x.as_ptr(), width, rows, rows / 2..rows, &FORMATS[format], groups.as_mut_ptr());
    };
    groups
}

/// The values of rounded rows.
fn values_of(groups: &[u8], width: usize, format: usize) -> Vec<f32> {
    let row_of = |row: &[u8]| -> Vec<f32> {
        let values = row.chunks(40).flat_map(|group| {
            let half = |at: usize| f32::from_le_bytes(group[at..at + 4].try_into().unwrap());
            let (scale, second) = (half(0), half(4));
            let codes: Vec<f32> = group[8..].iter().map(|&code| f32::from(code as i8)).collect();
            if format == Q8 {
                assert!(
                    codes.iter().all(|&code| code >= 0.0) && second.fract() == 0.0 && (0.0..=127.0).contains(&second)
                );
            } else {
                assert_eq!(second, scale * codes.iter().sum::<f32>());
            }
            let zero = if format == Q8 { second } else { 0.0 };
            codes.into_iter().map(move |code| scale * (code - zero)).collect::<Vec<_>>()
        });
        values.take(width).collect()
    };
    by_rows(groups, rounded_bytes(width)).chunks(rounded_bytes(width)).flat_map(row_of).collect()
}

/// Eight rows lie in one another, group by group, then four; the others lie by themselves.
fn by_rows(groups: &[u8], row_bytes: usize) -> Vec<u8> {
    let (mut rows, mut left) = (Vec::new(), groups);
    while !left.is_empty() {
        let together = [8, 4, 1].into_iter().find(|together| left.len() >= together * row_bytes).unwrap();
        let (strip, rest) = left.split_at(together * row_bytes);
        for row in 0..together {
            rows.extend(strip.chunks(40).skip(row).step_by(together).flatten());
        }
        left = rest;
    }
    rows
}

struct Weights {
    format: usize,
    bytes: Vec<u8>,
    width: usize,
}

impl Weights {
    fn new(format: usize, n: usize, width: usize) -> Self {
        let data: Vec<u8> = numbers(n * width, 7).iter().flat_map(|value| value.to_le_bytes()).collect();
        let single = &FORMATS[format - 2];
        let mut bytes = vec![0; n * (single.bytes)(width)];
        unsafe { quantize(&FORMATS[0], data.as_ptr(), width, 0..n, single, bytes.as_mut_ptr()) };
        Self::of(format, n, width, bytes)
    }

    /// Of contiguous rows.
    fn of(format: usize, n: usize, width: usize, mut bytes: Vec<u8>) -> Self {
        let [row, group] = [width, 32].map(FORMATS[format].bytes);
        bytes.resize(n.next_multiple_of(ROWS) * row, 0);
        let mut scratch = vec![0; ROWS * row];
        unsafe { interleave(group, row / group, n, bytes.as_mut_ptr(), scratch.as_mut_ptr(), false) };
        Self { format, bytes, width }
    }

    fn stored(&self) -> Stored {
        Stored { format: &FORMATS[self.format], data: self.bytes.as_ptr(), width: self.width, transposed: true }
    }

    fn product(&self, x: &[u8], m: usize, n: usize, bias: *const f32) -> Vec<f32> {
        let mut y = vec![7.0; m * n + 1];
        unsafe {
            times(Instruction::Widened, x.as_ptr(), m, self.stored(), n, bias, y.as_mut_ptr(), 0..n / 8 * 4);
            times(Instruction::Widened, x.as_ptr(), m, self.stored(), n, bias, y.as_mut_ptr(), n / 8 * 4..n);
        }
        assert_eq!(y.pop(), Some(7.0), "wrote past the end");
        y
    }
}

#[test]
fn products_of_what_rounded_rows_say() {
    for format in [Q8, Q4] {
        for (m, n, k) in [
            (1, 1, 1),
            (1, 7, 33),
            (2, 8, 32),
            (3, 9, 70),
            (4, 5, 31),
            (7, 66, 576),
            (9, 3, 400),
            (1, 70, 64),
            (13, 18, 96),
        ] {
            let (x, bias) = (numbers(m * k, 3), numbers(n, 5));
            let weights = Weights::new(format, n, k);
            let groups = rounded(&x, k, format);
            let said = values_of(&groups, k, format);
            for (value, exact) in said.chunks(k).flatten().zip(&x) {
                // Half a step, and of shifted codes another half by which 0 is moved onto one.
                let step = if format == Q8 { 2.0 } else { 0.6 };
                assert!((value - exact).abs() <= step / 127.0 / 2.0 * 1.001, "{value} for {exact}");
            }
            for bias in [std::ptr::null(), bias.as_ptr()] {
                let y = weights.product(&groups, m, n, bias);
                for (i, j) in (0..m * n).map(|at| (at / n, at % n)) {
                    let mut row = vec![0.0; k];
                    unsafe { weights.stored().run(j, 0, k, row.as_mut_ptr()) };
                    let terms = said[i * k..][..k].iter().zip(&row).map(|(x, w)| f64::from(*x) * f64::from(*w));
                    let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()));
                    let want = sum + if bias.is_null() { 0.0 } else { f64::from(unsafe { *bias.add(j) }) };
                    assert!((f64::from(y[i * n + j]) - want).abs() <= 2.5e-6 * (size + 1.0), "{m} × {k} × {n}");
                }
            }
        }
    }
}

/// Rows and columns in other company: the same bits.
#[test]
fn the_number_of_rows_changes_nothing() {
    for format in [Q8, Q4] {
        let (m, n, k) = (15, 53, 130);
        let (x, weights) = (numbers(m * k, 9), Weights::new(format, n, k));
        let all = weights.product(&rounded(&x, k, format), m, n, std::ptr::null());
        for (i, row) in x.chunks(k).enumerate() {
            let alone = weights.product(&rounded(row, k, format), 1, n, std::ptr::null());
            assert_eq!(alone, all[i * n..][..n]);
        }
    }
    assert!(Instruction::ALL.into_iter().all(is_right));
}

/// Every byte as a code, −128 too.
#[test]
fn whole_numbers_are_exact() {
    let mut bytes = vec![0u8; 4 * 34];
    for (j, group) in bytes.chunks_mut(34).enumerate() {
        group[..2].copy_from_slice(&0x3c00u16.to_le_bytes());
        group[2..]
            .iter_mut()
            .enumerate()
            .for_each(|(i, code)| *code = if j == 0 { 128 } else { (i * 77 + j * 50) as u8 });
    }
    let weights = Weights::of(Q8, 4, 32, bytes.clone());
    for sign in [1.0, -1.0] {
        // From 63 to −64: steps of 1.
        let x: Vec<f32> = (0..32).map(|i| sign * if i == 0 { 63.0 } else { (i * 4 - 68) as f32 }).collect();
        let y = weights.product(&rounded(&x, 32, Q8), 1, 4, std::ptr::null());
        for (j, group) in bytes.chunks(34).enumerate() {
            let want: f32 = group[2..].iter().zip(&x).map(|(&code, x)| f32::from(code as i8) * x).sum();
            assert_eq!(y[j], want);
        }
    }
}

#[test]
fn what_is_not_finite_stays_so() {
    for format in [Q8, Q4] {
        let weights = Weights::new(format, 5, 64);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = numbers(128, 3);
            x[40] = bad;
            let y = weights.product(&rounded(&x, 64, format), 2, 5, std::ptr::null());
            assert!(y[..5].iter().all(|y| y.is_nan()) && y[5..].iter().all(|y| y.is_finite()));
        }
        let tiny = vec![f32::from_bits(3); 64];
        assert_eq!(weights.product(&rounded(&tiny, 64, format), 1, 5, std::ptr::null()), [0.0; 5]);
        assert_eq!(weights.product(&rounded(&[0.0; 64], 64, format), 1, 5, std::ptr::null()), [0.0; 5]);
    }
}

/// Scales of every kind in one group, among rows of usual ones: what the others give does not change.
#[test]
fn scales_that_are_not_normal() {
    let (n, k, row) = (21, 96, 9);
    let usual = Weights::new(Q4, n, k);
    for m in [1, 6, 13] {
        let x = rounded(&numbers(m * k, 3), k, Q4);
        let before = usual.product(&x, m, n, std::ptr::null());
        for (at, bits) in [(0, 0x0001u16), (2, 0x83ff), (0, 0x0000), (2, 0x8000), (0, 0x7c00), (2, 0x7e01), (2, 0x0400)]
        {
            let mut changed = usual.bytes.clone();
            let block = row / ROWS * ROWS * (k / 32) * 20 + 80;
            let header = block + at * ROWS + row % ROWS * 2;
            changed[header..header + 2].copy_from_slice(&bits.to_le_bytes());
            let weights = Weights { format: Q4, bytes: changed, width: k };
            let y = weights.product(&x, m, n, std::ptr::null());
            let mut decoded = vec![0.0; k];
            unsafe { weights.stored().run(row, 0, k, decoded.as_mut_ptr()) };
            for (i, said) in values_of(&x, k, Q4).chunks(k).enumerate() {
                for j in 0..n {
                    let (y, before) = (y[i * n + j], before[i * n + j]);
                    let want: f64 = said.iter().zip(&decoded).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                    if j != row {
                        assert_eq!(y, before);
                    } else if want.is_finite() {
                        assert!((f64::from(y) - want).abs() <= 1e-5 * (1.0 + want.abs()), "{y} for {want}");
                    } else {
                        assert!(!y.is_finite());
                    }
                }
            }
        }
    }
}
