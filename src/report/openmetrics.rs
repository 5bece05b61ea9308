//! Writes readings in Prometheus' text form 0.0.4 or in that of OpenMetrics, and `metrics.txt`: for
//! GitLab's `metrics` report, which compares the values of two branches, and for the textfile
//! collector of a Prometheus.

use super::families::{Family, Kind, Labels, Value};
use super::readings::Readings;
use super::rows::Report;

/// The upper bounds of buckets: as they are written, and in microseconds. They are narrow where
/// SLAs usually are.
const BUCKETS: [(&str, u64); 27] = [
    ("0.0005", 500),
    ("0.001", 1_000),
    ("0.002", 2_000),
    ("0.003", 3_000),
    ("0.005", 5_000),
    ("0.0075", 7_500),
    ("0.01", 10_000),
    ("0.015", 15_000),
    ("0.02", 20_000),
    ("0.03", 30_000),
    ("0.05", 50_000),
    ("0.075", 75_000),
    ("0.1", 100_000),
    ("0.15", 150_000),
    ("0.2", 200_000),
    ("0.3", 300_000),
    ("0.4", 400_000),
    ("0.5", 500_000),
    ("0.75", 750_000),
    ("1.0", 1_000_000),
    ("1.5", 1_500_000),
    ("2.0", 2_000_000),
    ("3.0", 3_000_000),
    ("5.0", 5_000_000),
    ("10.0", 10_000_000),
    ("30.0", 30_000_000),
    ("60.0", 60_000_000),
];

/// The two texts that a Prometheus reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// Text format 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.0. It ends with `# EOF`, without which it is no whole text.
    OpenMetrics,
}

impl Exposition {
    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Exposition::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Exposition::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The text.
    pub fn write(self, readings: &Readings) -> String {
        self.text(&readings.families())
    }

    fn text(self, families: &[Family<'_>]) -> String {
        let mut text = String::new();
        families.iter().for_each(|family| self.family(&mut text, family));
        if self == Exposition::OpenMetrics {
            text.push_str("# EOF\n");
        }
        text
    }

    fn family(self, text: &mut String, family: &Family<'_>) {
        let name = name(family);
        let sample = match family.kind {
            Kind::Counter => format!("{name}_total"),
            Kind::Info => format!("{name}_info"),
            Kind::Gauge | Kind::States | Kind::Histogram => name.clone(),
        };
        let kind = match (self, family.kind) {
            (_, Kind::Counter) => "counter",
            (_, Kind::Histogram) => "histogram",
            (Exposition::OpenMetrics, Kind::States) => "stateset",
            (Exposition::OpenMetrics, Kind::Info) => "info",
            _ => "gauge",
        };
        // Only OpenMetrics has a family without the ending of its samples.
        let title = if self == Exposition::OpenMetrics { &name } else { &sample };
        text.push_str(&format!("# TYPE {title} {kind}\n"));
        // A family whose name does not end with its unit makes the whole text invalid.
        if let (Exposition::OpenMetrics, Some(unit)) = (self, unit(family.unit))
            && title.ends_with(&format!("_{unit}"))
        {
            text.push_str(&format!("# UNIT {title} {unit}\n"));
        }
        text.push_str(&format!("# HELP {title} {}.\n", family.help));
        for point in &family.points {
            let labels = labels(&point.labels);
            match point.value {
                Value::Count(count) => {
                    text.push_str(&format!("{sample}{} {count}\n", set(&labels)))
                }
                Value::Number(value) => {
                    text.push_str(&format!("{sample}{} {}\n", set(&labels), number(value)));
                }
                Value::Histogram(histogram) => buckets(text, (&sample, &labels), histogram),
            }
        }
    }
}

/// The text of `metrics.txt`. It has no buckets: GitLab would show each of them as a value that has
/// changed, and percentiles of a run that is over say more.
pub(super) fn render(report: &Report<'_>) -> String {
    let readings = Readings::of(report);
    let mut families = readings.families();
    families.retain(|family| family.kind != Kind::Histogram);
    Exposition::OpenMetrics.text(&families)
}

fn buckets(text: &mut String, (name, labels): (&str, &str), of: &hdrhistogram::Histogram<u64>) {
    let mut counts = [0; BUCKETS.len()];
    for value in of.iter_recorded() {
        // What is as good as the bound is within it.
        let us = of.lowest_equivalent(value.value_iterated_to());
        let at = BUCKETS.partition_point(|(_, bound)| *bound < us);
        if let Some(count) = counts.get_mut(at) {
            *count += value.count_at_value();
        }
    }
    let mut sum = 0;
    for ((bound, _), count) in BUCKETS.iter().zip(counts) {
        sum += count;
        text.push_str(&format!("{name}_bucket{} {sum}\n", set(&and(labels, "le", bound))));
    }
    let all = of.len();
    text.push_str(&format!("{name}_bucket{} {all}\n", set(&and(labels, "le", "+Inf"))));
    let seconds = if of.is_empty() { 0.0 } else { of.mean() * all as f64 / 1e6 };
    text.push_str(&format!("{name}_sum{} {}\n", set(labels), number(seconds)));
    text.push_str(&format!("{name}_count{} {all}\n", set(labels)));
}

/// `taster_response_seconds`.
fn name(family: &Family<'_>) -> String {
    let name = family.name.replace('.', "_");
    match unit(family.unit) {
        // A share of one second has no unit, and a counter of things none either.
        Some(unit) if family.kind == Kind::Gauge || family.kind == Kind::Histogram => {
            format!("{name}_{unit}")
        }
        _ => name,
    }
}

/// As Prometheus spells it, and as its receiver of OTLP does too.
fn unit(unit: &str) -> Option<&'static str> {
    match unit {
        "s" => Some("seconds"),
        "1" => Some("ratio"),
        per if per.ends_with("/s") => Some("per_second"),
        _ => None,
    }
}

