//! Does things once: setup and teardown of the run, and tests in parallel, each by itself.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, timeout};

use crate::driver::{Client, DriverError, Exchange, Identity, Session};
use crate::executor::begin::place;
use crate::executor::crew::{Connect, Purpose};
use crate::executor::feed::{self, Turn, mix};
use crate::executor::walk::{Failed, Watcher, walk};
use crate::executor::{Run, Stop};
use crate::plan::{ActionPlan, HttpPlan, Node, Plan, ScenarioPlan, SeriesId, Slot, TestPlan};
use crate::result::journal::{Entry, example};
use crate::result::{FailureExample, SetupFailure, TestResult, TestStatus};
use crate::sample::{Exemplar, Failure};

/// How long one list of teardown steps may take: it is done also when time has run out.
pub(super) const TEARDOWN: Duration = Duration::from_secs(30);

/// A scenario whose run has been set up.
pub(super) struct Scene {
    /// The scenario.
    pub plan: Arc<ScenarioPlan>,
    /// What its `before-run` captured.
    pub captured: Vec<(Slot, serde_json::Value)>,
    /// Whether its `before-run` failed: then nothing else of it is done.
    pub broken: Option<FailureExample>,
    /// The run's seed.
    pub seed: u64,
    client: Client,
    session: Option<Session>,
}

/// Sets every scenario's run up; after a stop nothing more of it is begun.
///
/// # Errors
/// When a client cannot be made; then nothing was done.
pub(super) async fn open_scenes(
    plan: &Plan,
    connect: &Connect,
    stop: &Stop,
    run: &mut Run<'_>,
) -> Result<Vec<Scene>, DriverError> {
    let clients = plan.scenarios.iter().map(|scenario| connect(scenario, Purpose::Once));
    let clients: Vec<Client> = clients.collect::<Result<_, _>>()?;
    let mut scenes = Vec::new();
    for (index, (scenario, client)) in plan.scenarios.iter().zip(clients).enumerate() {
        let mut session = Session::open(&client, Identity { user: 0, seed: plan.seed });
        let mut witness = Witness::default();
        let walked = tokio::select! {
            biased;
            () = stop.requested() => Ok(()),
            walked = walk(&scenario.hooks.before_run, &mut session, &mut witness) => walked,
        };
        let broken = walked.is_err().then(|| witness.into_failure("before-run"));
        if let Some(failure) = &broken {
            run.tell(setup_failed(index, failure));
        }
        let (plan, seed) = (scenario.clone(), plan.seed);
        let captured = session.captured();
        scenes.push(Scene { plan, captured, broken, seed, client, session: Some(session) });
    }
    Ok(scenes)
}

/// Tears every scenario's run down, in reverse.
pub(super) async fn close_scenes(scenes: &mut [Scene], run: &mut Run<'_>) {
    for (index, scene) in scenes.iter_mut().enumerate().rev() {
        let Some(mut session) = scene.session.take() else { continue };
        let mut witness = Witness::default();
        let walked = walk(&scene.plan.hooks.after_run, &mut session, &mut witness);
        if !matches!(timeout(TEARDOWN, walked).await, Ok(Ok(()))) {
            run.tell(setup_failed(index, &witness.into_failure("after-run")));
        }
    }
}

/// Runs all tests, so many at a time; their order in the result is the files'.
pub(super) async fn tests(scenes: &mut [Scene], workers: usize, stop: &Stop, run: &mut Run<'_>) {
    let slots = Rc::new(Semaphore::new(workers.max(1)));
    let mut tasks = JoinSet::new();
    let local = LocalSet::new();
    let mut number = 0;
    for scene in scenes.iter() {
        for index in 0..scene.plan.tests.len() {
            let attempt = Attempt {
                plan: scene.plan.clone(),
                test: index,
                number,
                client: scene.client.clone(),
                captured: scene.captured.clone(),
                seed: scene.seed,
            };
            let (slots, stop, broken) = (slots.clone(), stop.clone(), scene.broken.clone());
            number += 1;
            tasks.spawn_local_on(
                async move {
                    // The semaphore is never closed.
                    let _slot = slots.acquire().await;
                    let result = attempt.test(broken, &stop).await?;
                    Some((attempt.number, result))
                },
                &local,
            );
        }
    }
    local
        .run_until(async {
            while let Some(finished) = tasks.join_next().await {
                match finished {
                    Ok(Some((number, result))) => run.tell(Entry::Test(number, Box::new(result))),
                    // Stopped before its end.
                    Ok(None) => {}
                    Err(error) => raise_panic(error),
                }
            }
        })
        .await;
}

/// A panic in a task is a bug, and no task may be missing without a word.
pub(super) fn raise_panic(error: tokio::task::JoinError) {
    if let Ok(panic) = error.try_into_panic() {
        std::panic::resume_unwind(panic);
    }
}

/// One test, with all it needs.
struct Attempt {
    plan: Arc<ScenarioPlan>,
    test: usize,
    number: usize,
    client: Client,
    captured: Vec<(Slot, serde_json::Value)>,
    seed: u64,
}

