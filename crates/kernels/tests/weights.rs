//! Stored weights: every pattern of each format, parts of matrices at any offset, and what packing makes of them.

use kernels::gemm::{Strided, Tile, pack, stored};
use kernels::simd::half::{from_half, to_half};
use kernels::weights::interleaved::{ROWS, interleave};
use kernels::weights::{FORMATS, Stored, columns, quantize, rows};

/// The value of a 16-bit float by its definition: `mantissa` bits, the exponent's bias.
fn definition(pattern: u16, mantissa: u32, bias: i32) -> f32 {
    let largest = (1u16 << (15 - mantissa)) - 1;
    let exponent = (pattern & 0x7fff) >> mantissa;
    let fraction = f64::from(pattern & ((1 << mantissa) - 1)) / f64::from(1u32 << mantissa);
    let value = match exponent {
        e if e == largest => return if fraction == 0.0 { f32::INFINITY } else { f32::NAN }.copysign(sign(pattern)),
        0 => fraction * 2f64.powi(1 - bias),
        e => (1.0 + fraction) * 2f64.powi(i32::from(e) - bias),
    };
    (value as f32).copysign(sign(pattern))
}

fn sign(pattern: u16) -> f32 {
    if pattern & 0x8000 == 0 { 1.0 } else { -1.0 }
}

fn decoded(format: usize, bytes: &[u8], start: usize, count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count + 1];
    values[count] = 7.0;
    unsafe { (FORMATS[format].decode)(bytes.as_ptr(), 0, start, count, values.as_mut_ptr()) };
    assert_eq!(values.pop(), Some(7.0), "wrote past the end");
    values
}

#[test]
fn every_pattern() {
    let patterns: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    for (format, mantissa, bias) in [(1, 10, 15), (2, 7, 127)] {
        let values = decoded(format, &patterns, 0, 1 << 16);
        for (pattern, value) in (0..=u16::MAX).zip(values) {
            let want = definition(pattern, mantissa, bias);
            if want.is_nan() {
                assert!(value.is_nan(), "{pattern:#x}: {value}");
            } else {
                assert_eq!(value.to_bits(), want.to_bits(), "{pattern:#x}: {value}, not {want}");
            }
        }
    }
}

/// Bits that make finite numbers in every format.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 0x1234_5678u32;
    (0..count)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let byte = (state >> 24) as u8;
            if i % 2 == 1 { byte & 0xbf } else { byte }
        })
        .collect()
}

#[test]
fn parts_of_rows() {
    for (format, row) in FORMATS.iter().enumerate() {
        let bytes = bytes(row.rows * (row.bytes)(61));
        let whole = decoded(format, &bytes, 0, 61);
        for start in 0..20 {
            for count in 0..=61 - start {
                let part = decoded(format, &bytes, start, count);
                assert!(part.iter().zip(&whole[start..]).all(|(a, b)| a.to_bits() == b.to_bits()));
            }
        }
    }
}

