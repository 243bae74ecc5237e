//! Equal bits: neither the tile nor the cut over threads changes a product.

use crate::case::{Case, Form, Source};
use kernels::gemm::Tile;
use kernels::gemm::blocked::PART_ROWS;

/// A case under every tile and in every number of parts against the first tile and one part. Both packed copies of a
/// weight must agree too, and what is decoded on the way with the packed copy of its values; where B is read as it lies, other loops may sum in another order.
fn check(case: Case) {
    let source = if matches!(case.source, Source::Strided) { Source::Strided } else { Source::Packed };
    let short = matches!(case.source, Source::Stored(_));
    let want = bits(&Case { source, short, tile: Tile::ALL[0], parts: 1, ..case });
    for tile in Tile::ALL {
        for parts in 1..=4 {
            let other = Case { tile, parts, ..case };
            let got = bits(&other);
            if let Some(i) = (0..want.len()).find(|&i| want[i] != got[i]) {
                let row = case.n + case.extra;
                panic!("{}: other bits at ({}, {})", other.name(), i / row, i % row);
            }
        }
    }
}

fn bits(case: &Case) -> Vec<u32> {
    case.run().c.into_iter().map(f32::to_bits).collect()
}

/// Every combination of operands and epilogues.
fn check_all(m: usize, n: usize, k: usize) {
    for source in Source::ALL {
        for form in Form::ALL {
            for (alpha, beta, bias) in [(1.0, 0.0, false), (0.7, 0.3, false), (-1.5, 1.0, true)] {
                check(Case { source, form, alpha, beta, bias, part_rows: PART_ROWS, ..Case::new(m, n, k) });
            }
        }
    }
}

/// Heads: few columns, from few rows to several blocks of them.
#[test]
fn heads() {
    for n in 1..=40 {
        for m in [1, 2, 3, 5, 8, 9, 17, 33] {
            check_all(m, n, 37);
        }
    }
}

/// Rows around the edges of tiles, of the ways for few rows, of parts and of blocks.
#[test]
fn rows() {
    for m in (1..=34).chain([63, 64, 65, 255, 256, 257, 259, 264, 265, 300]) {
        for n in [1, 7, 24, 35] {
            check_all(m, n, 53);
        }
    }
}

/// Blocks of k, and columns that make several blocks.
#[test]
fn depths_and_widths() {
    for (m, n, k) in [
        (1, 97, 1000),
        (2, 130, 600),
        (3, 523, 290),
        (4, 61, 513),
        (7, 300, 257),
        (13, 273, 300),
        (40, 530, 275),
        (261, 65, 258),
        (515, 19, 530),
        (301, 1, 700),
    ] {
        check_all(m, n, k);
    }
}
