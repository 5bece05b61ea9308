//! Walks a flow with one session: conditions, repeats, groups and pauses, step by step.
//!
//! Tests, setup and load all walk here; they differ in who watches.

use std::time::Duration;

use tokio::time::sleep;

use crate::driver::{Exchange, Session};
use crate::plan::{ActionPlan, BrowserPlan, HttpPlan, Node, RepeatPlan, SeriesId};
use crate::sample::{Exemplar, Failure};

/// Who watches a walk.
pub(super) trait Watcher {
    /// A step is about to be done.
    fn begin(&mut self, series: SeriesId);

    /// It was done.
    fn done(&mut self, step: &HttpPlan, exchange: Exchange);

    /// It cannot be done by this build.
    fn refused(&mut self, series: SeriesId, exemplar: Exemplar);

    /// A pause or a think time is about to be waited.
    fn paused(&mut self, pause: Duration);

    /// It is over.
    fn resumed(&mut self) {}

    /// Whether think time is kept.
    fn thinks(&self) -> bool;
}

/// A step failed; what was wrong is with the watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

/// Walks `nodes` in order, until one fails.
pub(super) async fn walk<W: Watcher>(
    nodes: &[Node],
    session: &mut Session,
    watcher: &mut W,
) -> Result<(), Failed> {
    for node in nodes {
        if !session.holds(&node.when) {
            continue;
        }
        match &node.repeat {
            None => act(&node.action, session, watcher).await?,
            Some(repeat) => again(&node.action, repeat, session, watcher).await?,
        }
        if let Some(think) = node.think.filter(|_| watcher.thinks()) {
            wait(session.draw(think), watcher).await;
        }
    }
    Ok(())
}

async fn again<W: Watcher>(
    action: &ActionPlan,
    repeat: &RepeatPlan,
    session: &mut Session,
    watcher: &mut W,
) -> Result<(), Failed> {
    for turn in 0..repeat.times {
        if turn > 0 {
            wait(repeat.every, watcher).await;
        }
        act(action, session, watcher).await?;
        if !repeat.until.is_empty() && session.holds(&repeat.until) {
            break;
        }
    }
    Ok(())
}

async fn act<W: Watcher>(
    action: &ActionPlan,
    session: &mut Session,
    watcher: &mut W,
) -> Result<(), Failed> {
    match action {
        ActionPlan::Http(step) => {
            watcher.begin(step.series);
            let exchange = session.run(step).await;
            let outcome = exchange.outcome;
            watcher.done(step, exchange);
            outcome.map_err(|_| Failed)
        }
        ActionPlan::Browser(step) => {
            watcher.refused(step.series, no_browser(step));
            Err(Failed)
        }
        ActionPlan::Pause(pause) => {
            wait(session.draw(*pause), watcher).await;
            Ok(())
        }
        // A group is a walk inside a walk; only these need a box of their own.
        ActionPlan::Group(nodes) => Box::pin(walk(nodes, session, watcher)).await,
    }
}

async fn wait<W: Watcher>(pause: Duration, watcher: &mut W) {
    if !pause.is_zero() {
        watcher.paused(pause);
        sleep(pause).await;
        watcher.resumed();
    }
}

fn no_browser(step: &BrowserPlan) -> Exemplar {
    Exemplar {
        failure: Failure::Missing,
        message: format!("`{}` needs a browser, and this version does not drive one", step.name),
        site: step.site.clone(),
        request: String::new(),
        response: None,
    }
}
