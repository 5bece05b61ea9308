//! Keeps the journal of a run and shows how it goes: a line that is written again on a terminal,
//! a line every ten seconds elsewhere.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::duet::part;
use crate::cli::evidence::Evidence;
use crate::cli::live::{self, Hold, Live};
use crate::cli::words;
use crate::driver::browser::KeptFile;
use crate::executor::{Observer, Planned, Vitals};
use crate::publish::Publisher;
use crate::recorder::{add_histogram, empty_histogram};
use crate::result::histogram;
use crate::result::journal::{Entry, Ledger, SecondEntry};
use crate::result::trace::{self, Trace};
use crate::result::{RunResult, TestResult, TestStatus};
use crate::store::{self, RunFolder, StoreError};
use crate::units::{show_count, show_duration_us, show_percent, show_rate};

/// How often a line is written where lines cannot be written again, in seconds.
const PLAIN_LINE: u32 = 10;

/// Failures told while the run goes on.
const FAILURES: usize = 10;

/// How often SLAs that may end the run are looked at, in seconds.
const LOOK: u32 = 2;

/// Listens to a run.
pub struct Progress<'a> {
    folder: &'a mut RunFolder,
    hold: Hold,
    live: bool,
    tests: usize,
    tests_done: usize,
    tests_failed: usize,
    tests_not_run: usize,
    failures_said: usize,
    planned: Vec<Planned>,
    /// Since the last line: requests, failures, latencies.
    since: (u64, u64, Histogram<u64>),
    aborts: bool,
    /// The run as it was begun, until its load is shown.
    begun: Option<Box<RunResult>>,
    view: Option<Live>,
    /// Whether the load begins when standard input says so: it is a part of a duet.
    pub waits: bool,
    /// Who publishes it.
    pub publisher: Option<&'a Publisher>,
    /// What browser tests left.
    pub evidence: Evidence,
    /// Why the journal could not be written.
    pub broken: Option<StoreError>,
}

impl<'a> Progress<'a> {
    /// Shows a run of so many tests, with what is planned for each second of its load.
    pub fn new(folder: &'a mut RunFolder, hold: Hold, tests: usize, planned: Vec<Planned>) -> Self {
        Self {
            folder,
            hold,
            live: words::live(),
            tests,
            tests_done: 0,
            tests_failed: 0,
            tests_not_run: 0,
            failures_said: 0,
            planned,
            since: (0, 0, empty_histogram()),
            aborts: false,
            begun: None,
            view: None,
            waits: false,
            publisher: None,
            evidence: Evidence::default(),
            broken: None,
        }
    }

    fn test(&mut self, test: &TestResult) {
        self.tests_done += 1;
        if test.status == TestStatus::Failed {
            self.tests_failed += 1;
            let why = test.failure.as_ref().map_or("", |failure| failure.message.as_str());
            let why = why.lines().next().unwrap_or("");
            self.failed(&format!("  failed: {} › {}: {why}", test.scenario, test.name));
        }
        let line = format!("tests {}/{}", self.tests_done, self.tests);
        self.tests_not_run += usize::from(test.status == TestStatus::NotRun);
        let counted = |(count, word)| match count {
            0 => String::new(),
            count => format!(", {count} {word}"),
        };
        let counts = [(self.tests_failed, "failed"), (self.tests_not_run, "not run")];
        let failed = counts.map(counted).concat();
        if self.tests_done == self.tests {
            self.line(&format!("{line}{failed}"));
        } else if self.live {
            words::rewrite(&format!("{line}{failed}"));
        }
    }

    fn second(&mut self, second: &SecondEntry, ledger: &Ledger) {
        for step in &second.steps {
            self.since.0 += step.slice.count;
            self.since.1 += step.slice.failed;
            // Only for the eye: what cannot be read is found when the result is read.
            if let Ok(part) = histogram::decode(&step.slice.histograms.response) {
                add_histogram(&mut self.since.2, &part);
            }
        }
        if self.show(second) {
            self.since = (0, 0, empty_histogram());
        }
        if self.aborts && second.second % LOOK == LOOK - 1 {
            self.look(second.second, ledger);
        }
        let last = second.second as usize + 1 == self.planned.len();
        if self.view.is_some() {
            return;
        } else if self.live {
            words::rewrite(&self.load_line(second, 1));
        } else if second.second % PLAIN_LINE == PLAIN_LINE - 1 || last {
            words::say(&self.load_line(second, u64::from(second.second % PLAIN_LINE) + 1));
        } else {
            return;
        }
        self.since = (0, 0, empty_histogram());
    }

