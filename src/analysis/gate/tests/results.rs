//! Whole comparisons of made-up result files.

use super::made::{Made, baselines, quiet, restarts};
use crate::analysis::Word;
use crate::analysis::gate::{
    Change, Compared, Comparison, Gate, Look, Noise, Occasion, ShapeKind, Undecided,
    against_stored, between_sides, looks,
};
use crate::result::histogram::HistogramError;
use crate::result::{RunResult, Slice};

fn stored(candidate: &RunResult, baselines: &[RunResult], gate: &Gate) -> Comparison {
    let baselines: Vec<&RunResult> = baselines.iter().collect();
    against_stored(&[candidate], &baselines, None, gate).unwrap()
}

/// A duet at its only look, as `duet` of the gate judges it.
fn duet(restarts: &[(RunResult, RunResult)], gate: &Gate) -> Result<Comparison, HistogramError> {
    let look = Look::only(restarts.len() as u32);
    crate::analysis::gate::duet(restarts, gate, look)
}

fn row(comparison: &Comparison, metric: Compared) -> &Change {
    comparison.changes.iter().find(|change| change.metric == metric).unwrap()
}

#[test]
fn a_duet_of_unchanged_sides_passes_and_says_how_sure_it_is() {
    let found = duet(&restarts(3, &Made::new(0)), &quiet()).unwrap();
    assert_eq!(found.word, Word::Pass, "{found:#?}");
    let metrics: Vec<Compared> = found.changes.iter().map(|change| change.metric).collect();
    let wanted = [Compared::P50, Compared::P95, Compared::P99, Compared::Errors, Compared::Dropped];
    assert_eq!(metrics, wanted);
    for change in &found.changes {
        let (low, high) = change.interval.unwrap();
        assert!(low <= change.change && change.change <= high && high < change.margin);
        assert!(change.why.is_none() && change.shape.is_none() && !change.improved);
    }
}

#[test]
fn a_duet_finds_a_fifth_more_latency_and_the_other_way_round_an_improvement() {
    let slower = restarts(3, &Made { slower: 1.2, ..Made::new(0) });
    let found = duet(&slower, &quiet()).unwrap();
    assert_eq!(found.word, Word::Fail);
    let p95 = row(&found, Compared::P95);
    assert_eq!((p95.word, p95.shape.as_ref().unwrap().kind), (Word::Fail, ShapeKind::Uniform));
    assert!((0.15..0.25).contains(&p95.change) && p95.p < 0.005, "{p95:?}");
    assert!((p95.after / p95.before - 1.2).abs() < 0.05);
    let back: Vec<_> = slower.into_iter().map(|(a, b)| (b, a)).collect();
    let back = duet(&back, &quiet()).unwrap();
    let better = row(&back, Compared::P95);
    assert_eq!((back.word, better.word, better.improved), (Word::Pass, Word::Pass, true));
    assert!(((1.0 + better.change) * (1.0 + p95.change) - 1.0).abs() < 1e-9);
}

#[test]
fn an_added_tail_is_found_in_the_tail_and_called_one() {
    let found = duet(&restarts(3, &Made { tail: 0.03, ..Made::new(0) }), &quiet()).unwrap();
    assert_eq!(row(&found, Compared::P50).word, Word::Pass);
    let p99 = row(&found, Compared::P99);
    assert_eq!((p99.word, p99.shape.as_ref().unwrap().kind), (Word::Fail, ShapeKind::Tail));
}

#[test]
fn one_restart_never_fails() {
    let found = duet(&restarts(1, &Made { slower: 1.5, ..Made::new(0) }), &quiet()).unwrap();
    assert_eq!(found.word, Word::Inconclusive);
    let Some(Undecided::Noise { needs: Some(needs), .. }) = row(&found, Compared::P95).why else {
        panic!("{found:#?}");
    };
    assert!((2..=5).contains(&needs), "{needs}");
}

