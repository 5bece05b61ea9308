//! What a run leaves behind for other programs: file names, fields and their types.

use serde_json::Value;

use super::SHOP;
use crate::support::{Sandbox, Service};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("a map").keys().map(|key| &**key).collect();
    keys.sort_unstable();
    keys
}

/// The names, and no fewer; more may be added to a result, never to a verdict.
#[track_caller]
fn has(value: &Value, names: &[&str]) {
    let keys = keys(value);
    for name in names {
        assert!(keys.contains(name), "`{name}` is not in {keys:?}");
    }
}

fn with_a_run() -> (Sandbox, Service) {
    let service = Service::healthy();
    let sandbox = Sandbox::with(SHOP);
    let outcome = sandbox.run(&["run", "s.yaml", "--target", &service.url, "--seed", "5"]);
    outcome.exits(0).says(&["PASS"]);
    (sandbox, service)
}

#[test]
fn a_run_leaves_the_files_of_the_contract_and_a_link_to_them() {
    let (sandbox, service) = with_a_run();
    let names = sandbox.names("reports");
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"latest".to_string()));
    let id = names.into_iter().find(|name| name != "latest").expect("a run");
    let link = std::fs::read_link(sandbox.path("reports/latest")).expect("a link");
    assert_eq!(link.to_str(), Some(id.as_str()), "it holds wherever the folder is moved to");
    let files = sandbox.names("reports/latest");
    for file in
        ["result.json", "verdict.json", "report.html", "report.md", "junit.xml", "steps.csv"]
    {
        assert!(files.contains(&file.to_string()), "{file} is not in {files:?}");
    }
    assert!(files.iter().any(|file| file.ends_with(".svg")), "{files:?}");
    let strays = files.iter().filter(|file| file.ends_with(".new") || file.ends_with(".journal"));
    assert_eq!(strays.count(), 0, "{files:?}");
    assert_eq!(sandbox.json("reports/latest/result.json")["run"]["id"], id.as_str());

    // Only what is asked for; a second run takes the link over and leaves the first alone.
    let first = sandbox.read(&format!("reports/{id}/result.json"));
    let more = ["--report", "json,junit", "--seed", "6"];
    sandbox.run(&[&["test", "s.yaml", "--target", &service.url][..], &more].concat()).exits(0);
    assert_eq!(sandbox.names("reports/latest"), ["junit.xml", "result.json", "verdict.json"]);
    assert_eq!(sandbox.read(&format!("reports/{id}/result.json")), first);
    let again = sandbox.run(&["report", &format!("reports/{id}"), "--out", "again"]).exits(0);
    assert!(again.headline().starts_with("PASS"), "{again}");
    assert_eq!(
        sandbox.read("again/verdict.json"),
        sandbox.read(&format!("reports/{id}/verdict.json"))
    );
}

#[test]
fn the_result_has_the_fields_of_the_contract() {
    let (sandbox, _service) = with_a_run();
    let result = sandbox.json("reports/latest/result.json");
    assert_eq!(result["format"], 1);
    has(&result, &["format", "run", "machine", "generator", "scenarios", "tests", "steps"]);
    assert_eq!((&result["run"]["seed"], &result["run"]["profile"]), (&5.into(), &"smoke".into()));
    let steps = result["steps"].as_array().expect("a list");
    assert_eq!(steps.iter().map(|step| &step["step"]).collect::<Vec<_>>(), ["list", "list again"]);
    for step in steps {
        has(step, &["scenario", "step", "count", "failed", "dropped", "rate"]);
        assert_eq!(step["scenario"], "shop");
        assert!(step["count"].as_u64() > Some(50), "{step}");
        assert_eq!((&step["failed"], &step["dropped"]), (&0.into(), &0.into()));
        assert!(step["rate"].as_f64() > Some(10.0), "{step}");
        for name in ["response_us", "service_us", "lag_us"] {
            has(&step[name], &["p50", "p90", "p95", "p99", "max", "mean"]);
        }
        let of = |name: &str| step["response_us"][name].as_u64().expect("a number");
        // The service takes 4 ms; the histogram keeps three digits.
        assert!(of("p50") >= 4_000, "{}", of("p50"));
        assert!(of("p50") <= of("p90") && of("p90") <= of("p95"));
        assert!(of("p95") <= of("p99") && of("p99") <= of("max"));
        is_a_histogram(step, of("max"));
    }
    let tests = result["tests"].as_array().expect("a list");
    for test in tests {
        has(test, &["scenario", "name", "browser", "status", "duration_ms", "attempts"]);
    }
    let told: Vec<(&Value, &Value)> = tests.iter().map(|t| (&t["name"], &t["status"])).collect();
    let (lists, orders) = (("lists".into(), "passed".into()), ("orders".into(), "skipped".into()));
    assert_eq!(told, [(&lists.0, &lists.1), (&orders.0, &orders.1)]);
}

/// HdrHistogram V2, compressed, base64: read by the published library, not by our own code.
fn is_a_histogram(step: &Value, max: u64) {
    use base64::Engine;
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    let text = step["histograms"]["response"].as_str().expect("a text");
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    assert_eq!(bytes[..3], [0x1c, 0x84, 0x93], "the cookie of V2, compressed");
    let read: Histogram<u64> =
        Deserializer::new().deserialize(&mut bytes.as_slice()).expect("a histogram");
    assert_eq!(Some(read.len()), step["response_us"]["count"].as_u64());
    assert!(read.max().abs_diff(max) <= max / 500 + 1, "{} and {max}", read.max());
}

#[test]
fn the_verdict_has_the_fields_of_the_contract_and_no_other() {
    let (sandbox, _service) = with_a_run();
    let verdict = sandbox.json("reports/latest/verdict.json");
    assert_eq!(keys(&verdict), ["findings", "verdict"]);
    assert_eq!(verdict["verdict"], "PASS");
    let findings = verdict["findings"].as_array().expect("a list");
    assert!(!findings.is_empty());
    for found in findings {
        let names = ["bound", "code", "message", "metric", "observed", "subject", "verdict"];
        assert_eq!(keys(found), names);
        assert!(names.iter().all(|name| found[*name].is_string()), "{found}");
        let words = ["PASS", "FAIL", "INCONCLUSIVE", "INVALID"];
        assert!(words.contains(&found["verdict"].as_str().expect("a text")), "{found}");
        assert_ne!(found["message"], "");
    }
}

/// The other reports as the programs see them that read them.
#[test]
fn the_other_reports_are_what_their_names_say() {
    let (sandbox, _service) = with_a_run();
    let csv = sandbox.read("reports/latest/steps.csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Result<Vec<_>, _> = reader.records().collect();
    assert_eq!(rows.expect("rows").len(), 2);
    let junit = sandbox.read("reports/latest/junit.xml");
    for part in ["<testsuites", "name=\"lists\"", "<skipped", "</testsuites>"] {
        assert!(junit.contains(part), "{part}: {junit}");
    }
    let html = sandbox.read("reports/latest/report.html");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("PASS"));
    for elsewhere in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!html.contains(elsewhere), "the page needs nothing else: {elsewhere}");
    }
    for file in sandbox.files("reports").iter().filter(|f| f.extension() == Some("svg".as_ref())) {
        let svg = std::fs::read_to_string(file).expect("a file");
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{file:?}");
    }
    assert!(sandbox.read("reports/latest/report.md").contains("PASS"));
}
