//! Stored weights: every pattern of each format, parts of matrices at any offset, and what packing makes of them.

use kernels::gemm::{Strided, Tile, pack, stored::SLAB};
use kernels::weights::{FORMATS, Stored, columns, rows};

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
    unsafe { (FORMATS[format].decode)(bytes.as_ptr(), start, count, values.as_mut_ptr()) };
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
        let bytes = bytes((row.bytes)(61));
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
            let (height, width) = if transposed { (n, k) } else { (k, n) };
            for format in &FORMATS {
                let bytes = bytes(height * (format.bytes)(width));
                check(Stored { format, data: bytes.as_ptr(), width, transposed }, k, n);
            }
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
            let mut slab = vec![f32::NAN; SLAB];
            unsafe {
                pack::pack(k, n, Strided::rows(dense.as_ptr(), n), nr, want.as_mut_ptr());
                pack::pack_stored(k, n, matrix, nr, got.as_mut_ptr(), slab.as_mut_ptr());
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
