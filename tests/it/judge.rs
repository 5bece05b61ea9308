//! What the judge says of a run: each rule of the analysis, through its one function.

use proptest::prelude::*;
use taster::analysis::gate::{Compared, Design};
use taster::analysis::{Margins, Stage, Stored, Verdict, Word, judge};
use taster::result::{
    Alteration, Altered, Health, Merged, RunResult, SetupFailure, Shard, StepResult, TestStatus,
};

use crate::runs::{Did, SHOP, example, healthy, load, nothing, step, with_slas, with_test};

/// Judges without a baseline and demands the word, with all of `said` in what leads to it.
fn check(run: &RunResult, word: Word, said: &[&str]) {
    check_against(run, None, word, said);
}

fn check_against(run: &RunResult, baseline: Option<&RunResult>, word: Word, said: &[&str]) {
    let stored = baseline.map(Stored::one).unwrap_or_default();
    told(&judge(run, &stored, &Margins::default()), word, said);
}

/// Demands the word, with all of `said` in what leads to it.
fn told(verdict: &Verdict, word: Word, said: &[&str]) {
    let all: Vec<&str> = verdict.findings.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(verdict.word, word, "{}\n{}", verdict.headline, all.join("\n"));
    assert!(verdict.headline.starts_with(word.name()), "{}", verdict.headline);
    let told = verdict
        .findings
        .iter()
        .filter(|found| found.word == word)
        .fold(verdict.headline.clone(), |told, found| told + "\n" + &found.message);
    for part in said {
        // A sentence begins with a capital and is quoted without it in the headline.
        let part = &part[1..];
        assert!(told.contains(part), "`{part}` is not in:\n{told}");
    }
}

fn all_failing(kind: &'static str) -> RunResult {
    load(&["sign in", "browse", "add item"].map(|name| (name, Did::default().but(kind, 150, 900))))
}

#[test]
fn a_healthy_run_passes_and_says_on_how_much() {
    let run = with_slas(healthy(), &["http_req_duration: p(95)<500", "http_req_failed: rate<0.01"]);
    let run = with_test(run, "signs in", TestStatus::Passed);
    check(&run, Word::Pass, &["all 7 demands held", "3,600 requests, 0% failed", "1 test;"]);
}

#[test]
fn a_run_of_nothing_is_invalid() {
    check(&nothing(), Word::Invalid, &["nothing ran", "No data is never a pass"]);
    check(&load(&[("a", Did::default())]), Word::Invalid, &["not one request was sent"]);
    let skipped = with_test(nothing(), "later", TestStatus::Skipped);
    check(&skipped, Word::Invalid, &["nothing ran: 1 test, and each is skipped"]);
}

#[test]
fn tags_that_match_no_test_are_invalid_even_beside_good_load() {
    let mut run = healthy();
    run.scenarios[0].tests_written = 12;
    run.run.tags = vec!["smok".into()];
    check(&run, Word::Invalid, &["no test of 12 has the tag `smok`", "--tag"]);
    run.run.tests_wanted = false;
    check(&run, Word::Pass, &[]);
}

#[test]
fn a_run_that_was_cut_off_is_invalid_and_one_that_an_sla_ended_fails() {
    let mut run = healthy();
    run.run.ended_early = Some("interrupted".into());
    check(&run, Word::Invalid, &["did not end by itself: interrupted"]);
    run.run.ended_early = Some("aborted by SLA http_req_failed: rate<0.01".into());
    check(&run, Word::Fail, &["aborted by SLA http_req_failed: rate<0.01"]);
}

/// The shop with a step that is one of a browser, and the web vitals that its pages told.
fn in_browser(vitals: &[(&str, u64)]) -> RunResult {
    let in_chromium = |mut step: StepResult| {
        step.tags.insert("browser".to_string(), "chromium".to_string());
        step.tags.insert("step".to_string(), step.step.clone());
        step
    };
    let mut run = healthy();
    run.steps.push(in_chromium(step(SHOP, "open shop", &Did::well(900, 4_000_000))));
    let told = vitals.iter().map(|(name, us)| step(SHOP, name, &Did::well(900, *us)));
    run.web_vitals = told.map(in_chromium).collect();
    run
}

