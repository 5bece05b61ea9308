//! Turns many samples into few numbers: one recorder per worker and scenario, never shared.
//!
//! A recorder fills the second that is going on and closes it when the first sample of a later
//! one comes. Closed seconds are taken away and added up elsewhere, off the generator's threads.

mod iterations;
mod late;
mod pauses;

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

pub use self::iterations::Iterations;
pub use self::pauses::Pauses;
use crate::plan::{SeriesId, Turns};
use crate::sample::{Exemplar, Failure, Phases, Sample, Timing};
use late::{merged_lag, put_late};

/// The precision of every histogram, in decimal digits.
pub const DIGITS: u8 = 3;

/// Failures kept in full, per step, kind and second.
const EXEMPLARS: usize = 2;

/// An empty histogram of microseconds that grows with what it is given.
pub fn empty_histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 4_000_000, DIGITS)
        .expect("the bounds are legal: 1 to 4,000,000 at 3 digits");
    histogram.auto(true);
    histogram
}

/// An empty histogram of phases, microseconds: two digits are enough to see where time goes.
fn empty_phase() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 1_000_000, 2)
        .expect("the bounds are legal: 1 to 1,000,000 at 2 digits");
    histogram.auto(true);
    histogram
}

/// What one worker saw of one scenario.
#[derive(Debug)]
pub struct Recorder {
    series: usize,
    open: Second,
    closed: Vec<Second>,
    keeps: bool,
    turns: Option<Turns>,
    /// When the load was paused: what ends meanwhile belongs to the second it was paused in.
    pub pauses: Pauses,
}

/// One second of one scenario, as one worker saw it.
#[derive(Debug)]
pub struct Second {
    /// The second, from the start of the run.
    pub second: u32,
    /// By `SeriesId`; none where nothing was done.
    pub series: Vec<Option<Box<Series>>>,
    /// The same of what was due while the sides of a duet had just taken turns; none elsewhere.
    pub settling: Vec<Option<Box<Series>>>,
    /// Iterations.
    pub iterations: Iterations,
    /// Each sample, in the order they ended; none unless the recorder keeps them.
    pub timings: Vec<Timing>,
}

/// One step in one second.
#[derive(Debug)]
pub struct Series {
    /// Done.
    pub count: u64,
    /// Failures by kind.
    pub failures: BTreeMap<Failure, u64>,
    /// From due, of successes, microseconds.
    pub response: Histogram<u64>,
    /// From start, of successes, microseconds.
    pub service: Histogram<u64>,
    /// How late the generator was itself: start minus due without `blocked`, of all,
    /// microseconds; none while nothing was late.
    pub lag: Option<Histogram<u64>>,
    /// Waited for a free virtual user after due, of all, microseconds; none while nothing did.
    pub blocked: Option<Histogram<u64>>,
    /// From due, of failures, microseconds.
    pub failed: Option<Histogram<u64>>,
    /// Where the service time of successes went, in the order of `Phases::NAMES`, microseconds;
    /// none where a phase never happened.
    pub phases: [Option<Histogram<u64>>; Phases::NAMES.len()],
    /// Requests sent once more, because a kept connection turned out to be dead.
    pub resent: u64,
    /// Times the checks were made.
    pub checked: u64,
    /// How often each check failed, by its bit.
    pub failed_checks: Vec<u64>,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// A few failures in full.
    pub exemplars: Vec<Exemplar>,
    /// The success that took longest from due.
    pub slowest: Option<Slowest>,
}

/// A slow success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slowest {
    /// When it was, and where its time went.
    pub timing: Timing,
    /// Its method and target, secrets gone; empty where nobody told.
    pub request: String,
}

impl Recorder {
    /// For a scenario with so many series.
    pub fn new(series: usize) -> Self {
        let open = Second::empty(0, series);
        let pauses = Pauses::default();
        Self { series, open, closed: Vec::new(), keeps: false, turns: None, pauses }
    }

    /// Counts as one side of a duet does whose sides take turns: what ends in the other's turn
    /// belongs to the second of its own that was the last.
    pub fn taking(self, turns: Option<Turns>) -> Self {
        Self { turns, ..self }
    }

    /// Keeps each sample too, so that whoever knows the truth can compare it one by one. Memory
    /// then grows with the number of samples, so no ordinary run does it.
    pub fn keeping(self, keeps: bool) -> Self {
        Self { keeps, ..self }
    }

