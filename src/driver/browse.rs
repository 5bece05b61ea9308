//! Joins a session to its browser: variables into steps, cookies both ways, what happened out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;
use url::Url;

use super::Exchange;
use super::browser::{
    Browsers, Done, Engine, Equipment, LastLooking, Mishap, Opening, Page, Record, Router,
    SharedLog, Standing, StepNote, VitalSeen,
};
use super::cookies::Jar;
use super::failure::Broken;
use super::session::{Session, value};
use crate::plan::browser::{Act, Emulation, Expectation, HarPlan};
use crate::plan::{BrowserPlan, PagePlan, Site, Slot, Template};
use crate::sample::{Exemplar, Failure, Phases};

/// How long small things at the edges of a test may take: cookies, the last look.
const EDGE: Duration = Duration::from_secs(10);

/// A step with the variables in it.
struct Asked {
    argument: Value,
    act: Act,
    /// Where its captures come from.
    sources: Vec<Value>,
}

/// The site of what no line of the file is to blame for.
fn nowhere() -> Site {
    Site::default()
}

impl Session {
    /// Opens a fresh context for a test.
    ///
    /// # Errors
    /// With what is missing or did not start; `Failure::Unsupported` for what the engine cannot.
    pub async fn open_browser(
        &mut self,
        engine: Engine,
        plan: &PagePlan,
    ) -> Result<(), Box<Exemplar>> {
        let opened = Box::pin(self.try_open(engine, plan)).await;
        opened.map_err(|mishap| {
            let Mishap { failure, message, .. } = mishap.on(engine);
            let broken = Broken { failure, message };
            self.exemplar((broken, &nowhere()), format!("a page in {engine}"), None)
        })
    }

    async fn try_open(&mut self, engine: Engine, plan: &PagePlan) -> Result<(), Mishap> {
        let Some(browsers) = self.client.browsers.clone() else {
            let message = "this session has no browsers to open";
            return Err(Mishap::new(Failure::Browser, message));
        };
        let emulation =
            Emulation { headers: self.rendered_pairs(&plan.headers)?, ..plan.emulation.clone() };
        let stubs = plan.stubs.iter().map(|stub| self.rendered(stub));
        let stubs: Vec<Value> = stubs.collect::<Result<_, _>>()?;
        let downloads = TempDir::new().map_err(|problem| {
            let message = format!("there is no temporary folder for downloads: {problem}");
            Mishap::new(Failure::Browser, message)
        })?;
        let (log, router) = (SharedLog::default(), Arc::new(Router::default()));
        log.read().glances = browsers.settings().glances;
        let shared = self.client.shared.clone();
        let opening = || Opening {
            emulation: emulation.clone(),
            log: log.clone(),
            downloads: downloads.path().to_path_buf(),
            router: router.clone(),
            keeps_bodies: matches!(plan.har, Some(HarPlan::Record(_))),
            target: browsers.settings().target.clone(),
            test_id: plan.test_id.clone(),
        };
        let (browser, channel) = browsers.open(engine, opening).await?;
        let equipment = Equipment { browser, channel, log, router, downloads };
        let folder = folder(&shared.plan.file);
        let mut page = Page::new(equipment, plan, (emulation, folder), &browsers);
        let by = Instant::now() + EDGE;
        let begun = page.begin(plan, &stubs, browsers.states(), by).await;
        self.page = Some(Box::new(page));
        begun
    }

    /// Does one browser step, or several that only look; fewer exchanges than steps when one
    /// fails that is not soft.
    pub async fn browse(&mut self, steps: &[&BrowserPlan]) -> Vec<Exchange> {
        Box::pin(self.browse_steps(steps)).await
    }