#[test]
fn turns_are_paired_whoever_goes_first() {
    let mut sides = restarts(3, &Made { slower: 1.2, ..Made::new(0) });
    for (a, b) in &mut sides {
        for (run, turn) in [(a, [0, 3]), (b, [1, 2])] {
            run.run.duet.as_mut().unwrap().turn_ms = 1_000;
            let own = |slice: &Slice| turn.contains(&(slice.second % 4));
            run.steps.iter_mut().for_each(|step| step.slices.retain(own));
        }
    }
    let gate = Gate { latency: [0.05, 0.10, 0.50], ..quiet() };
    let found = duet(&sides, &gate).unwrap();
    assert_eq!(row(&found, Compared::P95).word, Word::Fail, "{found:#?}");
}

#[test]
fn ten_stored_runs_tell_a_slower_one_from_one_like_them() {
    let baselines = baselines(10);
    let same = stored(&Made { run: 0.01, ..Made::new(50) }.result(), &baselines, &quiet());
    assert_eq!(row(&same, Compared::P95).word, Word::Pass, "{same:#?}");
    let slow = stored(&Made { slower: 1.3, ..Made::new(51) }.result(), &baselines, &quiet());
    let p95 = row(&slow, Compared::P95);
    assert_eq!((slow.word, p95.word), (Word::Fail, Word::Fail), "{p95:?}");
    assert_eq!(p95.place, "s.yaml:7");
}

#[test]
fn one_stored_run_on_an_unknown_machine_decides_little_and_says_what_would() {
    let found = stored(&Made::new(50).result(), &baselines(1), &Gate::default());
    assert_eq!(found.word, Word::Inconclusive);
    let p95 = row(&found, Compared::P95);
    assert!(matches!(p95.why, Some(Undecided::Noise { .. })), "{p95:?}");
    assert!(p95.smallest.is_some_and(|least| least > 0.25), "{:?}", p95.smallest);
}

#[test]
fn a_candidate_with_too_few_samples_is_no_pass_and_a_baseline_without_makes_no_row() {
    let few = Made { rate: 3, ..Made::new(60) }.result();
    let many = baselines(3);
    let found = stored(&few, &many, &quiet());
    let p99 = row(&found, Compared::P99);
    assert_eq!(p99.word, Word::Inconclusive);
    assert!(matches!(p99.why, Some(Undecided::TooFew { need, .. }) if need > 1_999.0));
    let few = vec![few];
    let found = stored(&many[0], &few, &quiet());
    assert!(found.changes.iter().all(|change| change.metric != Compared::P99));
    assert!(found.notes.iter().any(|note| note.starts_with("not comparable: p99 of `step 0`")));
}

#[test]
fn failures_are_judged_first_and_the_rest_called_survivors() {
    let failing = Made { failing: 0.03, ..Made::new(70) }.result();
    let found = stored(&failing, &baselines(5), &quiet());
    let errors = row(&found, Compared::Errors);
    assert_eq!((found.word, errors.word), (Word::Fail, Word::Fail), "{errors:?}");
    assert!(errors.before == 0.0 && (0.02..0.04).contains(&errors.after));
    assert!(found.notes.iter().any(|note| note.contains("survivors")));
}

#[test]
fn load_that_only_the_candidate_could_not_take_fails_and_both_decide_nothing() {
    let lose = |run: &mut RunResult| {
        run.scenarios[0].load.as_mut().unwrap().dropped = 600;
    };
    let mut sides = restarts(3, &Made::new(0));
    sides.iter_mut().for_each(|(_, b)| lose(b));
    let found = duet(&sides, &quiet()).unwrap();
    assert_eq!(row(&found, Compared::Dropped).word, Word::Fail);
    sides.iter_mut().for_each(|(a, _)| lose(a));
    let found = duet(&sides, &quiet()).unwrap();
    assert_eq!(found.word, Word::Inconclusive);
    assert_eq!(row(&found, Compared::P95).why, Some(Undecided::NotDelivered));
}

