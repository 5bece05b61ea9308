//! Does things once: setup and teardown of the run, and tests in parallel, each by itself.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::driver::{Client, DriverError, Identity, Session};
use crate::executor::crew::{Connect, Purpose};
use crate::executor::walk::walk;
use crate::executor::witness::Witness;
use crate::executor::worker::{Bench, Finished, Worker};
use crate::executor::{Options, Run, Stop};
use crate::plan::{Plan, ScenarioPlan, Slot};
use crate::result::journal::Entry;
use crate::result::{FailureExample, SetupFailure};
use crate::sample::Failure;

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
    /// What its sessions are opened with.
    pub client: Client,
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
pub(super) async fn tests(scenes: &[Scene], options: &Options, stop: &Stop, run: &mut Run<'_>) {
    let bench = Bench::new(scenes, options, stop);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let numbers = 1..=options.workers.max(1) as u32;
    let workers = numbers.map(|number| Worker::new(number).work(&bench, tell.clone()));
    let mut workers = std::pin::pin!(join_all(workers));
    drop(tell);
    let mut over = false;
    loop {
        tokio::select! {
            biased;
            one = told.recv() => match one {
                Some(finished) => {
                    let Finished { number, result, traces, files } = finished;
                    run.observer.files(&result, files);
                    run.observer.traces(number, traces);
                    run.tell(Entry::Test(number, Box::new(result)));
                }
                // All workers are gone.
                None => return,
            },
            _ = &mut workers, if !over => over = true,
        }
    }
}

/// A panic in a task is a bug, and no task may be missing without a word.
pub(super) fn raise_panic(error: tokio::task::JoinError) {
    if let Ok(panic) = error.try_into_panic() {
        std::panic::resume_unwind(panic);
    }
}

/// The entry for a failed step of setup or teardown.
pub(super) fn setup_failed(scenario: usize, failure: &FailureExample) -> Entry {
    let step = failure.step.clone();
    let failure = SetupFailure { step, count: 1, example: failure.clone() };
    Entry::SetupFailed(scenario, Box::new(failure))
}

pub(super) fn too_long(limit: Duration, what: &str) -> FailureExample {
    FailureExample {
        kind: Failure::Timeout.to_string(),
        message: format!("`{what}` took longer than {}", crate::units::show_duration(limit)),
        ..FailureExample::default()
    }
}
