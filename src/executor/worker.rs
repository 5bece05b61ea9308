//! Runs tests: workers that take one after the other, each test in as many attempts as it has.

use std::cell::RefCell;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, timeout};

use crate::driver::browser::{KeptFile, LastLooking as Look};
use crate::driver::{Identity, Session};
use crate::executor::begin::place;
use crate::executor::browsers::vital_samples;
use crate::executor::feed::{self, Turn, mix};
use crate::executor::once::{Scene, TEARDOWN, too_long};
use crate::executor::queue::{Job, Next, Queue};
use crate::executor::walk::{Failed, walk};
use crate::executor::witness::Witness;
use crate::executor::{Attempted, KeepTraces, Options, Stop, TestOptions, browsers, trace};
use crate::plan::{ScenarioPlan, SeriesId, TestPlan};
use crate::result::journal::example;
use crate::result::trace::Trace;
use crate::result::{Attempt, FailureExample, TestResult, TestStatus};
use crate::sample::Failure;

/// What all workers share.
pub(super) struct Bench<'a> {
    scenes: &'a [Scene],
    options: &'a TestOptions,
    stop: &'a Stop,
    began: Instant,
    queue: RefCell<Queue>,
    /// Somebody is done with something.
    done: Notify,
}

impl<'a> Bench<'a> {
    /// For all tests of the scenes.
    pub fn new(scenes: &'a [Scene], options: &'a Options, stop: &'a Stop) -> Self {
        let plans = scenes.iter().map(|scene| &*scene.plan);
        Self {
            scenes,
            options: &options.tests,
            stop,
            began: Instant::now(),
            queue: RefCell::new(Queue::new(plans, &options.tests, options.workers)),
            done: Notify::new(),
        }
    }

    /// The next thing to do; waits until there is one.
    async fn next(&self) -> Next {
        loop {
            if self.stop.is_requested() {
                return Next::End;
            }
            let next = self.queue.borrow_mut().take();
            match next {
                // Nobody else runs between the look and the wait, so nothing is missed.
                Next::Wait => self.done.notified().await,
                next => return next,
            }
        }
    }

    /// None is a test that a stop cut off: then there is no more to do.
    fn finish(&self, job: &Job, status: Option<TestStatus>) {
        match status {
            Some(status) => self.queue.borrow_mut().done(job, status),
            None => self.queue.borrow_mut().close(),
        }
        self.done.notify_waiters();
    }
}

/// One of those who run tests beside each other. What outlives a test belongs here.
pub(super) struct Worker {
    /// From 1.
    number: u32,
}

impl Worker {
    /// The worker of this number, from 1.
    pub fn new(number: u32) -> Self {
        Self { number }
    }

    /// Runs one test after the other until there are none.
    pub async fn work(mut self, bench: &Bench<'_>, tell: UnboundedSender<Finished>) {
        loop {
            let finished = match bench.next().await {
                Next::Run(job) => {
                    let finished = self.run(bench, &job).await;
                    bench.finish(&job, finished.as_ref().map(|one| one.result.status));
                    let Some(finished) = finished else { return };
                    finished
                }
                Next::NotRun(job, reason) => {
                    let reason = Some(reason);
                    let blank = blank(&bench.scenes[job.scene].plan, &job);
                    let result = TestResult { status: TestStatus::NotRun, reason, ..blank };
                    Finished::new(&job, result)
                }
                Next::Wait | Next::End => return,
            };
            // Whoever listens does so until the last worker is gone.
            let _ = tell.send(finished);
        }
    }