    /// Adds one sample, to the second it ended in. Whether it is the slowest success of its step
    /// there so far.
    pub fn record(&mut self, sample: Sample) -> bool {
        self.turn_to(sample.ended);
        if self.keeps {
            self.open.timings.push(Timing::from(&sample));
        }
        let settles = self.turns.is_some_and(|turns| turns.settles(sample.due));
        let cells = if settles { &mut self.open.settling } else { &mut self.open.series };
        let cell = &mut cells[usize::from(sample.series.0)];
        cell.get_or_insert_with(Default::default).add(sample) && !settles
    }

    /// Says which request the slowest success of a step was: the last that was recorded.
    pub fn name_slowest(&mut self, series: SeriesId, request: String) {
        let seen = self.open.series[usize::from(series.0)].as_mut();
        if let Some(slowest) = seen.and_then(|seen| seen.slowest.as_mut()) {
            slowest.request = request;
        }
    }

    /// The iteration counts of the second that `now` (from the start of the run) lies in.
    pub fn iterations(&mut self, now: Duration) -> &mut Iterations {
        self.turn_to(now);
        &mut self.open.iterations
    }

    /// Adds an iteration that came to its end, with its duration where nothing failed.
    pub fn complete(&mut self, now: Duration, duration: Option<Duration>) {
        let iterations = self.iterations(now);
        iterations.completed += 1;
        match duration {
            None => iterations.failed += 1,
            Some(duration) => {
                let histogram = iterations.duration.get_or_insert_with(empty_histogram);
                put(histogram, micros(duration));
            }
        }
    }

    /// Takes the seconds before the one that `now` lies in.
    pub fn take_closed(&mut self, now: Duration) -> Vec<Second> {
        self.turn_to(now);
        std::mem::take(&mut self.closed)
    }

    /// The second that `now` lies in: those before it are closed.
    pub fn reached(&mut self, now: Duration) -> u32 {
        self.turn_to(now);
        self.open.second
    }

    /// Takes everything, the second that is going on included.
    pub fn take_all(&mut self) -> Vec<Second> {
        let next = Second::empty(self.open.second + 1, self.series);
        let last = std::mem::replace(&mut self.open, next);
        if !last.is_empty() {
            self.closed.push(last);
        }
        std::mem::take(&mut self.closed)
    }

    /// Samples reach a worker in the order they end, so a second once left is complete.
    fn turn_to(&mut self, now: Duration) {
        let counted = self.turns.map_or(now, |turns| turns.last_own(now));
        let counted = self.pauses.passed(counted);
        let second = counted.as_secs() as u32;
        if second <= self.open.second {
            return;
        }
        let next = Second::empty(second, self.series);
        let last = std::mem::replace(&mut self.open, next);
        if !last.is_empty() {
            self.closed.push(last);
        }
    }
}

impl Second {
    fn empty(second: u32, series: usize) -> Self {
        let cells = || std::iter::repeat_with(|| None).take(series).collect();
        let (iterations, timings) = (Iterations::default(), Vec::new());
        Self { second, series: cells(), settling: cells(), iterations, timings }
    }

    fn is_empty(&self) -> bool {
        let Iterations { started, completed, interrupted, users, .. } = self.iterations;
        let idle = started + completed + interrupted + u64::from(users) == 0;
        idle && self.series.iter().chain(&self.settling).all(Option::is_none)
    }

    /// Adds what another worker saw of the same second.
    pub fn merge(&mut self, other: Second) {
        let settling = self.settling.iter_mut().zip(other.settling);
        for (mine, theirs) in self.series.iter_mut().zip(other.series).chain(settling) {
            match (mine.as_mut(), theirs) {
                (Some(mine), Some(theirs)) => mine.merge(*theirs),
                (None, Some(theirs)) => *mine = Some(theirs),
                (_, None) => {}
            }
        }
        self.iterations.merge(other.iterations);
        self.timings.extend(other.timings);
    }
}

impl Default for Series {
    fn default() -> Self {
        Self {
            count: 0,
            failures: BTreeMap::new(),
            response: empty_histogram(),
            service: empty_histogram(),
            lag: None,
            blocked: None,
            failed: None,
            phases: Default::default(),
            resent: 0,
            checked: 0,
            failed_checks: Vec::new(),
            bytes_sent: 0,
            bytes_received: 0,
            exemplars: Vec::new(),
            slowest: None,
        }
    }
}

