//! The reports for other programs, read as those read them: by the library that defines the format
//! where there is one, by its rules where there is none. What is in them word by word is golden.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use proptest::prelude::*;
use serde_json::Value;
use taster::analysis::{Margins, Stored, judge};
use taster::report::{Format, render};
use taster::result::{RunResult, TestStatus};

use crate::runs::{Did, example, healthy, load, nothing, with_slas, with_test};

const SLAS: [&str; 3] = [
    "http_req_duration: p(95)<500",
    "http_req_duration{step:browse}: p(99)<10",
    "http_req_failed: rate<0.01",
];

/// The one file of a format.
fn report(format: Format, run: &RunResult) -> String {
    let verdict = judge(run, &Stored::default(), &Margins::default());
    render(format, run, &verdict, None).remove(0).1
}

fn json(format: Format, run: &RunResult) -> Value {
    serde_json::from_str(&report(format, run)).expect("it is JSON")
}

/// A run with everything in it: tests of each status, failures, SLAs that hold and that do not.
fn mixed() -> RunResult {
    let steps = [
        ("sign in", Did::well(900, 280_000)),
        ("browse", Did::well(900, 12_000)),
        ("check out", Did::well(600, 45_000).but("status 500", 90, 3_000)),
        ("never, \"reached\"", Did::default()),
    ];
    let mut run = with_slas(load(&steps), &SLAS);
    for (name, status) in [
        ("signs in", TestStatus::Passed),
        ("pays", TestStatus::Failed),
        ("pays later", TestStatus::Flaky),
        ("exports", TestStatus::Skipped),
        ("in Safari", TestStatus::Unsupported),
        ("after paying", TestStatus::NotRun),
    ] {
        run = with_test(run, name, status);
    }
    run
}

fn any_run(name: &str, text: &str) -> RunResult {
    let mut run = with_test(with_slas(mixed(), &SLAS), name, TestStatus::Failed);
    run.run.id = text.to_string();
    run.run.started = text.to_string();
    run.run.tool_version = text.to_string();
    run.scenarios[0].name = name.to_string();
    for step in &mut run.steps {
        step.scenario = name.to_string();
        step.checks[0].check = text.to_string();
    }
    run.steps[1].step = name.to_string();
    run.steps[2].step = text.to_string();
    run.tests[0].failure = Some(example("check", text, 3));
    run
}

#[test]
fn a_log_of_histograms_is_read_by_the_library_and_adds_up_to_the_run() {
    let run = mixed();
    let log = report(Format::Hlog, &run);
    let mut sums: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    let mut last = None;
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        match entry.expect("each line is an entry") {
            LogEntry::StartTime(start) => assert_eq!(start.as_secs(), 1_795_378_500),
            LogEntry::BaseTime(_) => panic!("times count from the start"),
            LogEntry::Interval(one) => {
                assert_eq!(one.duration().as_secs(), 1);
                assert!(last <= Some(one.start_timestamp()), "in the order of time");
                last = Some(one.start_timestamp());
                let bytes = base64::engine::general_purpose::STANDARD;
                let bytes = bytes.decode(one.encoded_histogram()).expect("base64");
                let part: Histogram<u64> =
                    Deserializer::new().deserialize(&mut bytes.as_slice()).expect("a histogram");
                assert!((one.max() - part.max() as f64 / 1e3).abs() < 0.001);
                let tag = one.tag().expect("each step has a tag").to_string();
                let sum = sums.entry(tag).or_insert_with(|| Histogram::new(3).expect("three"));
                sum.add(&part).expect("it grows");
            }
        }
    }
    for step in run.steps.iter().filter(|step| step.response_us.count > 0) {
        let sum = &sums[&format!("shopping/{}", step.step.replace(' ', "_"))];
        assert_eq!(sum.len(), step.response_us.count, "{}", step.step);
        assert_eq!(sum.value_at_quantile(0.95), step.response_us.p95, "{}", step.step);
    }
    assert_eq!(sums.len(), 3, "a step without a success has no line");
}