#[test]
fn browser_steps_have_metrics_of_their_own_and_are_in_none_of_requests() {
    let vitals = [("lcp", 1_900_000), ("cls", 50)];
    let good = with_slas(
        in_browser(&vitals),
        &[
            // Requests took up to a second, steps of the browser at least three.
            "http_req_duration: max<1000",
            "browser_step_duration: max<12000",
            "browser_step_duration{browser:chromium}: min>3000",
            "browser_step_failed: rate<0.01",
            "browser_web_vital_lcp: p(75)<2500",
            "browser_web_vital_cls: p(75)<0.1",
            "checks: rate>0.99",
        ],
    );
    check(&good, Word::Pass, &[]);
    for (sla, said) in [
        ("browser_step_duration: max<3000", "demanded is < 3 s"),
        ("browser_web_vital_lcp: p(75)<1500", "demanded is < 1.5 s"),
        ("browser_web_vital_cls: p(75)<0.01", "is 0.061, demanded is < 0.01"),
    ] {
        check(&with_slas(in_browser(&vitals), &[sla]), Word::Fail, &[said]);
    }
}

#[test]
fn a_web_vital_that_no_page_told_fails_its_bound() {
    for sla in ["browser_web_vital_inp: p(75)<200", "browser_web_vital_lcp: p(75)>0"] {
        let run = with_slas(in_browser(&[("cls", 50)]), &[sla]);
        check(&run, Word::Fail, &["no data for", "No data is never a pass"]);
    }
    for sla in ["browser_step_duration: p(95)<500", "browser_step_failed: rate<0.5"] {
        let run = with_slas(healthy(), &[sla]);
        check(&run, Word::Fail, &["no data for", "No data is never a pass"]);
    }
}

#[test]
fn a_generator_that_was_the_limit_makes_the_run_invalid() {
    let mut run = healthy();
    run.generator.health = Health::Invalid;
    run.generator.reasons = vec!["its CPU was at 98% for 20 s".into()];
    check(&run, Word::Invalid, &["was the limit", "its CPU was at 98% for 20 s."]);
}

#[test]
fn a_doubtful_generator_blocks_a_pass_only_where_a_bound_on_latency_is_near() {
    let mut run = with_slas(healthy(), &["http_req_failed: rate<0.01"]);
    run.generator.health = Health::Suspect;
    check(&run, Word::Pass, &["may have been too slow"]);
    // It can only make latencies longer, and this bound is ten times what was seen.
    let run = with_slas(run, &["http_req_duration: p(95)<5000"]);
    check(&run, Word::Pass, &["may have been too slow", "no bound on them comes near"]);
    let run = with_slas(run, &["http_req_duration: p(95)<500"]);
    check(&run, Word::Inconclusive, &["may have been too slow"]);
    let run = with_slas(run, &["http_req_duration: p(95)<50"]);
    check(&run, Word::Fail, &["p(95) of http_req_duration"]);
}

#[test]
fn a_step_that_was_never_reached_fails_and_its_stopper_is_named() {
    let run = load(&[
        ("sign in", Did::well(453, 11_000)),
        ("browse", Did::default().but("html", 453, 11_000)),
        ("add item", Did::default()),
        ("check out", Did::default()),
    ]);
    let said = ["2 of 4 steps were never reached: `add item` and `check out`", "`browse` stopped"];
    check(&run, Word::Fail, &said);
    check(&run, Word::Fail, &["HTML where JSON was expected in `browse`", "\"502 Bad Gateway\""]);
}

#[test]
fn each_kind_of_failure_has_its_own_sentence() {
    for (kind, said) in [
        ("html", "HTML where JSON was expected in 3 of 3 steps"),
        ("status 404", "look at the target (http://127.0.0.1:8080) and at the base path"),
        ("connect", "no connection to http://127.0.0.1:8080 in 3 of 3 steps"),
        ("status 429", "latencies are those of refusals"),
        ("status 503", "is probably down. Look at its readiness probe"),
        ("status 401", "No request was let in"),
        ("status 500", "look at its log"),
        ("status 502", "A proxy answered because the service behind it did not"),
        ("status 422", "understood the path and not the request"),
        ("timeout", "no complete answer in time"),
        ("reset", "closed the connection before it had answered"),
        ("tls", "certificate"),
        ("missing value", "An earlier step did not capture it"),
        ("protocol", "not proper HTTP"),
        ("something new", "failed by `something new`"),
    ] {
        check(&all_failing(kind), Word::Fail, &[said]);
    }
}