#[test]
fn fewer_requests_a_second_of_closed_users_are_a_growth_of_nothing_but_a_fail() {
    let close = |run: &mut RunResult| {
        let load = run.scenarios[0].load.as_mut().unwrap();
        (load.model, load.offered) = ("closed".to_string(), None);
    };
    let mut sides = restarts(3, &Made { rate: 120, ..Made::new(0) });
    sides.iter_mut().for_each(|(a, b)| [a, b].into_iter().for_each(close));
    let found = duet(&sides, &quiet()).unwrap();
    let rate = row(&found, Compared::Throughput);
    assert_eq!((rate.word, rate.step.as_str()), (Word::Fail, ""));
    assert!((rate.change + 0.2).abs() < 1e-9 && (rate.margin + 0.05).abs() < 1e-9, "{rate:?}");
}

#[test]
fn an_absolute_floor_widens_the_margin() {
    let slower = restarts(3, &Made { slower: 1.2, ..Made::new(0) });
    let gate = Gate { latency_floor_us: 20_000, ..quiet() };
    let found = duet(&slower, &gate).unwrap();
    let p50 = row(&found, Compared::P50);
    assert!(p50.margin > 0.9 && p50.word == Word::Pass, "{p50:?}");
}

#[test]
fn another_machine_is_invalid_and_another_load_is_not_compared() {
    let mut other = Made::new(80).result();
    other.machine.fingerprint = "there".to_string();
    let found = stored(&other, &baselines(1), &quiet());
    assert_eq!((found.word, found.changes.len()), (Word::Invalid, 0));
    let mut other = Made::new(80).result();
    other.scenarios[0].load.as_mut().unwrap().profile = "peak".to_string();
    let found = stored(&other, &baselines(1), &quiet());
    assert_eq!((found.word, found.changes.len()), (Word::Inconclusive, 0));
    assert!(found.notes[0].contains("another load"), "{:?}", found.notes);
    let found = stored(&other, &[], &quiet());
    assert_eq!(found.word, Word::Inconclusive);
    assert!(against_stored(&[], &[], None, &quiet()).is_ok());
    assert!(duet(&[], &quiet()).is_ok());
}

#[test]
fn a_probe_of_a_much_slower_machine_decides_nothing() {
    let probed = |mut run: RunResult, ns: u64| {
        run.probe_ns = vec![ns; 40];
        run
    };
    let baselines: Vec<_> = baselines(5).into_iter().map(|run| probed(run, 1_000)).collect();
    let slow = probed(Made { slower: 1.4, ..Made::new(90) }.result(), 1_400);
    let found = stored(&slow, &baselines, &quiet());
    let why = row(&found, Compared::P95).why.clone();
    assert!(
        matches!(why, Some(Undecided::Machine { slower, .. }) if (slower - 0.4).abs() < 1e-9),
        "{why:?}"
    );
    let alike = probed(Made::new(90).result(), 1_020);
    assert_ne!(stored(&alike, &baselines, &quiet()).word, Word::Fail);
}

#[test]
fn a_step_in_the_history_shortens_the_window_and_drift_from_the_anchor_is_told() {
    let run = |at: u64| {
        let slower = if at < 6 { 1.0 } else { 1.4 };
        Made { slower, ..Made::new(at) }.result()
    };
    let history: Vec<RunResult> = (0..12).map(run).collect();
    let known: Vec<&RunResult> = history.iter().rev().collect();
    let candidate = Made { slower: 1.4, ..Made::new(99) }.result();
    let found = against_stored(&[&candidate], &known, Some(&history[0]), &quiet()).unwrap();
    assert_ne!(found.word, Word::Fail, "{found:#?}");
    assert!(found.notes.iter().any(|note| note.contains("at the baseline run-006")));
    assert!(found.notes.iter().any(|note| note.contains("pinned anchor")), "{:?}", found.notes);
}

#[test]
fn a_broken_histogram_and_a_forged_second_are_errors() {
    let good = Made { seconds: 8, rate: 2, ..Made::new(1) }.result();
    let mut broken = good.clone();
    broken.steps[0].slices[3].histograms.response = "%%".to_string();
    assert!(against_stored(&[&good], &[&broken], None, &quiet()).is_err());
    let mut forged = good.clone();
    forged.steps[0].slices[3].second = u32::MAX;
    assert!(against_stored(&[&forged], &[&good], None, &quiet()).is_err());
    assert!(duet(&[(good, forged)], &quiet()).is_err());
}