/// What a strict reader of OpenMetrics refuses.
fn openmetrics(text: &str) -> Result<BTreeMap<String, f64>, String> {
    let sample = regex::Regex::new(
        r#"^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (NaN|[-+0-9.e]+)$"#,
    )
    .expect("a pattern");
    let body = text.strip_suffix("# EOF\n").ok_or("no `# EOF` at the end")?;
    let (mut family, mut kind) = (String::new(), String::new());
    let (mut families, mut values) = (BTreeSet::new(), BTreeMap::new());
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, is) = rest.split_once(' ').ok_or("a type without a name")?;
            (family, kind) = (name.to_string(), is.to_string());
            if !families.insert(family.clone()) {
                return Err(format!("`{family}` comes twice"));
            }
        } else if let Some(rest) = line.strip_prefix("# ") {
            let of = rest.split(' ').nth(1).unwrap_or_default();
            if of != family || !rest.starts_with(['H', 'U']) {
                return Err(format!("`{line}` stands in the family `{family}`"));
            }
            let unit = rest.strip_prefix("UNIT ").and_then(|rest| rest.split(' ').nth(1));
            if unit.is_some_and(|unit| !family.ends_with(&format!("_{unit}"))) {
                return Err(format!("`{line}`: the name does not end with the unit"));
            }
        } else {
            let found = sample.captures(line).ok_or(format!("no sample: {line}"))?;
            let suffixes: &[&str] = match kind.as_str() {
                "counter" => &["_total"],
                "gauge" | "stateset" => &[""],
                other => return Err(format!("an unknown type `{other}`")),
            };
            if !suffixes.iter().any(|end| found[1] == format!("{family}{end}")) {
                return Err(format!("`{}` is not of the {kind} `{family}`", &found[1]));
            }
            let labels = found.get(2).map_or("", |labels| labels.as_str());
            let key = format!("{}{{{labels}}}", &found[1]);
            let value = found[3].parse().map_err(|_| format!("no number: {line}"))?;
            if values.insert(key.clone(), value).is_some() {
                return Err(format!("`{key}` comes twice"));
            }
        }
    }
    Ok(values)
}

#[test]
fn open_metrics_are_read_by_a_strict_reader_and_say_what_the_run_says() {
    let values = openmetrics(&report(Format::OpenMetrics, &mixed())).expect("they are read");
    assert_eq!(values["taster_verdict{taster_verdict=\"FAIL\"}"], 1.0);
    assert_eq!(values["taster_verdict{taster_verdict=\"PASS\"}"], 0.0);
    let of = |what: &str, rest: &str| {
        let labels = format!("scenario=\"shopping\",step=\"check out\",kind=\"http\"{rest}");
        values[&format!("{what}{{{labels}}}")]
    };
    assert_eq!(of("taster_requests_total", ""), 690.0);
    assert_eq!(of("taster_failures_total", ""), 90.0);
    assert_eq!(of("taster_failures_by_kind_total", ",failure=\"status 500\""), 90.0);
    let p95 = of("taster_response_percentile_seconds", ",percentile=\"95\"");
    assert_eq!(p95, mixed().steps[2].response_us.p95 as f64 / 1e6);
    let reached = |key: &&String| key.contains("never") && key.contains("percentile");
    assert_eq!(values.keys().filter(reached).count(), 0, "no data is no number");
    // The reader is one: it refuses what is wrong.
    for wrong in [
        "# TYPE a gauge\n# UNIT a ratio\na{} 1\n# EOF\n",
        "a{} 1\n# EOF\n",
        "# TYPE a gauge\na{} 1\n",
        "# TYPE a gauge\na{} x\n# EOF\n",
    ] {
        assert!(openmetrics(wrong).is_err(), "{wrong}");
    }
}

/// What the published schema of a format says against a file: those in `tests/schemas` are written
/// out from what each format's makers publish.
fn against(schema: &str, file: &Value) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas");
    let text = fs::read_to_string(folder.join(schema)).expect("it is there");
    let schema = serde_json::from_str(&text).expect("a schema is JSON");
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).expect("it is a schema");
    let say =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(file).map(say).collect()
}

/// What `xmllint`, a validator of XML Schema, says against a file of JUnit's.
fn against_junit(text: &str) -> Result<(), String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/junit.xsd");
    let file = tempfile::NamedTempFile::new().expect("a test may make files");
    fs::write(file.path(), text).expect("a file can be written");
    let mut command = Command::new("xmllint");
    // No network, no entities, no limit on how much a case may say.
    command.args(["--nonet", "--huge", "--noout", "--schema"]).arg(schema).arg(file.path());
    let told = command.output().expect("xmllint is there; Debian has it in libxml2-utils");
    if told.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&told.stderr).into()) }
}