#[test]
fn failures_up_to_one_percent_are_told_and_do_not_fail() {
    let steps = |bad| load(&[("browse", Did::well(1_000 - bad, 9_000).but("timeout", bad, 1))]);
    check(
        &steps(10),
        Word::Pass,
        &["no complete answer in time in `browse`", "Most in `browse`: 1% failed"],
    );
    check(&steps(11), Word::Fail, &["11 of 1,000 requests (1.1%)"]);
}

#[test]
fn an_sla_on_failures_replaces_the_default_budget() {
    let run = load(&[("browse", Did::well(950, 9_000).but("status 500", 50, 1))]);
    check(&with_slas(run.clone(), &["http_req_failed: rate<0.1"]), Word::Pass, &[]);
    check(&with_slas(run.clone(), &["http_req_failed{step:other}: rate<0.1"]), Word::Fail, &[]);
    let strict = with_slas(run, &["http_req_failed: rate<0.02"]);
    check(&strict, Word::Fail, &["rate of http_req_failed is 5%", "an error inside the service"]);
}

#[test]
fn no_sla_can_allow_a_step_without_a_success() {
    let run = with_slas(all_failing("status 500"), &["http_req_failed: rate<=1"]);
    check(&run, Word::Fail, &["All 450 requests failed so"]);
}

#[test]
fn failed_checks_are_listed_one_by_one() {
    let run = load(&[("browse", Did::well(900, 9_000).but("check", 100, 1))]);
    let said =
        ["json $.data.items[0].quantity equals 2` did not hold in 100 of 1,000 answers", "found 1"];
    check(&run, Word::Fail, &said);
    let few = load(&[("browse", Did::well(999, 9_000).but("check", 1, 1))]);
    check(&few, Word::Pass, &["did not hold in 1 of 1,000 answers."]);
}

#[test]
fn an_sla_without_data_fails() {
    for sla in [
        "http_req_duration{step:nowhere}: p(95)<500",
        "http_req_duration{area:none}: p(95)<500",
        "http_req_failed{step:nowhere}: rate<0.01",
    ] {
        check(&with_slas(healthy(), &[sla]), Word::Fail, &["no data for", "No data is never"]);
    }
    let failing = with_slas(all_failing("html"), &["http_req_duration: p(95)<500"]);
    check(&failing, Word::Fail, &["No successful response was recorded."]);
}

#[test]
fn slas_mean_what_they_mean_in_k6() {
    for (sla, word) in [
        ("http_req_duration: p(95)<500", Word::Pass),
        ("http_req_duration: p(95)<50", Word::Fail),
        ("http_req_duration{step:browse}: p(99)<50", Word::Pass),
        ("http_req_duration{name:browse}: med<10", Word::Fail),
        ("http_req_duration{area:shop}: avg<1000", Word::Pass),
        ("http_req_duration{step:browse}: max<1", Word::Fail),
        ("http_req_duration{step:sign in}: min>100", Word::Pass),
        ("http_req_failed: rate==0", Word::Pass),
        ("http_reqs: count==3600", Word::Pass),
        ("http_reqs: rate>=120", Word::Pass),
        ("http_reqs{step:browse}: count>900", Word::Fail),
        ("checks: rate>0.99", Word::Pass),
        ("iterations: count>=900", Word::Pass),
        ("iteration_duration: p(95)<2000", Word::Pass),
        ("dropped_iterations: count<1", Word::Pass),
        ("vus_max: value<=10", Word::Pass),
        ("vus: value==9", Word::Fail),
        ("data_received: count>1000", Word::Pass),
        ("http_req_lag: p(99)<1", Word::Pass),
        ("http_req_blocked: p(99)<1", Word::Pass),
        ("http_req_waiting: p(95)<500", Word::Fail),
        ("http_req_service: p(95)<500", Word::Pass),
    ] {
        check(&with_slas(healthy(), &[sla]), word, &[]);
    }
}