#[test]
fn the_same_files_give_the_same_bits() {
    let baselines = baselines(4);
    let candidate = Made { slower: 1.1, ..Made::new(50) }.result();
    let first = stored(&candidate, &baselines, &quiet());
    let mut shuffled = baselines.clone();
    shuffled.rotate_left(1);
    assert_eq!(first, stored(&candidate, &shuffled, &quiet()));
}

#[test]
fn equal_sides_teach_how_far_they_differ() {
    let equal = restarts(4, &Made::new(0));
    let sd = between_sides(&equal).unwrap().unwrap().sd;
    assert!((0.005..0.05).contains(&sd), "{sd}");
    assert_eq!(between_sides(&equal[..2]).unwrap(), None);
}

/// The word of a duet at each look of `[1, 2, 3]`, and what it says beside its rows.
fn at_looks(candidate: &Made) -> Vec<(Word, Vec<String>)> {
    let sides = restarts(3, &Made { seconds: 70, rate: 400, ..candidate.clone() });
    let sides: Vec<_> = sides
        .into_iter()
        .map(|(a, b)| {
            let seed = a.run.duet.as_ref().map_or(0, |part| part.restart.into());
            let busy = Made { seconds: 70, rate: 400, ..Made::new(300 + seed) }.result();
            (RunResult { run: a.run, ..busy }, b)
        })
        .collect();
    let gate = Gate { latency: [0.15, 0.2, 0.3], ..quiet() };
    let judged = |look: Look| {
        let looked_at = &sides[..look.restarts as usize];
        let found = crate::analysis::gate::duet(looked_at, &gate, look).unwrap();
        (found.word, found.notes)
    };
    looks::settled(&[1, 2, 3]).into_iter().map(judged).collect()
}

#[test]
fn what_is_plain_ends_a_duet_early_and_says_what_that_leans_on() {
    let same = at_looks(&Made::new(0));
    assert_eq!(same[0].0, Word::Pass, "{same:#?}");
    let told = |of: &(Word, Vec<String>)| of.1.iter().any(|note| note.contains("learnt"));
    assert!(told(&same[0]) && same[0].1[0].contains("after 1 of 3 restarts"), "{same:?}");
    assert!(!told(&same[2]), "after all restarts nothing is early");
    let slower = at_looks(&Made { slower: 1.6, ..Made::new(0) });
    assert_eq!(slower[0].0, Word::Inconclusive, "one restart never fails");
    assert_eq!(slower[1].0, Word::Fail, "{slower:#?}");
    assert!(told(&slower[1]) && !told(&slower[0]));
}

#[test]
fn a_look_with_less_of_the_error_rates_is_harder_to_convince() {
    let word = |candidate: &Made, share: f64| {
        let look = Look { restarts: 3, share, occasion: Occasion::Planned };
        let sides = restarts(3, candidate);
        let found = crate::analysis::gate::duet(&sides, &quiet(), look).unwrap();
        assert_eq!(found.gate.alpha_fail, quiet().alpha_fail, "what is promised is the whole");
        row(&found, Compared::P95).word
    };
    for (candidate, plain) in [(1.0, Word::Pass), (1.2, Word::Fail)] {
        let candidate = Made { slower: candidate, ..Made::new(0) };
        assert_eq!(word(&candidate, 1.0), plain);
        assert_eq!(word(&candidate, 1e-7), Word::Inconclusive);
    }
}

#[test]
fn too_short_a_load_says_so_and_not_that_it_has_no_samples() {
    let short = restarts(3, &Made { seconds: 8, ..Made::new(0) });
    let short: Vec<_> = short
        .into_iter()
        .map(|(a, b)| {
            let cut = Made { seconds: 8, ..Made::new(1) }.result();
            (RunResult { run: a.run, ..cut }, b)
        })
        .collect();
    let found = duet(&short, &quiet()).unwrap();
    let p95 = row(&found, Compared::P95);
    assert_eq!(p95.why, Some(Undecided::TooShort { have: 4, need: 6 }));
    assert_eq!((p95.interval, p95.smallest), (None, None));
}