    /// Shows the second on the whole terminal, where that is to be had; whether it is.
    fn show(&mut self, second: &SecondEntry) -> bool {
        if let Some(begun) = self.begun.take() {
            let state = live::State::new(*begun, self.planned.clone());
            self.view = Live::open(state, &self.hold);
        }
        let Some(view) = &self.view else { return false };
        view.second(second);
        true
    }

    fn load_line(&self, second: &SecondEntry, over: u64) -> String {
        let (count, failed, latencies) = &self.since;
        let users: u32 = second.loads.iter().map(|load| load.users).sum();
        let latency = match (latencies.is_empty(), count) {
            (true, 0) => "no response yet".to_string(),
            (true, _) => "no successful response".to_string(),
            (false, _) => format!("p95 {}", show_duration_us(latencies.value_at_quantile(0.95))),
        };
        let share = *failed as f64 / (*count).max(1) as f64;
        format!(
            "load {}/{} s  {} users  {}  {latency}  {} failed",
            (second.second as usize + 1).min(self.planned.len()),
            self.planned.len(),
            show_count(u64::from(users)),
            show_rate(*count as f64 / over as f64),
            show_percent(share),
        )
    }

    /// Ends the run when an SLA that may end it does not hold.
    fn look(&self, second: u32, ledger: &Ledger) {
        let elapsed = (u64::from(second) + 1) * 1000;
        if let Some(broken) = crate::analysis::abort(&ledger.so_far(), elapsed) {
            self.hold.stop.request(&format!("aborted by SLA {broken}"));
        }
    }

    /// The first few failures as they come: who waits shall see why, and the report has them all.
    fn failed(&mut self, text: &str) {
        self.failures_said += 1;
        match self.failures_said {
            said if said <= FAILURES => self.line(text),
            said if said == FAILURES + 1 => self.line("  more failures are in the report"),
            _ => {}
        }
    }

    fn line(&self, text: &str) {
        if let Some(view) = &self.view {
            view.notice(text.trim_start());
            return;
        }
        if self.live {
            words::rewrite("");
        }
        words::say(text);
    }
}

impl Observer for Progress<'_> {
    fn entry(&mut self, entry: &Entry, ledger: &Ledger) {
        if self.broken.is_none()
            && let Err(error) = self.folder.keep(entry)
        {
            self.hold.stop.request(&format!("the result could not be kept: {error}"));
            self.broken = Some(error);
        }
        if let Some(publisher) = self.publisher {
            publisher.entry(entry);
            publisher.said().iter().for_each(|text| self.line(text));
        }
        match entry {
            Entry::Begin(begin) => {
                let loads = begin.scenarios.iter().filter_map(|one| one.load.as_ref());
                // Only a terminal shows it.
                self.begun = self.live.then(|| begin.clone());
                self.aborts = loads.flat_map(|load| &load.slas).any(|s| s.abort_after_ms.is_some());
            }
            Entry::Test(number, test) => {
                self.evidence.test(*number, test, self.folder);
                self.test(test);
            }
            Entry::SetupFailed(_, failure) => {
                let (step, example) = (&failure.step, &failure.example);
                self.failed(&format!("  setup failed: {step}: {}", example.message));
            }
            Entry::Second(second) => self.second(second, ledger),
            Entry::LoadEnded(..) | Entry::Altered(_) => {}
            Entry::End(_) => {
                self.view = None;
                if self.live {
                    words::rewrite("");
                }
            }
        }
    }

    fn traces(&mut self, number: usize, attempts: Vec<Trace>) {
        self.evidence.traces(number, attempts);
    }

    fn files(&mut self, test: &TestResult, files: Vec<KeptFile>) {
        let browser = test.browser.as_deref().unwrap_or_default();
        let stem = trace::stem(&test.scenario, &test.title(), browser);
        for file in files {
            if let Err(error) = self.folder.keep_file(&stem, &file.name, &file.bytes) {
                self.broken.get_or_insert(error);
            }
        }
    }

    fn begins(&mut self) -> Option<Duration> {
        if self.waits { part::wait_for_start(&self.hold.stop) } else { None }
    }

    fn cpu_seconds(&mut self) -> Option<f64> {
        store::process_cpu_seconds()
    }

    fn vitals(&mut self, threads: &[u32]) -> Vitals {
        Vitals {
            queued: threads.iter().map(|thread| store::queued_seconds(*thread)).collect(),
            stolen: store::stolen_ticks(),
            files: store::open_files(),
            ports: store::local_ports(),
        }
    }
}
