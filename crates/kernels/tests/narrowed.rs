//! Numbers in 16 bits: every pattern there and back, every border between two of them, and numbers of all magnitudes.

use kernels::weights::FORMATS;

/// By the format's number: its smallest infinite pattern.
const INFINITIES: [(usize, u16); 2] = [(1, 0x7c00), (2, 0x7f80)];

fn decoded(format: usize, patterns: &[u16]) -> Vec<f32> {
    let bytes: Vec<u8> = patterns.iter().copied().flat_map(u16::to_le_bytes).collect();
    let mut values = vec![f32::NAN; patterns.len()];
    unsafe { (FORMATS[format].decode)(bytes.as_ptr(), 0, 0, patterns.len(), values.as_mut_ptr()) };
    values
}

/// Patterns, and how many were too large.
fn encoded(format: usize, values: &[f32]) -> (Vec<u16>, usize) {
    let mut bytes = vec![0xa5u8; 2 * values.len() + 1];
    let over = unsafe { FORMATS[format].encode.unwrap()(values.as_ptr(), values.len(), bytes.as_mut_ptr()) };
    assert_eq!(bytes.pop(), Some(0xa5), "wrote past the end");
    (bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect(), over)
}

#[test]
fn every_pattern_comes_back() {
    let patterns: Vec<u16> = (0..=u16::MAX).collect();
    for (format, infinity) in INFINITIES {
        let (back, over) = encoded(format, &decoded(format, &patterns));
        assert_eq!(over, 0);
        for (pattern, got) in patterns.iter().copied().zip(back) {
            if pattern & 0x7fff > infinity {
                // A NaN of the same sign, a quiet one: the mantissa's first bit is set.
                assert_eq!(got & 0x8000, pattern & 0x8000);
                let quiet = (!infinity & 0x7fff).wrapping_add(1) >> 1;
                assert!(got & 0x7fff > infinity && got & quiet != 0, "{pattern:#x} became {got:#x}");
            } else {
                assert_eq!(got, pattern, "{pattern:#x}");
            }
        }
    }
}

/// What lies between two neighbours goes to the nearer one, what lies in their middle to the even one.
#[test]
fn every_border() {
    for (format, infinity) in INFINITIES {
        for pattern in 0..infinity {
            let [low, high] = [pattern, pattern + 1].map(|p| f64::from(decoded(format, &[p])[0]));
            // Beyond the largest number the border is where the next one would be.
            let high =
                if high.is_finite() { high } else { low + (low - f64::from(decoded(format, &[pattern - 1])[0])) };
            let middle = ((low + high) / 2.0) as f32;
            assert_eq!(f64::from(middle), (low + high) / 2.0);
            let even = pattern + (pattern & 1);
            let values = [f32::from_bits(middle.to_bits() - 1), middle, f32::from_bits(middle.to_bits() + 1)];
            let wanted = [pattern, even, pattern + 1];
            let (got, over) = encoded(format, &values);
            assert_eq!(got, wanted, "about {middle}");
            assert_eq!(over, wanted.iter().filter(|&&p| p == infinity).count());
            let (negative, _) = encoded(format, &values.map(|value| -value));
            assert_eq!(negative, wanted.map(|p| p | 0x8000));
        }
    }
}

#[test]
fn numbers_of_all_magnitudes() {
    let mut state = 0x9e37_79b9u32;
    let values: Vec<f32> = (0..1 << 18)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from_bits(state ^ state >> 15)
        })
        .collect();
    for (format, infinity) in INFINITIES {
        let table: Vec<f64> = (0..infinity).map(|p| f64::from(decoded(format, &[p])[0])).collect();
        let (got, over) = encoded(format, &values);
        let mut too_large = 0;
        for (value, got) in values.iter().copied().zip(got) {
            let magnitude = f64::from(value.abs());
            if value.is_nan() {
                assert!(got & 0x7fff > infinity);
                continue;
            }
            // The nearest by search.
            let at = table.partition_point(|&known| known <= magnitude);
            let want = match table.get(at) {
                Some(above) => {
                    let (down, up) = (magnitude - table[at - 1], above - magnitude);
                    at - usize::from(down < up || (down == up && at % 2 == 1))
                }
                None => {
                    let last = infinity as usize - 1;
                    let border = table[last] + (table[last] - table[last - 1]) / 2.0;
                    too_large += usize::from(magnitude >= border && magnitude.is_finite());
                    last + usize::from(magnitude >= border)
                }
            };
            assert_eq!(got & 0x7fff, want as u16, "{value:e}");
            assert_eq!(got & 0x8000 != 0, value.is_sign_negative());
        }
        assert_eq!(over, too_large);
    }
}

#[test]
fn lengths_that_are_no_multiple_of_eight() {
    let values: Vec<f32> = (0..37).map(|i| (i as f32 - 18.0) * 1.7e3).collect();
    for (format, _) in INFINITIES {
        let (whole, _) = encoded(format, &values);
        for start in 0..20 {
            for end in start..=37 {
                assert_eq!(encoded(format, &values[start..end]), (whole[start..end].to_vec(), 0));
            }
        }
    }
}
