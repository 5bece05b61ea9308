//! Begins and ends one test's visit in a browser, and notes what it does in between.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::look::Look;
use super::mishap::Mishap;
use super::page::Page;
use super::pool::Browsers;
use super::record::{KeptFile, LastLook, Record, StepRecord, VitalSeen};
use super::state::States;
use super::steps::Done;
use super::{Browser, Channel, Cookie, Router, SharedLog, Shot, Trouble, har, pressure};
use crate::driver::Exchange;
use crate::plan::browser::{Act, Emulation, HarPlan};
use crate::plan::{BrowserPlan, PagePlan, Site};
use crate::sample::Failure;

/// Steps after which the page may be another one.
const LEADING: [&str; 13] = [
    "goto",
    "back",
    "forward",
    "reload",
    "click",
    "double-click",
    "press",
    "check",
    "select",
    "evaluate",
    "switch-to",
    "close",
    "wait-for",
];

/// Drawing a small picture is work that the page waits for, so steps that follow each other faster
/// share one.
const BETWEEN_GLANCES: Duration = Duration::from_millis(150);

/// What a visit is equipped with.
pub(in crate::driver) struct Equipment {
    pub(in crate::driver) browser: Box<dyn Browser>,
    pub(in crate::driver) channel: Box<dyn Channel>,
    pub(in crate::driver) log: SharedLog,
    pub(in crate::driver) router: Arc<Router>,
    pub(in crate::driver) downloads: TempDir,
}

/// How closely a page is looked at once more before its test ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLooking {
    /// Not at all.
    None,
    /// Its address, its ARIA tree, and what is kept in it; the last small picture.
    Words,
    /// A picture as well.
    Picture,
}

/// A step that was done, for the record.
pub(in crate::driver) struct StepNote {
    step: StepRecord,
    acts: bool,
}

impl StepNote {
    pub(in crate::driver) fn of(plan: &BrowserPlan, done: &Done) -> StepNote {
        let mishap = done.outcome.as_ref().err();
        let step = StepRecord {
            name: plan.name.clone(),
            verb: plan.verb.clone(),
            site: plan.site.clone(),
            began: done.began,
            took: done.ended.saturating_duration_since(done.began),
            within: plan.within,
            failure: mishap.map(|mishap| mishap.message.clone()),
            soft: plan.soft,
            why: mishap.map(|mishap| mishap.why.clone()).unwrap_or_default(),
            late: done.late,
            url: String::new(),
            thumbnail: None,
        };
        StepNote { step, acts: !plan.looks() }
    }
}

impl Look {
    /// What a step looks for; none when it does not only look.
    pub(in crate::driver) fn of(act: &Act, plan: &BrowserPlan) -> Option<Look> {
        let Act::Expect(expectation) = act else { return None };
        let (within, soft) = (plan.within, plan.soft);
        Some(Look { expectation: expectation.clone(), within, soft })
    }
}

impl Done {
    /// A step that could not be begun.
    pub(in crate::driver) fn failed(mishap: Mishap) -> Done {
        let now = Instant::now();
        Done { began: now, ended: now, outcome: Err(mishap), result: Value::Null, late: None }
    }
}

impl Page {
    pub(in crate::driver) fn new(
        equipment: Equipment,
        plan: &PagePlan,
        (emulation, folder): (Emulation, PathBuf),
        browsers: &Browsers,
    ) -> Page {
        let Equipment { browser, channel, log, router, downloads } = equipment;
        let now = Instant::now();
        let settings = browsers.settings();
        let har = match &plan.har {
            Some(HarPlan::Record(name)) => Some(name.clone()),
            _ => None,
        };
        Page {
            engine: browser.engine(),
            browser,
            channel,
            log,
            router,
            emulation,
            target: settings.target.clone(),
            folder,
            test_id: plan.test_id.clone(),
            frames: Vec::new(),
            tabs: Vec::new(),
            _downloads: downloads,
            acted: None,
            last_action: now,
            dialog: None,
            files: Vec::new(),
            steps: Vec::new(),
            began: now,
            vitals: Vec::new(),
            updates_pictures: settings.updates_pictures,
            thumbnails: settings.thumbnails,
            har,
            url: String::new(),
            cookies_given: 0,
            cookies_taken: true,
            starved: None,
            glance_of: None,
            glanced: now.checked_sub(BETWEEN_GLANCES).unwrap_or(now),
        }
    }