#[test]
fn too_few_samples_decide_only_what_is_sure() {
    let of = |good: Vec<u64>| {
        let run = load(&[("browse", Did { good, bad: Vec::new() })]);
        with_slas(run, &["http_req_duration: p(95)<500"])
    };
    check(&of(vec![10_000; 59]), Word::Inconclusive, &["Only 59 samples; it takes 60"]);
    check(&of(vec![10_000; 60]), Word::Pass, &[]);
    check(&of(vec![900_000; 3]), Word::Fail, &["is 900 ms, demanded is < 500 ms", "80% over"]);
    let one_slow = [vec![10_000; 17], vec![900_000; 1]].concat();
    check(&of(one_slow), Word::Inconclusive, &["Only 18 samples"]);
    let run = load(&[("browse", Did::well(5, 9_000))]);
    check(&with_slas(run, &["http_req_duration: max<500"]), Word::Pass, &[]);
}

#[test]
fn arrivals_that_were_never_sent_come_first() {
    let mut run = with_slas(healthy(), &["http_req_duration: p(95)<1"]);
    let load = run.scenarios[0].load.as_mut().unwrap();
    (load.model, load.offered, load.dropped) = ("open".into(), Some(1_000), 100);
    let verdict = judge(&run, &Stored::none(), &Margins::default());
    assert_eq!(verdict.findings[0].stage, Stage::Offered);
    check(&run, Word::Fail, &["100 of 1,000 iterations (10%) were never begun", "`max-users`"]);
    run.generator.health = Health::Invalid;
    check(&run, Word::Invalid, &["this says nothing of the target"]);
    run.generator.health = Health::Valid;
    let allowed = with_slas(run, &["dropped_iterations: count<200"]);
    check(&allowed, Word::Pass, &["the offered load was not reached"]);
}

#[test]
fn failed_setup_fails_rather_than_hiding_as_nothing_ran() {
    let mut run = load(&[("browse", Did::default())]);
    let failure = SetupFailure {
        step: "sign in".into(),
        count: 10,
        example: example("status 401", "sign in", 0),
    };
    run.scenarios[0].setup_failures = vec![failure];
    let said = ["the setup step `sign in` failed 10 times: not signed in (401)", "never reached"];
    check(&run, Word::Fail, &said);
}

#[test]
fn tests_are_judged_by_their_outcome() {
    let run = |status| with_test(nothing(), "checks out", status);
    check(&run(TestStatus::Passed), Word::Pass, &["the one demand held (1 test)"]);
    check(&run(TestStatus::Failed), Word::Fail, &["the test `checks out` failed", "expected 2"]);
    let beside = |status| with_test(run(TestStatus::Passed), "b", status);
    check(&beside(TestStatus::Flaky), Word::Pass, &["one test only when it was tried again"]);
    check(&beside(TestStatus::Flaky), Word::Pass, &["`b` passed only at attempt 2"]);
    check(
        &beside(TestStatus::Unsupported),
        Word::Inconclusive,
        &["`b` cannot be run here", "webkit is not"],
    );
    check(&beside(TestStatus::Skipped), Word::Pass, &["`b` is skipped"]);
}

#[test]
fn what_was_wanted_and_not_run_is_never_a_pass() {
    let one = with_test(healthy(), "a", TestStatus::Passed);
    let run = with_test(one.clone(), "b", TestStatus::NotRun);
    check(&run, Word::Inconclusive, &["The test `b` was not run", "webkit is not"]);
    let more = ["c", "d"].into_iter().fold(run, |run, name| {
        let mut run = with_test(run, name, TestStatus::NotRun);
        run.tests.last_mut().unwrap().reason = Some("the need failed".into());
        run
    });
    let said = ["3 of ", "2 tests were not run: `c` and `d`", "The need failed", "`b` was not run"];
    check(&more, Word::Inconclusive, &said);
    let failed = with_test(more, "e", TestStatus::Failed);
    check(&failed, Word::Fail, &["the test `e` failed"]);
}

#[test]
fn a_flaky_test_fails_the_run_where_that_is_asked_for() {
    let mut run = with_test(nothing(), "a", TestStatus::Passed);
    run = with_test(run, "b", TestStatus::Flaky);
    check(&run, Word::Pass, &["one test only when it was tried again"]);
    let strict = Margins { fail_on_flaky: true, ..Margins::default() };
    let verdict = judge(&run, &Stored::none(), &strict);
    assert_eq!(verdict.word, Word::Fail);
    assert!(verdict.headline.contains("the test `b` passed only at attempt 2"), "{verdict:?}");
    run.run.fail_on_flaky = true;
    check(&run, Word::Fail, &["1 of 2 demands did not hold", "`--fail-on-flaky`"]);
}

