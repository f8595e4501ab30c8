//! The similarity of two vectors.

/// The cosine of the angle between two vectors, -1 to 1. The sums are `f64`, because with `f32` the error of 1536 products would
/// reach the third decimal, where spec 04's threshold is.
///
/// Zero if the angle is undefined: for a zero vector, different lengths, or a number that is not finite.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    if a.len() != b.len() {
        return 0.0;
    }
    let (dot, a_squared, b_squared) = a.iter().zip(b).fold((0.0, 0.0, 0.0), |(dot, a_squared, b_squared), (a, b)| {
        let (a, b) = (f64::from(*a), f64::from(*b));
        (dot + a * b, a_squared + a * a, b_squared + b * b)
    });
    let cosine = dot / (a_squared.sqrt() * b_squared.sqrt());
    if cosine.is_finite() { cosine.clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::cosine;

    #[test]
    fn of_known_angles() {
        for (a, b, expected) in [
            (&[1.0, 0.0][..], &[2.0, 0.0][..], 1.0),
            (&[1.0, 0.0], &[0.0, 3.0], 0.0),
            (&[1.0, 0.0], &[-5.0, 0.0], -1.0),
            (&[3.0, 4.0], &[4.0, 3.0], 0.96),
            (&[0.0, 0.0], &[1.0, 0.0], 0.0),
            (&[], &[], 0.0),
            (&[1.0], &[1.0, 0.0], 0.0),
            (&[f32::NAN, 1.0], &[1.0, 1.0], 0.0),
            (&[f32::INFINITY, 1.0], &[1.0, 1.0], 0.0),
            (&[f32::MAX, f32::MAX], &[f32::MAX, f32::MAX], 1.0),
            (&[1e-30, 0.0], &[1e-30, 0.0], 1.0),
        ] {
            assert!((cosine(a, b) - expected).abs() < 1e-9, "{a:?} {b:?}: {}", cosine(a, b));
        }
    }

    proptest! {
        #[test]
        fn is_bounded_and_symmetric(pairs in proptest::collection::vec((-1e3_f32..1e3, -1e3_f32..1e3), 0..50)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            prop_assert!((-1.0..=1.0).contains(&cosine(&a, &b)));
            prop_assert!((cosine(&a, &b) - cosine(&b, &a)).abs() < 1e-12);
        }
    }
}
