//! Keeps what browser tests leave while a run goes on, and explains it at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::analysis::flake::{Beside, Neighbour, examine};
use crate::analysis::near_misses;
use crate::executor::KeepTraces;
use crate::report::{Sheet, trace_page};
use crate::result::TestResult;
use crate::result::evidence::{TestEvidence, TracePage};
use crate::result::trace::Trace;
use crate::store::{self, Greens, RunFolder, StoreError};

/// How many attempts of other tests are looked at.
const NEIGHBOURS: usize = 20_000;

/// The most causes and changes told outside of a trace's own page.
const TOLD: usize = 3;

/// The most characters of a picture that is shown outside of a trace's own page.
const PICTURE: usize = 1 << 20;

/// What browser tests left so far.
#[derive(Default)]
pub struct Evidence {
    keep: KeepTraces,
    /// Told, and their tests not yet.
    pending: BTreeMap<usize, Vec<Trace>>,
    neighbours: Vec<Neighbour>,
    /// The last pass of each test and engine, to be kept at the end.
    greens: BTreeMap<String, Trace>,
    tests: Vec<Kept>,
    stems: BTreeSet<String>,
    /// The first trace that could not be written.
    pub broken: Option<StoreError>,
}

/// A test of which there is something to tell.
struct Kept {
    told: TestEvidence,
    /// Of the traces that were kept, one for each attempt.
    stems: Vec<String>,
}

impl Evidence {
    /// Keeps traces as `--trace` says.
    pub fn new(keep: KeepTraces) -> Self {
        Self { keep, ..Self::default() }
    }

    /// The attempts of the test of this number.
    pub fn traces(&mut self, number: usize, attempts: Vec<Trace>) {
        self.pending.insert(number, attempts);
    }

    /// The test of this number is over.
    pub fn test(&mut self, number: usize, test: &TestResult, folder: &RunFolder) {
        let Some(attempts) = self.pending.remove(&number) else { return };
        let room = NEIGHBOURS.saturating_sub(self.neighbours.len());
        self.neighbours.extend(attempts.iter().take(room).map(Neighbour::of));
        let failed = attempts.iter().any(|trace| !trace.status.passed());
        let passed = attempts.iter().find(|trace| trace.status.passed());
        let told = TestEvidence {
            scenario: test.scenario.clone(),
            test: test.name.clone(),
            browser: test.browser.clone().unwrap_or_default(),
            repeat: test.repeat.map(|repeat| repeat.number),
            close: passed.map(near_misses).unwrap_or_default(),
            ..TestEvidence::default()
        };
        let stems = match self.keep.keep(failed) {
            true => self.store(&attempts, folder),
            false => Vec::new(),
        };
        if !stems.is_empty() || !told.close.is_empty() {
            self.tests.push(Kept { told, stems });
        }
        if let Some(green) = attempts.into_iter().find(|trace| trace.status.passed()) {
            let name = (&green.scenario, &green.test, &green.browser);
            let name = crate::result::trace::stem(name.0, name.1, name.2);
            self.greens.insert(name, green.slim());
        }
    }

    /// Writes the traces of a test, so that neither they nor a kill of the run cost more than the
    /// one that is going on.
    fn store(&mut self, attempts: &[Trace], folder: &RunFolder) -> Vec<String> {
        let mut stems = Vec::new();
        for trace in attempts {
            let stem = self.free_stem(trace);
            match folder.keep_trace(&stem, trace) {
                Ok(()) => stems.push(stem),
                Err(error) => {
                    self.broken.get_or_insert(error);
                }
            }
        }
        stems
    }

    /// A test that is run several times has traces of one name.
    fn free_stem(&mut self, trace: &Trace) -> String {
        let stem = trace.stem();
        let names = std::iter::once(stem.clone()).chain((2..).map(|at| format!("{stem}-{at}")));
        let free = names.into_iter().find(|name| !self.stems.contains(name)).unwrap_or(stem);
        self.stems.insert(free.clone());
        free
    }

