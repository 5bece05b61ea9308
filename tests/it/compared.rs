//! What is said and drawn of comparisons, from comparisons made by hand: each sentence, and each
//! report of a duet, as golden files. `UPDATE_GOLDEN=1` writes them anew.

use proptest::prelude::*;
use taster::analysis::gate::{
    Change, Compared, Comparison, Design, Gate, Noise, Occasion, Shape, ShapeKind, Undecided,
};
use taster::analysis::{Verdict, Word, conclude, wording};
use taster::report::{Format, Sides, TextOptions, comparison, comparison_text, render};

use crate::reports::{compare, folder, harmless};
use crate::runs::{SHOP, healthy};

/// A row: step, metric, before and after, half of the interval, word.
fn row(step: &str, metric: Compared, (before, after): (f64, f64), half: f64, word: Word) -> Change {
    let difference = matches!(metric, Compared::Errors | Compared::Dropped);
    let change = if difference { after - before } else { after / before - 1.0 };
    let margin = match metric {
        Compared::P50 | Compared::Throughput => 0.05,
        Compared::P95 => 0.10,
        Compared::P99 => 0.15,
        Compared::Errors | Compared::Dropped => 0.005,
    };
    Change {
        scenario: SHOP.into(),
        step: step.into(),
        place: "scenarios/shopping.yaml:30".into(),
        metric,
        word,
        before,
        after,
        change,
        interval: Some((change - half, change + half)),
        margin,
        floor: margin / 2.0,
        p: match word {
            Word::Fail => 0.0004,
            _ => 0.3,
        },
        smallest: Some(half * 2.0),
        why: None,
        improved: change + half < 0.0 && metric != Compared::Throughput,
        shape: None,
    }
}

fn because(mut row: Change, why: Undecided) -> Change {
    // Only noise leaves an interval; whatever else is wrong, nothing is known.
    if !matches!(why, Undecided::Noise { .. }) {
        (row.interval, row.smallest) = (None, None);
    }
    row.why = Some(why);
    row
}

/// A curve whose change grows from `low` to `high` from the quantile `from` on.
fn curve(kind: ShapeKind, from: f64, low: f64, high: f64) -> Shape {
    let quantiles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];
    let point = |q: f64| {
        let change: f64 = if q < from { low } else { high };
        (q, (1.0 + change).ln(), 0.02 + 0.1 * q * q * q)
    };
    Shape { kind, curve: quantiles.map(point).to_vec() }
}

fn compared(design: Design, changes: Vec<Change>) -> Comparison {
    let word = changes.iter().map(|row| row.word).max().unwrap_or(Word::Inconclusive);
    Comparison { word, changes, design, notes: Vec::new(), gate: Gate::default(), each_ms: 30_000 }
}

const DUET: Design = Design::Duet { restarts: 3, look: Occasion::Planned };
const EARLY: Design = Design::Duet { restarts: 2, look: Occasion::Early { planned: 3 } };
const TEN: Design = Design::Stored { baselines: 10, runs: 1 };
const ONE: Design = Design::Stored { baselines: 1, runs: 1 };

