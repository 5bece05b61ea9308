//! Corrects p-values for how many there are, so that all of them together err no more than one.

/// Holm's correction: a row is significant at `alpha` where its corrected p is at most that.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut most: f64 = 0.0;
    for (rank, at) in order.into_iter().enumerate() {
        let factor = (p.len() - rank) as f64;
        most = most.max((p[at] * factor).min(1.0));
        corrected[at] = most;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_textbook_example_comes_out() {
        let found = holm(&[0.01, 0.04, 0.03, 0.005]);
        let wanted = [0.03, 0.06, 0.06, 0.02];
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        }
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn it_keeps_the_order_and_lies_between_none_and_bonferroni(
            p in prop::collection::vec(0.0f64..1.0, 1..40),
        ) {
            let corrected = holm(&p);
            for (one, other) in p.iter().zip(&corrected) {
                prop_assert!(one <= other && *other <= (one * p.len() as f64).min(1.0) + 1e-12);
            }
            for a in 0..p.len() {
                for b in 0..p.len() {
                    prop_assert!(p[a] > p[b] || corrected[a] <= corrected[b]);
                }
            }
        }
    }
}