#[test]
fn a_whole_without_all_its_shards_is_invalid() {
    let mut run = with_test(nothing(), "a", TestStatus::Passed);
    run.run.merged = Some(Merged { of: 4, missing: Vec::new() });
    check(&run, Word::Pass, &[]);
    run.run.merged = Some(Merged { of: 4, missing: vec![3] });
    check(&run, Word::Invalid, &["shard 3 of 4 is missing"]);
    run.run.merged = Some(Merged { of: 4, missing: vec![1, 3] });
    check(&run, Word::Invalid, &["the shards 1, 3 of 4 are missing", "nothing is known"]);
    let mut empty = nothing();
    empty.run.load_wanted = false;
    empty.scenarios = run.scenarios.clone();
    empty.run.shard = Some(Shard { index: 3, of: 3, total: 2, ..Shard::default() });
    check(&empty, Word::Invalid, &["of 2 tests none is left for shard 3 of 3"]);
}

#[test]
fn tests_that_fail_alike_have_their_cause_in_the_headline() {
    let mut run = nothing();
    for name in ["a", "b", "c", "d"] {
        run = with_test(run, name, TestStatus::Failed);
        run.tests.last_mut().unwrap().failure = Some(example("html", "s", 0));
    }
    check(&run, Word::Fail, &["4 of 4 demands did not hold; HTML where JSON was expected in 4"]);
}

fn slower(by: f64, count: u64) -> RunResult {
    load(&[("browse", Did::well(count, (40_000.0 * by) as u64))])
}

/// Ten baselines of a steady machine: they differ by some parts of a thousand.
fn steady(count: u64) -> Vec<RunResult> {
    (0..10u32).map(|at| slower(1.0 + 0.002 * f64::from(at % 4), count)).collect()
}

/// Judges strictly, with the noise that a steady machine has shown.
fn check_steady(run: &RunResult, baselines: &[RunResult], word: Word, said: &[&str]) -> Verdict {
    let mut margins = Margins::default();
    (margins.gate.noise.between_runs, margins.gate.noise.learnt) = (0.005, true);
    let stored = Stored { baselines: baselines.iter().collect(), ..Stored::none() };
    let verdict = judge(run, &stored, &margins);
    told(&verdict, word, said);
    verdict
}

fn rows(verdict: &Verdict, word: Word) -> usize {
    let rows = verdict.comparison.iter().flat_map(|of| &of.changes);
    rows.filter(|row| row.word == word).count()
}

#[test]
fn a_growth_beyond_margin_and_noise_fails() {
    let base = slower(1.0, 6_000);
    let said =
        ["p95 of `browse` +60.0% (90% interval", "66.1 ms → 106 ms", "1% of all comparisons"];
    check_against(&slower(1.6, 6_000), Some(&base), Word::Fail, &said);
    let said = ["p95 of `browse` +59.6%", "Shape: all of it is slower by about the same share"];
    check_steady(&slower(1.6, 6_000), &steady(6_000), Word::Fail, &said);
    let said = ["p95 of `browse` +15.0%", "1 run against 10 baselines"];
    check_steady(&slower(1.153, 6_000), &steady(6_000), Word::Fail, &said);
}

#[test]
fn what_is_surely_below_its_margin_passes_and_says_what_that_promises() {
    let base = steady(6_000);
    let verdict = check_steady(&slower(1.0, 6_000), &base, Word::Pass, &[]);
    let held = |part: &str| verdict.findings.iter().any(|found| found.message.contains(part));
    assert!(held("egression of the margin or more in errors, p95, p99 and p50"), "{verdict:#?}");
    assert!(held("missed with a probability of at most 5%"), "{verdict:#?}");
    assert!(rows(&verdict, Word::Pass) >= 5);
    // Surely slower, and surely by less than is worth a stop.
    let verdict = check_steady(&slower(1.03, 6_000), &base, Word::Pass, &[]);
    let slower_ones = verdict.comparison.iter().flat_map(|of| &of.changes);
    let tolerated = slower_ones.filter(|row| taster::analysis::wording::is_tolerated(row)).count();
    assert!(tolerated >= 1, "{verdict:#?}");
    let verdict = check_steady(&slower(0.5, 6_000), &base, Word::Pass, &[]);
    let better = verdict.comparison.iter().flat_map(|of| &of.changes).filter(|row| row.improved);
    assert_eq!(better.count(), 3, "p50, p95 and p99");
}