/// The matrix meant, [k, n], by single elements.
fn values(matrix: Stored, k: usize, n: usize) -> Vec<f32> {
    let element = |i: usize, j: usize| {
        let (row, column) = if matrix.transposed { (j, i) } else { (i, j) };
        let mut value = 0.0;
        unsafe { matrix.run(row, column, 1, &mut value) };
        value
    };
    (0..k * n).map(|at| element(at / n, at % n)).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn each_matrix(check: impl Fn(Stored, usize, usize)) {
    for (k, n) in [(1, 1), (3, 7), (8, 8), (17, 33), (270, 21), (513, 270), (5, 600), (70, 3)] {
        for transposed in [false, true] {
            let (height, width): (usize, usize) = if transposed { (n, k) } else { (k, n) };
            for format in &FORMATS {
                let bytes = bytes(height.next_multiple_of(format.rows) * (format.bytes)(width));
                check(Stored { format, data: bytes.as_ptr(), width, transposed }, k, n);
            }
        }
    }
}

/// Rows of a format in groups, and the same in blocks.
#[test]
fn interleaved_and_back() {
    for (single, blocks) in [(Q8, 5), (Q4, 6)] {
        let format = &FORMATS[single];
        for (rows, width) in [(1usize, 1), (3, 33), (4, 64), (5, 31), (8, 96), (14, 200)] {
            let (row, whole) = ((format.bytes)(width), rows.next_multiple_of(ROWS));
            let given = bytes(rows * row);
            let mut data = given.clone();
            data.resize(whole * row, 0xaa);
            let mut scratch = vec![0; ROWS * row];
            let (group, groups) = ((format.bytes)(32), width.div_ceil(32));
            unsafe { interleave(group, groups, rows, data.as_mut_ptr(), scratch.as_mut_ptr(), false) };
            let matrix = |format, data: &Vec<u8>| Stored { format, data: data.as_ptr(), width, transposed: false };
            let (want, got) = (matrix(format, &given), matrix(&FORMATS[blocks], &data));
            assert_eq!(bits(&values(got, rows, width)), bits(&values(want, rows, width)));
            for i in rows..whole {
                let mut last = vec![7.0; width];
                unsafe { got.run(i, 0, width, last.as_mut_ptr()) };
                assert!(last.iter().all(|&value| value == 0.0));
            }
            unsafe { interleave(group, groups, rows, data.as_mut_ptr(), scratch.as_mut_ptr(), true) };
            assert_eq!(data[..rows * row], given);
        }
    }
}

#[test]
fn packed_as_its_values_are() {
    each_matrix(|matrix, k, n| {
        let dense = values(matrix, k, n);
        for tile in Tile::ALL {
            let nr = tile.columns();
            let mut want = vec![f32::NAN; pack::packed_len(k, n)];
            let mut got = want.clone();
            let mut slab = vec![f32::NAN; stored::SLAB];
            unsafe {
                pack::pack(k, n, Strided::rows(dense.as_ptr(), n), nr, want.as_mut_ptr());
                stored::pack(k, n, matrix, nr, got.as_mut_ptr(), slab.as_mut_ptr());
            }
            assert_eq!(bits(&got), bits(&want), "{k} × {n}, {tile:?}, transposed {}", matrix.transposed);
            for columns in [0..n, n / 3..n, 0..n - n / 3, n / 2..n / 2 + 1] {
                let mut back = vec![f32::NAN; k * columns.len()];
                unsafe { pack::unpack(k, n, want.as_ptr(), nr, columns.clone(), back.as_mut_ptr()) };
                let part: Vec<f32> = dense.chunks(n).flat_map(|row| row[columns.clone()].iter().copied()).collect();
                assert_eq!(bits(&back), bits(&part), "{k} × {n}, {tile:?}: columns {columns:?}");
            }
        }
    });
}

#[test]
fn rows_and_columns() {
    each_matrix(|matrix, k, n| {
        let dense = values(matrix, k, n);
        for range in [0..n, n / 3..n, n / 2..n / 2 + 1, 0..0] {
            let mut got = vec![f32::NAN; k * range.len()];
            unsafe { columns(matrix, k, range.clone(), got.as_mut_ptr()) };
            let want: Vec<f32> = dense.chunks(n).flat_map(|row| row[range.clone()].iter().copied()).collect();
            assert_eq!(bits(&got), bits(&want), "{k} × {n}: columns {range:?}");
        }
        if !matrix.transposed {
            let index = [k as u32 - 1, 0, k as u32 / 2, 0];
            let mut got = vec![f32::NAN; 3 * n];
            unsafe { rows(matrix, index.as_ptr(), got.as_mut_ptr().wrapping_sub(n), 1..4) };
            let want: Vec<f32> = index[1..].iter().flat_map(|&i| dense[i as usize * n..][..n].to_vec()).collect();
            assert_eq!(bits(&got), bits(&want));
        }
    });
}

const Q8: usize = 3;
const Q4: usize = 4;
const CENTRED: usize = 7;

/// The values of a group of a format, in float64.
fn group_by_definition(format: usize, group: &[u8]) -> Vec<f64> {
    let half = |at: usize| f64::from(definition(u16::from_le_bytes([group[at], group[at + 1]]), 10, 15));
    if format == Q8 {
        return group[2..].iter().map(|&code| half(0) * f64::from(code as i8)).collect();
    }
    let code = |i: usize| group[4 + i % 16] >> (4 * (i / 16)) & 15;
    (0..32).map(|i| half(0) * f64::from(code(i)) + half(2)).collect()
}

#[test]
fn groups_by_their_definition() {
    for (format, length) in [(Q8, 34), (Q4, 20)] {
        for pattern in 0..=u16::MAX {
            let mut group = bytes(length);
            group[..2].copy_from_slice(&pattern.to_le_bytes());
            let values = decoded(format, &group, 0, 32);
            for (value, want) in values.into_iter().zip(group_by_definition(format, &group)) {
                assert!(value == want as f32 || value.is_nan() && want.is_nan(), "{pattern:#x}: {value}, not {want}");
            }
        }
    }
}

#[test]
fn halves_round_to_the_nearest() {
    for pattern in 0..=u16::MAX {
        let value = from_half(pattern);
        if value.is_nan() {
            assert!(from_half(to_half(value)).is_nan());
            continue;
        }
        assert_eq!(to_half(value), pattern);
        let next = from_half(pattern + 1);
        if !next.is_finite() || pattern == 0x7fff {
            continue;
        }
        let middle = 0.5 * (value + next);
        assert_eq!(to_half(middle), pattern + (pattern & 1), "{middle} is between {value} and {next}");
        assert_eq!(to_half(f32::from_bits(middle.to_bits() - 1)), pattern);
        assert_eq!(to_half(f32::from_bits(middle.to_bits() + 1)), pattern + 1);
    }
    assert_eq!([65519.9, 65520.0, f32::INFINITY, -1e9].map(to_half), [0x7bff, 0x7c00, 0x7c00, 0xfc00]);
}

fn encoded(format: usize, from: usize, data: &[u8], width: usize, rows: usize) -> Vec<u8> {
    let mut groups = vec![0u8; rows * (FORMATS[format].bytes)(width)];
    unsafe { quantize(&FORMATS[from], data.as_ptr(), width, 0..rows, &FORMATS[format], groups.as_mut_ptr()) };
    groups
}

fn as_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn squares(values: &[f32], other: &[f32]) -> f64 {
    values.iter().zip(other).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Numbers as weights have them, one after another.
fn weights(count: usize) -> Vec<f32> {
    let uniform = bytes(12 * count);
    uniform.chunks(12).map(|part| part.iter().map(|&byte| f32::from(byte) - 110.0).sum::<f32>() / 3000.0).collect()
}

#[test]
fn groups_are_nearer_than_by_plain_rounding() {
    let values = weights(32 * 500);
    let [mut errors, mut plain] = [[0.0; 2]; 2];
    for group in values.chunks(32) {
        let (low, high) = group.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
        let d8 = low.abs().max(high.abs()) / 127.0;
        let d4 = (high - low) / 15.0;
        for (i, format) in [Q8, Q4].into_iter().enumerate() {
            let got = decoded(format, &encoded(format, 0, &as_bytes(group), 32, 1), 0, 32);
            errors[i] += squares(&got, group);
            let round =
                |x: &f32| if format == Q8 { (x / d8).round() * d8 } else { ((x - low) / d4).round() * d4 + low };
            plain[i] += squares(&group.iter().map(round).collect::<Vec<_>>(), group);
            let step = if format == Q8 { d8 } else { d4 };
            assert!(got.iter().zip(group).all(|(a, b)| (a - b).abs() < 1.1 * step), "{group:?} became {got:?}");
        }
    }
    assert!(errors[0] < 0.9 * plain[0] && errors[1] < 0.9 * plain[1], "{errors:?} of {plain:?}");
}

#[test]
fn centred_groups_are_as_ggmls_or_nearer() {
    let values = weights(32 * 500);
    let (mut error, mut plain) = (0.0, 0.0);
    for group in values.chunks(32) {
        let got = decoded(CENTRED, &encoded(CENTRED, 0, &as_bytes(group), 32, 1), 0, 32);
        // What ggml's quantize_row_q4_0_ref makes of it.
        let extreme = group.iter().fold(0.0f32, |most, &x| if x.abs() > most.abs() { x } else { most });
        let (d, inverse) = (from_half(to_half(extreme / -8.0)), -8.0 / extreme);
        let ggml: Vec<f32> = group.iter().map(|x| ((x * inverse + 8.5).floor().min(15.0) - 8.0) * d).collect();
        let [own, other] = [&got, &ggml].map(|made| squares(made, group));
        assert!(own <= other, "{own} is more than {other}");
        (error, plain) = (error + own, plain + other);
    }
    assert!(error < 0.9 * plain, "{error} of {plain}");
    let exact: Vec<f32> = (0..32).map(|i| ((i * 7) % 16 - 8) as f32 * 0.25).collect();
    let bytes = encoded(CENTRED, 0, &as_bytes(&exact), 32, 1);
    assert_eq!(decoded(CENTRED, &bytes, 0, 32), exact);
    // Codes as GGUF has them: the first half in the low nibbles.
    assert_eq!(
        (bytes.len(), bytes[3] & 15, bytes[3] >> 4),
        (18, (exact[1] * 4.0 + 8.0) as u8, (exact[17] * 4.0 + 8.0) as u8)
    );
}

#[test]
fn groups_keep_what_they_can_say() {
    // Codes up to the ends, so that the scale is found again.
    let codes: Vec<f32> = (0..32).map(|i| if i == 0 { 127.0 } else { (i * 37 % 255) as f32 - 127.0 }).collect();
    let values: Vec<f32> = codes.iter().map(|code| code * 0.0625).collect();
    assert_eq!(decoded(Q8, &encoded(Q8, 0, &as_bytes(&values), 32, 1), 0, 32), values);
    let values: Vec<f32> = (0..32).map(|i| (i % 16) as f32 * 0.25 - 1.5).collect();
    assert_eq!(decoded(Q4, &encoded(Q4, 0, &as_bytes(&values), 32, 1), 0, 32), values);
    for value in [0.0, 1.5, -2.0] {
        let same = [value; 32];
        assert_eq!(decoded(Q4, &encoded(Q4, 0, &as_bytes(&same), 32, 1), 0, 32), same);
        assert_eq!(decoded(Q8, &encoded(Q8, 0, &as_bytes(&[0.0; 32]), 32, 1), 0, 32), [0.0; 32]);
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut values = [1.0; 32];
        values[7] = bad;
        for format in [Q8, Q4, CENTRED] {
            let got = decoded(format, &encoded(format, 0, &as_bytes(&values), 32, 1), 0, 32);
            assert!(got.iter().all(|value| value.is_nan()));
        }
    }
    let tiny = [f32::from_bits(1); 32];
    assert_eq!(decoded(Q8, &encoded(Q8, 0, &as_bytes(&tiny), 32, 1), 0, 32), [0.0; 32]);
}

#[test]
fn rows_become_groups_from_every_format() {
    for (from, stored) in FORMATS.iter().enumerate().take(3) {
        for (rows, width) in [(1, 1), (3, 31), (2, 32), (3, 33), (5, 70)] {
            let data = bytes(rows * (stored.bytes)(width));
            let matrix = Stored { format: stored, data: data.as_ptr(), width, transposed: false };
            let dense = values(matrix, rows, width);
            if dense.iter().any(|value| value.abs() > 65504.0) {
                continue;
            }
            for format in [Q8, Q4, CENTRED] {
                let got = encoded(format, from, &data, width, rows);
                let row = (FORMATS[format].bytes)(width);
                for (i, values) in dense.chunks(width).enumerate() {
                    assert_eq!(got[i * row..][..row], encoded(format, 0, &as_bytes(values), width, 1));
                }
            }
        }
    }
}