/// One of each kind of row, by name.
fn kinds() -> Vec<(&'static str, Change, Design)> {
    use Compared::{Dropped, Errors, P50, P95, P99, Throughput};
    use Word::{Fail, Inconclusive, Pass};
    let ms = |a: f64, b: f64| (a * 1_000.0, b * 1_000.0);
    let mut tail = row("login", P95, ms(212.0, 242.1), 0.054, Fail);
    tail.shape = Some(curve(ShapeKind::Tail, 0.9, 0.003, 0.41));
    let mut uniform = row("login", P50, ms(80.0, 96.0), 0.03, Fail);
    uniform.shape = Some(curve(ShapeKind::Uniform, 0.0, 0.2, 0.2));
    let open =
        |metric, why| because(row("search", metric, ms(40.0, 42.4), 0.16, Inconclusive), why);
    vec![
        ("pass", row("checkout", P95, ms(45.0, 45.36), 0.0245, Pass), TEN),
        ("pass, slower and tolerated", row("search", P95, ms(40.0, 41.64), 0.019, Pass), DUET),
        ("pass, improved", row("search", P99, ms(90.0, 70.0), 0.05, Pass), DUET),
        ("pass, errors", row("login", Errors, (0.002, 0.0021), 0.0004, Pass), TEN),
        (
            "pass, throughput lost and tolerated",
            row("", Throughput, (204.0, 199.0), 0.01, Pass),
            TEN,
        ),
        ("fail, a tail", tail, DUET),
        ("fail, all of it", uniform, TEN),
        ("fail, errors", row("login", Errors, (0.002, 0.0145), 0.004, Fail), TEN),
        ("fail, dropped", row("", Dropped, (0.0, 0.021), 0.004, Fail), TEN),
        ("fail, throughput", row("", Throughput, (204.0, 150.0), 0.04, Fail), TEN),
        ("open, noise", open(P95, Undecided::Noise { sd: 0.057, needs: Some(4) }), TEN),
        ("open, noise, one baseline", open(P95, Undecided::Noise { sd: 0.06, needs: None }), ONE),
        ("open, noise, duet", open(P95, Undecided::Noise { sd: 0.03, needs: Some(5) }), DUET),
        ("open, noise, hopeless duet", open(P95, Undecided::Noise { sd: 0.3, needs: None }), DUET),
        ("open, too few", open(P99, Undecided::TooFew { have: 124.0, need: 2_000.0 }), TEN),
        ("open, none at all", open(P99, Undecided::TooFew { have: 0.0, need: 2_000.0 }), TEN),
        ("open, too short a run", open(P95, Undecided::TooShort { have: 5, need: 6 }), TEN),
        ("open, too short a segment", open(P95, Undecided::TooShort { have: 1, need: 6 }), DUET),
        ("open, tail not reached", open(P99, Undecided::TailNotReached), TEN),
        ("open, unstable", open(P50, Undecided::Unstable), TEN),
        ("open, machine", open(P95, Undecided::Machine { slower: 0.18, unsteady: 0.03 }), TEN),
        ("open, asymmetry", open(P95, Undecided::Asymmetry { differs: 0.08 }), DUET),
        ("open, not delivered", open(P95, Undecided::NotDelivered), DUET),
        ("open, without a reason", row("search", P95, ms(40.0, 42.0), 0.06, Inconclusive), TEN),
    ]
}

#[test]
fn each_kind_of_row_has_its_sentence() {
    let mut all = String::new();
    for (name, row, design) in kinds() {
        let of = compared(design, vec![row.clone(); 30]);
        let said = wording::sentence(&row, &of);
        all += &format!("# {name}\n{}  {}\n{}\n\n", said.label, said.title, said.detail);
        assert!(said.label.starts_with(row.word.name()), "{name}");
        let told = format!("{} {}", said.title, said.detail);
        assert!(!told.contains("no change") && !told.contains("unchanged p"), "{told}");
        if row.word == Word::Pass {
            assert!(told.contains("probability of at most 5%"), "{name}: {told}");
        }
        if row.word == Word::Inconclusive {
            assert!(told.contains("un") || told.contains("more"), "a next step: {told}");
        }
    }
    compare(&folder("comparison").join("sentences.txt"), &all);
}

/// Something of everything, with some rows that only pass.
fn everything(design: Design) -> Comparison {
    let mut rows: Vec<Change> = kinds().into_iter().map(|(_, row, _)| row).collect();
    for step in ["browse", "add item", "orders"] {
        rows.push(row(step, Compared::P50, (12_000.0, 12_100.0), 0.02, Word::Pass));
        rows.push(row(step, Compared::P95, (31_000.0, 30_700.0), 0.05, Word::Pass));
    }
    let mut of = compared(design, rows);
    of.notes = vec!["the step `pay` is new since the baseline".to_string()];
    of
}

fn sides() -> Sides {
    Sides {
        title: "duet 20261125-201500-1f3a".into(),
        before: "http://127.0.0.1:4001 (base)".into(),
        after: "http://127.0.0.1:4002 (head)".into(),
        facts: vec![("Layout".into(), "interleaved".into()), ("Segment".into(), "30 s".into())],
    }
}

