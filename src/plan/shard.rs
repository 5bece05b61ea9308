//! Divides tests among shards, so that all of them take about as long.
//!
//! Every shard divides for itself, on a machine of its own, and all must come to the same: what is
//! divided and how long it is expected to take decide everything.

/// Gives each test an owner, a shard from 0: the longest first, each to the shard that has least
/// so far. What was never measured counts as the median of what was, so without any durations
/// each shard gets the same number, in turns.
pub(super) fn divide(expected_ms: &[Option<u64>], shards: u32) -> Vec<u32> {
    let shards = shards.max(1) as usize;
    let weights = weights(expected_ms);
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(weights[*at]), *at));
    let mut loads = vec![(0_u64, 0_u64); shards];
    let mut owners = vec![0; weights.len()];
    for test in order {
        // The number of tests decides between equals: what takes no time is spread as well.
        let least = (0..shards).min_by_key(|shard| (loads[*shard], *shard)).unwrap_or(0);
        loads[least].0 = loads[least].0.saturating_add(weights[test]);
        loads[least].1 += 1;
        owners[test] = least as u32;
    }
    owners
}

/// The expected durations, and the median of them where there is none.
fn weights(expected_ms: &[Option<u64>]) -> Vec<u64> {
    let mut known: Vec<u64> = expected_ms.iter().flatten().copied().collect();
    known.sort_unstable();
    let median = known.get(known.len().saturating_sub(1) / 2).copied().unwrap_or(1);
    expected_ms.iter().map(|one| one.unwrap_or(median)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn loads(expected: &[Option<u64>], shards: u32) -> Vec<u64> {
        let mut loads = vec![0; shards as usize];
        for (weight, owner) in weights(expected).into_iter().zip(divide(expected, shards)) {
            loads[owner as usize] += weight;
        }
        loads
    }

    #[test]
    fn without_durations_the_split_is_even_and_in_turns() {
        assert_eq!(divide(&[None; 7], 3), [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(divide(&[], 3), [0; 0]);
        assert_eq!(divide(&[None; 2], 5), [0, 1]);
        assert_eq!(divide(&[Some(0); 4], 2), [0, 1, 0, 1]);
    }

    #[test]
    fn one_long_test_has_a_shard_to_itself() {
        let expected = [10, 10, 60, 10, 10, 10, 10].map(Some);
        assert_eq!(loads(&expected, 2), [60, 60]);
    }

    #[test]
    fn what_was_never_measured_counts_as_the_median() {
        assert_eq!(weights(&[Some(5), None, Some(100), Some(20)]), [5, 20, 100, 20]);
    }

    proptest! {
        #[test]
        fn every_test_has_one_owner_and_no_shard_is_longer_than_it_must(
            expected in prop::collection::vec(prop::option::of(0u64..100_000), 0..200),
            shards in 1u32..12,
        ) {
            let owners = divide(&expected, shards);
            prop_assert_eq!(owners.len(), expected.len());
            prop_assert!(owners.iter().all(|owner| *owner < shards));
            prop_assert_eq!(&owners, &divide(&expected, shards), "each shard comes to the same");
            // Graham's bound for giving each to whoever has least: the mean and one test more.
            let all = weights(&expected);
            let (sum, longest) = (all.iter().sum::<u64>(), all.iter().max().copied().unwrap_or(0));
            let most = loads(&expected, shards).into_iter().max().unwrap_or(0);
            prop_assert!(most <= sum / u64::from(shards) + longest + 1);
        }

        #[test]
        fn without_durations_no_shard_has_two_more_than_another(
            count in 0usize..300, shards in 1u32..12,
        ) {
            let mut counts = vec![0_usize; shards as usize];
            for owner in divide(&vec![None; count], shards) {
                counts[owner as usize] += 1;
            }
            let (least, most) = (counts.iter().min(), counts.iter().max());
            prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
        }
    }
}