    async fn browse_steps(&mut self, steps: &[&BrowserPlan]) -> Vec<Exchange> {
        let mut asked = Vec::new();
        let mut unread = None;
        for step in steps {
            match self.asked(step) {
                Ok(one) => asked.push(one),
                Err(mishap) => {
                    unread = Some(Done::failed(mishap));
                    break;
                }
            }
        }
        // The page stays where it is: a test that is cut off within a step still leaves a record.
        let Session { page, client, jar, .. } = self;
        let (Some(page), Some(browsers)) = (page, &client.browsers) else {
            let message = "there is no open browser; the test must say `browser: [chromium]`";
            let done = Done::failed(Mishap::new(Failure::Browser, message));
            let Some(first) = steps.first() else { return Vec::new() };
            return vec![self.exchange_of(first, &Value::Null, done, "")];
        };
        hand_cookies_over(jar, page).await;
        page.glance_back();
        let acts: Vec<&Act> = asked.iter().map(|one| &one.act).collect();
        let mut all = page.steps(&acts, steps, browsers.states()).await;
        if all.len() == acts.len() && !ends(&all, steps) {
            all.extend(unread);
        }
        let mut captured = Vec::new();
        for (at, (done, step)) in all.iter_mut().zip(steps).enumerate() {
            let sources = asked.get(at).map_or(&[][..], |one| &one.sources);
            if done.outcome.is_ok() {
                done.outcome = capture(page, (step, sources), &done.result, &mut captured).await;
            }
            page.note(StepNote::of(step, done)).await;
        }
        let at = page.whereabouts_known();
        for (slot, value) in captured {
            self.put(slot, value, true);
        }
        let mut exchanges = Vec::new();
        for (number, (done, step)) in all.into_iter().zip(steps).enumerate() {
            let argument = asked.get(number).map_or(&Value::Null, |one| &one.argument);
            exchanges.push(self.exchange_of(step, argument, done, &at));
        }
        exchanges
    }

    /// What the step does, with the variables in it.
    fn asked(&mut self, step: &BrowserPlan) -> Result<Asked, Mishap> {
        let argument = self.rendered(&step.argument)?;
        let act = Act::read(&step.verb, &argument);
        let act = act.map_err(|problem| Mishap::new(Failure::Page, problem))?;
        let sources = step.captures.iter().map(|capture| self.rendered(&capture.source));
        let sources = sources.collect::<Result<_, _>>()?;
        Ok(Asked { argument, act, sources })
    }

    fn rendered(&mut self, template: &Template) -> Result<Value, Mishap> {
        let mut random = self.random.clone();
        let rendered = value(template, &mut self.scope(&mut random));
        self.random = random;
        rendered.map_err(|broken| Mishap::new(broken.failure, broken.message))
    }

    fn rendered_pairs(
        &mut self,
        pairs: &[(String, Template)],
    ) -> Result<Vec<(String, String)>, Mishap> {
        let mut rendered = Vec::new();
        for (name, template) in pairs {
            let mut random = self.random.clone();
            let mut text = String::new();
            let made = template.render(&mut self.scope(&mut random), &mut text);
            self.random = random;
            made.map_err(|missing| {
                let message = format!("the header `{name}` cannot be made: {missing}");
                Mishap::new(Failure::Missing, message)
            })?;
            rendered.push((name.clone(), text));
        }
        Ok(rendered)
    }

    fn exchange_of(
        &mut self,
        step: &BrowserPlan,
        argument: &Value,
        done: Done,
        at: &str,
    ) -> Exchange {
        let checks = u32::from(step.looks() || step.verb == "expect-screenshot");
        let failed_checks = u64::from(checks > 0 && done.outcome.is_err());
        let (outcome, exemplar) = match done.outcome {
            Ok(()) => (Ok(()), None),
            Err(Mishap { failure, message, .. }) => {
                let words = self.client.shared.words();
                let request = words.masks.hide(&format!("{} {argument}", step.verb), words.secrets);
                let at = (!at.is_empty()).then(|| words.masks.hide_links(at, words.secrets));
                let wanted = self.wants_exemplar(step.series, failure, failed_checks);
                let broken = Broken { failure, message };
                let exemplar = wanted.then(|| self.exemplar((broken, &step.site), request, at));
                (Err(failure), exemplar)
            }
        };
        Exchange {
            started: done.began,
            ended: done.ended,
            outcome,
            checks,
            failed_checks,
            bytes_sent: 0,
            bytes_received: 0,
            phases: Phases::default(),
            resent: 0,
            exemplar,
        }
    }

    /// Cookies of the browser, before a request that is not the browser's.
    pub(super) async fn take_cookies_back(&mut self) {
        let Some(page) = self.page.as_mut().filter(|page| !page.cookies_taken) else { return };
        page.cookies_taken = true;
        page.disturb();
        let target = Url::parse(&page.target);
        if let (Ok(cookies), Ok(target)) = (page.cookies(Instant::now() + EDGE).await, target) {
            self.jar.replace(&cookies, &target);
            page.cookies_given = self.jar.changes();
        }
    }

