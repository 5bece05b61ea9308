//! Names what other programs measure a run by, once for all of them: the text file at its end, and
//! while it goes on the endpoint that Prometheus reads and what is pushed by OTLP.

use std::collections::{BTreeMap, BTreeSet};

use hdrhistogram::Histogram;

use super::foreign::line;
use super::readings::{LoadNow, LoadReading, Readings, StepReading, VitalReading};
use super::rows::NAME;
use crate::analysis::Word;

/// Steps that have series of their own, in the order of the journeys: every series costs whoever
/// stores it, and no file that a person writes has nearly as many.
pub const STEPS: usize = 200;

/// The percentiles that are told as numbers.
const PERCENTILES: [(f64, &str); 4] = [(0.5, "50"), (0.9, "90"), (0.95, "95"), (0.99, "99")];

/// Those of web vitals. Whoever judges a page by them takes the third quarter of its visits
/// (<https://web.dev/articles/vitals>).
const OF_VITALS: [(f64, &str); 3] = [(0.5, "50"), (0.75, "75"), (0.95, "95")];

/// What a family of series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Is what it is now.
    Gauge,
    /// Counts values by size.
    Histogram,
    /// One of several words is 1, the others are 0.
    States,
    /// Says which run it is, and is always 1.
    Info,
}

/// Series that differ in nothing but labels.
#[derive(Debug)]
pub struct Family<'a> {
    /// With dots between words, without unit: `taster.response`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// In the letters of UCUM: `s`, `1`, `{request}`.
    pub unit: &'static str,
    /// One sentence without its full stop.
    pub help: &'static str,
    /// The series.
    pub points: Vec<Point<'a>>,
}

/// Names and values, in their order.
pub type Labels = Vec<(&'static str, String)>;

/// One series now.
#[derive(Debug)]
pub struct Point<'a> {
    /// What it is of.
    pub labels: Labels,
    /// How much.
    pub value: Value<'a>,
}

/// How much.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// So many.
    Count(u64),
    /// In the family's unit.
    Number(f64),
    /// Microseconds, whatever the family's unit.
    Histogram(&'a Histogram<u64>),
}

impl Readings {
    /// Steps that have no series of their own: more than there may be, or of the same name as
    /// another once both are cut.
    pub fn left_out(&self) -> usize {
        self.steps.len() - self.shown().len()
    }

