//! W + α·L·R in W's format: the bits of decoding, the product in float32, and encoding.

#[path = "reference_support/mod.rs"]
mod reference_support;

use kernels::weights::FORMATS;
use kernels::weights::low_rank::{self, COLUMNS, LowRank};
use reference_support::{values, values_about};

const ALPHA: f32 = 0.75;

fn encoded(format: usize, values: &[f32]) -> (Vec<u8>, usize) {
    let mut bytes = vec![0xa5u8; (FORMATS[format].bytes)(values.len())];
    let over = unsafe { FORMATS[format].encode.unwrap()(values.as_ptr(), values.len(), bytes.as_mut_ptr()) };
    (bytes, over)
}

/// Step by step, each sum in the order of the rank.
fn expected(format: usize, w: &[u8], shape: [usize; 3], l: &[f32], r: &[f32]) -> (Vec<u8>, usize) {
    let [rows, columns, rank] = shape;
    let mut c = vec![0.0; rows * columns];
    unsafe { (FORMATS[format].decode)(w.as_ptr(), 0, 0, c.len(), c.as_mut_ptr()) };
    for (i, value) in c.iter_mut().enumerate() {
        let (l, r) = (&l[i / columns * rank..][..rank], &r[i % columns * rank..][..rank]);
        let product = l.iter().zip(r).fold(0.0, |sum, (l, r)| l * r + sum);
        *value += if rank == 0 { 0.0 } else { ALPHA * product };
    }
    encoded(format, &c)
}

fn panels(r: &[f32], rank: usize, columns: usize) -> Vec<f32> {
    let mut panels = vec![0.0; columns.next_multiple_of(COLUMNS) * rank];
    for p in 0..rank {
        for j in 0..columns {
            panels[j / COLUMNS * COLUMNS * rank + p * COLUMNS + j % COLUMNS] = r[j * rank + p];
        }
    }
    panels
}

fn added(format: usize, mut w: Vec<u8>, shape: [usize; 3], l: &[f32], r: &[f32], cut: usize) -> (Vec<u8>, usize) {
    let [rows, columns, rank] = shape;
    let panels = panels(r, rank, columns);
    let update = LowRank { left: l.as_ptr(), panels: panels.as_ptr(), rank, alpha: ALPHA };
    let end = w.len();
    w.push(0xa5);
    let over = [0..cut, cut..rows]
        .map(|rows| unsafe { low_rank::add(format, w.as_mut_ptr(), columns, update, rows) })
        .into_iter()
        .sum();
    assert_eq!(w.pop(), Some(0xa5), "wrote past the end");
    assert_eq!(w.len(), end);
    (w, over)
}

#[test]
fn bits_of_the_steps() {
    for shape in [[4, 8, 8], [9, 37, 3], [13, 7, 1], [5, 1, 4], [33, 600, 16], [8, 24, 200], [4, 16, 0]] {
        let [rows, columns, rank] = shape;
        let (l, r) = (values(rows * rank, 1), values(rank * columns, 2));
        for format in 0..3 {
            let (w, _) = encoded(format, &values_about(rows * columns, 3, 0.0, 0.3));
            let wanted = expected(format, &w, shape, &l, &r);
            for cut in [0, 3.min(rows), rows] {
                assert_eq!(
                    added(format, w.clone(), shape, &l, &r, cut),
                    wanted,
                    "{shape:?} in format {format}, cut at {cut}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_finite_or_too_large() {
    let shape @ [rows, columns, rank] = [5, 19, 2];
    for (format, stored) in FORMATS.iter().enumerate().take(3) {
        let mut base = values_about(rows * columns, 4, 0.0, 1e-6);
        base[3] = f32::NAN;
        base[20] = f32::INFINITY;
        base[40] = -0.0;
        let (w, _) = encoded(format, &base);
        let mut l = values(rows * rank, 5);
        l[2 * rank] = f32::INFINITY;
        l[4 * rank] = if format == 2 { 3.4e38 } else { 1e5 };
        let mut r = values(rank * columns, 6);
        r[0] = f32::NAN;
        r[2] = 0.0;
        let (got, over) = added(format, w.clone(), shape, &l, &r, rows);
        let (wanted, too_large) = expected(format, &w, shape, &l, &r);
        let read = |bytes: &[u8]| {
            let mut values = vec![0f32; rows * columns];
            unsafe { (stored.decode)(bytes.as_ptr(), 0, 0, values.len(), values.as_mut_ptr()) };
            values.iter().map(|value| if value.is_nan() { 1 } else { value.to_bits() }).collect::<Vec<u32>>()
        };
        assert_eq!(read(&got), read(&wanted));
        assert_eq!(over, too_large);
        assert_eq!(over > 0, format == 1);
    }
}
