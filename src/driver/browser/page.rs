//! Is one test's browser: its context, where it is in it, and what has happened so far.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::mishap::Mishap;
use super::pressure::Stalled;
use super::record::{KeptFile, StepRecord};
use super::{Browser, Channel, Engine, Router, SharedLog, Trouble};
use crate::plan::browser::Emulation;

/// How much longer than its own deadline the page may take to say that it has passed.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// How long is waited before a document that came in another's place is asked.
const BETWEEN_DOCUMENTS: Duration = Duration::from_millis(2);

/// One test's browser.
pub(in crate::driver) struct Page {
    pub(super) engine: Engine,
    pub(super) browser: Box<dyn Browser>,
    pub(super) channel: Box<dyn Channel>,
    pub(super) log: SharedLog,
    pub(super) router: Arc<Router>,
    pub(super) emulation: Emulation,
    /// Where the scenario goes.
    pub(in crate::driver) target: String,
    /// The folder of the scenario file.
    pub(super) folder: PathBuf,
    pub(super) test_id: String,
    /// The locators of the frames that are looked into, outermost first.
    pub(super) frames: Vec<Value>,
    /// The tabs that were gone to, in that order.
    pub(super) tabs: Vec<String>,
    /// Where downloads arrive; goes when this does.
    pub(super) _downloads: TempDir,
    /// When the last action was done, and that nothing but looking happened since.
    pub(super) acted: Option<Instant>,
    /// When the last action began.
    pub(super) last_action: Instant,
    pub(super) dialog: Option<AwaitedDialog>,
    /// Pictures and downloads that are to be kept.
    pub(super) files: Vec<KeptFile>,
    pub(super) steps: Vec<StepRecord>,
    pub(super) began: Instant,
    /// What was asked of each document, by its URL and start.
    pub(super) vitals: Vec<Value>,
    /// Stored pictures are replaced by what is seen.
    pub(super) updates_pictures: bool,
    /// A small picture is taken after each action.
    pub(super) thumbnails: bool,
    /// The HAR that is written at the end.
    pub(super) har: Option<String>,
    /// Where it was last known to be.
    pub(super) url: String,
    /// The changes of the session's cookies that were handed over.
    pub(in crate::driver) cookies_given: u64,
    /// Nothing was done since the session took its cookies back.
    pub(in crate::driver) cookies_taken: bool,
    pub(super) starved: Option<Stalled>,
    /// When the last small picture was asked for.
    pub(super) glanced: Instant,
    /// The step that it was asked for, until it comes.
    pub(super) glance_of: Option<usize>,
}

/// A dialog that a step announced.
#[derive(Debug, Clone)]
pub(super) struct AwaitedDialog {
    /// Dialogs seen before it.
    pub(super) seen: usize,
    /// What it must say.
    pub(super) message: Option<Value>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page in {}, {} steps", self.engine, self.steps.len())
    }
}

/// What the page script answered, and in which document.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) value: Value,
    /// The frames of other origins on the way there.
    pub(super) frames: Vec<u64>,
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        self.value["ok"] == json!(true)
    }

    /// The handle of the element found.
    pub(super) fn element(&self) -> u64 {
        self.value["element"].as_u64().unwrap_or_default()
    }

    /// What was not as it should be.
    pub(super) fn mishap(&self) -> Mishap {
        Mishap::page(&self.value["why"])
    }
}

impl Page {
    /// Asks the page script, in the frames where the test is and those of the locator; in a new
    /// document again when one comes in between.
    pub(super) async fn ask(
        &mut self,
        function: &str,
        mut argument: Value,
        by: Instant,
    ) -> Result<Answer, Trouble> {
        let frames = self.frames_of(&mut argument);
        argument["testId"] = json!(self.test_id);
        let (mut inside, mut rest) = (Vec::new(), frames.clone());
        loop {
            argument["frame"] = Value::Array(rest.clone());
            let left = by.saturating_duration_since(Instant::now());
            argument["timeout"] = json!(left.as_secs_f64() * 1_000.0);
            match self.channel.call(&inside, function, &argument, by + GRACE).await {
                Ok(value) => match (value["cross"].as_u64(), value["rest"].as_u64()) {
                    (Some(frame), Some(left)) => {
                        inside.push(frame);
                        rest.drain(..rest.len().saturating_sub(left as usize));
                    }
                    _ => return Ok(Answer { value, frames: inside }),
                },
                Err(Trouble::Navigated) if Instant::now() < by => {
                    sleep(BETWEEN_DOCUMENTS).await;
                    inside.clear();
                    rest.clone_from(&frames);
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// As `ask`; an answer that is not `ok` is a mishap.
    pub(super) async fn must(
        &mut self,
        function: &str,
        argument: Value,
        by: Instant,
    ) -> Result<Answer, Mishap> {
        let answer = self.ask(function, argument, by).await?;
        if answer.is_ok() { Ok(answer) } else { Err(answer.mishap()) }
    }

    /// The frames where the test is, and those that the locator itself names.
    fn frames_of(&self, argument: &mut Value) -> Vec<Value> {
        let mut frames = self.frames.clone();
        let own = argument.get_mut("locator").and_then(Value::as_object_mut);
        match own.and_then(|locator| locator.remove("frame")) {
            Some(Value::Array(more)) => frames.extend(more),
            Some(one) => frames.push(one),
            None => {}
        }
        frames
    }

    /// A point of a document in the tab's viewport.
    pub(super) async fn in_tab(
        &mut self,
        (x, y): (f64, f64),
        frames: &[u64],
        by: Instant,
    ) -> Result<(f64, f64), Trouble> {
        let (mut x, mut y) = (x, y);
        for depth in 0..frames.len() {
            let argument = json!({ "element": frames[depth] });
            let offset = self.channel.call(&frames[..depth], "offset", &argument, by).await?;
            let (dx, dy) = pair(&offset["point"]).unwrap_or_default();
            (x, y) = (x + dx, y + dy);
        }
        Ok((x, y))
    }

    /// The absolute URL of what a step wrote.
    pub(super) fn absolute(&self, url: &str) -> String {
        let whole = match url.starts_with('/') {
            true => format!("{}{url}", self.target.trim_end_matches('/')),
            false => url.to_string(),
        };
        // Blanks in values that were filled in are encoded, as in a browser's own address bar.
        url::Url::parse(&whole).map_or(whole, String::from)
    }
}

/// Two numbers.
pub(super) fn pair(value: &Value) -> Option<(f64, f64)> {
    Some((value.get(0)?.as_f64()?, value.get(1)?.as_f64()?))
}

/// Scheme, host and port of a URL.
pub(super) fn origin(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_string(), |url| url.origin().ascii_serialization())
}