#[test]
fn what_lies_within_the_noise_is_neither_fail_nor_pass() {
    let base = slower(1.0, 6_000);
    let said = ["The noise from run to run", "use `taster duet`", "taster baseline calibrate"];
    check_against(&slower(1.0, 6_000), Some(&base), Word::Inconclusive, &said);
    check_against(&slower(1.1, 6_000), Some(&base), Word::Inconclusive, &said);
}

#[test]
fn a_first_look_is_only_told_what_is_open() {
    let base = slower(1.0, 6_000);
    let first_look = Margins { strict: false, ..Margins::default() };
    let verdict = judge(&slower(1.1, 6_000), &Stored::one(&base), &first_look);
    told(&verdict, Word::Pass, &[]);
    assert!(rows(&verdict, Word::Inconclusive) >= 3, "{verdict:#?}");
    let open = verdict.findings.iter().find(|found| found.message.contains("only told here"));
    assert_eq!(open.map(|found| (found.word, found.demands)), Some((Word::Pass, 0)));
    // What fails does so there too.
    let verdict = judge(&slower(3.0, 6_000), &Stored::one(&base), &first_look);
    told(&verdict, Word::Fail, &["p95 of `browse` +20"]);
}

/// A service that has become slow answers less often: few samples must not hide it.
#[test]
fn fewer_samples_than_in_the_baseline_are_no_pass() {
    let base = slower(1.0, 6_000);
    let said = ["throughput of `shopping` -99"];
    check_against(&slower(9.0, 30), Some(&base), Word::Fail, &said);
    check_against(&slower(1.0, 30), Some(&base), Word::Fail, &said);
    let mut open = slower(1.0, 30);
    let mut base = base;
    for run in [&mut open, &mut base] {
        // Of arrivals the throughput is no metric, for it is what was offered.
        let load = run.scenarios[0].load.as_mut().unwrap();
        (load.model, load.offered, load.started) = ("open".into(), Some(30), 30);
    }
    let said = ["effective samples and needs", "too few samples are never a PASS"];
    check_against(&open, Some(&base), Word::Inconclusive, &said);
}

#[test]
fn a_comparison_without_a_single_latency_is_inconclusive() {
    // A baseline that never had enough says nothing, and was accepted like that.
    let few = |model: &str| {
        let mut run = load(&[("browse", Did::well(8, 40_000))]);
        run.scenarios[0].load.as_mut().unwrap().model = model.into();
        run
    };
    let mut now = slower(1.0, 6_000);
    now.scenarios[0].load.as_mut().unwrap().model = "open".into();
    let verdict = judge(&now, &Stored::one(&few("open")), &Margins::default());
    told(&verdict, Word::Inconclusive, &["no latency could be compared with the baselines"]);
    let lax = Margins { strict: false, ..Margins::default() };
    told(&judge(&now, &Stored::one(&few("open")), &lax), Word::Pass, &[]);
}

#[test]
fn a_growth_below_the_floor_does_not_count() {
    let base = load(&[("browse", Did::well(6_000, 400))]);
    let grown = load(&[("browse", Did::well(6_000, 1_200))]);
    let judged = |floor: u64| {
        let mut margins = Margins::default();
        margins.gate.latency_floor_us = floor;
        judge(&grown, &Stored::one(&base), &margins)
    };
    assert_eq!(rows(&judged(0), Word::Fail), 3);
    let verdict = judged(20_000);
    assert_eq!(rows(&verdict, Word::Fail), 0, "{verdict:#?}");
    assert!(rows(&verdict, Word::Pass) >= 3, "{verdict:#?}");
}

#[test]
fn more_failures_than_in_the_baseline_fail_when_it_is_no_chance() {
    let run = |bad| load(&[("browse", Did::well(10_000 - bad, 9_000).but("timeout", bad, 1))]);
    let said = ["errors of `browse` +0.8 pp (90% interval", "0% → 0.8%", "Look at the failures"];
    check_against(&run(80), Some(&run(0)), Word::Fail, &said);
    let word = |bad, before| {
        let verdict = judge(&run(bad), &Stored::one(&run(before)), &Margins::default());
        let mut rows = verdict.comparison.into_iter().flat_map(|of| of.changes);
        rows.find(|row| row.metric == Compared::Errors).map(|row| row.word)
    };
    assert_eq!(word(80, 0), Some(Word::Fail));
    assert_eq!(word(3, 0), Some(Word::Pass), "three in ten thousand");
    assert_ne!(word(80, 60), Some(Word::Fail), "the share was 0.6% before");
}