    /// What the plan wants to hold before the first step.
    pub(in crate::driver) async fn begin(
        &mut self,
        plan: &PagePlan,
        stubs: &[Value],
        states: &States,
        by: Instant,
    ) -> Result<(), Mishap> {
        self.starved = pressure::cpu().await;
        let first = self.channel.tabs(by).await?;
        self.tabs = first.into_iter().filter(|tab| tab.current).map(|tab| tab.id).collect();
        for stub in stubs {
            match Act::read("stub", stub) {
                Ok(Act::Stub(stub)) => self.router.add(stub, &self.target),
                Ok(other) => unreachable!("a stub is read as {other:?}"),
                Err(why) => return Err(Mishap::new(Failure::Page, why)),
            }
        }
        if let Some(HarPlan::Replay { file, others }) = &plan.har {
            let replay = har::read(file, *others).await;
            let replay = replay.map_err(|why| Mishap::new(Failure::Page, why))?;
            self.router.replay(Box::new(replay));
        }
        if !self.router.is_empty() {
            self.channel.intercept(true, by).await?;
        }
        if let Some(state) = &plan.state {
            self.use_state(states, state, by).await?;
        }
        Ok(())
    }

    /// Adds a step to the record, with how the page looks after it.
    pub(in crate::driver) async fn note(&mut self, note: StepNote) {
        let StepNote { mut step, acts } = note;
        let failed = step.failure.is_some();
        // A page that is just going away draws nothing: a picture of a step is not worth a wait.
        let by = Instant::now() + Duration::from_millis(if failed { 2_000 } else { 300 });
        // After each step that may have led to another document, so that none goes unseen.
        if LEADING.contains(&step.verb.as_str()) || failed {
            self.remember_vitals(by).await;
        }
        if (acts && self.thumbnails) || failed {
            step.thumbnail = self.thumbnail(by).await;
        } else if acts && self.log.read().glances && self.glanced.elapsed() >= BETWEEN_GLANCES {
            self.glanced = Instant::now();
            self.glance_of = Some(self.steps.len());
            self.channel.glance();
        }
        step.url.clone_from(&self.url);
        self.steps.push(step);
    }

    /// Gives the step that asked for a picture the one that came meanwhile.
    pub(in crate::driver) fn glance_back(&mut self) {
        let Some(asked) = self.glance_of else { return };
        if let Some(picture) = self.log.read().glance.take() {
            self.glance_of = None;
            if let Some(step) = self.steps.get_mut(asked) {
                step.thumbnail.get_or_insert(picture);
            }
        }
    }

    /// Adds a step that was not the browser's.
    pub(in crate::driver) fn note_exchange(
        &mut self,
        name: &str,
        site: &Site,
        exchange: &Exchange,
    ) {
        let failure = exchange.outcome.err().map(|failure| {
            let said = exchange.exemplar.as_ref().map(|exemplar| exemplar.message.clone());
            said.unwrap_or_else(|| failure.to_string())
        });
        self.steps.push(StepRecord {
            name: name.to_string(),
            verb: "http".to_string(),
            site: site.clone(),
            began: exchange.started,
            took: exchange.ended.saturating_duration_since(exchange.started),
            within: Duration::ZERO,
            failure,
            soft: false,
            why: Value::Null,
            late: None,
            url: String::new(),
            thumbnail: None,
        });
    }

    /// The page's URL as far as it is known.
    pub(in crate::driver) fn whereabouts_known(&self) -> String {
        match self.url.is_empty() {
            true => String::new(),
            false => format!("the page is {}", self.url),
        }
    }

    /// Whether its processes live.
    pub(in crate::driver) fn is_well(&mut self) -> bool {
        self.browser.is_alive() && self.log.read().crash.is_none()
    }

