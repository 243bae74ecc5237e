//! Strided copies against an index by index reference, and selection with its gradients.

mod elementwise_support;

use elementwise_support::values;
use kernels::layout::*;

fn contiguous(sizes: [usize; 4]) -> [usize; 4] {
    [sizes[1] * sizes[2] * sizes[3], sizes[2] * sizes[3], sizes[3], 1]
}

/// Every kind of inner loop: along memory, repeated, transposed, strided on either side, empty.
fn cases() -> Vec<Strided> {
    let plain = [2, 3, 4, 5];
    let c = contiguous(plain);
    vec![
        Strided { sizes: plain, x: c, y: c },
        Strided { sizes: plain, x: [0, 5, 0, 1], y: c },
        Strided { sizes: plain, x: [12, 4, 1, 0], y: c },
        Strided { sizes: [2, 3, 5, 4], x: [60, 20, 1, 5], y: contiguous([2, 3, 5, 4]) },
        Strided { sizes: [1, 2, 37, 19], x: [0, 703, 1, 37], y: contiguous([1, 2, 37, 19]) },
        Strided { sizes: [1, 1, 3, 4], x: [0, 0, 16, 2], y: contiguous([1, 1, 3, 4]) },
        Strided { sizes: [1, 1, 3, 4], x: contiguous([1, 1, 3, 4]), y: [0, 0, 16, 3] },
        Strided { sizes: [5, 4, 3, 2], x: [1, 5, 20, 60], y: contiguous([5, 4, 3, 2]) },
        Strided { sizes: [2, 0, 3, 4], x: [0; 4], y: contiguous([2, 0, 3, 4]) },
        Strided { sizes: [2, 3, 4, 0], x: [0; 4], y: [0; 4] },
    ]
}

#[test]
fn strided_copies() {
    for over in cases() {
        for (alpha, accumulate, piece) in [(1.0, false, usize::MAX), (0.5, false, 3), (-2.0, true, 2)] {
            let (x, before) = (values(1500, 1), values(1500, 2));
            let mut y = before.clone();
            for start in (0..over.rows()).step_by(piece) {
                let end = start.saturating_add(piece).min(over.rows());
                unsafe { copy_strided(x.as_ptr(), y.as_mut_ptr(), &over, alpha, accumulate, start, end) };
            }
            let mut expected = before.clone();
            for position in 0..over.sizes.iter().product() {
                let [_, n1, n2, n3] = over.sizes;
                let index = [position / n3 / n2 / n1, position / n3 / n2 % n1, position / n3 % n2, position % n3];
                let at = |strides: [usize; 4]| (0..4).map(|d| index[d] * strides[d]).sum::<usize>();
                let value = alpha * x[at(over.x)];
                let target = &mut expected[at(over.y)];
                *target = if accumulate { *target + value } else { value };
            }
            assert_eq!(y, expected, "{:?} from {:?} to {:?}", over.sizes, over.x, over.y);
        }
    }
}

#[test]
fn selection_and_its_gradient() {
    // x [2, 3, 2]; rows 2, 0, 2 of each.
    let x: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let index = [2, 0, 2];
    let mut y = [0.0; 12];
    unsafe { index_select(x.as_ptr(), index.as_ptr(), y.as_mut_ptr(), (3, 3, 2), 0, 2) };
    assert_eq!(y, [4.0, 5.0, 0.0, 1.0, 4.0, 5.0, 10.0, 11.0, 6.0, 7.0, 10.0, 11.0]);
    let mut dx = [1.0; 12];
    unsafe { index_add(y.as_ptr(), index.as_ptr(), dx.as_mut_ptr(), (3, 3, 2), 0, 2) };
    assert_eq!(dx, [1.0, 2.0, 1.0, 1.0, 9.0, 11.0, 7.0, 8.0, 1.0, 1.0, 21.0, 23.0]);
}

#[test]
fn gathering_and_its_gradient() {
    // x [2, 2, 2], index [2, 1, 2].
    let x: Vec<f32> = (0..8).map(|i| i as f32).collect();
    let index = [1, 0, 1, 1];
    let mut y = [0.0; 4];
    unsafe { gather(x.as_ptr(), index.as_ptr(), y.as_mut_ptr(), (2, 1, 2), 0, 2) };
    assert_eq!(y, [2.0, 1.0, 6.0, 7.0]);
    let mut dx = [0.0; 8];
    unsafe { scatter_add(y.as_ptr(), index.as_ptr(), dx.as_mut_ptr(), (2, 1, 2), 0, 2) };
    assert_eq!(dx, [0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 6.0, 7.0]);
}
