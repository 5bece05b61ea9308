//! Does one HTTP exchange: sends, follows redirects, reads the body, all within one timeout.
//!
//! What the answer is worth is judged elsewhere; here it only has to arrive.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, COOKIE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Request, Response, Version};
use tokio::time::Instant;
use url::Url;

use super::answer::Answer;
use super::client::Connections;
use super::cookies::Jar;
use super::decode;
use super::exemplar;
use super::failure::{self, Broken, Phase};
use super::redirect;
use super::request::{Outgoing, header_value};
use crate::plan::{HttpPlan, may_be_loaded};
use crate::sample::Failure;

/// One exchange: what went out last, what came back, and how far it got.
pub(super) struct Course {
    pub(super) outgoing: Outgoing,
    pub(super) started: Instant,
    pub(super) ended: Instant,
    pub(super) sent: u64,
    pub(super) received: u64,
    /// As far as it came: also where the exchange broke.
    pub(super) answer: Option<Answer>,
    /// The URLs that redirects led away from.
    passed: Vec<Url>,
    phase: Phase,
}

impl Course {
    pub(super) fn new(outgoing: Outgoing) -> Self {
        let now = Instant::now();
        Course {
            outgoing,
            started: now,
            ended: now,
            sent: 0,
            received: 0,
            answer: None,
            passed: Vec::new(),
            phase: Phase::Waiting,
        }
    }

    /// Runs the exchange to its last byte, or to where it breaks.
    pub(super) async fn run(
        &mut self,
        client: &Connections,
        step: &HttpPlan,
        jar: &mut Jar,
    ) -> Result<(), Broken> {
        self.started = Instant::now();
        let result = tokio::time::timeout(step.timeout, self.follow(client, step, jar)).await;
        self.ended = Instant::now();
        match result {
            Ok(Ok(())) => self.decode(step.max_body),
            Ok(Err(broken)) => Err(broken),
            Err(_) => Err(failure::timeout(step.timeout, self.phase)),
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
        client: &Connections,
        step: &HttpPlan,
        jar: &mut Jar,
    ) -> Result<(), Broken> {
        loop {
            let response = self.send(client, jar).await?;
            let location = self.receive(response, step.max_body).await?;
            let Some(location) = location.filter(|_| step.redirects > 0) else { return Ok(()) };
            self.redirect(&location, step.redirects)?;
        }
    }

    async fn send(&mut self, line: &Connections, jar: &mut Jar) -> Result<Response, Broken> {
        self.phase = Phase::Waiting;
        let outgoing = &mut self.outgoing;
        let url = &outgoing.url;
        confine(url, line)?;
        // A `cookie` among the step's headers stands for all cookies.
        if let Some(line) = jar.header(url, &outgoing.cookies)
            && !outgoing.headers.contains_key(COOKIE)
        {
            outgoing.headers.insert(COOKIE, header_value("cookie", &line)?);
        }
        let mut request = Request::new(outgoing.method.clone(), url.clone());
        *request.headers_mut() = outgoing.headers.clone();
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(outgoing.body.clone().into());
        }
        self.sent += sent(outgoing);
        let response = line.client.execute(request).await;
        let response = response.map_err(|error| failure::classify(&error, url, self.phase))?;
        jar.keep(url, response.headers());
        Ok(response)
    }

    /// Reads the whole answer; gives the `location` if it is a redirect.
    async fn receive(
        &mut self,
        mut response: Response,
        limit: u64,
    ) -> Result<Option<String>, Broken> {
        self.phase = Phase::Body(0);
        self.received += received(response.headers());
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let location = headers.get(LOCATION).filter(|_| redirect::redirects(status.as_u16()));
        let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let parts = (response.version(), status, headers);
        let answer = self.answer.insert(Answer::new(parts, self.outgoing.url.clone()));
        let mut bytes = 0;
        loop {
            let chunk = response.chunk().await.map_err(|error| {
                failure::classify(&error, &self.outgoing.url, Phase::Body(bytes))
            })?;
            let Some(chunk) = chunk else { return Ok(location) };
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

/// The bytes of a request in HTTP/1.1.
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
