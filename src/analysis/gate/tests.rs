//! What is promised of the numbers of the gate, tried on made-up runs with a fixed seed.

mod made;
mod results;

use hdrhistogram::Histogram;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::estimate::{self, Estimate, of_latencies};
use super::latencies::{Latencies, bin};
use super::moderate::Prior;
use super::stored::{self, Point};
use super::{Undecided, duet, student};
use crate::result::histogram::empty;

/// A normal number, by Box and Muller.
fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    let (one, other): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * other).cos()
}

/// Noise that resembles itself from second to second.
fn drift(random: &mut Xoshiro256PlusPlus, seconds: usize, rho: f64, sd: f64) -> Vec<f64> {
    let mut last = normal(random) * sd;
    let fresh = sd * (1.0 - rho * rho).sqrt();
    (0..seconds)
        .map(|_| {
            last = rho * last + fresh * normal(random);
            last
        })
        .collect()
}

/// Log-normal latencies about 20 ms, 50 a second.
fn run(random: &mut Xoshiro256PlusPlus, drift: &[f64]) -> Latencies {
    let mut value = |level: &f64| 20_000.0 * (level + 0.5 * normal(random)).exp();
    let mut second = |level: &f64| (0..50).map(|_| value(level).round() as u64).collect();
    latencies(&drift.iter().map(&mut second).collect::<Vec<_>>())
}

/// Without histograms, whose making takes most of the time.
fn latencies(seconds: &[Vec<u64>]) -> Latencies {
    let bins = |second: &Vec<u64>| second.iter().map(|value| (bin(*value), 1)).collect();
    Latencies::of_counts(&seconds.iter().map(bins).collect::<Vec<_>>())
}

fn histogram(values: &[u64]) -> Histogram<u64> {
    let mut histogram = empty();
    values.iter().for_each(|value| histogram.record(*value).unwrap());
    histogram
}

/// The largest distance between the values' distribution and the even one on 0 to 1.
fn from_even(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let far = |(at, value): (usize, &f64)| {
        (value - at as f64 / n).abs().max((value - (at as f64 + 1.0) / n).abs())
    };
    values.iter().enumerate().map(far).fold(0.0, f64::max)
}

fn point(estimate: &Estimate) -> Point {
    Point { theta: estimate.theta, se: estimate.se, probe: None }
}

#[test]
fn a_run_that_depends_on_its_second_is_less_sure_than_its_samples_say() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
    let steady = run(&mut random, &[0.0; 60]);
    let level = drift(&mut random, 60, 0.7, 0.2);
    let moving = run(&mut random, &level);
    let (steady, moving) =
        (of_latencies(&steady, 0.5).unwrap(), of_latencies(&moving, 0.5).unwrap());
    assert!(steady.deff < 3.0 && moving.deff > 5.0, "{} {}", steady.deff, moving.deff);
    assert!(moving.se > 2.0 * steady.se);
}

#[test]
fn the_second_scores_add_up_to_no_error_and_spread_as_the_standard_error_says() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(6);
    let level = drift(&mut random, 60, 0.0, 0.1);
    let found = of_latencies(&run(&mut random, &level), 0.95).unwrap();
    let sum: f64 = found.psi.iter().sum();
    let squares: f64 = found.psi.iter().map(|psi| psi * psi).sum();
    assert!(sum.abs() < 1e-9, "{sum}");
    assert!((0.3..1.7).contains(&(squares.sqrt() / found.se)), "{squares} {}", found.se);
}

#[test]
fn too_few_samples_are_told_with_the_number_that_is_needed() {
    let few: Vec<_> = (0..30).map(|at| histogram(&[at * 10 + 1, at * 7 + 3])).collect();
    let Err(Undecided::TooFew { have, need }) = estimate::latency(&few, 0.99) else {
        panic!("60 samples tell no p99");
    };
    assert!(have < 60.001 && (need - 2_000.0).abs() < 1e-6, "{have} {need}");
}

#[test]
fn a_run_that_only_climbs_is_called_unstable() {
    let climbing: Vec<_> = (1..=60).map(|at| histogram(&[at * 100; 40])).collect();
    let found = estimate::latency(&climbing, 0.5).unwrap();
    assert_eq!(estimate::alone(&found, 0.5), Err(Undecided::Unstable));
}

#[test]
fn what_disturbs_both_sides_alike_costs_a_duet_no_samples() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(9);
    let level = drift(&mut random, 60, 0.9, 0.3);
    let [a, b] = [(), ()].map(|()| of_latencies(&run(&mut random, &level), 0.5).unwrap());
    let pair = duet::segment(&a, &b, true);
    assert!(a.deff > 10.0 && pair.deff < 3.0, "{} {}", a.deff, pair.deff);
    assert!(pair.effective(&a, &b) > 3.0 * a.effective());
    assert!(pair.se < a.se / 2.0, "{} {}", pair.se, a.se);
}

