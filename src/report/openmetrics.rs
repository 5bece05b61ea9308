//! Writes `metrics.txt` in OpenMetrics' text form: for GitLab's `metrics` report, which compares
//! the values of two branches, and for the textfile collector of a Prometheus.

use super::foreign::line;
use super::numbers::{QUANTILES, in_browser};
use super::rows::{NAME, Report};
use crate::analysis::Word;
use crate::result::StepResult;

/// The file's text. It ends with `# EOF`, without which it is no whole file.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    verdict(&mut text, report.word);
    let steps = unique(&report.result.steps);
    let reached: Vec<&Series<'_>> =
        steps.iter().filter(|one| one.step.response_us.count > 0).collect();
    let what = "From when each was due to its end, of successes";
    family(&mut text, ("taster_response_seconds", "summary", Some("seconds")), what);
    for one in &reached {
        let us = &one.step.response_us;
        for ((q, _), value) in QUANTILES.into_iter().zip([us.p50, us.p95, us.p99]) {
            let value = number(value as f64 / 1e6);
            text.push_str(&format!(
                "taster_response_seconds{{{},quantile=\"{q:?}\"}} {value}\n",
                one.labels
            ));
        }
        let sum = number(us.mean * us.count as f64 / 1e6);
        text.push_str(&format!("taster_response_seconds_sum{{{}}} {sum}\n", one.labels));
        let count = us.count;
        text.push_str(&format!("taster_response_seconds_count{{{}}} {count}\n", one.labels));
    }
    counter(&mut text, "taster_requests", "Steps done under load", &steps, |step| step.count);
    counter(&mut text, "taster_failures", "Of these, failed", &steps, |step| step.failed);
    counter(&mut text, "taster_dropped", "Due and never started", &steps, |step| step.dropped);
    tests(&mut text, report);
    text.push_str("# EOF\n");
    text
}

/// A step with its labels.
struct Series<'a> {
    step: &'a StepResult,
    labels: String,
}

/// No two lines may have the same labels: of steps that look alike once they are cut the first is
/// written.
fn unique(steps: &[StepResult]) -> Vec<Series<'_>> {
    let mut seen = std::collections::BTreeSet::new();
    let one = |step| Series { step, labels: labels(step) };
    steps.iter().map(one).filter(|one| seen.insert(one.labels.clone())).collect()
}

fn labels(step: &StepResult) -> String {
    let kind = if in_browser(step) { "browser" } else { "http" };
    let (scenario, name) = (label(&step.scenario), label(&step.step));
    format!("scenario=\"{scenario}\",step=\"{name}\",kind=\"{kind}\"")
}

fn label(text: &str) -> String {
    line(text, NAME).replace('\\', "\\\\").replace('"', "\\\"")
}

fn family(text: &mut String, (name, kind, unit): (&str, &str, Option<&str>), what: &str) {
    text.push_str(&format!("# TYPE {name} {kind}\n"));
    if let Some(unit) = unit {
        text.push_str(&format!("# UNIT {name} {unit}\n"));
    }
    text.push_str(&format!("# HELP {name} {what}.\n"));
}

fn counter(
    text: &mut String,
    name: &str,
    what: &str,
    steps: &[Series<'_>],
    of: impl Fn(&StepResult) -> u64,
) {
    family(text, (name, "counter", None), what);
    for one in steps {
        text.push_str(&format!("{name}_total{{{}}} {}\n", one.labels, of(one.step)));
    }
}

fn verdict(text: &mut String, word: Word) {
    family(text, ("taster_verdict", "stateset", None), "What the run came to");
    for state in [Word::Pass, Word::Fail, Word::Inconclusive, Word::Invalid] {
        let value = u8::from(state == word);
        text.push_str(&format!("taster_verdict{{taster_verdict=\"{state}\"}} {value}\n"));
    }
}

fn tests(text: &mut String, report: &Report<'_>) {
    family(text, ("taster_tests", "gauge", None), "Tests by how they ended");
    for (status, count) in &report.test_counts {
        text.push_str(&format!("taster_tests{{status=\"{status}\"}} {count}\n"));
    }
}

/// A number as the format has it; what no run can have written becomes `NaN`.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:?}") } else { "NaN".to_string() }
}