    /// All families; those without any series are left out.
    pub fn families(&self) -> Vec<Family<'_>> {
        let steps = self.shown();
        let mut families = vec![self.verdict(), self.info()];
        families.extend(latencies(&steps));
        families.extend(counts(&steps));
        families.extend(self.vitals());
        families.extend(self.loads());
        families.extend(self.generator());
        families.extend(self.tests());
        families.retain(|family| !family.points.is_empty());
        families
    }

    fn shown(&self) -> Vec<(&StepReading, Labels)> {
        let mut seen = BTreeSet::new();
        let steps = self.steps.iter().map(|step| (step, step.labels()));
        steps.filter(|(_, labels)| seen.insert(labels.clone())).take(STEPS).collect()
    }

    fn verdict(&self) -> Family<'_> {
        let words = [Word::Pass, Word::Fail, Word::Inconclusive, Word::Invalid];
        let state = |of: Word| words.map(|word| (word, u64::from(word == of)));
        let points = self.verdict.map(state).into_iter().flatten().map(|(word, is)| {
            let labels = vec![("taster_verdict", word.name().to_string())];
            Point { labels, value: Value::Count(is) }
        });
        let what = "What the run came to";
        Family::new(("taster.verdict", Kind::States, "1"), what, points)
    }

    fn info(&self) -> Family<'_> {
        let labels = self.run.iter().map(|(name, value)| (*name, line(value, NAME)));
        let labels: Labels = labels.collect();
        let point = Point { labels, value: Value::Count(1) };
        let points = (!self.run.is_empty()).then_some(point);
        Family::new(("taster.run", Kind::Info, "1"), "Which run it is", points)
    }

    fn loads(&self) -> [Family<'_>; 4] {
        let mut seen = BTreeSet::new();
        let named = self.loads.iter().map(|load| (load, line(&load.scenario, NAME)));
        let loads: Vec<(&LoadReading, String)> =
            named.filter(|(_, name)| seen.insert(name.clone())).take(STEPS).collect();
        let gauge = |of: fn(&LoadNow) -> Option<f64>| {
            let point = |(load, name): &(&LoadReading, String)| {
                let value = Value::Number(of(load.now.as_ref()?)?);
                Some(Point { labels: vec![("scenario", name.clone())], value })
            };
            loads.iter().filter_map(point).collect::<Vec<_>>()
        };
        let started = loads.iter().map(|(load, name)| Point {
            labels: vec![("scenario", name.clone())],
            value: Value::Count(load.started),
        });
        [
            Family::new(
                ("taster.iterations.started", Kind::Counter, "{iteration}"),
                "Iterations begun",
                started,
            ),
            Family::new(
                ("taster.users", Kind::Gauge, "{user}"),
                "Virtual users at work",
                gauge(|now| Some(f64::from(now.users))),
            ),
            Family::new(
                ("taster.offered", Kind::Gauge, "{iteration}/s"),
                "Iterations that are due by the schedule of arrivals",
                gauge(|now| now.offered),
            ),
            Family::new(
                ("taster.achieved", Kind::Gauge, "{iteration}/s"),
                "Iterations begun in the last second",
                gauge(|now| Some(now.achieved)),
            ),
        ]
    }

    fn vitals(&self) -> [Family<'_>; 3] {
        let mut seen = BTreeSet::new();
        let labelled = self.web_vitals.iter().map(|row| (row, row.labels()));
        let all: Vec<(&VitalReading, Labels)> =
            labelled.filter(|(_, labels)| seen.insert(labels.clone())).take(STEPS).collect();
        let whole = all.iter().filter(|(row, _)| row.vital != SCORE).map(|(row, labels)| Point {
            labels: labels.clone(),
            value: Value::Histogram(&row.seen),
        });
        let percentiles = |of_score: bool, one: f64| {
            let reached = all.iter().filter(|(row, _)| !row.seen.is_empty());
            let wanted = reached.filter(move |(row, _)| (row.vital == SCORE) == of_score);
            let each = wanted.flat_map(move |(row, labels)| {
                OF_VITALS.map(|(quantile, name)| {
                    let value = row.seen.value_at_quantile(quantile).min(row.seen.max());
                    let labels = with(labels, "percentile", name.to_string());
                    Point { labels, value: Value::Number(value as f64 / one) }
                })
            });
            each.collect::<Vec<_>>()
        };
        [
            Family::new(
                ("taster.web_vital", Kind::Histogram, "s"),
                "What pages told of themselves under load, but for cls",
                whole,
            ),
            Family::new(
                ("taster.web_vital.percentile", Kind::Gauge, "s"),
                "Percentiles of what pages told of themselves since the start of the load",
                percentiles(false, 1e6),
            ),
            Family::new(
                ("taster.web_vital.score.percentile", Kind::Gauge, "{score}"),
                "Percentiles of how far parts of pages were shifted since the start of the load",
                percentiles(true, 1e3),
            ),
        ]
    }

    fn generator(&self) -> [Family<'_>; 4] {
        let gauge = |name, unit, help, value: Option<f64>| {
            let point = |value| Point { labels: Vec::new(), value: Value::Number(value) };
            Family::new((name, Kind::Gauge, unit), help, value.map(point))
        };
        let of = self.generator.as_ref();
        let seconds = |us: u64| us as f64 / 1e6;
        [
            gauge(
                "taster.generator.lag",
                "s",
                "How late the generator itself began iterations in the last second (p99)",
                of.map(|of| seconds(of.lag_us)),
            ),
            gauge(
                "taster.generator.loop_gap",
                "s",
                "The longest time one of its loops was late in the last second",
                of.map(|of| seconds(of.loop_gap_us)),
            ),
            gauge(
                "taster.generator.cpu",
                "1",
                "Share of the machine's CPU time that Taster used in the last second",
                of.and_then(|of| of.cpu).map(f64::from),
            ),
            gauge(
                "taster.steps.left_out",
                "{step}",
                "Steps without series of their own, because there are too many",
                (!self.run.is_empty()).then(|| self.left_out() as f64),
            ),
        ]
    }

    fn tests(&self) -> [Family<'_>; 1] {
        let points = self.tests.iter().map(|(status, count)| Point {
            labels: vec![("status", status.to_string())],
            value: Value::Count(*count),
        });
        [Family::new(("taster.tests", Kind::Gauge, "{test}"), "Tests by how they ended", points)]
    }
}

/// The web vital that is no time. Each 1 of it is recorded as a millisecond.
const SCORE: &str = "cls";

fn latencies<'a>(steps: &[(&'a StepReading, Labels)]) -> [Family<'a>; 2] {
    let reached = steps.iter().filter(|(step, _)| !step.response.is_empty());
    // One that begins with zeros has a rate as soon as it has values.
    let whole = steps.iter().map(|(step, labels)| Point {
        labels: labels.clone(),
        value: Value::Histogram(&step.response),
    });
    let percentiles = reached.flat_map(|(step, labels)| {
        PERCENTILES.map(|(quantile, name)| {
            let us = step.response.value_at_quantile(quantile).min(step.response.max());
            let labels = with(labels, "percentile", name.to_string());
            Point { labels, value: Value::Number(us as f64 / 1e6) }
        })
    });
    [
        Family::new(
            ("taster.response", Kind::Histogram, "s"),
            "From when each was due to its end, of successes",
            whole,
        ),
        Family::new(
            ("taster.response.percentile", Kind::Gauge, "s"),
            "Percentiles of the response time of successes since the start of the load",
            percentiles,
        ),
    ]
}

