//! A product, its float64 reference, and the comparison.

use crate::random::Random;
use kernels::gemm::{Output, Product, Right, Strided, Tile, blocked, multiply, pack};
use kernels::weights::interleaved::interleave;
use kernels::weights::{FORMATS, GROUP, Stored, quantize};

/// Which operands are transposed in memory.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub a: bool,
    pub b: bool,
    /// A's elements two apart in both directions: neither rows nor columns are contiguous.
    pub sparse: bool,
}

impl Form {
    pub const ALL: [Form; 5] = [
        Form { a: false, b: false, sparse: false },
        Form { a: false, b: true, sparse: false },
        Form { a: true, b: false, sparse: false },
        Form { a: true, b: true, sparse: false },
        Form { a: true, b: true, sparse: true },
    ];
}

#[derive(Clone, Copy, Debug)]
pub enum Source {
    Strided,
    Packed,
    PackedTransposed,
    /// In one of the formats, by number; B's values are short ones.
    Stored(usize),
}

impl Source {
    pub const ALL: [Source; 6] = [
        Source::Strided,
        Source::Packed,
        Source::PackedTransposed,
        Source::Stored(0),
        Source::Stored(1),
        Source::Stored(2),
    ];
}

#[derive(Clone, Copy)]
pub struct Case {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub alpha: f32,
    pub beta: f32,
    /// Elements between the end of a row and the start of the next.
    pub extra: usize,
    pub form: Form,
    pub source: Source,
    /// B's values are multiples of 1/256, which every format has.
    pub short: bool,
    pub tile: Tile,
    pub bias: bool,
    /// Cuts of the rows and of the columns.
    pub parts: usize,
    /// Parts have a multiple of this many rows.
    pub part_rows: usize,
}

/// Inputs of a product, and C before and after it.
pub struct Run {
    a: (Vec<f32>, usize, usize),
    b: (Vec<f32>, usize, usize),
    bias: Vec<f32>,
    before: Vec<f32>,
    pub c: Vec<f32>,
}

/// A matrix in memory and how it is read as [rows, columns].
pub fn matrix(
    random: &mut Random,
    rows: usize,
    columns: usize,
    transposed: bool,
    sparse: bool,
    extra: usize,
) -> (Vec<f32>, usize, usize) {
    let gap = if sparse { 2 } else { 1 };
    let (outer, inner) = if transposed { (columns, rows) } else { (rows, columns) };
    let lead = inner * gap + extra;
    // Exactly as long as the last element wants, so that a read past the end is caught by the allocator's tools.
    let length = if outer * inner == 0 { 0 } else { (outer - 1) * lead + (inner - 1) * gap + 1 };
    let data = random.fill(length);
    if transposed { (data, gap, lead) } else { (data, lead, gap) }
}

/// A multiple of 1/256 between -1 and 1 in a format.
fn encoded(format: usize, value: f32) -> Vec<u8> {
    let bits = value.to_bits();
    let half = if value == 0.0 { 0 } else { (bits & 0x7fff_ffff) - (112 << 23) } >> 13 | bits >> 31 << 15;
    match format {
        0 => bits.to_le_bytes().to_vec(),
        1 => (half as u16).to_le_bytes().to_vec(),
        _ => ((bits >> 16) as u16).to_le_bytes().to_vec(),
    }
}

impl Case {
    pub fn new(m: usize, n: usize, k: usize) -> Self {
        Self {
            m,
            n,
            k,
            alpha: 1.0,
            beta: 0.0,
            extra: 0,
            form: Form::ALL[0],
            source: Source::Strided,
            short: false,
            tile: Tile::T4x8,
            bias: false,
            parts: 1,
            part_rows: 1,
        }
    }