    /// Explains what failed, draws the pages, and keeps what passed for the next run.
    ///
    /// # Errors
    /// When something cannot be read again or written.
    pub fn conclude(
        self,
        folder: &RunFolder,
        runs: &Path,
    ) -> Result<Vec<TestEvidence>, StoreError> {
        let greens = Greens::beside(runs);
        let mut evidence = Vec::new();
        for kept in self.tests {
            evidence.push(explain(kept, &self.neighbours, &greens, folder)?);
        }
        if !evidence.is_empty() {
            folder.keep_evidence(&evidence)?;
        }
        for green in self.greens.values() {
            greens.keep(green)?;
        }
        match self.broken {
            Some(error) => Err(error),
            None => Ok(evidence),
        }
    }
}

/// One test at a time: its traces are read again, because all of them would not fit into memory.
fn explain(
    kept: Kept,
    neighbours: &[Neighbour],
    greens: &Greens,
    folder: &RunFolder,
) -> Result<TestEvidence, StoreError> {
    let Kept { mut told, stems } = kept;
    let traces = stems.iter().map(|stem| folder.trace(stem)).collect::<Result<Vec<_>, _>>()?;
    let page = |(stem, trace): (&String, &Trace)| TracePage {
        attempt: trace.attempt,
        status: trace.status,
        file: store::trace_page(stem),
    };
    told.pages = stems.iter().zip(&traces).map(page).collect();
    let failed = traces.iter().find(|trace| !trace.status.passed());
    let screenshot = failed.and_then(|trace| trace.last.as_ref()?.screenshot.as_ref());
    told.screenshot = screenshot.filter(|picture| picture.len() <= PICTURE).cloned();
    let retry = traces.iter().find(|trace| trace.status.passed());
    let last = traces.first().filter(|_| retry.is_none()).and_then(|trace| greens.last(trace));
    let (green, called) = match (retry, &last) {
        (Some(retry), _) => (Some(retry), "the attempt that passed"),
        (None, last) => (last.as_ref(), "the last green run"),
    };
    for (stem, trace) in stems.iter().zip(&traces) {
        let (causes, difference) = match trace.status.passed() {
            true => (Vec::new(), None),
            false => {
                let beside = Beside { green, called, others: neighbours, attempts: &traces };
                examine(trace, beside)
            }
        };
        if !causes.is_empty() {
            told.causes = causes.iter().take(TOLD).map(|cause| cause.text.clone()).collect();
            let changes = difference.iter().flat_map(|found| found.sentences());
            told.changes = changes.take(TOLD).collect();
        }
        let page = trace_page(&Sheet {
            trace,
            causes: &causes,
            difference: difference.as_ref().map(|found| (found, called)),
            attempts: &told.pages,
        });
        folder.write_trace_page(stem, &page)?;
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::analysis::sketch;
    use crate::result::{Repeat, TestStatus};

    fn of(trace: &Trace, status: TestStatus) -> TestResult {
        TestResult {
            scenario: trace.scenario.clone(),
            name: trace.test.clone(),
            tags: Vec::new(),
            browser: Some(trace.browser.clone()),
            repeat: None,
            status,
            duration_ms: trace.duration_ms,
            attempts: 1,
            checks: 1,
            reason: None,
            place: trace.place.clone(),
            failure: trace.failure.clone(),
            tries: Vec::new(),
            samples: Vec::new(),
        }
    }

    /// One run in a folder of runs.
    fn run(runs: &Path, id: &str, keep: KeepTraces, tests: &[&[Trace]]) -> Vec<TestEvidence> {
        let folder = RunFolder::open(&runs.join(id)).unwrap();
        let mut evidence = Evidence::new(keep);
        for (number, attempts) in tests.iter().enumerate() {
            let failed = attempts.iter().all(|trace| trace.status == TestStatus::Failed);
            let status = if failed { TestStatus::Failed } else { TestStatus::Passed };
            evidence.traces(number, attempts.to_vec());
            evidence.test(number, &of(&attempts[0], status), &folder);
        }
        evidence.conclude(&folder, runs).unwrap()
    }

    fn files(folder: &Path) -> Vec<String> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    const STEM: &str = "shopping-puts-an-item-into-the-cart-chromium";

    #[test]
    fn a_failure_is_compared_with_the_last_green_run() {
        let runs = tempfile::tempdir().unwrap();
        let mut green = sketch::green();
        green.steps[0].thumbnail = Some("data:image/png;base64,AAAA".to_string());
        assert_eq!(run(runs.path(), "1", KeepTraces::Failed, &[&[green]]), []);
        assert_eq!(files(&runs.path().join("green")), [format!("{STEM}.json")]);
        assert!(files(&runs.path().join("1/traces")).is_empty());
        let kept = fs::read_to_string(runs.path().join(format!("green/{STEM}.json"))).unwrap();
        assert!(!kept.contains("AAAA"));

        let mut red = sketch::red();
        red.requests[1].status = Some(500);
        let told = run(runs.path(), "2", KeepTraces::Failed, &[&[red.clone()]]);
        let files = files(&runs.path().join("2/traces"));
        assert_eq!(files, [format!("{STEM}-1.html"), format!("{STEM}-1.json")]);
        assert!(told[0].causes[0].contains("in the last green run it was answered 201"));
        assert_eq!(told[0].changes, ["`POST /api/v1/cart/…` was answered 500 instead of 201."]);
        let folder = RunFolder::open(&runs.path().join("2")).unwrap();
        assert_eq!(folder.evidence().unwrap(), told);
        // A failure is no green run, and a broken file of one is as good as none.
        let file = runs.path().join(format!("green/{STEM}.json"));
        assert_eq!(fs::read_to_string(&file).unwrap(), kept);
        fs::write(&file, &kept[..kept.len() / 2]).unwrap();
        let told = run(runs.path(), "3", KeepTraces::Failed, &[&[red]]);
        assert!(told[0].changes.is_empty() && !told[0].causes.is_empty());
    }

    #[test]
    fn a_flaky_test_is_compared_with_its_own_retry() {
        let runs = tempfile::tempdir().unwrap();
        let mut retry = sketch::green();
        retry.attempt = 2;
        let mut red = sketch::red();
        (red.starved, red.steps[2].late_ms) = (Some(0.8), Some(20.0));
        let told = run(runs.path(), "1", KeepTraces::Failed, &[&[red, retry]]);
        assert!(told[0].causes[0].contains("2% of the attempt that passed"), "{told:?}");
        let pages: Vec<_> = told[0].pages.iter().map(|page| (page.attempt, page.status)).collect();
        assert_eq!(pages, [(1, TestStatus::Failed), (2, TestStatus::Passed)]);
        for page in &told[0].pages {
            let text = fs::read_to_string(runs.path().join("1").join(&page.file)).unwrap();
            let other = if page.attempt == 1 { "attempt 2 passed" } else { "attempt 1 failed" };
            assert!(text.contains(other));
        }
    }

    #[test]
    fn traces_are_kept_as_asked_and_repetitions_have_pages_of_their_own() {
        let runs = tempfile::tempdir().unwrap();
        let (red, green) = ([sketch::red()], [sketch::green()]);
        run(runs.path(), "never", KeepTraces::Never, &[&red, &green]);
        assert!(files(&runs.path().join("never/traces")).is_empty());
        let told = run(runs.path(), "always", KeepTraces::Always, &[&red, &green, &green]);
        let pages: Vec<&str> = told.iter().map(|one| one.pages[0].file.as_str()).collect();
        let page = |end: &str| format!("traces/{STEM}-1{end}.html");
        assert_eq!(pages, [page(""), page("-2"), page("-3")]);
    }

    #[test]
    fn steps_that_nearly_failed_are_told_of_tests_that_passed() {
        let runs = tempfile::tempdir().unwrap();
        let mut green = sketch::green();
        green.steps[2].took_ms = 4_700.0;
        let told = run(runs.path(), "1", KeepTraces::Failed, &[&[green]]);
        assert_eq!(told[0].close.len(), 1);
        assert!(told[0].pages.is_empty() && told[0].causes.is_empty());
    }

    #[test]
    fn a_repetition_is_known_again() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(runs.path()).unwrap();
        let mut evidence = Evidence::new(KeepTraces::Failed);
        let red = sketch::red();
        let mut test = of(&red, TestStatus::Failed);
        test.repeat = Some(Repeat { number: 7, of: 9 });
        evidence.traces(3, vec![red]);
        // What was told of another test does not become this one's.
        evidence.test(2, &test, &folder);
        evidence.test(3, &test, &folder);
        let told = evidence.conclude(&folder, runs.path()).unwrap();
        assert_eq!(told.iter().map(|one| one.repeat).collect::<Vec<_>>(), [Some(7)]);
    }
}