#[test]
fn what_cannot_be_compared_is_not() {
    let mut base = slower(1.0, 6_000);
    base.machine.fingerprint = "other".into();
    let said = ["the baseline is of another kind of machine"];
    check_against(&slower(1.0, 6_000), Some(&base), Word::Invalid, &said);
    let machine = base.machine.clone();
    let elsewhere = Stored { elsewhere: vec![&machine], ..Stored::none() };
    told(&judge(&slower(1.0, 6_000), &elsewhere, &Margins::default()), Word::Invalid, &said);
    let lax = Margins { strict: false, ..Margins::default() };
    told(&judge(&slower(1.0, 6_000), &elsewhere, &lax), Word::Pass, &[]);
    let mut base = slower(1.0, 6_000);
    base.scenarios[0].load.as_mut().unwrap().shape = "200 users for 1h".into();
    let said = ["the baseline is of another load"];
    check_against(&slower(9.0, 6_000), Some(&base), Word::Inconclusive, &said);
    let mut base = steady(6_000);
    for base in &mut base {
        base.scenarios[0].digest = "other".into();
        base.run.tool_version = "0.0.9".into();
        base.steps.push(crate::runs::step(SHOP, "pay", &Did::well(10, 10)));
    }
    let verdict = check_steady(&slower(1.0, 6_000), &base, Word::Pass, &[]);
    for said in
        ["has changed since a baseline", "by Taster 0.0.9", "`pay` of the baselines is gone"]
    {
        let told = |found: &&taster::analysis::Finding| found.message.contains(said);
        assert_eq!(verdict.findings.iter().filter(told).count(), 1, "{said}");
    }
    check(&slower(1.0, 6_000), Word::Pass, &["there is no baseline"]);
}

#[test]
fn a_baseline_that_was_cut_off_is_left_out() {
    let mut base = steady(6_000);
    base[3].run.ended_early = Some("interrupted".into());
    base[5].generator.health = Health::Invalid;
    let verdict = check_steady(&slower(1.0, 6_000), &base, Word::Pass, &[]);
    let design = verdict.comparison.as_ref().map(|of| of.design);
    assert_eq!(design, Some(Design::Stored { baselines: 8, runs: 1 }));
    let left_out = verdict.findings.iter().filter(|one| one.message.contains("is left out"));
    assert_eq!(left_out.count(), 2);
    let said = ["the baseline is not a valid run: it did not end by itself (interrupted)"];
    check_steady(&slower(1.0, 6_000), &base[3..4], Word::Inconclusive, &said);
}

#[test]
fn a_load_that_was_changed_by_hand_is_compared_with_nothing() {
    let (base, mut by_hand) = (steady(6_000), slower(1.0, 6_000));
    let what = Altered::Users { scenario: "shop".to_string(), users: 30 };
    by_hand.run.altered = vec![Alteration { at_ms: 20_140, what }];
    let said = ["was changed by hand, so it is not compared", "set to 30 at 20.1 s"];
    let verdict = check_steady(&by_hand, &base, Word::Inconclusive, &said);
    assert_eq!(verdict.comparison, None);
    // A first look is told, and nobody acts on it; without a baseline a PASS says it too.
    let stored = Stored { baselines: base.iter().collect(), ..Stored::none() };
    let lenient = Margins { strict: false, ..Margins::default() };
    let aloud = ["PASS: all", "under a load that was changed by hand", "users of `shop` set to 30"];
    told(&judge(&by_hand, &stored, &lenient), Word::Pass, &aloud);
    check(&by_hand, Word::Pass, &aloud);
    // Nor is anything compared with it.
    let mut base = base;
    base[2].run.altered.clone_from(&by_hand.run.altered);
    let verdict = check_steady(&slower(1.0, 6_000), &base, Word::Pass, &["is left out: its load"]);
    let design = verdict.comparison.as_ref().map(|of| of.design);
    assert_eq!(design, Some(Design::Stored { baselines: 9, runs: 1 }));
    let again = Stored { again: vec![&by_hand], ..Stored::none() };
    let again = Stored { baselines: base.iter().collect(), ..again };
    let verdict = judge(&slower(1.0, 6_000), &again, &Margins::default());
    told(&verdict, Word::Inconclusive, &said[..1]);
}