impl Series {
    /// Whether it is the slowest success so far.
    fn add(&mut self, sample: Sample) -> bool {
        let response = micros(sample.ended.saturating_sub(sample.due));
        let blocked = micros(sample.blocked);
        let lag = sample.started.saturating_sub(sample.due).saturating_sub(sample.blocked);
        self.count += 1;
        self.bytes_sent += sample.bytes_sent;
        self.bytes_received += sample.bytes_received;
        self.resent += u64::from(sample.resent);
        self.checked += u64::from(sample.checks > 0);
        put_late(&mut self.lag, micros(lag), self.count - 1);
        put_late(&mut self.blocked, blocked, self.count - 1);
        self.add_failed_checks(sample.failed_checks);
        match sample.outcome {
            Ok(()) => {
                let slowest = self.is_slowest(sample.ended.saturating_sub(sample.due));
                if slowest {
                    let timing = Timing::from(&sample);
                    self.slowest = Some(Slowest { timing, request: String::new() });
                }
                put(&mut self.response, response);
                put(&mut self.service, micros(sample.ended.saturating_sub(sample.started)));
                for (histogram, part) in self.phases.iter_mut().zip(sample.phases.parts()) {
                    if let Some(part) = part {
                        put(histogram.get_or_insert_with(empty_phase), micros(part));
                    }
                }
                slowest
            }
            Err(failure) => {
                *self.failures.entry(failure).or_default() += 1;
                put(self.failed.get_or_insert_with(empty_histogram), response);
                self.keep(sample.exemplar);
                false
            }
        }
    }

    fn add_failed_checks(&mut self, mut bits: u64) {
        while bits != 0 {
            let bit = bits.trailing_zeros() as usize;
            if self.failed_checks.len() <= bit {
                self.failed_checks.resize(bit + 1, 0);
            }
            self.failed_checks[bit] += 1;
            bits &= bits - 1;
        }
    }

    fn keep(&mut self, exemplar: Option<Box<Exemplar>>) {
        let Some(exemplar) = exemplar else { return };
        let same = self.exemplars.iter().filter(|kept| kept.failure == exemplar.failure).count();
        if same < EXEMPLARS {
            self.exemplars.push(*exemplar);
        }
    }

    fn is_slowest(&self, took: Duration) -> bool {
        self.slowest.as_ref().is_none_or(|slowest| slowest.took() < took)
    }

    fn merge(&mut self, other: Series) {
        let counted = (self.count, other.count);
        self.lag = merged_lag((self.lag.take(), other.lag), counted);
        self.blocked = merged_lag((self.blocked.take(), other.blocked), counted);
        self.count += other.count;
        for (failure, count) in other.failures {
            *self.failures.entry(failure).or_default() += count;
        }
        add_histogram(&mut self.response, &other.response);
        add_histogram(&mut self.service, &other.service);
        merge_optional(&mut self.failed, other.failed);
        for (mine, theirs) in self.phases.iter_mut().zip(other.phases) {
            merge_optional(mine, theirs);
        }
        self.resent += other.resent;
        self.checked += other.checked;
        if self.failed_checks.len() < other.failed_checks.len() {
            self.failed_checks.resize(other.failed_checks.len(), 0);
        }
        for (mine, theirs) in self.failed_checks.iter_mut().zip(other.failed_checks) {
            *mine += theirs;
        }
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        for exemplar in other.exemplars {
            self.keep(Some(Box::new(exemplar)));
        }
        if let Some(slowest) = other.slowest
            && self.is_slowest(slowest.took())
        {
            self.slowest = Some(slowest);
        }
    }
}

impl Slowest {
    fn took(&self) -> Duration {
        self.timing.ended.saturating_sub(self.timing.due)
    }
}

/// The longest latency that is told apart: what takes longer counts as this long.
const LONGEST_US: u64 = 7 * 24 * 3_600 * 1_000_000;

/// Records a value. The histogram grows with it, which `saturating_record` would not let it do.
fn put(histogram: &mut Histogram<u64>, value: u64) {
    histogram.record(value.min(LONGEST_US)).expect("an auto-resizing histogram grows to a week");
}

/// Whole microseconds, rounded: what is shorter than half of one is 0.
fn micros(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000 + u64::from((duration.subsec_nanos() + 500) / 1000)
}

/// Adds one histogram to another of the same kind.
pub fn add_histogram(to: &mut Histogram<u64>, from: &Histogram<u64>) {
    to.add(from).expect("an auto-resizing histogram takes every value of its own kind");
}

