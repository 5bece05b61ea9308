//! Does one HTTP exchange: sends, follows redirects, reads the body, all within one timeout.
//!
//! What the answer is worth is judged elsewhere; here it only has to arrive.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, COOKIE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Response, Version};
use tokio::time::Instant;
use url::Url;

use super::answer::Answer;
use super::client::{Connections, Way};
use super::cookies::Jar;
use super::deadline::Deadline;
use super::decode;
use super::exemplar;
use super::failure::{self, Broken, Phase};
use super::fast::{self, Ask, Fast, Flight, Lines};
use super::full::Full;
use super::redirect;
use super::request::{Outgoing, header_value};
use crate::plan::{HttpPlan, Origin, is_idempotent, may_be_loaded};
use crate::sample::{Failure, Phases};

/// One exchange: what went out last, what came back, and how far it got.
pub(super) struct Course {
    pub(super) outgoing: Outgoing,
    pub(super) started: Instant,
    /// Up to here the time is in `phases`; the end, when it is over.
    pub(super) ended: Instant,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) phases: Phases,
    pub(super) resent: u32,
    /// As far as it came: also where the exchange broke.
    pub(super) answer: Option<Answer>,
    /// The request that is under way in the fast lane.
    flight: Option<Flight>,
    /// The URLs that redirects led away from.
    passed: Vec<Url>,
    phase: Phase,
}

/// What an exchange is made with.
pub(super) struct Tools<'t> {
    pub(super) connections: &'t Connections,
    pub(super) lines: &'t mut Lines,
    pub(super) deadline: &'t mut Deadline,
    pub(super) jar: &'t mut Jar,
}

impl Course {
    pub(super) fn new(outgoing: Outgoing) -> Self {
        Self::begun(outgoing, Instant::now())
    }

    /// One that began at this time.
    pub(super) fn begun(outgoing: Outgoing, started: Instant) -> Self {
        Course {
            outgoing,
            started,
            ended: started,
            sent: 0,
            received: 0,
            phases: Phases::default(),
            resent: 0,
            answer: None,
            flight: None,
            passed: Vec::new(),
            phase: Phase::Waiting,
        }
    }

    /// Runs the exchange to its last byte, or to where it breaks.
    pub(super) async fn run(
        &mut self,
        step: &HttpPlan,
        tools: &mut Tools<'_>,
    ) -> Result<(), Broken> {
        self.proceed(step, tools, None).await
    }

    /// Goes on after the first request, which came to this.
    pub(super) async fn go_on(
        &mut self,
        step: &HttpPlan,
        tools: &mut Tools<'_>,
        (flight, first): (Flight, Result<(), Broken>),
    ) -> Result<(), Broken> {
        self.flight = Some(flight);
        self.land(tools.connections);
        self.proceed(step, tools, Some(first)).await
    }

    async fn proceed(
        &mut self,
        step: &HttpPlan,
        Tools { connections, lines, deadline, jar }: &mut Tools<'_>,
        first: Option<Result<(), Broken>>,
    ) -> Result<(), Broken> {
        let at = self.started + step.timeout;
        let work = self.follow((*connections, &mut **lines), step, jar, first);
        let result = deadline.bound(at, work).await;
        if let Some(flight) = &mut self.flight {
            flight.give_up(Instant::now());
        }
        self.land(connections);
        match result {
            Some(Ok(())) => self.decode(step.max_body),
            Some(Err(broken)) => Err(broken),
            None => {
                self.give_up(Instant::now());
                Err(failure::timeout(step.timeout, self.phase))
            }
        }
        .map_err(|broken| self.with_route(broken))
    }

    /// From sending to the last byte.
    pub(super) fn service(&self) -> Duration {
        self.ended - self.started
    }

    /// The version that was spoken.
    pub(super) fn version(&self) -> Version {
        self.answer.as_ref().map_or(Version::HTTP_11, |answer| answer.version)
    }

    /// Says where redirects led, when something is wrong there.
    pub(super) fn with_route(&self, mut broken: Broken) -> Broken {
        let hops = self.passed.len();
        if hops > 0 {
            let redirects = super::show::count(hops, "redirect");
            let url = &self.outgoing.url;
            broken.message.push_str(&format!(" (after {redirects}, at {url})"));
        }
        broken
    }

