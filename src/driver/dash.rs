//! The short way of a step through a session: a request that was written out beforehand goes out
//! in the fast lane, and its answer is judged as it lies in its buffer.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::Exchange;
use super::client::{Connections, Shared, Way};
use super::exemplar;
use super::failure::{self, Broken};
use super::fast::{self, Ask, Flight, Rendered};
use super::http::Course;
use super::matcher::Means;
use super::quick::{Look, Taken};
use super::request::Outgoing;
use super::session::{Session, value};
use crate::plan::{HttpPlan, Origin, Slot, Template, WirePlan, may_be_loaded};

/// A request that went out, and what came of it.
struct Landing {
    outgoing: Result<Outgoing, Broken>,
    flight: Flight,
    flown: Result<(), Broken>,
    started: Instant,
    resent: u32,
}

impl Session {
    /// The short way: a request that was written out beforehand, in the fast lane. None where it
    /// cannot be made like this; then nothing was sent.
    pub(super) async fn dash(
        &mut self,
        shared: &Shared,
        connections: &Connections,
        step: &HttpPlan,
    ) -> Option<Exchange> {
        let Way::Fast(fast) = &connections.way else { return None };
        let wire = step.prepared.wire.as_ref()?;
        if self.jar.is_used() || !self.allows(connections, &wire.origin) {
            return None;
        }
        let rendered = std::mem::take(&mut self.rendered);
        let (rendered, written) = self.render(wire, rendered);
        if !written {
            self.rendered = rendered;
            return None;
        }
        self.sent = None;
        let bytes = rendered.bytes(wire);
        let started = Instant::now();
        let mut flight = Flight::new(&step.method, step.max_body, started);
        let mut resent = 0;
        let ask = Ask { origin: &wire.origin, bytes, idempotent: wire.idempotent };
        let work = self.lines.exchange(fast, ask, (&mut flight, &mut resent));
        let flown = self.deadline.bound(started + step.timeout, work).await;
        let flown = flown.unwrap_or_else(|| {
            flight.give_up(Instant::now());
            Err(failure::timeout(step.timeout, flight.phase()))
        });
        if flown.is_ok() && self.holds_at_a_look(shared, step, (&flight, started)) {
            let exchange = clean(step, &flight, (started, resent));
            flight.buffer.take().into_iter().for_each(|buffer| fast.pool.take(buffer));
            self.rendered = rendered;
            return Some(exchange);
        }
        let outgoing = fast::outgoing(wire, &step.method, bytes);
        self.rendered = rendered;
        let landing = Landing { outgoing, flight, flown, started, resent };
        // Rare, and large: in a box it costs a user who waits nothing.
        Some(Box::pin(self.look_closely(connections, step, landing)).await)
    }

    /// Writes a request out; whether that was possible.
    fn render(&mut self, wire: &WirePlan, mut rendered: Rendered) -> (Rendered, bool) {
        if fast::fixed(wire).is_some() {
            return (rendered, true);
        }
        let mut random = self.random.clone();
        let written = rendered.render(wire, &mut self.scope(&mut random)).is_ok();
        if written {
            self.random = random;
        }
        (rendered, written)
    }

    /// Method and target of the request that this step sent last, secrets gone: what a person
    /// looks for in the logs of the service. At most 300 characters.
    pub fn last_request(&self, step: &HttpPlan) -> Option<String> {
        let words = self.client.shared.words();
        let written = || step.prepared.wire.as_ref().map(|wire| self.rendered.bytes(wire));
        Some(match &self.sent {
            Some(line) => exemplar::line(line, words),
            None => exemplar::line(fast::line(written()?), words),
        })
    }

    /// Whether requests may go to an origin; the last one is remembered.
    fn allows(&mut self, connections: &Connections, origin: &Arc<Origin>) -> bool {
        let known = self.allowed.as_ref().is_some_and(|known| known == origin);
        let Some(hosts) = connections.confined.as_ref().filter(|_| !known) else { return true };
        let allowed = may_be_loaded(&origin.authority(), hosts);
        if allowed {
            self.allowed = Some(origin.clone());
        }
        allowed
    }

    /// Whether an answer needs no more than a look: all checks hold of it as it lies there. Then
    /// captures are made from it too.
    fn holds_at_a_look(
        &mut self,
        shared: &Shared,
        step: &HttpPlan,
        (flight, started): (&Flight, Instant),
    ) -> bool {
        let Some(look) = Look::at(flight, step) else { return false };
        let mut random = self.random.clone();
        let mut render = |template: &Template| value(template, &mut self.scope(&mut random));
        let mut means = Means { render: &mut render, words: shared.words() };
        let service = flight.stamp.saturating_duration_since(started);
        let Some(picked) = look.holds(step, service, &mut means) else { return false };
        look.capture(step, &picked, |slot, taken| match taken {
            Taken::Text(text) => self.put_text(slot, text),
            Taken::Value(value) => self.put(slot, value, true),
        })
    }

    /// The long way for an answer that is there, or did not come.
    async fn look_closely(
        &mut self,
        connections: &Connections,
        step: &HttpPlan,
        landing: Landing,
    ) -> Exchange {
        let Landing { outgoing, flight, flown, started, resent } = landing;
        let outgoing = match outgoing {
            Ok(outgoing) => outgoing,
            Err(broken) => return self.unsent(step, broken),
        };
        let mut course = Course::begun(outgoing, started);
        course.resent = resent;
        let mut tools = self.tools(connections);
        let result = course.go_on(step, &mut tools, (flight, flown)).await;
        self.conclude(step, &course, result)
    }

    /// Sets a variable to a text, in the memory that it has.
    fn put_text(&mut self, slot: Slot, text: &str) {
        let index = usize::from(slot.0);
        match self.slots.get_mut(index) {
            Some(Some(Value::String(held))) => {
                held.clear();
                held.push_str(text);
                self.captured[index] = true;
            }
            _ => self.put(slot, Value::from(text), true),
        }
    }
}

/// The exchange of a request that went well.
fn clean(step: &HttpPlan, flight: &Flight, (started, resent): (Instant, u32)) -> Exchange {
    Exchange {
        started,
        ended: flight.stamp,
        outcome: Ok(()),
        checks: step.checks.len() as u32,
        failed_checks: 0,
        bytes_sent: flight.sent,
        bytes_received: flight.received,
        phases: flight.phases,
        resent,
        exemplar: None,
    }
}