    /// The result; none when the run was stopped first.
    async fn run(&mut self, bench: &Bench<'_>, job: &Job) -> Option<Finished> {
        let scene = &bench.scenes[job.scene];
        let test = &scene.plan.tests[job.test];
        let mut finished = Finished::new(job, blank(&scene.plan, job));
        let result = &mut finished.result;
        if let Some(reason) = &test.skip {
            result.reason = Some(reason.clone());
            return Some(finished);
        }
        if let Some(failure) = scene.broken.clone() {
            result.status = TestStatus::Failed;
            result.reason = Some("the setup of the run failed".to_string());
            result.failure = Some(failure);
            return Some(finished);
        }
        for attempt in 1..=bench.options.attempts(test.attempts) {
            if bench.stop.is_requested() {
                return None;
            }
            let began = Instant::now();
            let trial = Trial { scene, test, number: job.number, attempt };
            let mut witness = trial.run(self, bench).await?;
            trial.keep(&mut witness, &mut finished, began, bench);
            let result = &mut finished.result;
            if let Some(reason) = unsupported(&witness) {
                result.status = TestStatus::Unsupported;
                result.reason = Some(reason);
                return Some(finished);
            }
            let one = Attempt {
                status: match witness.failure {
                    None => TestStatus::Passed,
                    Some(_) => TestStatus::Failed,
                },
                began_ms: (began - bench.began).as_millis() as u64,
                duration_ms: began.elapsed().as_millis() as u64,
                checks: witness.checks,
                worker: self.number,
                failure: witness.failure,
            };
            let passed = one.status == TestStatus::Passed;
            add(result, one);
            if passed {
                break;
            }
        }
        Some(finished)
    }
}

/// A test that is over, and what its browsers left.
pub(super) struct Finished {
    /// Its place among all results.
    pub number: usize,
    /// How it went.
    pub result: TestResult,
    /// One for each attempt, where traces are made.
    pub traces: Vec<Trace>,
    /// Pictures, downloads and HARs of its last attempt.
    pub files: Vec<KeptFile>,
}

impl Finished {
    fn new(job: &Job, result: TestResult) -> Self {
        Self { number: job.number, result, traces: Vec::new(), files: Vec::new() }
    }
}

/// Why the machine or the engine cannot do the test at all, where that is how it failed.
fn unsupported(witness: &Witness) -> Option<String> {
    let failure = witness.failure.as_ref()?;
    let cannot = failure.kind == Failure::Unsupported.to_string();
    cannot.then(|| failure.message.clone())
}

/// The last attempt is what the result says of the test as a whole.
fn add(result: &mut TestResult, attempt: Attempt) {
    result.attempts += 1;
    result.status = match (attempt.status, result.attempts) {
        (TestStatus::Passed, 2..) => TestStatus::Flaky,
        (status, _) => status,
    };
    (result.duration_ms, result.checks) = (attempt.duration_ms, attempt.checks);
    result.failure = attempt.failure.clone().or(result.failure.take());
    result.tries.push(attempt);
}

/// One attempt of one test, with all it needs.
struct Trial<'a> {
    scene: &'a Scene,
    test: &'a TestPlan,
    number: usize,
    attempt: u32,
}

