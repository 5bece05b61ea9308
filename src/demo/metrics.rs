//! The service's own counters, as OpenMetrics text.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The media type of the text.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The upper bounds of the buckets, in seconds as written, and in nanoseconds.
const BUCKETS: [(&str, u64); 10] = [
    ("0.0005", 500_000),
    ("0.001", 1_000_000),
    ("0.0025", 2_500_000),
    ("0.005", 5_000_000),
    ("0.01", 10_000_000),
    ("0.025", 25_000_000),
    ("0.1", 100_000_000),
    ("0.5", 500_000_000),
    ("1.0", 1_000_000_000),
    ("+Inf", u64::MAX),
];

/// What is counted, since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    buckets: [AtomicU64; BUCKETS.len()],
    nanos: AtomicU64,
    database_nanos: AtomicU64,
}

impl Metrics {
    /// Counts one answer.
    pub(super) fn count(&self, method: &str, status: u16, took: Duration, database_nanos: u64) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        match requests.iter_mut().find(|((known, of), _)| known == method && *of == status) {
            Some((_, count)) => *count += 1,
            None => {
                requests.insert((method.to_owned(), status), 1);
            }
        }
        drop(requests);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let within = BUCKETS.iter().zip(&self.buckets).find(|((_, bound), _)| nanos <= *bound);
        if let Some((_, bucket)) = within {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.database_nanos.fetch_add(database_nanos, Ordering::Relaxed);
    }

    /// All of it as text.
    pub(super) fn render(&self, uptime: Duration) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = self.write(&mut text, uptime);
        text
    }

    fn write(&self, text: &mut String, uptime: Duration) -> std::fmt::Result {
        writeln!(text, "# TYPE http_requests counter")?;
        writeln!(text, "# HELP http_requests Answers, by method and status.")?;
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for ((method, status), count) in requests.iter() {
            let labels = format!("method=\"{method}\",status=\"{status}\"");
            writeln!(text, "http_requests_total{{{labels}}} {count}")?;
        }
        drop(requests);
        writeln!(text, "# TYPE http_request_duration_seconds histogram")?;
        writeln!(text, "# UNIT http_request_duration_seconds seconds")?;
        let mut total = 0;
        for ((bound, _), bucket) in BUCKETS.iter().zip(&self.buckets) {
            total += bucket.load(Ordering::Relaxed);
            writeln!(text, "http_request_duration_seconds_bucket{{le=\"{bound}\"}} {total}")?;
        }
        let seconds = |nanos: &AtomicU64| nanos.load(Ordering::Relaxed) as f64 / 1e9;
        writeln!(text, "http_request_duration_seconds_sum {}", seconds(&self.nanos))?;
        writeln!(text, "http_request_duration_seconds_count {total}")?;
        writeln!(text, "# TYPE database_seconds counter")?;
        writeln!(text, "# UNIT database_seconds seconds")?;
        writeln!(text, "database_seconds_total {}", seconds(&self.database_nanos))?;
        writeln!(text, "# TYPE uptime_seconds gauge")?;
        writeln!(text, "# UNIT uptime_seconds seconds")?;
        writeln!(text, "uptime_seconds {}", uptime.as_secs_f64())?;
        writeln!(text, "# EOF")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up_and_the_text_ends_as_it_must() {
        let metrics = Metrics::default();
        metrics.count("GET", 200, Duration::from_micros(700), 100);
        metrics.count("GET", 200, Duration::from_secs(9), 100);
        metrics.count("POST", 500, Duration::from_millis(3), 0);
        let text = metrics.render(Duration::from_secs(1));
        for line in [
            "http_requests_total{method=\"GET\",status=\"200\"} 2",
            "http_requests_total{method=\"POST\",status=\"500\"} 1",
            "http_request_duration_seconds_bucket{le=\"0.001\"} 1",
            "http_request_duration_seconds_bucket{le=\"0.005\"} 2",
            "http_request_duration_seconds_bucket{le=\"+Inf\"} 3",
            "http_request_duration_seconds_count 3",
        ] {
            assert!(text.lines().any(|each| each == line), "{line} in {text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