    /// The operands depend on sizes and form alone.
    pub fn run(&self) -> Run {
        let Self { m, n, k, alpha, beta, extra, form, source, tile, .. } = *self;
        let random = &mut Random(((m * 31 + n * 17 + k + 1) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (a, a_row, a_column) = matrix(random, m, k, form.a, form.sparse, extra);
        let (mut b, b_row, b_column) = matrix(random, k, n, form.b, form.sparse, extra);
        if self.short || matches!(source, Source::Stored(_)) {
            b.iter_mut().for_each(|value| *value = (*value * 256.0).round() / 256.0);
        }
        let c_row = n + extra;
        let before: Vec<f32> = if beta == 0.0 { vec![f32::NAN; m * c_row] } else { random.fill(m * c_row) };
        let bias = random.fill(if self.bias { n } else { 0 });
        let mut c = before.clone();

        let strided = Strided { data: b.as_ptr(), row: b_row, column: b_column };
        let mut packed = vec![f32::NAN; pack::packed_len(k, n).max(pack::packed_len(n, k))];
        let bytes: Vec<u8>;
        let right = match source {
            Source::Strided => Right::Strided(strided),
            Source::Packed => {
                unsafe { pack::pack(k, n, strided, tile.columns(), packed.as_mut_ptr()) };
                Right::Packed(packed.as_ptr())
            }
            Source::PackedTransposed => {
                unsafe { pack::pack(n, k, strided.transposed(), tile.columns(), packed.as_mut_ptr()) };
                Right::PackedTransposed { packed: packed.as_ptr(), width: k }
            }
            Source::Stored(format) => {
                let (height, width) = if form.b { (n, k) } else { (k, n) };
                let place = |i: usize| {
                    let (row, column) = (i / width.max(1), i % width.max(1));
                    let (p, j) = if form.b { (column, row) } else { (row, column) };
                    p * b_row + j * b_column
                };
                let values: Vec<f32> = (0..height * width).map(|i| b[place(i)]).collect();
                let kept = &FORMATS[format];
                // Groups are made row by row, and blocks of those.
                let kind = if kept.rows > 1 { &FORMATS[format - 2] } else { kept };
                let row = (kind.bytes)(width);
                bytes = if kind.encode_group.is_some() {
                    let mut bytes = vec![0; height * row];
                    let (from, to) = (values.as_ptr() as *const u8, bytes.as_mut_ptr());
                    unsafe { quantize(&FORMATS[0], from, width, 0..height, kind, to) };
                    // What a group says of its numbers are those that are multiplied.
                    let mut said = vec![0.0; width];
                    for i in 0..height {
                        unsafe { (kind.decode)(bytes.as_ptr().add(i * row), 0, 0, width, said.as_mut_ptr()) };
                        said.iter().enumerate().for_each(|(j, &value)| b[place(i * width + j)] = value);
                    }
                    if kept.rows > 1 {
                        bytes.resize(height.next_multiple_of(kept.rows) * row, 0);
                        let (group, mut scratch) = ((kind.bytes)(GROUP), vec![0; kept.rows * row]);
                        unsafe {
                            interleave(group, row / group, height, bytes.as_mut_ptr(), scratch.as_mut_ptr(), false)
                        };
                    }
                    bytes
                } else {
                    values.iter().flat_map(|&value| encoded(format, value)).collect()
                };
                Right::Stored(Stored { format: kept, data: bytes.as_ptr(), width, transposed: form.b })
            }
        };
        let product = Product {
            m,
            n,
            k,
            a: Strided { data: a.as_ptr(), row: a_row, column: a_column },
            b: right,
            c: Output {
                data: c.as_mut_ptr(),
                row: c_row,
                alpha,
                beta,
                bias: if self.bias { bias.as_ptr() } else { core::ptr::null() },
            },
        };
        let mut workspace = vec![f32::NAN; blocked::WORKSPACE];
        let height = m.div_ceil(self.parts).next_multiple_of(self.part_rows);
        let width = n.div_ceil(self.parts).next_multiple_of(tile.columns());
        for i in 0..self.parts {
            for j in 0..self.parts {
                let rows = (i * height).min(m)..((i + 1) * height).min(m);
                let columns = (j * width).min(n)..((j + 1) * width).min(n);
                unsafe { multiply(&product, tile, rows, columns, workspace.as_mut_ptr()) };
            }
        }
        Run { a: (a, a_row, a_column), b: (b, b_row, b_column), bias, before, c }
    }

    pub fn check(&self) {
        let Self { m, n, k, alpha, beta, .. } = *self;
        let Run { a: (a, a_row, a_column), b: (b, b_row, b_column), bias, before, c } = self.run();
        let c_row = n + self.extra;
        for i in 0..m {
            for j in 0..c_row {
                let (got, old) = (c[i * c_row + j], before[i * c_row + j]);
                if j >= n {
                    assert_eq!(got.to_bits(), old.to_bits(), "{} wrote past a row", self.name());
                    continue;
                }
                let (mut sum, mut size) = (0.0f64, 0.0f64);
                for p in 0..k {
                    let term = a[i * a_row + p * a_column] as f64 * b[p * b_row + j * b_column] as f64;
                    sum += term;
                    size += term.abs();
                }
                let mut want = alpha as f64 * sum;
                if beta != 0.0 {
                    want += beta as f64 * old as f64;
                }
                if self.bias {
                    want += bias[j] as f64;
                }
                let error = (got as f64 - want).abs();
                assert!(error <= 3e-7 * (size + 2.0), "{} at ({i}, {j}): {got}, expected {want}", self.name());
            }
        }
    }

    pub fn name(&self) -> String {
        format!(
            "{}×{}×{} {:?} {:?} {:?}, α {}, β {}, {} extra, {} parts",
            self.m, self.n, self.k, self.form, self.source, self.tile, self.alpha, self.beta, self.extra, self.parts
        )
    }
}