#[test]
fn failures_in_bursts_are_less_sure_than_as_many_spread_out() {
    let spread: Vec<_> = (0..60).map(|at| (u64::from(at % 2 == 0), 100)).collect();
    let burst: Vec<_> = (0..60).map(|at| (if at == 30 { 30 } else { 0 }, 100)).collect();
    let (spread, burst) = (estimate::errors(&spread).unwrap(), estimate::errors(&burst).unwrap());
    assert_eq!(spread.theta, burst.theta);
    assert!(burst.se > 3.0 * spread.se, "{} {}", burst.se, spread.se);
}

#[test]
fn half_as_many_a_second_are_ln_2_less() {
    let (before, after) = (vec![40; 30], vec![20; 30]);
    let change = estimate::rate(&after).unwrap().theta - estimate::rate(&before).unwrap().theta;
    assert!((change + 2.0_f64.ln()).abs() < 1e-12);
    assert!(estimate::rate(&[0; 30]).is_err() && estimate::rate(&[5; 3]).is_err());
}

#[test]
fn p_values_of_unchanged_stored_runs_are_uniform() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(20_260_101);
    let within = 0.03;
    let mut point = |tau: f64| Point {
        theta: tau * normal(&mut random) + within * normal(&mut random),
        se: within,
        probe: None,
    };
    let trial = |_| {
        let baselines: Vec<Point> = (0..10).map(|_| point(0.04)).collect();
        let candidates = [point(0.04)];
        stored::difference(&baselines, &candidates, Prior::of(0.04)).unwrap().p()
    };
    let p: Vec<f64> = (0..4_000).map(trial).collect();
    // 1.63 / sqrt(n) is what chance exceeds once in a hundred; the prior makes it a little short
    // of exact, so a little more is allowed.
    assert!(from_even(p) < 0.03);
}

#[test]
fn p_values_of_unchanged_duets_are_uniform_where_the_prior_is_true() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(20_260_102);
    let mut segment = |at: usize| duet::Segment {
        d: (0.01_f64.powi(2) + 0.025_f64.powi(2)).sqrt() * normal(&mut random),
        se: 0.025,
        nu: 20.0,
        deff: 1.0,
        drifts: false,
        first: at.is_multiple_of(2),
    };
    let mut trial = |_| {
        let restarts: Vec<_> = (0..5).map(&mut segment).collect();
        duet::difference(&restarts, Prior::of(0.01)).unwrap().p()
    };
    let p: Vec<f64> = (0..4_000).map(&mut trial).collect();
    // The variance is never taken for less than the error within, so the tails are shorter.
    assert!(from_even(p) < 0.06);
}

#[test]
fn estimates_of_unchanged_runs_differ_as_often_as_they_say() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut p = Vec::new();
    for _ in 0..250 {
        let mut one = || {
            let level = drift(&mut random, 60, 0.5, 0.05);
            of_latencies(&run(&mut random, &level), 0.9).unwrap()
        };
        let (before, after) = (one(), one());
        let sd = before.se.hypot(after.se);
        p.push(student::above((after.theta - before.theta) / sd, before.nu + after.nu));
    }
    // Short runs of seconds that resemble each other are surer than they may be, but not much.
    let rare = p.iter().filter(|p| **p < 0.05).count();
    assert!(rare <= 25, "{rare} of 250 at 5 %");
    assert!(from_even(p) < 0.12);
}

#[test]
fn a_slower_machine_is_told_by_its_probe() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(8);
    let mut on = |slow: f64| Point {
        theta: slow + 0.02 * normal(&mut random),
        se: 0.01,
        probe: Some(slow + 0.005 * normal(&mut random)),
    };
    let baselines: Vec<Point> =
        (0..10).map(|at| on(if at % 5 == 0 { 0.15 } else { 0.0 })).collect();
    let candidate = on(0.15);
    let with = stored::difference(&baselines, &[candidate], Prior::of(0.02)).unwrap();
    let blind = |point: &Point| Point { probe: None, ..*point };
    let baselines: Vec<Point> = baselines.iter().map(blind).collect();
    let without = stored::difference(&baselines, &[blind(&candidate)], Prior::of(0.02)).unwrap();
    assert!(with.d.abs() < 0.05 && without.d > 0.09, "{with:?} {without:?}");
    assert_eq!((with.df, without.df), (12.0, 13.0));
}

#[test]
fn a_side_that_is_slower_only_where_it_goes_first_is_seen() {
    let of = |first: bool| duet::Segment {
        d: if first { 0.20 } else { 0.0 },
        se: 0.01,
        nu: 20.0,
        deff: 1.0,
        drifts: false,
        first,
    };
    let restarts: Vec<_> = [true, false, true, false, true].map(of).to_vec();
    let found = duet::asymmetry(&restarts, Prior::of(0.01), 0.1).unwrap();
    assert!((found - 0.20).abs() < 1e-12);
    let alike: Vec<_> = restarts.iter().map(|one| duet::Segment { d: 0.1, ..*one }).collect();
    assert_eq!(duet::asymmetry(&alike, Prior::of(0.01), 0.1), None);
    assert_eq!(duet::asymmetry(&restarts[..1], Prior::of(0.01), 0.1), None);
}

