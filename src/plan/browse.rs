//! Compiles browser steps: what is written is read once as an action, so that what cannot be
//! read is said before anything runs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::browser::{
    Act, PageCapture, Unreadable, check_locator, locator_keys, unknown_until_run,
};
use super::compiler::{Compiler, NamedStep, within};
use super::{BrowserPlan, SeriesKind, Site, Template};
use crate::diagnostic::{Diagnostic, Place, Spanned};
use crate::scenario::{BrowserStep, Capture, CaptureFrom, PageSource, Step};

/// What holds for the browser steps being compiled.
#[derive(Debug, Clone, Default)]
pub(super) struct Browsing {
    /// The engine, where a journey has one of its own.
    pub(super) engine: Option<String>,
    /// The longest times, as `page` has them.
    pub(super) times: Times,
}

/// The longest times of a page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    pub(super) action: Duration,
    pub(super) expect: Duration,
    pub(super) navigation: Duration,
}

impl Compiler<'_> {
    /// Compiles a browser step; none where there is no browser.
    pub(super) fn browser(
        &mut self,
        mut named: NamedStep<'_>,
        step: &Step,
        browser: &BrowserStep,
    ) -> Option<Arc<BrowserPlan>> {
        let verb = &browser.verb;
        if let Some((why, help)) = self.flow.no_browser {
            let problem = format!("`{}` needs a browser, and {why}", verb.value);
            let diagnostic =
                Diagnostic::error("no-browser", problem, &verb.place, "a browser step");
            self.problem(diagnostic.help(help));
            return None;
        }
        let argument = self.with_files(browser);
        let template = self.json(&argument);
        let act = self.act(verb, &template, &argument.place);
        self.where_to(act.as_ref());
        let name = named.name.clone();
        named.kind = SeriesKind::Browser;
        if let Some(engine) = &self.browsing.engine {
            named.tags.push(("browser".to_string(), engine.clone()));
        }
        let within = browser.within.as_ref().map(|within| within.value);
        let within = within.unwrap_or_else(|| self.longest(&verb.value, act.as_ref()));
        let captures = self.page_captures(browser, (act.as_ref(), &argument.value));
        Some(Arc::new(BrowserPlan {
            series: self.series(named, &[]),
            name,
            site: Site::from(&step.place),
            verb: verb.value.clone(),
            argument: template,
            within,
            soft: browser.soft,
            captures,
        }))
    }

    /// Notes which host a page is opened on; where its links lead, nobody knows.
    fn where_to(&mut self, act: Option<&Act>) {
        let Some(Act::Goto { url, .. }) = act else { return };
        let whole = match url.starts_with('/') {
            true => &self.overrides.target,
            false => url,
        };
        match Url::parse(whole) {
            Ok(url) if url.has_host() => self.note_host(&url),
            Ok(_) => {}
            Err(_) => self.open_hosts = true,
        }
    }

    /// The argument, with the files of an `upload` as absolute paths.
    fn with_files(&mut self, browser: &BrowserStep) -> Spanned<Value> {
        let mut argument = browser.argument.clone();
        let mut paths = Vec::new();
        for file in &browser.files {
            match self.inputs.bytes(file) {
                Ok((_, path)) => paths.push(Value::from(self.inputs.absolute(&path))),
                Err(problem) => self.problem(*problem),
            }
        }
        if let Value::Object(map) = &mut argument.value
            && paths.len() == browser.files.len()
            && !paths.is_empty()
        {
            map.insert("file".to_string(), Value::Array(paths));
        }
        argument
    }

    /// Reads an argument as far as it is known; what is wrong with it is noted.
    pub(super) fn act(
        &mut self,
        verb: &Spanned<String>,
        argument: &Template,
        place: &Place,
    ) -> Option<Act> {
        let known = unknown_until_run(argument)?;
        match Act::understand(&verb.value, &known) {
            Ok(act) => Some(act),
            Err(error) => {
                let place = if place.text().is_empty() { &verb.place } else { place };
                self.unreadable(error, place);
                None
            }
        }
    }

    /// Notes what cannot be read, at the part of the text that is meant.
    pub(super) fn unreadable(&mut self, error: Unreadable, place: &Place) {
        let place = within(place, &error.at);
        let diagnostic =
            Diagnostic::error("bad-browser-step", error.problem, &place, "cannot be done");
        self.problem(diagnostic.help(error.help));
    }

    /// The longest time of a step that does not say so itself.
    fn longest(&self, verb: &str, act: Option<&Act>) -> Duration {
        let times = self.browsing.times;
        match (verb, act) {
            ("goto" | "back" | "forward" | "reload", _) => times.navigation,
            ("wait-for", Some(Act::WaitFor(super::browser::Event::Load(_)))) => times.navigation,
            ("wait-for", Some(Act::Expect(what))) if what.what == "url" => times.navigation,
            ("wait-for", _) => times.action,
            (_, Some(Act::Expect(_) | Act::ExpectScreenshot { .. })) => times.expect,
            _ => times.action,
        }
    }

    /// Compiles what is captured after a step; the names are in scope from here on.
    fn page_captures(
        &mut self,
        browser: &BrowserStep,
        step: (Option<&Act>, &Value),
    ) -> Vec<PageCapture> {
        let mut captures = Vec::new();
        for capture in &browser.capture {
            let source = match &capture.from {
                CaptureFrom::Page(source) => self.page_source(capture, source, step),
                _ => None,
            };
            let name = capture.name.value.clone();
            let slot = self.variables.slot(&name);
            self.variables.scope.insert(name.clone());
            let Some(source) = source else { continue };
            let site = Site::from(&capture.name.place);
            captures.push(PageCapture { name, slot, site, source });
        }
        captures
    }

    fn page_source(
        &mut self,
        capture: &Capture,
        source: &PageSource,
        (act, argument): (Option<&Act>, &Value),
    ) -> Option<Template> {
        let from = source.from.value.as_str();
        let wanted = match (from, act) {
            (_, None) => None,
            ("result", Some(Act::Evaluate(..))) | ("file", Some(Act::Download { .. })) => None,
            ("result", _) => Some("goes with `evaluate`"),
            ("file", _) => Some("goes with `download`"),
            ("request" | "response", Some(Act::WaitFor(event))) if event.is_of_network() => None,
            ("request" | "response", _) => {
                Some("goes with `wait-for: { request: .. }` or `{ response: .. }`")
            }
            _ => None,
        };
        if let Some(wanted) = wanted {
            let problem = format!("this step has no `{from}` to capture");
            let code = "misplaced-capture";
            let diagnostic =
                Diagnostic::error(code, problem, &source.from.place, "comes from another step");
            self.problem(diagnostic.help(format!("`{from}` {wanted}")));
            return None;
        }
        let mut written = Map::from_iter([("from".to_string(), json!(from))]);
        if let Some(attribute) = &source.attribute {
            written.insert("attribute".to_string(), json!(attribute.value));
        }
        if let Some(url) = argument.get(from).filter(|_| matches!(from, "request" | "response")) {
            written.insert("url".to_string(), url.clone());
        }
        let place = source.locator.as_ref().map_or(&source.from.place, |locator| &locator.place);
        if matches!(from, "text" | "value" | "count" | "attribute") {
            let own = || act.filter(|act| act.locator().is_some()).and(own_locator(argument));
            let locator = source.locator.as_ref().map(|locator| locator.value.clone());
            let Some(locator) = locator.or_else(own) else {
                self.of_nothing(capture, from, act.is_some());
                return None;
            };
            written.insert("locator".to_string(), locator);
        }
        let source = Spanned::new(Value::Object(written), place.clone());
        let template = self.json(&source);
        self.readable_locator(&template, place);
        Some(template)
    }

    fn of_nothing(&mut self, capture: &Capture, from: &str, known: bool) {
        // A step that cannot be read was reported already.
        if !known {
            return;
        }
        let problem = format!("`{}` captures the {from} of no element", capture.name.value);
        let place = &capture.name.place;
        let help = match from {
            "attribute" => "add `of`, such as `of: { role: link }`".to_string(),
            _ => format!("write the element, such as `{{ {from}: {{ test-id: total }} }}`"),
        };
        let code = "capture-without-source";
        self.problem(Diagnostic::error(code, problem, place, "of which element?").help(help));
    }

    fn readable_locator(&mut self, source: &Template, place: &Place) {
        let known = unknown_until_run(source);
        let locator = known.as_ref().and_then(|known| known.get("locator"));
        if let Some(Err(error)) = locator.map(|locator| check_locator("capture", locator)) {
            self.unreadable(error, place);
        }
    }
}

/// The locator that an argument is or has in it.
fn own_locator(argument: &Value) -> Option<Value> {
    match argument {
        Value::String(_) => Some(argument.clone()),
        Value::Object(map) => {
            let keys = map.iter().filter(|(key, _)| locator_keys().contains(&key.as_str()));
            Some(Value::Object(keys.map(|(key, value)| (key.clone(), value.clone())).collect()))
        }
        _ => None,
    }
}
