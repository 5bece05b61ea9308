//! Walks a flow with one session: conditions, repeats, groups and pauses, step by step.
//!
//! Tests, setup and load all walk here; they differ in who watches.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::driver::{Exchange, Session};
use crate::executor::debug::Debugged;
use crate::plan::{ActionPlan, BrowserPlan, HttpPlan, Node, RepeatPlan, SeriesId};

/// Who watches a walk.
pub(super) trait Watcher {
    /// A step is about to be done.
    fn begin(&mut self, series: SeriesId);

    /// It was done, by this session.
    fn done(&mut self, step: &HttpPlan, exchange: Exchange, session: &Session);

    /// A browser step was done.
    fn browsed(&mut self, step: &BrowserPlan, exchange: Exchange);

    /// A pause or a think time is about to be waited.
    fn paused(&mut self, pause: Duration);

    /// It is over.
    fn resumed(&mut self) {}

    /// Until when the next step has to wait, where it has to.
    fn hold(&self) -> Option<Instant> {
        None
    }

    /// It waited.
    fn held(&mut self) {}

    /// Whether think time is kept.
    fn thinks(&self) -> bool;

    /// Who looks on, where somebody does.
    fn debugged(&self) -> Option<Debugged> {
        None
    }
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
    let mut rest = nodes;
    while let Some((node, after)) = rest.split_first() {
        if !session.holds(&node.when) {
            rest = after;
            continue;
        }
        let looks = match watcher.debugged() {
            // Whoever looks on is asked before each of them.
            Some(_) => Vec::new(),
            None => looks(rest, watcher.thinks()),
        };
        if looks.len() > 1 {
            rest = &rest[looks.len()..];
            browse(&looks, session, watcher).await?;
            continue;
        }
        rest = after;
        match &node.repeat {
            None => act(&node.action, session, watcher).await?,
            Some(repeat) => again(&node.action, repeat, session, watcher).await?,
        }
        if let Some(think) = node.think.filter(|_| watcher.thinks()) {
            wait(session.draw(think), session, watcher).await;
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
            wait(repeat.every, session, watcher).await;
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
            if let Some(debugged) = watcher.debugged() {
                // In a box: load, which nobody looks on at, shall not have room for it.
                Box::pin(debugged.before(&step.name, &step.site)).await;
            }
            hold(watcher).await;
            watcher.begin(step.series);
            let exchange = session.run(step).await;
            let outcome = exchange.outcome;
            watcher.done(step, exchange, session);
            outcome.map_err(|_| Failed)
        }
        ActionPlan::Browser(step) => browse(&[step], session, watcher).await,
        ActionPlan::Pause(pause) => {
            wait(session.draw(*pause), session, watcher).await;
            Ok(())
        }
        // A group is a walk inside a walk; only these need a box of their own.
        ActionPlan::Group(nodes) => Box::pin(walk(nodes, session, watcher)).await,
    }
}

async fn wait<W: Watcher>(pause: Duration, session: &mut Session, watcher: &mut W) {
    if !pause.is_zero() {
        watcher.paused(pause);
        session.disturb_browser();
        sleep(pause).await;
        watcher.resumed();
    }
}

async fn hold<W: Watcher>(watcher: &mut W) {
    if let Some(until) = watcher.hold() {
        // In a box: it is rare, and iterations shall not have room for it.
        Box::pin(sleep_until(until)).await;
        watcher.held();
    }
}

/// The steps at the start of `nodes` that only look at the page and need nothing of one another:
/// they share a round trip.
fn looks(nodes: &[Node], thinks: bool) -> Vec<&BrowserPlan> {
    nodes.iter().map_while(|node| look(node, thinks)).collect()
}

fn look(node: &Node, thinks: bool) -> Option<&BrowserPlan> {
    let ActionPlan::Browser(step) = &node.action else { return None };
    let plain = node.when.is_empty() && node.repeat.is_none();
    let alone = !plain || (thinks && node.think.is_some());
    (step.looks() && step.captures.is_empty() && !alone).then_some(&**step)
}

/// Does one browser step, or several that only look.
async fn browse<W: Watcher>(
    steps: &[&BrowserPlan],
    session: &mut Session,
    watcher: &mut W,
) -> Result<(), Failed> {
    if let (Some(debugged), [step]) = (watcher.debugged(), steps) {
        Box::pin(debugged.before_browsing(session, step)).await;
        session.disturb_browser();
    }
    hold(watcher).await;
    watcher.begin(steps[0].series);
    let exchanges = session.browse(steps).await;
    let mut result = Ok(());
    for (step, exchange) in steps.iter().zip(exchanges) {
        if exchange.outcome.is_err() && !step.soft {
            result = Err(Failed);
        }
        watcher.browsed(step, exchange);
    }
    result
}