/// Compares all reports of a comparison alone.
fn golden(name: &str, of: Comparison) {
    let verdict = conclude(of, Vec::new());
    for format in Format::ALL {
        for (file, content) in comparison(format, &verdict, &sides()) {
            harmless(&file, &content);
            compare(&folder("comparison").join(name).join(file), &content);
        }
    }
}

#[test]
fn a_duet_with_something_of_everything() {
    golden("everything", everything(DUET));
}

#[test]
fn a_duet_that_passes() {
    let steps = ["sign in", "browse", "add item"];
    let rows = steps.map(|step| row(step, Compared::P95, (31_000.0, 31_300.0), 0.03, Word::Pass));
    golden("passes", compared(DUET, rows.to_vec()));
}

#[test]
fn a_duet_that_ended_early_says_so_and_what_that_leans_on() {
    let rows = ["sign in", "browse"];
    let rows = rows.map(|step| row(step, Compared::P95, (31_000.0, 31_300.0), 0.03, Word::Pass));
    let mut of = compared(EARLY, rows.to_vec());
    of.notes = vec!["Decided early, after 2 of 3 restarts.".to_string()];
    let verdict = conclude(of, Vec::new());
    let text = comparison_text(&verdict, &sides(), &TextOptions::default());
    assert!(text.contains("2 restarts of both sides, of 3 that were planned"), "{text}");
    assert!(text.contains("ecided early, after 2 of 3 restarts"), "{text}");
}

#[test]
fn a_duet_without_a_row_is_inconclusive() {
    let verdict = conclude(compared(DUET, Vec::new()), Vec::new());
    assert_eq!(verdict.word, Word::Inconclusive);
    assert!(verdict.headline.contains("nothing could be compared"), "{}", verdict.headline);
}

/// The report of a run shows the same rows as that of the comparison alone.
#[test]
fn a_run_and_a_duet_say_the_same_of_a_row() {
    let run = healthy();
    let verdict = conclude(everything(TEN), Vec::new());
    let told = |files: Vec<(String, String)>, name: &str| {
        let file = files.into_iter().find(|(file, _)| file == name);
        file.unwrap_or_else(|| panic!("there is {name}")).1
    };
    for (format, name) in [
        (Format::Html, "report.html"),
        (Format::Markdown, "report.md"),
        (Format::Text, "report.txt"),
        (Format::Junit, "junit.xml"),
    ] {
        let of_run = told(render(format, &run, &verdict, None), name);
        let alone = told(comparison(format, &verdict, &sides()), name);
        for part in ["+14.2%", "INCONCLUSIVE (noise)", "PASS (slower, tolerated)"] {
            let part = if format == Format::Junit { "+14.2%" } else { part };
            assert!(of_run.contains(part) && alone.contains(part), "{part} in {name}");
        }
    }
    for (format, name) in [(Format::Csv, "comparison.csv"), (Format::Svg, "changes.svg")] {
        let of_run = told(render(format, &run, &verdict, None), name);
        assert_eq!(of_run, told(comparison(format, &verdict, &sides()), name));
    }
}

#[test]
fn what_passes_quietly_is_folded_and_everything_else_is_listed() {
    let verdict = conclude(everything(DUET), Vec::new());
    let text = comparison_text(&verdict, &sides(), &TextOptions::default());
    assert!(text.contains("other rows PASS within their margins"), "{text}");
    assert!(!text.contains("orders, p50"), "{text}");
    let html = &comparison(Format::Html, &verdict, &sides())[0].1;
    let summary = html.find("other rows PASS within their margins").expect("a summary");
    assert!(html[summary..].contains("orders"), "folded rows are in the page");
}