#[test]
fn several_runs_of_a_build_are_judged_together() {
    let (base, new) = (steady(6_000), [slower(1.2, 6_000), slower(1.21, 6_000)]);
    let now = slower(1.19, 6_000);
    let again = new.iter().collect();
    let stored = Stored { baselines: base.iter().collect(), again, ..Stored::none() };
    let verdict = judge(&now, &stored, &Margins::default());
    told(&verdict, Word::Fail, &["3 runs against 10 baselines"]);
}

#[test]
fn a_histogram_that_cannot_be_read_is_invalid() {
    let mut run = with_slas(healthy(), &["http_req_duration: p(95)<500"]);
    run.steps[0].histograms.response = "broken".into();
    check(&run, Word::Invalid, &["the histogram is not base64"]);
}

fn any_run() -> impl Strategy<Value = RunResult> {
    let kinds = ["html", "status 503", "timeout", "check", "missing value"];
    let did = (1u64..150, 1u64..400, 0u64..20, prop::sample::select(kinds.to_vec())).prop_map(
        |(good, ms, bad, kind)| match bad {
            0 => Did::well(good, ms * 1_000),
            _ => Did::well(good, ms * 1_000).but(kind, bad, 5),
        },
    );
    let slas = prop::sample::subsequence(
        vec![
            "http_req_duration: p(95)<200",
            "http_req_duration{step:b}: p(90)<100",
            "http_req_failed: rate<0.05",
            "checks: rate>0.9",
            "iterations: count>=10",
        ],
        0..=5,
    );
    (did.clone(), did.clone(), did, slas)
        .prop_map(|(a, b, c, slas)| with_slas(load(&[("a", a), ("b", b), ("c", c)]), &slas))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn adding_failures_never_improves_the_word(
        run in any_run(), at in 0usize..3, more in 1u64..200, status in any::<bool>(),
    ) {
        let before = judge(&run, &Stored::none(), &Margins::default()).word;
        let mut worse = run;
        let step = &mut worse.steps[at];
        step.count += more;
        step.failed += more;
        let kind = if status { "status 500" } else { "timeout" };
        *step.failures.entry(kind.to_string()).or_default() += more;
        let after = judge(&worse, &Stored::none(), &Margins::default()).word;
        prop_assert!(after >= before, "{before} became {after}");
    }

    #[test]
    fn the_order_of_steps_does_not_matter(run in any_run(), turn in 0usize..3) {
        let told = |run: &RunResult| {
            let verdict = judge(run, &Stored::none(), &Margins::default());
            let titles: Vec<_> = verdict.findings.into_iter().map(|found| found.title).collect();
            (verdict.word, verdict.headline, titles)
        };
        let before = told(&run);
        let mut turned = run;
        turned.steps.rotate_left(turn);
        prop_assert_eq!(told(&turned), before);
    }

    #[test]
    fn the_word_is_that_of_the_gravest_finding_which_is_told_first(run in any_run()) {
        let verdict = judge(&run, &Stored::none(), &Margins::default());
        prop_assert_eq!(Some(verdict.word), verdict.findings.iter().map(|found| found.word).max());
        prop_assert!(verdict.findings.is_sorted_by(|a, b| a.word >= b.word));
    }
}

#[test]
fn a_full_generator_says_that_latencies_include_the_wait_for_it() {
    let mut run = with_slas(healthy(), &["http_req_failed: rate<0.5"]);
    let told = |run: &taster::result::RunResult| {
        let verdict = judge(run, &Stored::none(), &Margins::default());
        let found =
            verdict.findings.iter().any(|one| one.title.contains("include the wait for it"));
        (verdict.word, found)
    };
    run.generator.thread_cpu = vec![0.5, 0.99, 0.6];
    assert_eq!(told(&run), (Word::Pass, false));
    run.generator.thread_cpu = vec![0.97, 0.99, 0.98];
    assert_eq!(told(&run), (Word::Pass, true), "and that is no fault");
}
