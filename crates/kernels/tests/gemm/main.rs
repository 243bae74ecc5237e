//! Products against a float64 reference: every form, odd sizes, wide strides, all tiles.

mod bits;
mod case;
mod lora;
mod random;

use case::{Case, Form, Source};
use kernels::gemm::Tile;
use kernels::weights::FORMATS;

const SIZES: [(usize, usize, usize); 24] = [
    (0, 3, 2),
    (3, 0, 2),
    (3, 5, 0),
    (1, 1, 1),
    (1, 7, 3),
    (2, 33, 17),
    (3, 40, 31),
    (4, 8, 8),
    (5, 9, 13),
    (7, 11, 300),
    (8, 16, 4),
    (9, 17, 1),
    (13, 1, 29),
    (13, 2, 5),
    (16, 3, 257),
    (17, 31, 23),
    (37, 41, 43),
    (1, 97, 270),
    (3, 70, 513),
    (259, 29, 19),
    (12, 523, 6),
    (31, 8, 530),
    (10, 283, 261),
    (29, 43, 7),
];

fn sweep(source: Source) {
    for tile in Tile::ALL {
        for (m, n, k) in SIZES {
            for form in Form::ALL {
                for (alpha, beta) in [(1.0, 0.0), (1.0, 1.0), (-0.7, 0.3)] {
                    for extra in [0, 3] {
                        Case { alpha, beta, extra, form, source, tile, ..Case::new(m, n, k) }.check();
                    }
                }
            }
        }
    }
}

#[test]
fn strided() {
    sweep(Source::Strided);
}

#[test]
fn packed() {
    sweep(Source::Packed);
}

#[test]
fn packed_transposed() {
    sweep(Source::PackedTransposed);
}

#[test]
fn stored() {
    for format in 0..FORMATS.len() {
        sweep(Source::Stored(format));
    }
}

#[test]
fn bias() {
    for source in Source::ALL {
        for (m, n, k) in SIZES {
            let case = Case { bias: true, source, ..Case::new(m, n, k) };
            case.check();
            Case { beta: 0.5, ..case }.check();
        }
    }
}

#[test]
fn parts_make_the_whole() {
    for source in Source::ALL {
        for tile in Tile::ALL {
            for (m, n, k) in [(37, 65, 270), (2, 80, 33), (70, 12, 9), (50, 1, 33)] {
                Case { parts: 3, source, tile, ..Case::new(m, n, k) }.check();
            }
        }
    }
}

/// Every size around the tiles' and vectors' edges.
#[test]
fn edges() {
    for tile in Tile::ALL {
        for m in 0..=18 {
            for n in 0..=34 {
                for form in Form::ALL {
                    Case { form, tile, ..Case::new(m, n, 5) }.check();
                }
            }
        }
    }
}