#[test]
fn what_side_a_can_tell_nothing_of_is_told_and_is_no_row() {
    let thin = |seed: u64| Made { rate: 10, ..Made::new(seed) };
    let sides: Vec<_> = restarts(3, &thin(0))
        .into_iter()
        .zip(1..)
        .map(|((a, b), seed)| (RunResult { run: a.run, ..thin(seed).result() }, b))
        .collect();
    let found = duet(&sides, &quiet()).unwrap();
    assert!(found.changes.iter().all(|change| change.metric != Compared::P99));
    let note = "not comparable: p99 of `step 0`: side a has ";
    let told = |told: &&String| told.starts_with(note) && told.contains("it takes 2,000");
    assert!(found.notes.iter().any(|note| told(&note)), "{:?}", found.notes);
    // That is of the base: a candidate that answers less is open, and no PASS.
    let fast = restarts(3, &thin(0));
    let found = duet(&fast, &quiet()).unwrap();
    assert_eq!(row(&found, Compared::P99).word, Word::Inconclusive);
    // Early, what later restarts will tell is waited for.
    let look = looks::settled(&[1, 2, 3])[0];
    let sides = restarts(1, &Made::new(0));
    let early = crate::analysis::gate::duet(&sides, &quiet(), look).unwrap();
    assert!(early.changes.iter().any(|change| change.metric == Compared::P99));
}

#[test]
fn one_slow_step_of_twelve_is_told_by_the_others() {
    // The run as a whole is as fast as the baselines are, or slower by what hides the step.
    let slow = |run: f64, seed: u64, by: f64| {
        let made = Made { run, rate: 40, steps: 12, ..Made::new(seed) };
        let mut result = made.result();
        let other = Made { slower: by, ..made }.result();
        result.steps[4] = other.steps[4].clone();
        result
    };
    let baselines: Vec<RunResult> =
        (0..6).map(|at| slow([0.0, 0.06, -0.06][at as usize % 3], at, 1.0)).collect();
    let gate = Gate { noise: Noise { between_runs: 0.05, ..quiet().noise }, ..quiet() };
    let found = stored(&slow(-0.03, 40, 1.35), &baselines, &gate);
    let fails: Vec<&str> = found
        .changes
        .iter()
        .filter(|change| change.word == Word::Fail)
        .map(|change| change.step.as_str())
        .collect();
    assert!(!fails.is_empty() && fails.iter().all(|step| *step == "step 4"), "{fails:?}");
    let found = stored(&slow(0.5, 41, 1.0), &baselines, &gate);
    let whole = found.changes.iter().filter(|change| change.word == Word::Fail).count();
    assert!(whole >= 20, "{whole}");
}

#[test]
fn what_is_left_out_is_no_row_and_is_told() {
    let gate = Gate { left_out: vec![Compared::P99, Compared::Throughput], ..quiet() };
    let tail = Made { tail: 0.03, ..Made::new(50) };
    let of_duet = duet(&restarts(3, &Made { tail: 0.03, ..Made::new(0) }), &gate).unwrap();
    let of_stored = stored(&tail.result(), &baselines(10), &gate);
    for found in [of_duet, of_stored] {
        let metrics: Vec<Compared> = found.changes.iter().map(|change| change.metric).collect();
        assert!(metrics.contains(&Compared::P95) && metrics.contains(&Compared::Errors));
        assert!(!metrics.contains(&Compared::P99), "{metrics:?}");
        let told = "Not compared, as the margins say: p99, throughput.".to_string();
        assert!(found.notes.contains(&told), "{:?}", found.notes);
    }
    let mut sides = restarts(3, &Made::new(0));
    for side in sides.iter_mut().flat_map(|(a, b)| [a, b]) {
        let load = side.scenarios[0].load.as_mut().unwrap();
        (load.model, load.offered) = ("closed".to_string(), None);
    }
    let compared = |gate: &Gate| {
        let found = duet(&sides, gate).unwrap();
        found.changes.iter().any(|change| change.metric == Compared::Throughput)
    };
    assert_eq!((compared(&quiet()), compared(&gate)), (true, false));
}