impl Attempt {
    /// The result; none when the run was stopped first.
    async fn test(&self, broken: Option<FailureExample>, stop: &Stop) -> Option<TestResult> {
        let test = &self.plan.tests[self.test];
        let mut result = blank(&self.plan.name, test);
        if let Some(reason) = &test.skip {
            result.reason = Some(reason.clone());
            return Some(result);
        }
        if test.browser.is_some() || test.steps.iter().any(needs_browser) {
            result.status = TestStatus::Unsupported;
            result.reason = Some("this version does not drive browsers yet".to_string());
            return Some(result);
        }
        if let Some(failure) = broken {
            result.status = TestStatus::Failed;
            result.reason = Some("the setup of the run failed".to_string());
            result.failure = Some(failure);
            return Some(result);
        }
        for attempt in 1..=test.attempts {
            if stop.is_requested() {
                return None;
            }
            let began = Instant::now();
            let witness = self.attempt(test, attempt, stop).await?;
            result.duration_ms = began.elapsed().as_millis() as u64;
            result.attempts = attempt;
            result.checks = witness.checks;
            if witness.failure.is_none() {
                let flaky = attempt > 1;
                result.status = if flaky { TestStatus::Flaky } else { TestStatus::Passed };
                return Some(result);
            }
            result.failure = witness.failure;
            result.status = TestStatus::Failed;
        }
        Some(result)
    }

    /// Setup, steps, teardown; teardown is done whatever came before it. None when the run was
    /// stopped within.
    async fn attempt(&self, test: &TestPlan, attempt: u32, stop: &Stop) -> Option<Witness> {
        let hooks = &self.plan.hooks;
        let seed = mix(&[self.seed, u64::from(attempt)]);
        let user = self.number as u32 + 1;
        let mut session = Session::open(&self.client, Identity { user, seed });
        session.begin_iteration(1);
        session.adopt(&self.captured);
        let mut witness = Witness::default();
        let turn = Turn {
            user: self.number as u64,
            iteration: self.number as u64,
            random: mix(&[seed, self.number as u64]),
        };
        if let Err(feed) = feed::deal(&self.plan, &mut session, turn) {
            witness.failure = Some(no_row(feed, test));
            return Some(witness);
        }
        let flow = async {
            for nodes in [&hooks.before_each, &hooks.before_test, &test.steps] {
                walk(nodes, &mut session, &mut witness).await?;
            }
            Ok::<(), Failed>(())
        };
        let ran = tokio::select! {
            biased;
            () = stop.requested() => None,
            ran = timeout(test.timeout, flow) => Some(ran),
        };
        if matches!(ran, Some(Err(_))) {
            witness.failure = Some(self.out_of_time(test, witness.current));
        }
        self.tear_down(&mut session, &mut witness).await;
        ran.map(|_| witness)
    }

    async fn tear_down(&self, session: &mut Session, witness: &mut Witness) {
        let hooks = &self.plan.hooks;
        for nodes in [&hooks.after_test, &hooks.after_each] {
            let mut after = Witness::default();
            let torn_down = timeout(TEARDOWN, walk(nodes, session, &mut after)).await;
            witness.checks += after.checks;
            if !matches!(torn_down, Ok(Ok(()))) {
                witness.failure.get_or_insert(after.into_failure("teardown"));
            }
        }
    }

    fn out_of_time(&self, test: &TestPlan, step: Option<SeriesId>) -> FailureExample {
        let step = step.map(|series| self.plan.series[usize::from(series.0)].name.clone());
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

/// Keeps the failure of a walk, and counts checks.
#[derive(Default)]
pub(super) struct Witness {
    /// The failure that ended it.
    pub failure: Option<FailureExample>,
    /// Checks made.
    pub checks: u32,
    /// The step that is going on.
    current: Option<SeriesId>,
}

impl Witness {
    /// The failure of a walk that did not come to its end: without one, time ran out.
    pub fn into_failure(self, what: &str) -> FailureExample {
        self.failure.unwrap_or_else(|| too_long(TEARDOWN, what))
    }
}

impl Watcher for Witness {
    fn begin(&mut self, series: SeriesId) {
        self.current = Some(series);
    }

    fn done(&mut self, step: &HttpPlan, exchange: Exchange) {
        self.current = None;
        self.checks += exchange.checks;
        if let (Err(failure), exemplar) = (exchange.outcome, exchange.exemplar) {
            self.failure = Some(match exemplar {
                Some(exemplar) => example(&step.name, &exemplar),
                None => FailureExample {
                    kind: failure.to_string(),
                    step: step.name.clone(),
                    place: place(&step.site),
                    ..FailureExample::default()
                },
            });
        }
    }

    fn refused(&mut self, _: SeriesId, exemplar: Exemplar) {
        self.failure = Some(example("", &exemplar));
    }

    fn paused(&mut self, _: Duration) {}

    fn thinks(&self) -> bool {
        false
    }
}

/// The entry for a failed step of setup or teardown.
pub(super) fn setup_failed(scenario: usize, failure: &FailureExample) -> Entry {
    let step = failure.step.clone();
    let failure = SetupFailure { step, count: 1, example: failure.clone() };
    Entry::SetupFailed(scenario, Box::new(failure))
}

fn blank(scenario: &str, test: &TestPlan) -> TestResult {
    TestResult {
        scenario: scenario.to_string(),
        name: test.name.clone(),
        tags: test.tags.clone(),
        browser: test.browser.clone(),
        status: TestStatus::Skipped,
        duration_ms: 0,
        attempts: 0,
        checks: 0,
        reason: None,
        place: place(&test.site),
        failure: None,
    }
}

fn needs_browser(node: &Node) -> bool {
    match &node.action {
        ActionPlan::Browser(_) => true,
        ActionPlan::Group(nodes) => nodes.iter().any(needs_browser),
        ActionPlan::Http(_) | ActionPlan::Pause(_) => false,
    }
}

fn too_long(limit: Duration, what: &str) -> FailureExample {
    FailureExample {
        kind: Failure::Timeout.to_string(),
        message: format!("`{what}` took longer than {}", crate::units::show_duration(limit)),
        ..FailureExample::default()
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