fn seconds() -> impl Strategy<Value = Vec<Vec<u64>>> {
    prop::collection::vec(prop::collection::vec(1_000u64..4_000_000, 0..30), 6..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn scaling_by_a_tenth_moves_the_estimate_by_exactly_ln_1_1(
        seconds in seconds(),
        q in 0.3f64..0.9,
    ) {
        let before = latencies(&seconds);
        let after = before.scaled(1.1);
        match (of_latencies(&before, q), of_latencies(&after, q)) {
            (Ok(before), Ok(after)) => {
                prop_assert!((after.theta - before.theta - 1.1_f64.ln()).abs() < 1e-12);
                prop_assert!((after.se - before.se).abs() < 1e-12);
            }
            // Where an edge falls on the other side of a rounding the part of its bin differs.
            (before, after) => prop_assert_eq!(before.is_ok(), after.is_ok()),
        }
    }

    #[test]
    fn scaling_what_is_recorded_moves_the_estimate_as_far_as_three_digits_tell(
        seconds in seconds(),
    ) {
        let scaled = |second: &Vec<u64>| -> Vec<u64> {
            second.iter().map(|value| (*value as f64 * 1.1).round() as u64).collect()
        };
        let before: Vec<_> = seconds.iter().map(|second| histogram(second)).collect();
        let after: Vec<_> = seconds.iter().map(|second| histogram(&scaled(second))).collect();
        let both = (estimate::latency(&before, 0.5), estimate::latency(&after, 0.5));
        if let (Ok(before), Ok(after)) = both {
            prop_assert!((after.theta - before.theta - 1.1_f64.ln()).abs() < 2.5e-3);
        }
    }

    #[test]
    fn the_order_in_which_samples_are_merged_does_not_matter(
        seconds in seconds(),
        parts in 2usize..5,
    ) {
        let whole: Vec<_> = seconds.iter().map(|second| histogram(second)).collect();
        let mut merged: Vec<_> = seconds.iter().map(|_| empty()).collect();
        for part in (0..parts).rev() {
            for (second, values) in merged.iter_mut().zip(&seconds) {
                let some: Vec<u64> = values.iter().copied().skip(part).step_by(parts).collect();
                second.add(histogram(&some)).unwrap();
            }
        }
        prop_assert_eq!(estimate::latency(&whole, 0.7), estimate::latency(&merged, 0.7));
    }

    #[test]
    fn swapping_the_sides_of_a_duet_flips_the_sign_and_nothing_else(
        restarts in prop::collection::vec((-1.0f64..1.0, 0.0f64..0.2), 1..8),
    ) {
        let of = |(d, se): &(f64, f64)| duet::Segment {
            d: *d,
            se: *se,
            nu: 12.0,
            deff: 1.0,
            drifts: false,
            first: true,
        };
        let there: Vec<_> = restarts.iter().map(of).collect();
        let back: Vec<_> = there.iter().map(|one| duet::Segment { d: -one.d, ..*one }).collect();
        let (there, back) = (
            duet::difference(&there, Prior::of(0.01)).unwrap(),
            duet::difference(&back, Prior::of(0.01)).unwrap(),
        );
        prop_assert_eq!((there.d, there.sd, there.df), (-back.d, back.sd, back.df));
        prop_assert!((there.p() + back.p() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn swapping_the_sides_of_one_restart_flips_the_sign(a in seconds(), b in seconds()) {
        let of = |seconds: &[Vec<u64>]| of_latencies(&latencies(seconds), 0.6);
        if let (Ok(a), Ok(b)) = (of(&a), of(&b)) {
            let (there, back) = (duet::segment(&a, &b, true), duet::segment(&b, &a, true));
            prop_assert_eq!((there.d, there.se, there.nu), (-back.d, back.se, back.nu));
            let (there, back) = (
                stored::difference(&[point(&a)], &[point(&b)], Prior::of(0.05)).unwrap(),
                stored::difference(&[point(&b)], &[point(&a)], Prior::of(0.05)).unwrap(),
            );
            prop_assert_eq!(there.d, -back.d);
        }
    }

    #[test]
    fn no_input_makes_it_panic(
        seconds in prop::collection::vec(prop::collection::vec(any::<u64>(), 0..6), 0..10),
        counts in prop::collection::vec((any::<u64>(), any::<u64>()), 0..10),
        q in 0.0f64..=1.0,
    ) {
        let bins = |second: &Vec<u64>| second.iter().map(|value| (bin(*value), *value)).collect();
        let bins: Vec<Vec<(u32, u64)>> = seconds.iter().map(bins).collect();
        let _ = of_latencies(&Latencies::of_counts(&bins), q);
        let _ = estimate::errors(&counts);
        let rates: Vec<u64> = counts.iter().map(|(count, _)| *count).collect();
        let _ = estimate::rate(&rates);
    }
}