fn merge_optional(to: &mut Option<Histogram<u64>>, from: Option<Histogram<u64>>) {
    match (to.as_mut(), from) {
        (Some(to), Some(from)) => add_histogram(to, &from),
        (None, from) => *to = from,
        (Some(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SeriesId;
    use crate::sample::Phases;
    use proptest::prelude::*;

    fn sample(due: u64, started: u64, ended: u64, outcome: Result<(), Failure>) -> Sample {
        Sample {
            series: SeriesId(0),
            number: 7,
            due: Duration::from_micros(due),
            blocked: Duration::ZERO,
            started: Duration::from_micros(started),
            ended: Duration::from_micros(ended),
            outcome,
            checks: 1,
            failed_checks: u64::from(outcome.is_err()),
            bytes_sent: 10,
            bytes_received: 20,
            phases: Phases::default(),
            resent: 0,
            exemplar: None,
        }
    }

    #[test]
    fn response_runs_from_due_and_service_from_start() {
        let mut recorder = Recorder::new(1);
        recorder.record(sample(0, 300, 1000, Ok(())));
        let seconds = recorder.take_all();
        let series = seconds[0].series[0].as_ref().expect("one sample was recorded");
        assert_eq!(series.response.max(), 1000);
        assert_eq!(series.service.max(), 700);
        assert_eq!(series.lag.as_ref().map(Histogram::max), Some(300));
    }

    #[test]
    fn waiting_for_a_user_is_told_from_the_generators_own_lateness() {
        let mut recorder = Recorder::new(1);
        recorder.record(sample(0, 0, 100, Ok(())));
        recorder
            .record(Sample { blocked: Duration::from_micros(250), ..sample(0, 300, 1000, Ok(())) });
        let seconds = recorder.take_all();
        let series = seconds[0].series[0].as_ref().expect("two samples were recorded");
        let (lag, blocked) = (series.lag.as_ref(), series.blocked.as_ref());
        assert_eq!(lag.map(|lag| (lag.len(), lag.min(), lag.max())), Some((2, 0, 50)));
        assert_eq!(blocked.map(|all| (all.len(), all.min(), all.max())), Some((2, 0, 250)));
    }

    #[test]
    fn only_phases_that_happened_are_counted() {
        let mut recorder = Recorder::new(1);
        let micros = Duration::from_micros;
        let phases = Phases { connect: micros(70), wait: micros(30), ..Phases::default() };
        recorder.record(Sample { phases, resent: 2, ..sample(0, 0, 100, Ok(())) });
        let kept = Phases { send: micros(10), receive: micros(90), ..Phases::default() };
        recorder.record(Sample { phases: kept, ..sample(0, 0, 100, Ok(())) });
        recorder.record(Sample { phases, ..sample(0, 0, 100, Err(Failure::Check)) });
        let seconds = recorder.take_all();
        let series = seconds[0].series[0].as_ref().expect("three samples were recorded");
        let counts = series.phases.each_ref().map(|one| one.as_ref().map(Histogram::len));
        assert_eq!(counts, [None, Some(1), None, Some(2), Some(2), Some(2)]);
        assert_eq!(series.phases[1].as_ref().map(Histogram::max), Some(70));
        assert_eq!(series.resent, 2);
    }

    #[test]
    fn samples_are_kept_one_by_one_only_where_that_is_asked_for() {
        let (mut silent, mut keeping) = (Recorder::new(1), Recorder::new(1).keeping(true));
        for recorder in [&mut silent, &mut keeping] {
            recorder.record(sample(100, 300, 1000, Ok(())));
            recorder.record(sample(0, 0, 10, Err(Failure::Reset)));
        }
        assert!(silent.take_all()[0].timings.is_empty());
        let mut seconds = keeping.take_all();
        let whole = Timing::from(&sample(100, 300, 1000, Ok(())));
        assert_eq!(seconds[0].timings[0], whole);
        assert_eq!(seconds[0].timings[1].outcome, Err(Failure::Reset));
        let mut other = Recorder::new(1).keeping(true);
        other.record(sample(5, 6, 7, Ok(())));
        seconds[0].merge(other.take_all().remove(0));
        assert_eq!(seconds[0].timings.len(), 3, "what another worker kept is not lost");
    }

    #[test]
    fn failures_stay_out_of_the_latency_of_successes() {
        let mut recorder = Recorder::new(1);
        recorder.record(sample(0, 0, 10, Err(Failure::Html)));
        recorder.record(sample(0, 0, 1000, Ok(())));
        let seconds = recorder.take_all();
        let series = seconds[0].series[0].as_ref().expect("two samples were recorded");
        assert_eq!((series.response.len(), series.response.min()), (1, 1000));
        assert_eq!(series.failed.as_ref().map(Histogram::max), Some(10));
        assert_eq!(series.failures[&Failure::Html], 1);
        assert_eq!(series.failed_checks, [1]);
    }

    #[test]
    fn a_latency_longer_than_the_histogram_was_made_for_is_kept_whole() {
        let mut recorder = Recorder::new(1);
        recorder.record(sample(0, 0, 90_000_000, Ok(())));
        recorder.record(sample(0, 80_000_000, 90_000_000, Err(Failure::Timeout)));
        let seconds = recorder.take_all();
        let series = seconds[0].series[0].as_ref().expect("two samples were recorded");
        for histogram in [Some(&series.response), series.failed.as_ref(), series.lag.as_ref()] {
            let highest = histogram.map_or(0, Histogram::max);
            assert!((80_000_000..90_100_000).contains(&highest), "{highest}");
        }
    }

    #[test]
    fn a_sample_belongs_to_the_second_it_ended_in() {
        let mut recorder = Recorder::new(1);
        recorder.record(sample(0, 0, 999_999, Ok(())));
        recorder.record(sample(0, 0, 1_000_000, Ok(())));
        recorder.record(sample(0, 0, 5_000_000, Ok(())));
        let seconds: Vec<u32> = recorder.take_all().iter().map(|second| second.second).collect();
        assert_eq!(seconds, [0, 1, 5]);
    }

    #[test]
    fn a_second_is_taken_once_and_not_before_it_is_over() {
        let mut recorder = Recorder::new(1);
        recorder.record(sample(0, 0, 500_000, Ok(())));
        assert!(recorder.take_closed(Duration::from_millis(900)).is_empty());
        assert_eq!(recorder.take_closed(Duration::from_millis(1000)).len(), 1);
        assert!(recorder.take_closed(Duration::from_millis(1100)).is_empty());
    }

    #[test]
    fn a_second_in_which_nothing_happened_is_not_told() {
        let mut recorder = Recorder::new(1);
        recorder.record(sample(0, 0, 500_000, Ok(())));
        recorder.iterations(Duration::from_secs(3));
        let seconds: Vec<u32> = recorder.take_all().iter().map(|second| second.second).collect();
        assert_eq!(seconds, [0]);
        assert!(recorder.take_all().is_empty());
    }

    proptest! {
        #[test]
        fn merging_in_any_order_gives_the_same_numbers(
            values in prop::collection::vec((0u64..900_000, 0u64..90_000, any::<bool>()), 1..60),
            split in 0usize..60,
        ) {
            let record = |values: &[(u64, u64, bool)]| {
                let mut recorder = Recorder::new(1);
                for (took, late, failed) in values {
                    let outcome = if *failed { Err(Failure::Check) } else { Ok(()) };
                    let blocked = Duration::from_micros(late / 3);
                    let wait = Duration::from_micros(*took);
                    let dns = Duration::from_micros(took % 2);
                    let phases = Phases { dns, wait, ..Phases::default() };
                    let resent = (took % 3) as u32;
                    let plain = sample(0, *late, late + took, outcome);
                    recorder.record(Sample { blocked, phases, resent, ..plain });
                }
                recorder.take_all().pop().unwrap_or_else(|| Second::empty(0, 1))
            };
            let (left, right) = values.split_at(split.min(values.len()));
            let mut forward = record(left);
            forward.merge(record(right));
            let mut backward = record(right);
            backward.merge(record(left));
            let whole = record(&values);
            for merged in [&forward, &backward] {
                let (merged, whole) = (
                    merged.series[0].as_ref().expect("it has samples"),
                    whole.series[0].as_ref().expect("it has samples"),
                );
                prop_assert_eq!(&merged.response, &whole.response);
                prop_assert_eq!(&merged.service, &whole.service);
                prop_assert_eq!(&merged.lag, &whole.lag);
                prop_assert_eq!(&merged.blocked, &whole.blocked);
                prop_assert_eq!(&merged.phases, &whole.phases);
                prop_assert_eq!(merged.resent, whole.resent);
                prop_assert_eq!(&merged.failed, &whole.failed);
                prop_assert_eq!(&merged.failures, &whole.failures);
                prop_assert_eq!(merged.count, whole.count);
                let took = |of: &Series| of.slowest.as_ref().map(Slowest::took);
                prop_assert_eq!(took(merged), took(whole));
                let most = took(merged).map_or(0, micros);
                prop_assert!(merged.response.equivalent(merged.response.max(), most));
            }
        }
    }
}