impl Trial<'_> {
    /// Setup, steps, teardown; teardown is done whatever came before it. None when the run was
    /// stopped within.
    async fn run(&self, _worker: &mut Worker, bench: &Bench<'_>) -> Option<Witness> {
        let (scene, test) = (self.scene, self.test);
        let hooks = &scene.plan.hooks;
        let seed = mix(&[scene.seed, u64::from(self.attempt)]);
        let user = self.number as u32 + 1;
        let mut session = Session::open(&scene.client, Identity { user, seed });
        session.begin_iteration(1);
        session.adopt(&scene.captured);
        let debugging = bench.options.debugger.as_ref();
        let mut witness = Witness::debugged(debugging, &test.name, bench.stop);
        let turn = Turn {
            user: self.number as u64,
            iteration: self.number as u64,
            random: mix(&[seed, self.number as u64]),
        };
        if let Err(feed) = feed::deal(&scene.plan, &mut session, turn) {
            witness.failure = Some(no_row(feed, test));
            return Some(witness);
        }
        let flow = async {
            let engine = test.browser.as_deref();
            if let Err(exemplar) = browsers::open(&mut session, engine, &test.page).await {
                witness.failure = Some(example("open the browser", &exemplar));
                return Err(Failed);
            }
            for nodes in [&hooks.before_each, &hooks.before_test, &test.steps] {
                walk(nodes, &mut session, &mut witness).await?;
            }
            session.settle_browser().map_err(|exemplar| {
                witness.failure.get_or_insert_with(|| example("dialog", &exemplar));
                Failed
            })
        };
        let in_time = async {
            match debugging {
                // Whoever looks on takes the time that he takes.
                Some(_) => Ok(flow.await),
                None => timeout(test.timeout, flow).await,
            }
        };
        let ran = tokio::select! {
            biased;
            () = bench.stop.requested() => None,
            ran = in_time => Some(ran),
        };
        if matches!(ran, Some(Err(_))) {
            witness.failure = Some(self.out_of_time(witness.current));
        }
        self.tear_down(&mut session, &mut witness).await;
        let look = match bench.options.traces {
            KeepTraces::Never => Look::None,
            _ if witness.failure.is_some() => Look::Picture,
            KeepTraces::Always => Look::Picture,
            KeepTraces::Failed => Look::Words,
        };
        witness.record = session.close_browser(look).await;
        ran.map(|_| witness)
    }

    /// Takes over what the attempt's browser saw and left.
    fn keep(
        &self,
        witness: &mut Witness,
        finished: &mut Finished,
        began: Instant,
        bench: &Bench<'_>,
    ) {
        let samples = &mut finished.result.samples;
        samples.append(&mut witness.samples);
        let Some(mut record) = witness.record.take() else { return };
        samples.extend(vital_samples(&record));
        finished.files = std::mem::take(&mut record.files);
        for file in &mut finished.files {
            file.bytes = self.scene.client.hide_in_file(std::mem::take(&mut file.bytes));
        }
        if bench.options.traces != KeepTraces::Never {
            let attempted = Attempted {
                scenario: &self.scene.plan.name,
                test: self.test,
                number: self.attempt,
                failure: witness.failure.as_ref(),
                took: began.elapsed(),
                origin: bench.began,
                client: &self.scene.client,
            };
            finished.traces.push(trace(&record, attempted));
        }
    }

    async fn tear_down(&self, session: &mut Session, witness: &mut Witness) {
        let hooks = &self.scene.plan.hooks;
        for nodes in [&hooks.after_test, &hooks.after_each] {
            let mut after = Witness::default();
            let torn_down = timeout(TEARDOWN, walk(nodes, session, &mut after)).await;
            witness.checks += after.checks;
            if !matches!(torn_down, Ok(Ok(()))) {
                witness.failure.get_or_insert(after.into_failure("teardown"));
            }
        }
    }

    fn out_of_time(&self, step: Option<SeriesId>) -> FailureExample {
        let test = self.test;
        let step = step.map(|series| self.scene.plan.series[usize::from(series.0)].name.clone());
        let mut failure = too_long(test.timeout, &test.name);
        if let Some(step) = &step {
            failure.message.push_str(&format!("; `{step}` had not ended"));
        }
        FailureExample {
            step: step.unwrap_or_default(),
            place: place(&test.site),
            line: test.site.text.clone(),
            ..failure
        }
    }
}

fn blank(scenario: &ScenarioPlan, job: &Job) -> TestResult {
    let test = &scenario.tests[job.test];
    TestResult {
        scenario: scenario.name.clone(),
        name: test.name.clone(),
        tags: test.tags.clone(),
        browser: test.browser.clone(),
        repeat: job.repeat,
        status: TestStatus::Skipped,
        duration_ms: 0,
        attempts: 0,
        checks: 0,
        reason: None,
        place: place(&test.site),
        failure: None,
        tries: Vec::new(),
        samples: Vec::new(),
    }
}

fn no_row(feed: &str, test: &TestPlan) -> FailureExample {
    FailureExample {
        kind: Failure::Missing.to_string(),
        message: format!(
            "the feed `{feed}` has fewer rows than there are tests, and `at-end: stop`: add rows, \
             or let it wrap"
        ),
        place: place(&test.site),
        line: test.site.text.clone(),
        ..FailureExample::default()
    }
}