    /// What a browser test still owes when its steps are done: an announced dialog.
    ///
    /// # Errors
    /// With what did not come.
    pub fn settle_browser(&self) -> Result<(), Box<Exemplar>> {
        let unmet = self.page.as_ref().and_then(|page| page.unmet());
        unmet.map_or(Ok(()), |Mishap { failure, message, .. }| {
            let broken = Broken { failure, message };
            Err(self.exemplar((broken, &nowhere()), String::new(), None))
        })
    }

    /// Something that was not the browser's took time: an effect seen later does not count from
    /// the action before it.
    pub fn disturb_browser(&mut self) {
        if let Some(page) = &mut self.page {
            page.disturb();
        }
    }

    /// How the page looks now; none where there is no browser.
    pub async fn look_at_page(&mut self) -> Option<Standing> {
        let page = self.page.as_mut()?;
        Some(Box::pin(page.standing(Instant::now() + EDGE)).await)
    }

    /// What a locator finds on the page now, one line an element; the locator is the argument of a
    /// `see` step.
    ///
    /// # Errors
    /// Why nothing can be told: no browser, no such locator, or what the page says.
    pub async fn find_on_page(&mut self, sight: &Value) -> Result<Vec<String>, String> {
        let no_page = "there is no page: the browser is not open".to_string();
        let page = self.page.as_mut().ok_or(no_page)?;
        let Act::Expect(Expectation { locator: Some(locator), .. }) = Act::read("see", sight)?
        else {
            return Err("this is no locator".to_string());
        };
        Box::pin(page.located(&locator, Instant::now() + EDGE)).await
    }

    /// Notes an HTTP step among those of the browser.
    pub(super) fn note_exchange(&mut self, name: &str, site: &Site, exchange: &Exchange) {
        if let Some(page) = &mut self.page {
            page.note_exchange(name, site, exchange);
        }
    }

    /// Whether there is a browser, and it is well.
    pub fn has_browser(&mut self) -> bool {
        self.page.as_mut().is_some_and(|page| page.is_well())
    }

    /// The web vitals of the documents seen since this was last asked.
    pub async fn take_web_vitals(&mut self) -> Vec<VitalSeen> {
        match &mut self.page {
            Some(page) => Box::pin(page.take_vitals(Instant::now() + EDGE)).await,
            None => Vec::new(),
        }
    }

    /// Ends the context, and says what is known of the attempt; `looks` at the page once more
    /// first: a picture, the ARIA tree, what is kept in storages.
    pub async fn close_browser(&mut self, look: LastLooking) -> Option<Record> {
        let page = self.page.take()?;
        let browsers: Browsers = self.client.browsers.clone()?;
        Some(Box::pin(page.end(look, &browsers, Instant::now() + EDGE)).await)
    }
}

/// Cookies of the session that the browser has not got yet.
async fn hand_cookies_over(jar: &Jar, page: &mut Page) {
    let changes = jar.changes();
    if page.cookies_given != changes {
        page.cookies_given = changes;
        // A browser that cannot take them says so at the next step, by being gone.
        page.add_cookies(&jar.all(), Instant::now() + EDGE).await.ok();
    }
    page.cookies_taken = false;
}

/// Reads what a step captures; `sources` are those of its captures, rendered.
async fn capture(
    page: &mut Page,
    (step, sources): (&BrowserPlan, &[Value]),
    result: &Value,
    captured: &mut Vec<(Slot, Value)>,
) -> Result<(), Mishap> {
    for (capture, source) in step.captures.iter().zip(sources) {
        let by = Instant::now() + step.within;
        let value = page.read(source, result, by).await.map_err(|mut mishap| {
            mishap.message = format!("`{}` was not captured: {}", capture.name, mishap.message);
            mishap
        })?;
        captured.push((capture.slot, value));
    }
    Ok(())
}

/// Whether one of them failed without being soft, so that none after it is done.
fn ends(all: &[Done], steps: &[&BrowserPlan]) -> bool {
    all.iter().zip(steps).any(|(done, step)| done.outcome.is_err() && !step.soft)
}

/// The folder of a file.
fn folder(file: &str) -> PathBuf {
    Path::new(file).parent().map(Path::to_path_buf).unwrap_or_default()
}
