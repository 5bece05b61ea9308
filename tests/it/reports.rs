//! Each report of each kind of run, as golden files. `UPDATE_GOLDEN=1` writes them anew; look at
//! what changed before keeping it.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use taster::analysis::{Margins, Stored, Verdict, judge};
use taster::report::{Format, TextOptions, render, text};
use taster::result::{Attempt, Headroom, Repeat, RunResult, SetupFailure, TestStatus};

use crate::runs::{Did, example, healthy, load, nothing, summary, with_slas, with_test};

const SLAS: [&str; 4] = [
    "http_req_duration: p(95)<500",
    "http_req_duration{step:browse}: p(99)<40",
    "http_req_failed: rate<0.01",
    "checks: rate>0.99",
];

#[test]
fn passing() {
    golden("passing", tested(with_slas(healthy(), &SLAS)), &steady());
}

#[test]
fn measured() {
    let mut run = with_slas(load(&[("browse", Did::well(900, 12_000))]), &SLAS[..1]);
    let wait = summary(&vec![9_000; 900]);
    let connect = summary(&[300, 400, 500]);
    let step = &mut run.steps[0];
    step.phases_us = [("connect", connect), ("wait", wait)].map(|(k, v)| (k.to_string(), v)).into();
    (step.resent, step.blocked_us) = (2, summary(&[0, 0, 4_000]));
    let generator = &mut run.generator;
    generator.lag_p99_us = vec![40, 60, 900];
    generator.thread_cpu = vec![0.2, 0.31, 0.25];
    generator.queued = vec![0.001, 0.004, 0.0];
    generator.stolen = vec![0.0, 0.0, 0.002];
    generator.files = Some(Headroom { most: 61, limit: 1_024 });
    golden("measured", run, &[]);
}

#[test]
fn failing() {
    let steps = [
        ("sign in", Did::well(900, 280_000)),
        ("browse", Did::well(900, 12_000)),
        ("add item", Did::well(700, 18_000).but("check", 160, 15_000).but("timeout", 40, 9_000)),
        ("check out", Did::well(690, 45_000).but("status 500", 10, 3_000)),
    ];
    let run = with_test(tested(with_slas(load(&steps), &SLAS)), "pays", TestStatus::Failed);
    golden("failing", run, &[]);
}

#[test]
fn html_pages() {
    let bad = |count| Did::default().but("html", count, 11_000);
    let steps = [
        ("sign in", bad(453)),
        ("products", bad(453)),
        ("product", bad(453)),
        ("add item", Did::default()),
        ("cart", Did::default()),
        ("check out", Did::default()),
        ("orders", Did::default()),
    ];
    golden("html_pages", with_slas(load(&steps), &SLAS), &[]);
}

#[test]
fn regressed() {
    let steps = [("sign in", 284), ("browse", 23), ("add item", 19), ("check out", 44)];
    let run = load(&steps.map(|(name, ms)| (name, Did::well(900, ms * 1_000))));
    golden("regressed", with_slas(run, &SLAS[..1]), &steady());
}

#[test]
fn empty() {
    golden("empty", nothing(), &[]);
}

#[test]
fn inconclusive() {
    let run = with_slas(load(&[("browse", Did::well(42, 12_000))]), &SLAS[..1]);
    let run = with_test(run, "works in Safari", TestStatus::Unsupported);
    golden("inconclusive", run, &[]);
}

#[test]
fn flaky() {
    let run = with_test(tested(nothing()), "adds an item twice", TestStatus::Flaky);
    golden("flaky", with_test(run, "exports a list", TestStatus::Skipped), &[]);
}

#[test]
fn attempts() {
    let names = ["signs in", "adds an item", "adds an item", "checks out", "pays", "pays later"];
    let status = [
        TestStatus::Passed,
        TestStatus::Flaky,
        TestStatus::Failed,
        TestStatus::NotRun,
        TestStatus::NotRun,
        TestStatus::NotRun,
    ];
    let both = names.into_iter().zip(status);
    let mut run = both.fold(nothing(), |run, (name, status)| with_test(run, name, status));
    for (at, of_two) in [(1, 1), (2, 2)] {
        run.tests[at].repeat = Some(Repeat { number: of_two, of: 2 });
    }
    let tried = |status: TestStatus, nth: usize| Attempt {
        status,
        began_ms: 40 * nth as u64,
        duration_ms: 30 + nth as u64,
        checks: 4,
        worker: 1,
        failure: (status == TestStatus::Failed)
            .then(|| example(["check", "timeout", "connect"][nth], "add item", nth)),
    };
    let (failed, passed) = (TestStatus::Failed, TestStatus::Passed);
    run.tests[0].tries = vec![tried(passed, 0)];
    run.tests[1].tries = vec![tried(failed, 0), tried(failed, 1), tried(passed, 2)];
    run.tests[2].tries = (0..3).map(|nth| tried(failed, nth)).collect();
    for (at, attempts) in [(1, 3), (2, 3)] {
        run.tests[at].attempts = attempts;
    }
    let reason = |text: &str| Some(text.to_string());
    run.tests[3].reason = reason("the test that it needs, `adds an item`, failed");
    for at in [4, 5] {
        run.tests[at].reason = reason("after one failed test no other is begun (--max-failures)");
    }
    golden("attempts", run, &[]);
}