    /// The vitals of the documents seen since this was last asked.
    pub(in crate::driver) async fn take_vitals(&mut self, by: Instant) -> Vec<VitalSeen> {
        self.remember_vitals(by).await;
        // Under load a record would only grow.
        self.steps.clear();
        self.log.read().requests.clear();
        std::mem::take(&mut self.vitals).iter().flat_map(vitals_of).collect()
    }

    /// An effect seen later does not count from the action before it.
    pub(in crate::driver) fn disturb(&mut self) {
        self.acted = None;
    }

    pub(in crate::driver) async fn cookies(&mut self, by: Instant) -> Result<Vec<Cookie>, Trouble> {
        self.channel.cookies(by).await
    }

    pub(in crate::driver) async fn add_cookies(
        &mut self,
        cookies: &[Cookie],
        by: Instant,
    ) -> Result<(), Trouble> {
        match cookies.is_empty() {
            true => Ok(()),
            false => self.channel.add_cookies(cookies, by).await,
        }
    }

    /// A dialog that was announced and never came is a failure of the test.
    pub(in crate::driver) fn unmet(&self) -> Option<Mishap> {
        self.dialog.as_ref().map(|_| {
            Mishap::new(Failure::Page, "a step announced a dialog, and no dialog came after it")
        })
    }

    /// Ends the visit and gives the browser back.
    pub(in crate::driver) async fn end(
        mut self: Box<Self>,
        look: LastLooking,
        browsers: &Browsers,
        by: Instant,
    ) -> Record {
        self.glance_back();
        let last = match look {
            LastLooking::None => {
                self.remember_vitals(by).await;
                None
            }
            _ => self.last_look(look == LastLooking::Picture, by).await,
        };
        if let Some(name) = self.har.take() {
            let bytes = har::write(&self.log.read(), self.began).into_bytes();
            self.files.push(KeptFile { name, bytes });
        }
        let starved = match (self.starved, pressure::cpu().await) {
            (Some(before), Some(now)) => Some(pressure::share(before, now)),
            _ => None,
        };
        // What cannot be closed is not well: the pool asks it whether it lives.
        let closed = self.channel.close(by).await;
        let version = self.browser.version().to_string();
        if closed.is_ok() {
            browsers.give_back(self.browser).await;
        } else {
            self.browser.quit().await;
        }
        let vitals = std::mem::take(&mut self.vitals).iter().flat_map(vitals_of).collect();
        let mut log = self.log.read();
        Record {
            engine: self.engine,
            version,
            began: self.began,
            steps: self.steps,
            requests: std::mem::take(&mut log.requests),
            messages: std::mem::take(&mut log.messages),
            vitals,
            last,
            files: self.files,
            crash: log.crash.clone(),
            starved,
        }
    }

    async fn last_look(&mut self, pictured: bool, by: Instant) -> Option<LastLook> {
        let whole = self.channel.call(&[], "whole", &json!({}), by).await.ok()?;
        self.take_in_vitals(whole["vitals"].clone());
        let screenshot = match pictured {
            true => self.channel.picture(&Shot::default(), by).await.ok(),
            false => self.steps.iter().rev().find_map(|step| step.thumbnail.clone()),
        };
        let mut kept = Vec::new();
        for (place, name) in [("local", "localStorage"), ("session", "sessionStorage")] {
            let keys = whole[place].as_array().into_iter().flatten().filter_map(Value::as_str);
            kept.extend(keys.map(|key| format!("{name} {key}")));
        }
        let cookies = self.channel.cookies(by).await.unwrap_or_default();
        kept.extend(cookies.iter().map(|cookie| format!("cookie {}", cookie.name)));
        let text = |name: &str| whole[name].as_str().unwrap_or_default().to_string();
        let (title, aria) = (text("title"), text("aria"));
        Some(LastLook { url: self.url.clone(), title, screenshot, aria, kept })
    }
}

/// The numbers of one document.
fn vitals_of(vitals: &Value) -> Vec<VitalSeen> {
    let url = vitals["url"].as_str().unwrap_or_default();
    ["ttfb", "fcp", "lcp", "cls", "inp", "dom", "load"]
        .into_iter()
        .filter_map(|name| {
            let value = vitals[name].as_f64()?;
            Some(VitalSeen { url: url.to_string(), name, value })
        })
        .collect()
}