    async fn follow(
        &mut self,
        (connections, lines): (&Connections, &mut Lines),
        step: &HttpPlan,
        jar: &mut Jar,
        mut first: Option<Result<(), Broken>>,
    ) -> Result<(), Broken> {
        loop {
            match first.take() {
                Some(first) => first?,
                None => {
                    self.prepare(connections, jar)?;
                    match &connections.way {
                        Way::Fast(fast) => self.fly((fast, connections, lines), step).await?,
                        Way::Full(full) => self.send(full, step.max_body).await?,
                    }
                }
            }
            let Some(answer) = &self.answer else { return Ok(()) };
            jar.keep(&self.outgoing.url, &answer.headers);
            let location = answer.headers.get(LOCATION);
            let leads = redirect::redirects(answer.status.as_u16()) && step.redirects > 0;
            let Some(location) = location.filter(|_| leads) else { return Ok(()) };
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            self.redirect(&location, step.redirects)?;
        }
    }

    fn prepare(&mut self, connections: &Connections, jar: &Jar) -> Result<(), Broken> {
        self.phase = Phase::Waiting;
        let outgoing = &mut self.outgoing;
        confine(&outgoing.url, connections)?;
        // A `cookie` among the step's headers stands for all cookies.
        if let Some(line) = jar.header(&outgoing.url, &outgoing.cookies)
            && !outgoing.headers.contains_key(COOKIE)
        {
            outgoing.headers.insert(COOKIE, header_value("cookie", &line)?);
        }
        Ok(())
    }

    /// One request in the fast lane.
    async fn fly(
        &mut self,
        (fast, connections, lines): (&Fast, &Connections, &mut Lines),
        step: &HttpPlan,
    ) -> Result<(), Broken> {
        let no_host = || Broken::new(Failure::Protocol, "the request cannot be sent: no host");
        let origin = Arc::new(Origin::of(&self.outgoing.url).ok_or_else(no_host)?);
        let method = self.outgoing.method.as_str();
        let idempotent = is_idempotent(method);
        let flight = Flight::new(method, step.max_body, self.ended);
        let bytes = fast::request(&self.outgoing);
        let ask = Ask { origin: &origin, bytes: &bytes, idempotent };
        let flight = self.flight.insert(flight);
        let flown = lines.exchange(fast, ask, (flight, &mut self.resent)).await;
        self.land(connections);
        flown
    }

    /// Takes over what came of a request in the fast lane.
    fn land(&mut self, connections: &Connections) {
        let Some(flight) = self.flight.take() else { return };
        self.phase = flight.phase();
        self.phases.add(flight.phases);
        self.ended = flight.stamp;
        self.sent += flight.sent;
        self.received += flight.received;
        if let Some(answer) = Answer::of(&flight, self.outgoing.url.clone()) {
            self.answer = Some(answer);
        }
        if let (Way::Fast(fast), Some(buffer)) = (&connections.way, flight.buffer) {
            fast.pool.take(buffer);
        }
    }

    /// One request in the full lane.
    async fn send(&mut self, full: &Full, limit: u64) -> Result<(), Broken> {
        let mut again = is_idempotent(self.outgoing.method.as_str());
        let response = loop {
            self.sent += sent(&self.outgoing);
            let opened = self.phases.connect;
            let times = (&mut self.phases, &mut self.ended);
            let response = full.send(&self.outgoing, *times.1, times).await;
            let kept = self.phases.connect == opened;
            let url = &self.outgoing.url;
            match response.map_err(|error| failure::classify(&error, url, self.phase)) {
                // As in the fast lane: a kept connection that turned out to be dead.
                Err(broken) if again && kept && broken.failure == Failure::Reset => {
                    (again, self.resent) = (false, self.resent + 1);
                }
                Err(mut broken) => {
                    if matches!(broken.failure, Failure::Reset | Failure::Protocol) {
                        broken.message.push_str(full.doubt(url));
                    }
                    return Err(broken);
                }
                Ok(response) => break response,
            }
        };
        let received = self.receive(response, limit).await;
        self.give_up(Instant::now());
        received
    }

    /// The end of what was received, at the time that it was complete or given up.
    fn give_up(&mut self, now: Instant) {
        let left = now.saturating_duration_since(std::mem::replace(&mut self.ended, now));
        match self.phase {
            Phase::Waiting => self.phases.wait += left,
            Phase::Body(_) => self.phases.receive += left,
        }
    }