fn labels(labels: &Labels) -> String {
    let one = |(name, value): &(&str, String)| {
        format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    };
    labels.iter().map(one).collect::<Vec<_>>().join(",")
}

fn and(labels: &str, name: &str, value: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    format!("{labels}{comma}{name}=\"{value}\"")
}

fn set(labels: &str) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{labels}}}") }
}

/// A number as both forms have it; what no run can have written becomes `NaN`.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:?}") } else { "NaN".to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::readings::StepReading;
    use crate::result::histogram::empty;

    fn readings() -> Readings {
        let mut response = empty();
        for us in [700, 1_000, 4_900, 70_000_000] {
            response.record(us).unwrap();
        }
        let step = StepReading {
            scenario: "s".to_string(),
            step: "a \"b\"\\\nc".to_string(),
            browser: false,
            count: 5,
            failed: 1,
            failures: [("timeout".to_string(), 1)].into(),
            dropped: 0,
            response,
        };
        let run = vec![("run", "r-1".to_string())];
        let verdict = Some(crate::analysis::Word::Pass);
        Readings { run, verdict, steps: vec![step], ..Readings::default() }
    }

    #[test]
    fn buckets_add_up_and_end_with_all() {
        let text = Exposition::Prometheus.write(&readings());
        let labels = r#"scenario="s",step="a \"b\"\\ c",kind="http""#;
        for (bound, count) in
            [("0.0005", 0), ("0.001", 2), ("0.003", 2), ("0.005", 3), ("60.0", 3), ("+Inf", 4)]
        {
            let line = format!("taster_response_seconds_bucket{{{labels},le=\"{bound}\"}} {count}");
            assert!(text.lines().any(|each| each == line), "{line}\n{text}");
        }
        assert!(text.contains(&format!("taster_response_seconds_count{{{labels}}} 4\n")), "{text}");
    }

    #[test]
    fn each_form_has_its_own_titles() {
        let (old, new) = (Exposition::Prometheus, Exposition::OpenMetrics);
        let (old, new) = (old.write(&readings()), new.write(&readings()));
        assert!(old.contains("# TYPE taster_requests_total counter\n"), "{old}");
        assert!(new.contains("# TYPE taster_requests counter\n"), "{new}");
        assert!(old.contains("# TYPE taster_run_info gauge\n"), "{old}");
        assert!(new.contains("# TYPE taster_run info\n"), "{new}");
        assert!(new.contains("# UNIT taster_response_seconds seconds\n"), "{new}");
        assert!(!new.contains("# UNIT taster_verdict"), "{new}");
        assert!(!old.contains("# UNIT") && !old.contains("# EOF"), "{old}");
        assert!(new.ends_with("# EOF\n"));
        let samples = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.starts_with('#')).map(String::from).collect()
        };
        assert_eq!(samples(&old), samples(&new));
    }
}
