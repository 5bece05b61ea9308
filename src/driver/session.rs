//! Is one virtual user or one test: its variables, cookies and random numbers, and the steps it
//! does.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::Value;
use tokio::time::Instant;

use super::Exchange;
use super::answer::Answer;
use super::browser::Page;
use super::capture::capture;
use super::check::{self, Found};
use super::client::{Client, Connections, Transport};
use super::cookies::Jar;
use super::deadline::Deadline;
use super::exemplar::{self, Sent};
use super::failure::Broken;
use super::fake::Call;
use super::fast::{Lines, Rendered};
use super::http::{Course, Tools};
use super::matcher::{self, Means, Subject};
use super::random::random;
use super::request::{self, Outgoing};
use super::show::{Seen, Words};
use crate::plan::{Condition, HttpPlan, Origin, Scope, SeriesId, Site, Slot, Template};
use crate::sample::{Exemplar, Failure, Phases};
use crate::units::Pause;

/// Exemplars that a session makes of the same failure: they cost more than the request.
const EXEMPLARS: u32 = 3;

/// Who a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The virtual user, from 1.
    pub user: u32,
    /// What its random numbers start from.
    pub seed: u64,
}

/// One virtual user, or one test: its cookies, variables and random numbers.
#[derive(Debug)]
pub struct Session {
    pub(super) client: Client,
    identity: Identity,
    iteration: u64,
    pub(super) slots: Vec<Option<Value>>,
    /// The variables that were captured, by `Slot`.
    pub(super) captured: Vec<bool>,
    /// For values in requests.
    pub(super) random: Xoshiro256PlusPlus,
    /// For pauses: apart, so that a pause more or less does not change what is sent.
    pauses: Xoshiro256PlusPlus,
    pub(super) jar: Jar,
    /// Connections of its own, for the fast lane.
    pub(super) lines: Lines,
    pub(super) deadline: Deadline,
    pub(super) rendered: Rendered,
    /// Method and target of what was sent last; none where that is in `rendered`.
    pub(super) sent: Option<String>,
    /// An origin that requests may go to.
    pub(super) allowed: Option<Arc<Origin>>,
    /// The browser of a test, while one is open.
    pub(super) page: Option<Box<Page>>,
    /// Steps done.
    done: u64,
    /// The failures that exemplars were made of, and how many.
    shown: Vec<(SeriesId, Failure, u64, u32)>,
}

impl Session {
    /// A session with the scenario's initial variables, no cookies, and before its first
    /// iteration.
    pub fn open(client: &Client, identity: Identity) -> Session {
        let plan = &client.shared.plan;
        let mut slots = vec![None; plan.slots.len()];
        for (slot, value) in &plan.initial {
            if let Some(place) = slots.get_mut(usize::from(slot.0)) {
                *place = Some(value.clone());
            }
        }
        let captured = vec![false; slots.len()];
        let (random, pauses) = random(identity, 0);
        Session {
            client: client.clone(),
            identity,
            iteration: 0,
            slots,
            captured,
            random,
            pauses,
            jar: Jar::default(),
            lines: Lines::default(),
            deadline: Deadline::default(),
            rendered: Rendered::default(),
            sent: None,
            allowed: None,
            page: None,
            done: 0,
            shown: Vec::new(),
        }
    }

    /// Begins an iteration (from 1): its random numbers depend on the seed, the user and the
    /// iteration alone. Variables and cookies stay.
    pub fn begin_iteration(&mut self, iteration: u64) {
        self.iteration = iteration;
        (self.random, self.pauses) = random(self.identity, iteration);
    }

    /// Begins an iteration (from 1) that does a piece of work which any user might have got: its
    /// random numbers depend on the seed and the work (from 0) alone. Variables and cookies stay.
    pub fn begin_work(&mut self, iteration: u64, work: u64) {
        self.iteration = iteration;
        let nobody = Identity { user: 0, ..self.identity };
        (self.random, self.pauses) = random(nobody, work.saturating_add(1));
    }

    /// Sets a variable, such as a feed's column.
    pub fn set(&mut self, slot: Slot, value: Value) {
        self.put(slot, value, false);
    }

    /// The value of a variable.
    pub fn get(&self, slot: Slot) -> Option<&Value> {
        self.slots.get(usize::from(slot.0))?.as_ref()
    }