#[test]
fn every_junit_file_passes_the_schema_that_ci_servers_refuse_others_by() {
    for run in
        [mixed(), nothing(), healthy(), any_run("a\u{0}]]>&<\n\"", "\u{1b}[31m\u{fffe}--> 1")]
    {
        let file = report(Format::Junit, &run);
        assert_eq!(against_junit(&file), Ok(()), "{file}");
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seen = 0;
    for kind in ["reports", "comparison"] {
        for entry in fs::read_dir(golden.join(kind)).expect("there are golden files") {
            let path = entry.expect("an entry").path().join("junit.xml");
            let Ok(text) = fs::read_to_string(&path) else { continue };
            assert_eq!(against_junit(&text), Ok(()), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 12, "flaky, failed, skipped and compared cases: {seen} files");
    // It is a validator: these are what Jenkins' plugin refuses.
    let case = |inside: &str| {
        format!(
            "<testsuites><testsuite name='s' tests='1' failures='0' errors='0'>{inside}\
             </testsuite></testsuites>"
        )
    };
    assert_eq!(against_junit(&case("<testcase name='a'/>")), Ok(()));
    for wrong in [
        "<testcase name='a' file='x'/>",
        "<testcase/>",
        "<testcase name='a'><flakyFailure/></testcase>",
        "<testcase name='a'><rerunFailure type='x' time='1'/></testcase>",
        "<case/>",
    ] {
        assert!(against_junit(&case(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn the_json_formats_pass_the_schemas_that_are_published_for_them() {
    let formats = [
        (Format::Ctrf, "ctrf.json", r#"{"results": {"mine": 1}}"#),
        (Format::Bencher, "bencher.json", r#"{"a": {"latency": {"lower_value": 1}}}"#),
        (Format::Benchmark, "benchmark.json", r#"[{"name": "a", "unit": "ms"}]"#),
        (Format::K6, "k6-summary.json", r#"{"metrics": {"a": {"avg": "1"}}}"#),
    ];
    for (format, schema, wrong) in formats {
        for run in [mixed(), nothing(), healthy()] {
            let file = json(format, &run);
            assert_eq!(against(schema, &file), Vec::<String>::new(), "{file:#}");
        }
        let wrong = serde_json::from_str(wrong).expect("JSON");
        assert!(!against(schema, &wrong).is_empty(), "{schema} refuses nothing");
    }
}

#[test]
fn the_sums_of_ctrf_are_right() {
    for run in [mixed(), nothing(), healthy()] {
        let file = json(Format::Ctrf, &run);
        let (summary, tests) = (&file["results"]["summary"], &file["results"]["tests"]);
        let tests = tests.as_array().expect("a list");
        let kinds = ["passed", "failed", "skipped", "pending", "other"];
        let of = |kind: &str| tests.iter().filter(|test| test["status"] == kind).count();
        for kind in kinds {
            assert_eq!(summary[kind], of(kind), "{kind}");
        }
        assert_eq!(summary["tests"], kinds.map(of).iter().sum::<usize>());
        let green = file["results"]["extra"]["verdict"] == "PASS";
        assert_eq!(green, of("failed") + of("other") == 0, "green only where the run passed");
    }
    let tests = json(Format::Ctrf, &mixed())["results"]["tests"].clone();
    let told: Vec<&str> = tests
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|test| test["status"].as_str())
        .collect();
    assert_eq!(told[..6], ["passed", "failed", "passed", "skipped", "other", "pending"]);
    assert_eq!(tests[2]["flaky"], true);
    assert_eq!(tests[1]["filePath"], "scenarios/shopping.yaml");
    assert_eq!(tests[1]["line"], 18);
}

#[test]
fn bencher_has_latencies_in_nanoseconds_within_their_intervals() {
    let file = json(Format::Bencher, &mixed());
    for (name, measures) in file.as_object().expect("a map") {
        assert!(!name.is_empty() && name.chars().count() <= 1_024);
        for (measure, metric) in measures.as_object().expect("a map") {
            let of = |key: &str| metric.get(key).map(|value| value.as_f64().expect("a number"));
            let value = of("value").expect("a value");
            assert!(of("lower_value").is_none_or(|low| low <= value), "{name} {measure}");
            assert!(of("upper_value").is_none_or(|high| high >= value), "{name} {measure}");
        }
    }
    let step = &mixed().steps[0];
    let latency = &file["shopping › sign in"]["latency"];
    assert_eq!(latency["value"], step.response_us.p95 as f64 * 1e3);
    assert!(latency["lower_value"].is_number() && latency["upper_value"].is_number());
    assert_eq!(file.get("shopping › never, \"reached\""), None, "no data is no number");
}

#[test]
fn benchmark_action_gets_names_units_and_values_that_smaller_is_better_for() {
    let file = json(Format::Benchmark, &mixed());
    let entries = file.as_array().expect("a list");
    let mut names = BTreeSet::new();
    for entry in entries {
        let name = entry["name"].as_str().expect("a name");
        assert!(names.insert(name), "`{name}` comes twice");
        assert!(["ms", "%"].contains(&entry["unit"].as_str().expect("a unit")));
        assert!(entry["value"].is_number() && entry["extra"].is_string());
    }
    let failed = entries.iter().find(|entry| entry["name"] == "shopping › check out failed");
    let share = failed.and_then(|entry| entry["value"].as_f64()).expect("it failed");
    assert!((share - 90.0 / 6.9).abs() < 1e-9, "{share}");
}

#[test]
fn k6_and_gitlab_find_what_they_read() {
    let run = mixed();
    let file = json(Format::K6, &run);
    let metrics = &file["metrics"];
    // These are what the widget of GitLab shows.
    assert!(metrics["http_reqs"]["rate"].as_f64() > Some(80.0));
    for key in ["p(90)", "p(95)", "avg", "max", "med", "min"] {
        assert!(metrics["http_req_duration"][key].is_number(), "{key}");
    }
    assert_eq!(metrics["http_reqs"]["count"], 900 + 900 + 690);
    let failed = &metrics["http_req_failed"];
    assert_eq!((&failed["passes"], &failed["fails"]), (&90.into(), &2_400.into()));
    assert!(metrics["checks"]["passes"].is_u64() && metrics["checks"]["fails"].is_u64());
    // As in k6, true is crossed.
    assert_eq!(metrics["http_req_duration"]["thresholds"]["p(95)<500"], false);
    let part = &metrics["http_req_duration{step:browse}"];
    assert_eq!(part["thresholds"]["p(99)<10"], true);
    assert_eq!(part["p(99)"], run.steps[1].response_us.p99 as f64 / 1e3);
    assert_eq!(failed["thresholds"]["rate<0.01"], true);
    let checks = file["root_group"]["checks"].as_object().expect("a map");
    assert!(checks.keys().any(|name| name == "browse: status is 200"), "{checks:?}");
    let empty = json(Format::K6, &nothing());
    assert_eq!(empty["metrics"], serde_json::json!({}), "a metric without a sample is none");
}

#[test]
fn annotations_are_nine_at_most_and_point_at_the_scenario() {
    let few = report(Format::Github, &mixed());
    let first = few.lines().next().expect("something failed");
    assert!(first.starts_with("::error file=scenarios/shopping.yaml,line="), "{first}");
    let many =
        (0..40).fold(mixed(), |run, at| with_test(run, &format!("test {at}"), TestStatus::Failed));
    let many = report(Format::Github, &many);
    assert_eq!(many.lines().count(), 10, "{many}");
    let last = many.lines().last().expect("a line");
    assert!(last.starts_with("::notice title=Taster::and ") && last.contains(" more"), "{last}");
    assert_eq!(report(Format::Github, &healthy()).lines().count(), 0, "nothing is wrong");
}

#[test]
fn a_comment_is_found_again_by_its_first_line() {
    let (one, mut other) = (mixed(), healthy());
    other.run.id = "20261123-101010-aaaa".into();
    let marker = |run: &RunResult| report(Format::Comment, run).lines().next().map(String::from);
    assert_eq!(marker(&one), Some("<!-- taster:comment:v1:load-shopping -->".to_string()));
    assert_eq!(marker(&one), marker(&other), "whatever came of it");
    other.run.profile = "spike".into();
    assert_ne!(marker(&one), marker(&other), "another profile has a comment of its own");
    let text = report(Format::Comment, &one);
    let second = text.lines().nth(1).expect("a headline");
    assert!(second.starts_with("### ❌ FAIL") || second.contains("FAIL"), "{second}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn foreign_text_breaks_no_format(
        name in any::<String>(), text in "\\PC{0,40}|[\n\r,:#\"\\\\%]*",
    ) {
        let run = any_run(&name, &text);
        prop_assert_eq!(against_junit(&report(Format::Junit, &run)), Ok(()));
        for (format, schema) in [
            (Format::Ctrf, "ctrf.json"),
            (Format::Bencher, "bencher.json"),
            (Format::Benchmark, "benchmark.json"),
            (Format::K6, "k6-summary.json"),
        ] {
            prop_assert_eq!(against(schema, &json(format, &run)), Vec::<String>::new());
        }
        let metrics = openmetrics(&report(Format::OpenMetrics, &run));
        prop_assert!(metrics.is_ok(), "{metrics:?}");
        let log = report(Format::Hlog, &run);
        prop_assert!(IntervalLogIterator::new(log.as_bytes()).all(|entry| entry.is_ok()), "{log}");
        for line in report(Format::Github, &run).lines() {
            let command = line.strip_prefix("::").expect("each line is a command");
            let level = command.split([' ', ':']).next().unwrap_or_default();
            prop_assert!(["error", "warning", "notice"].contains(&level), "{line}");
            // What the runner takes for the message begins at the first `::` after the properties.
            let (properties, _) = command.split_once("::").expect("a message");
            prop_assert!(properties.split(',').all(|one| one.contains('=')), "{line}");
        }
        let comment = report(Format::Comment, &run);
        prop_assert!(comment.len() < 60_000 && comment.starts_with("<!-- taster:comment:v1:"));
        prop_assert!(comment.lines().next().is_some_and(|first| first.ends_with(" -->")));
    }
}