#[test]
fn hostile() {
    let name =
        "</script><img src=x onerror=alert(1)>|`a` **b** @admin \u{202e}txt.exe\u{7}\u{1b}[2J";
    let steps = [
        (name, Did::well(100, 9_000).but("html", 40, 1)),
        ("=cmd|' /C calc'!A0", Did::well(90, 7_000)),
    ];
    let mut run = with_test(load(&steps), name, TestStatus::Failed);
    run = with_test(run, name, TestStatus::Failed);
    for test in &mut run.tests {
        test.reason = Some("]]> ::error::x\r\n##[group]y".into());
        let failure = test.failure.as_mut().expect("it failed");
        failure.message = format!("{}{name}", "long ".repeat(200_000));
        failure.response = Some("]]></failure><!-- ".to_string() + &"\u{0}é\n".repeat(400_000));
        failure.line = name.into();
    }
    run.run.target = "http://x/\"><script>alert(2)</script>".into();
    run.run.command = vec!["taster".into(), "run".into(), "``` $(reboot)\n```".into()];
    golden("hostile", with_slas(run, &["http_req_failed{step:nowhere}: rate<0.01"]), &[]);
}

#[test]
fn with_several_scenarios_every_row_says_whose_it_is() {
    let mut run = with_slas(healthy(), &SLAS);
    let mut other = run.scenarios[0].clone();
    other.name = "auth".into();
    run.scenarios.push(other);
    let steps: Vec<_> = run.steps.clone();
    run.steps.extend(steps.into_iter().map(|mut step| {
        step.scenario = "auth".into();
        step
    }));
    let verdict = judge(&run, &Stored::one(&run), &Margins::default());
    let seen = text(&run, &verdict, Some(&run), &TextOptions::default());
    let page = &render(Format::Markdown, &run, &verdict, Some(&run))[0].1;
    let page = page.replace('\\', "").replace("&lt;", "<").replace("&#95;", "_");
    for drawn in [&seen, &page] {
        for scenario in ["auth", "shopping"] {
            let sla = format!("{scenario} › http_req_duration: p(95)<500");
            assert_eq!(drawn.matches(&sla).count(), 1, "{sla} in\n{drawn}");
            let step = format!("{scenario} › browse");
            assert!(drawn.matches(&step).count() >= 2, "{step} twice in\n{drawn}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_result_makes_judge_or_reports_panic(
        name in any::<String>(), text in any::<String>(), numbers in any::<[u64; 12]>(),
        second in any::<u32>(),
    ) {
        let run = broken(&name, &text, numbers, second);
        let base = with_slas(healthy(), &SLAS);
        for baseline in [None, Some(&base), Some(&run)] {
            let stored = baseline.map(Stored::one).unwrap_or_default();
            let verdict = judge(&run, &stored, &Margins::default());
            for format in Format::ALL {
                for (file, content) in render(format, &run, &verdict, baseline) {
                    harmless(&file, &content);
                }
            }
        }
    }
}

/// A result as no run writes it, with these texts and numbers wherever some are.
fn broken(name: &str, text: &str, numbers: [u64; 12], second: u32) -> RunResult {
    let [count, failed, dropped, of, bytes, us, ms, offered, started, passed, begun, seed] =
        numbers;
    let steps = [("a", Did::well(70, 9_000).but("timeout", 3, 1)), ("b", Did::well(5, 7_000))];
    let mut run = with_test(with_slas(load(&steps), &SLAS), name, TestStatus::Failed);
    (run.run.seed, run.run.duration_ms, run.run.target) = (seed, ms, text.into());
    run.machine.memory_mb = of;
    run.tests[0].duration_ms = ms;
    let load = run.scenarios[0].load.as_mut().expect("it has load");
    (load.offered, load.started, load.dropped) = (Some(offered), started, dropped);
    (load.completed, load.users, load.planned_ms) = (begun, vec![second; 3], ms);
    run.scenarios[0].setup_failures = vec![SetupFailure {
        step: name.into(),
        count: failed,
        example: example("connect", name, 0),
    }];
    for step in &mut run.steps {
        (step.count, step.failed, step.dropped) = (count, failed, dropped);
        (step.bytes_sent, step.response_us.p95, step.response_us.count) = (bytes, us, of);
        (step.checks[1].passed, step.checks[1].failed) = (passed, failed);
        step.failures.insert(text.into(), count);
        step.failures.insert("interrupted".into(), failed);
        step.examples[..].iter_mut().for_each(|example| example.message = text.into());
        step.slices[0].second = second;
        (step.slices[1].count, step.slices[1].failed) = (failed, count);
    }
    run.steps[0].step = name.into();
    run
}

/// Three tests that pass.
fn tested(run: RunResult) -> RunResult {
    ["signs in", "puts an item into the cart", "checks out"]
        .into_iter()
        .fold(run, |run, name| with_test(run, name, TestStatus::Passed))
}

/// Ten baselines of a steady machine: they differ by some parts of a thousand.
fn steady() -> Vec<RunResult> {
    let run = |at: u64| {
        let steps = [("sign in", 280), ("browse", 12), ("add item", 18), ("check out", 45)];
        let took = |(name, ms): (&'static str, u64)| (name, Did::well(900, ms * (998 + at % 5)));
        let mut run = load(&steps.map(took));
        run.run.id = format!("20261122-1{at}1500-1f3a");
        run
    };
    (0..10).map(run).collect()
}

/// Compares all reports of a run, and the run itself as the file that it would be stored as.
fn golden(name: &str, run: RunResult, baselines: &[RunResult]) {
    let stored = serde_json::to_string_pretty(&run).expect("it has a JSON form") + "\n";
    // A megabyte is tried here, not kept in the repository.
    if stored.len() < 400_000 {
        compare(&folder("results").join(format!("{name}.json")), &stored);
        assert_eq!(serde_json::from_str::<RunResult>(&stored).expect("it reads back"), run);
    }
    let mut margins = Margins::default();
    (margins.gate.noise.between_runs, margins.gate.noise.learnt) = (0.005, true);
    // Of 900 requests one in a hundred more that fail can be seen.
    margins.gate.errors = 0.01;
    let stored = Stored { baselines: baselines.iter().collect(), ..Stored::none() };
    let verdict = judge(&run, &stored, &margins);
    let baseline = baselines.last();
    for format in Format::ALL {
        for (file, content) in render(format, &run, &verdict, baseline) {
            harmless(&file, &content);
            // A log has a line for each second of each step; its reader is tried in `formats`.
            if file.ends_with(".hlog") && name != "measured" {
                continue;
            }
            compare(&folder("reports").join(name).join(file), &content);
        }
    }
    first_lines_say_why(&run, &verdict, baseline);
}

/// What holds of every report, whatever is in it.
pub fn harmless(file: &str, content: &str) {
    let bad = |c: char| (c.is_control() && c != '\n' && c != '\r') || c == '\u{202e}';
    // JSON writes control characters as escapes, so they are never in the file itself.
    assert!(file.ends_with(".json") || !content.contains(bad), "control characters in {file}");
    assert!(content.len() < 400_000, "{file} has {} bytes", content.len());
    match file {
        "report.md" | "comment.md" => {
            assert!(content.len() < 60_000);
            assert!(!content.contains("<img") && !content.contains("@admin"));
        }
        "report.html" => {
            let (page, script) = without_frame(content);
            assert_eq!(script, include_str!("../../src/report/page.js"));
            assert!(!page.contains("<script src") && !page.contains("<img"));
            assert_eq!(page.matches("<script").count(), 1);
            assert!(!page.contains("src=\"http") && !page.contains("url("));
        }
        "steps.csv" => assert!(!content.lines().any(|line| line.contains(",=cmd"))),
        _ => {}
    }
}

fn first_lines_say_why(run: &RunResult, verdict: &Verdict, baseline: Option<&RunResult>) {
    let plain = text(run, verdict, baseline, &TextOptions::default());
    let head: Vec<&str> = plain.lines().take(5).collect();
    assert!(head[0].starts_with(verdict.word.name()), "{head:?}");
    if verdict.word != taster::analysis::Word::Pass {
        let gravest = &verdict.findings[0];
        let first: String = gravest.title.chars().skip(1).take(20).collect();
        assert!(head.join("\n").contains(first.trim()), "{head:?}");
    }
    let options = TextOptions { colour: true, files: Some("reports/latest".into()) };
    let coloured = text(run, verdict, baseline, &options);
    assert!(coloured.starts_with("\u{1b}[1;") && coloured.contains("reports/latest"));
}

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A page without its style, and the script in it: both are the same in all pages, and a golden
/// file shows what is not.
fn without_frame(page: &str) -> (String, String) {
    let cut = |page: &str, name: &str| -> (String, String) {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let Some((before, rest)) = page.split_once(&open) else { return (page.into(), "".into()) };
        let Some((inside, after)) = rest.split_once(&close) else { panic!("{name} is open") };
        (format!("{before}{open}{close}{after}"), inside.to_string())
    };
    let (page, _) = cut(page, "style");
    let (page, script) = cut(&page, "script");
    let digest = page.find("'sha256-").map(|at| at..at + 53).expect("the policy has its digest");
    (page.replace(&page[digest], "'sha256-'"), script)
}

pub fn compare(path: &Path, content: &str) {
    let page = path.ends_with("report.html").then(|| without_frame(content).0);
    let content = page.as_deref().unwrap_or(content);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        return fs::write(path, content).expect("the file is written");
    }
    let wanted = fs::read_to_string(path).unwrap_or_default();
    let differs = wanted.lines().zip(content.lines()).position(|(a, b)| a != b);
    let at = differs.map(|at| {
        (at + 1, wanted.lines().nth(at).unwrap_or(""), content.lines().nth(at).unwrap_or(""))
    });
    assert!(wanted == content, "{} differs: {at:?}\nUPDATE_GOLDEN=1 writes it", path.display());
}