    /// All that steps of this session captured, or that it adopted.
    pub fn captured(&self) -> Vec<(Slot, Value)> {
        let held = self.slots.iter().zip(&self.captured).enumerate();
        held.filter_map(|(index, (value, captured))| {
            let value = value.as_ref().filter(|_| *captured)?;
            Some((Slot(index as u16), value.clone()))
        })
        .collect()
    }

    /// Takes over what another session captured: `before-run` for everybody.
    pub fn adopt(&mut self, captured: &[(Slot, Value)]) {
        for (slot, value) in captured {
            self.put(*slot, value.clone(), true);
        }
    }

    /// Whether all conditions hold of the variables; one that needs a missing value does not.
    pub fn holds(&self, conditions: &[Condition]) -> bool {
        if conditions.is_empty() {
            return true;
        }
        let shared = &self.client.shared;
        // What a condition draws must not change what the next request sends.
        let mut random = self.random.clone();
        let mut render = |template: &Template| value(template, &mut self.scope(&mut random));
        let words = shared.words();
        let mut means = Means { render: &mut render, words };
        conditions.iter().all(|condition| {
            let subject = Subject::One("the variable", self.get(condition.slot).map(Seen::from));
            matcher::matches(&condition.matcher, subject, &mut means).is_ok()
        })
    }

    /// How long a pause is this time.
    pub fn draw(&mut self, pause: Pause) -> Duration {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (least, most) = (nanos(pause.least), nanos(pause.most));
        if least >= most {
            pause.least
        } else {
            Duration::from_nanos(self.pauses.random_range(least..=most))
        }
    }

    /// Does one step: never fails by itself, all that can go wrong is in the exchange.
    pub async fn run(&mut self, step: &HttpPlan) -> Exchange {
        if self.page.is_none() {
            return self.request(step).await;
        }
        self.take_cookies_back().await;
        let exchange = self.request(step).await;
        self.note_exchange(&step.name, &step.site, &exchange);
        exchange
    }

    async fn request(&mut self, step: &HttpPlan) -> Exchange {
        let client = self.client.clone();
        let shared = &*client.shared;
        self.done += 1;
        match &shared.transport {
            Transport::Http(connections) => match self.dash(shared, connections, step).await {
                Some(exchange) => exchange,
                None => self.exchange(connections, step).await,
            },
            Transport::Fake(script) => {
                let Identity { user, .. } = self.identity;
                let call = Call { step, user, iteration: self.iteration, nth: self.done - 1 };
                let (exchange, captures) = script.run(call).await;
                self.adopt(&captures);
                exchange
            }
        }
    }

    async fn exchange(&mut self, connections: &Connections, step: &HttpPlan) -> Exchange {
        let mut random = self.random.clone();
        let outgoing = request::outgoing(step, &mut self.scope(&mut random));
        self.random = random;
        let outgoing = match outgoing {
            Ok(outgoing) => outgoing,
            Err(broken) => return self.unsent(step, broken),
        };
        // Large: in a box it costs those who need it and nobody else.
        let mut course = Box::new(Course::new(outgoing));
        let mut tools = self.tools(connections);
        let result = Box::pin(course.run(step, &mut tools)).await;
        self.conclude(step, &course, result)
    }

    pub(super) fn tools<'t>(&'t mut self, connections: &'t Connections) -> Tools<'t> {
        let Session { lines, deadline, jar, .. } = self;
        Tools { connections, lines, deadline, jar }
    }

    pub(super) fn conclude(
        &mut self,
        step: &HttpPlan,
        course: &Course,
        result: Result<(), Broken>,
    ) -> Exchange {
        let found = match result {
            Ok(()) => self.judge(step, course),
            Err(broken) => {
                let failed = check::all(step.checks.len());
                Found { failed, first: Some((broken, &step.site)) }
            }
        };
        self.settle(step, course, found)
    }