fn counts(steps: &[(&StepReading, Labels)]) -> [Family<'static>; 4] {
    let counter = |(name, unit), help, of: fn(&StepReading) -> u64| {
        let points = steps
            .iter()
            .map(|(step, labels)| Point { labels: labels.clone(), value: Value::Count(of(step)) });
        Family::new((name, Kind::Counter, unit), help, points)
    };
    let kinds = steps.iter().flat_map(|(step, labels)| {
        let mut bounded: BTreeMap<String, u64> = BTreeMap::new();
        for (kind, count) in &step.failures {
            *bounded.entry(failure_kind(kind)).or_default() += count;
        }
        bounded.into_iter().map(|(kind, count)| Point {
            labels: with(labels, "failure", kind),
            value: Value::Count(count),
        })
    });
    [
        counter(("taster.requests", "{request}"), "Steps done under load", |step| step.count),
        counter(("taster.failures", "{request}"), "Of these, failed", |step| step.failed),
        Family::new(
            ("taster.failures.by_kind", Kind::Counter, "{request}"),
            "Of these, by what was wrong",
            kinds,
        ),
        counter(("taster.dropped", "{iteration}"), "Due and never started", |step| step.dropped),
    ]
}

/// A kind of failure. A status that nobody registered is told by its class: a server that invents
/// some makes no series.
fn failure_kind(kind: &str) -> String {
    let Some(status) = kind.strip_prefix("status ").and_then(|text| text.parse::<u16>().ok())
    else {
        return line(kind, 40);
    };
    match status {
        200..=208 | 226 | 300..=308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451 | 500..=511 => {
            kind.to_string()
        }
        other => format!("status {}xx", other / 100),
    }
}

fn with(labels: &Labels, name: &'static str, value: String) -> Labels {
    labels.iter().cloned().chain([(name, value)]).collect()
}

impl StepReading {
    fn labels(&self) -> Labels {
        let kind = if self.browser { "browser" } else { "http" };
        vec![
            ("scenario", line(&self.scenario, NAME)),
            ("step", line(&self.step, NAME)),
            ("kind", kind.to_string()),
        ]
    }
}

impl VitalReading {
    fn labels(&self) -> Labels {
        vec![
            ("scenario", line(&self.scenario, NAME)),
            ("browser", line(&self.browser, NAME)),
            ("vital", line(&self.vital, NAME)),
        ]
    }
}

impl<'a> Family<'a> {
    fn new(
        (name, kind, unit): (&'static str, Kind, &'static str),
        help: &'static str,
        points: impl IntoIterator<Item = Point<'a>>,
    ) -> Self {
        Self { name, kind, unit, help, points: points.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::histogram::empty;

    fn step(name: &str) -> StepReading {
        StepReading {
            scenario: "s".to_string(),
            step: name.to_string(),
            browser: false,
            count: 3,
            failed: 1,
            failures: BTreeMap::from([("status 503".to_string(), 1)]),
            dropped: 0,
            response: empty(),
        }
    }

    #[test]
    fn a_score_among_the_web_vitals_is_no_time() {
        let row = |vital: &str| {
            let mut seen = empty();
            seen.record(250).unwrap();
            let (scenario, browser) = ("s".to_string(), "firefox".to_string());
            VitalReading { scenario, browser, vital: vital.to_string(), seen }
        };
        let web_vitals = vec![row("lcp"), row("cls"), row("lcp")];
        let readings = Readings { web_vitals, ..Readings::default() };
        let families = readings.families();
        let of = |name| &families.iter().find(|family| family.name == name).unwrap().points;
        let value = |name| match of(name)[1].value {
            Value::Number(value) => (of(name)[1].labels.last().unwrap().1.clone(), value),
            _ => panic!("{name}"),
        };
        assert_eq!(value("taster.web_vital.percentile"), ("75".to_string(), 0.000_25));
        assert_eq!(value("taster.web_vital.score.percentile"), ("75".to_string(), 0.25));
        assert_eq!(of("taster.web_vital").len(), 1, "one of a name, and no score");
    }

    #[test]
    fn no_server_and_no_file_can_make_series_without_end() {
        let mut steps: Vec<StepReading> = (0..STEPS + 7).map(|n| step(&format!("t{n}"))).collect();
        steps[1].step = steps[0].step.clone();
        for status in 600..999 {
            steps[0].failures.insert(format!("status {status}"), 2);
        }
        let readings = Readings { steps, ..Readings::default() };
        assert_eq!(readings.left_out(), 7);
        let families = readings.families();
        let of = |name| families.iter().find(|family| family.name == name).unwrap();
        assert_eq!(of("taster.requests").points.len(), STEPS);
        let kinds = &of("taster.failures.by_kind").points;
        assert_eq!(kinds.len(), STEPS + 4, "503 for each, and 6xx to 9xx for one");
    }
}