    /// Reads the whole answer.
    async fn receive(&mut self, mut response: Response, limit: u64) -> Result<(), Broken> {
        self.phase = Phase::Body(0);
        self.received += received(response.headers());
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let parts = (response.version(), status, headers);
        let answer = self.answer.insert(Answer::new(parts, self.outgoing.url.clone()));
        let mut bytes = 0;
        loop {
            let chunk = response.chunk().await.map_err(|error| {
                failure::classify(&error, &self.outgoing.url, Phase::Body(bytes))
            })?;
            let Some(chunk) = chunk else { return Ok(()) };
            bytes += chunk.len() as u64;
            self.received += chunk.len() as u64;
            self.phase = Phase::Body(bytes);
            let room = limit.saturating_sub(answer.body.len() as u64);
            let kept = usize::try_from(room).unwrap_or(usize::MAX).min(chunk.len());
            answer.body.extend_from_slice(&chunk[..kept]);
            if bytes > limit {
                return Err(decode::too_long(limit));
            }
        }
    }

    /// Turns the exchange to where a redirect leads.
    fn redirect(&mut self, location: &str, most: u32) -> Result<(), Broken> {
        let Some(answer) = &self.answer else { return Ok(()) };
        let outgoing = &mut self.outgoing;
        let protocol = |message| Broken::new(Failure::Protocol, message);
        let target = redirect::target(&outgoing.url, location).map_err(protocol)?;
        if self.passed.len() as u64 >= u64::from(most) {
            let round = self.passed.contains(&target) || target == outgoing.url;
            let what = if round { "they go round in a circle" } else { "the next would lead" };
            let message = format!("more than {most} redirects: {what} to {target}");
            return Err(protocol(message));
        }
        let (method, body_carried) = redirect::carried(answer.status.as_u16(), &outgoing.method);
        let same_origin = target.origin() == outgoing.url.origin();
        // The next URL has its own cookies.
        outgoing.headers.remove(COOKIE);
        redirect::strip(&mut outgoing.headers, body_carried, same_origin);
        if !body_carried {
            outgoing.body.clear();
        }
        if !same_origin {
            outgoing.cookies.clear();
        }
        outgoing.method = method;
        self.passed.push(std::mem::replace(&mut outgoing.url, target));
        Ok(())
    }

    fn decode(&mut self, limit: u64) -> Result<(), Broken> {
        let Some(answer) = &mut self.answer else { return Ok(()) };
        let Some(encoding) = answer.headers.get(CONTENT_ENCODING) else { return Ok(()) };
        let encoding = String::from_utf8_lossy(encoding.as_bytes()).into_owned();
        decode::decode(&mut answer.body, &encoding, limit)
    }
}

/// Refuses hosts that may not get load, before any traffic.
fn confine(url: &Url, line: &Connections) -> Result<(), Broken> {
    let Some(allowed) = &line.confined else { return Ok(()) };
    let place = exemplar::authority(url);
    if may_be_loaded(&place, allowed) {
        return Ok(());
    }
    let message = format!(
        "this request would put load on `{place}`, which is neither this machine nor allowed by \
         --allow-load, so it was not sent"
    );
    Err(Broken::new(Failure::Protocol, message))
}

/// The bytes of a request in HTTP/1.1.
fn sent(outgoing: &Outgoing) -> u64 {
    let target = exemplar::request_target(&outgoing.url).len();
    let host = exemplar::authority(&outgoing.url).len();
    let line = outgoing.method.as_str().len() + target + " HTTP/1.1\r\n".len() + 1;
    let length = match outgoing.body.len() {
        0 => 0,
        length => "content-length: \r\n".len() + length.ilog10() as usize + 1,
    };
    let head = line + "host: \r\n".len() + host + length + fields(&outgoing.headers) + 2;
    (head + outgoing.body.len()) as u64
}

/// The bytes of an answer's head in HTTP/1.1.
fn received(headers: &HeaderMap) -> u64 {
    ("HTTP/1.1 200 OK\r\n".len() + fields(headers) + 2) as u64
}

fn fields(headers: &HeaderMap) -> usize {
    let field = |(name, value): (&reqwest::header::HeaderName, &HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    headers.iter().map(field).sum()
}