    /// Checks and captures.
    fn judge<'p>(&mut self, step: &'p HttpPlan, course: &Course) -> Found<'p> {
        let Some(answer) = &course.answer else { return Found::default() };
        let client = self.client.clone();
        let words = client.shared.words();
        let mut random = self.random.clone();
        let mut render = |template: &Template| value(template, &mut self.scope(&mut random));
        let mut means = Means { render: &mut render, words };
        let mut found = check::check(step, answer, course.service(), &mut means);
        self.capture(step, answer, words, &mut found);
        if let Some((broken, _)) = &mut found.first {
            *broken = course.with_route(broken.clone());
        }
        found
    }

    /// Captures what can be captured, also from an answer that failed a check: what was made in
    /// the target can then still be cleaned up.
    fn capture<'p>(
        &mut self,
        step: &'p HttpPlan,
        answer: &Answer,
        words: Words<'_>,
        found: &mut Found<'p>,
    ) {
        for plan in &step.captures {
            match capture(plan, answer, &self.jar, words) {
                Ok(value) => self.put(plan.slot, value, true),
                Err(broken) => {
                    found.first.get_or_insert((broken, &plan.site));
                }
            }
        }
    }

    /// The exchange of a request that could not be made.
    pub(super) fn unsent(&mut self, step: &HttpPlan, broken: Broken) -> Exchange {
        let now = Instant::now();
        let failed_checks = check::all(step.checks.len());
        let exemplar = self.wants_exemplar(step.series, broken.failure, failed_checks).then(|| {
            let request = format!("{} (not sent)", step.method);
            self.exemplar((broken.clone(), &step.site), request, None)
        });
        Exchange {
            started: now,
            ended: now,
            outcome: Err(broken.failure),
            checks: step.checks.len() as u32,
            failed_checks,
            bytes_sent: 0,
            bytes_received: 0,
            phases: Phases::default(),
            resent: 0,
            exemplar,
        }
    }

    fn settle(&mut self, step: &HttpPlan, course: &Course, found: Found<'_>) -> Exchange {
        let Outgoing { method, url, .. } = &course.outgoing;
        self.sent = Some(format!("{method} {}", exemplar::request_target(url)));
        let outcome = match &found.first {
            None => Ok(()),
            Some((broken, _)) => Err(broken.failure),
        };
        let exemplar = found.first.and_then(|first| {
            let wanted = self.wants_exemplar(step.series, first.0.failure, found.failed);
            wanted.then(|| {
                let words = self.client.shared.words();
                let Outgoing { method, url, headers, body, .. } = &course.outgoing;
                let sent = Sent { method, url, headers, body };
                let request = exemplar::request(sent, course.version(), words);
                let answer = course.answer.as_ref();
                let response = answer.map(|answer| exemplar::response(answer, words));
                self.exemplar(first, request, response)
            })
        });
        Exchange {
            started: course.started,
            ended: course.ended,
            outcome,
            checks: step.checks.len() as u32,
            failed_checks: found.failed,
            bytes_sent: course.sent,
            bytes_received: course.received,
            phases: course.phases,
            resent: course.resent,
            exemplar,
        }
    }

    /// Counts the failure; whether it is one of the first of its kind.
    pub(super) fn wants_exemplar(
        &mut self,
        series: SeriesId,
        failure: Failure,
        failed: u64,
    ) -> bool {
        let same = |seen: &&mut (SeriesId, Failure, u64, u32)| {
            (seen.0, seen.1, seen.2) == (series, failure, failed)
        };
        match self.shown.iter_mut().find(same) {
            Some(seen) => {
                seen.3 = seen.3.saturating_add(1);
                seen.3 <= EXEMPLARS
            }
            None => {
                self.shown.push((series, failure, failed, 1));
                true
            }
        }
    }

    pub(super) fn exemplar(
        &self,
        (broken, site): (Broken, &Site),
        request: String,
        response: Option<String>,
    ) -> Box<Exemplar> {
        let Broken { failure, message } = broken;
        let Words { masks, secrets } = self.client.shared.words();
        let message = masks.hide_links(&message, secrets);
        Box::new(Exemplar { failure, message, site: site.clone(), request, response })
    }

    pub(super) fn put(&mut self, slot: Slot, value: Value, captured: bool) {
        let index = usize::from(slot.0);
        if let Some(place) = self.slots.get_mut(index) {
            *place = Some(value);
            self.captured[index] = captured;
        }
    }

    pub(super) fn scope<'s>(&'s self, random: &'s mut Xoshiro256PlusPlus) -> Scope<'s> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Scope {
            slots: &self.slots,
            names: &self.client.shared.plan.slots,
            random,
            unix_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            user: u64::from(self.identity.user),
            iteration: self.iteration,
        }
    }
}

/// The value of a template that holds JSON text.
pub(super) fn value(template: &Template, scope: &mut Scope<'_>) -> Result<Value, Broken> {
    let mut text = String::new();
    if let Err(missing) = template.render(scope, &mut text) {
        let message = format!("the wanted value cannot be made: {missing}");
        return Err(Broken::new(Failure::Missing, message));
    }
    // A template of JSON always writes JSON; text alone would be a mistake of the plan.
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