#[test]
fn an_open_row_that_nobody_acts_on_is_no_error_for_a_ci_server() {
    let mut verdict = conclude(everything(TEN), Vec::new());
    let open = verdict.findings.iter().filter(|found| found.word == Word::Inconclusive).count();
    assert!(open >= 5, "one for each reason: {open}");
    let errors = |verdict: &Verdict| {
        let file = &comparison(Format::Junit, verdict, &sides())[0].1;
        file.matches("<error").count()
    };
    assert!(errors(&verdict) > 0);
    verdict.findings.retain(|found| found.word != Word::Inconclusive);
    assert_eq!(errors(&verdict), 0);
    let text = comparison_text(&verdict, &sides(), &TextOptions::default());
    assert!(text.contains("14 other rows are open, which does not count here"), "{text}");
    assert!(!text.contains("INCONCLUSIVE (noise)"), "{text}");
}

#[test]
fn the_file_for_programs_has_each_row_with_its_numbers() {
    let of = everything(DUET);
    let verdict = conclude(of.clone(), Vec::new());
    let file = &comparison(Format::Json, &verdict, &sides())[0].1;
    let json: serde_json::Value = serde_json::from_str(file).expect("JSON");
    assert_eq!(json["verdict"], "FAIL");
    let rows = json["comparison"]["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), of.changes.len());
    for (row, change) in rows.iter().zip(&of.changes) {
        assert_eq!(row["verdict"], change.word.name());
        assert_eq!(row["metric"], change.metric.name());
        assert_eq!(row["change"], change.change);
        match change.interval {
            Some((_, high)) => assert_eq!(row["interval"][1], high),
            None => {
                assert!(row["interval"].is_null() && row["smallest"].is_null(), "{row}");
                assert!(!row["why"].as_str().unwrap_or_default().is_empty(), "a reason: {row}");
            }
        }
        for key in ["before", "after", "margin", "p"] {
            assert!(row[key].is_f64(), "{key} of {row}");
        }
    }
}

/// Rows with any numbers, such as a damaged file or a division by nothing could bring.
fn odd() -> impl Strategy<Value = Change> {
    let number =
        prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY), Just(0.0), -1.0..1.0f64];
    let word = prop::sample::select(vec![Word::Pass, Word::Fail, Word::Inconclusive]);
    let metric = prop::sample::select(vec![
        Compared::P50,
        Compared::P99,
        Compared::Errors,
        Compared::Throughput,
        Compared::Dropped,
    ]);
    (any::<String>(), metric, word, prop::collection::vec(number, 10), 0u8..8).prop_map(
        |(step, metric, word, n, why)| Change {
            scenario: step.chars().rev().collect(),
            step: step.clone(),
            place: step,
            metric,
            word,
            before: n[0],
            after: n[1],
            change: n[2],
            interval: (why > 0).then_some((n[3], n[4])),
            margin: n[5],
            floor: n[6],
            p: n[7],
            smallest: (why > 1).then_some(n[8]),
            why: match why {
                0 => Some(Undecided::TooFew { have: n[8], need: n[9] }),
                1 => Some(Undecided::Noise { sd: n[9], needs: Some(why.into()) }),
                2 => Some(Undecided::Machine { slower: n[9], unsteady: n[8] }),
                3 => Some(Undecided::Asymmetry { differs: n[9] }),
                4 => Some(Undecided::NotDelivered),
                5 => Some(Undecided::Unstable),
                6 => Some(Undecided::TooShort { have: why.into(), need: 6 }),
                _ => None,
            },
            improved: why % 2 == 0,
            shape: Some(Shape {
                kind: ShapeKind::Mixed,
                curve: n.chunks(3).filter(|c| c.len() == 3).map(|c| (c[0], c[1], c[2])).collect(),
            }),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_comparison_makes_sentences_or_reports_panic(
        rows in prop::collection::vec(odd(), 0..6), each_ms in any::<u64>(),
        learnt in any::<bool>(),
        design in prop::sample::select(vec![DUET, TEN, ONE, EARLY]),
    ) {
        let mut of = compared(design, rows);
        of.each_ms = each_ms;
        of.gate.noise = Noise { learnt, ..Noise::default() };
        let verdict = conclude(of, Vec::new());
        for format in Format::ALL {
            for (file, content) in comparison(format, &verdict, &sides()) {
                harmless(&file, &content);
            }
        }
        comparison_text(&verdict, &sides(), &TextOptions::default());
    }
}
