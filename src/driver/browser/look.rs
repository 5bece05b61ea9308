//! Looks at the page: expectations, several in one round trip, waits, and captured values.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::mishap::Mishap;
use super::page::Page;
use super::{RequestSeen, Trouble, pattern};
use crate::plan::browser::{Event, Expectation};
use crate::sample::Failure;

/// How much longer an expectation that failed is watched, to tell whether it came late.
const LINGER: Duration = Duration::from_secs(1);

/// One expectation, and until when it must hold.
#[derive(Debug, Clone)]
pub(in crate::driver) struct Look {
    pub(super) expectation: Expectation,
    /// How long after the one before it.
    pub(super) within: Duration,
    pub(super) soft: bool,
}

/// How one expectation went.
#[derive(Debug)]
pub(super) struct Seen {
    /// From when it was looked for.
    pub(super) began: Instant,
    /// When it was noticed to hold, or that it did not.
    pub(super) ended: Instant,
    pub(super) outcome: Result<(), Mishap>,
    /// It held so long after its deadline.
    pub(super) late: Option<Duration>,
}

impl Page {
    /// Looks for all of them, each once the one before it holds, in one round trip where they are
    /// in the same frame; ends with the first that fails without being soft.
    pub(super) async fn look(&mut self, looks: &[Look]) -> Vec<Seen> {
        let mut all = Vec::new();
        let mut rest = looks;
        while let Some(first) = rest.first() {
            let frame = frame_of(&first.expectation);
            let same = rest.iter().take_while(|look| frame_of(&look.expectation) == frame).count();
            let group = &rest[..same];
            let (done, left) = self.look_in(frame, group).await;
            let failed =
                done.iter().zip(group).any(|(seen, look)| seen.outcome.is_err() && !look.soft);
            let short = done.len() < same && !left;
            rest = &rest[done.len().min(same)..];
            let nothing = done.is_empty();
            all.extend(done);
            if failed || short || nothing {
                break;
            }
        }
        all
    }

    /// Those in one frame; also whether the document went away before all had been looked for,
    /// so that the others are to be looked for in the next one.
    async fn look_in(&mut self, frame: Option<Value>, group: &[Look]) -> (Vec<Seen>, bool) {
        let began = Instant::now();
        let whole: Duration = group.iter().map(|look| look.within).sum();
        let all: Vec<Value> = group.iter().map(ask_for).collect();
        // The frame goes where `ask` looks for it.
        let asked = json!({ "all": all, "locator": { "frame": frame.unwrap_or(json!([])) } });
        let answer = self.ask("expect", asked, began + whole).await;
        let now = Instant::now();
        let answer = match answer {
            Ok(answer) => answer.value,
            Err(trouble) => {
                let outcome = Err(trouble.into());
                return (vec![Seen { began, ended: now, outcome, late: None }], false);
            }
        };
        let results = answer["results"].as_array().cloned().unwrap_or_default();
        let mut seen = Vec::new();
        let last = results.last().and_then(|last| last["at"].as_f64()).unwrap_or_default();
        let mut from = began;
        for (result, look) in results.iter().zip(group) {
            let at = result["at"].as_f64().unwrap_or(last);
            let ended = now - Duration::from_secs_f64(((last - at) / 1_000.0).max(0.0));
            let outcome = match result["ok"] == json!(true) {
                true => Ok(()),
                false => Err(Mishap::page(&result["why"])),
            };
            let late = match &outcome {
                Err(mishap) if !look.soft => self.late(look, mishap).await,
                _ => None,
            };
            let ended = ended.max(from);
            seen.push(Seen { began: from, ended, outcome, late });
            from = ended;
        }
        (seen, answer["left"] == json!(true))
    }

    /// How long after its deadline an expectation held after all.
    async fn late(&mut self, look: &Look, mishap: &Mishap) -> Option<Duration> {
        if mishap.failure != Failure::Page || mishap.why["kind"] == "bad-locator" {
            return None;
        }
        let began = Instant::now();
        let once = Look { within: LINGER, ..look.clone() };
        let frame = frame_of(&look.expectation).unwrap_or(json!([]));
        let asked = json!({ "all": [ask_for(&once)], "locator": { "frame": frame } });
        let answer = self.ask("expect", asked, began + LINGER).await.ok()?;
        (answer.value["results"][0]["ok"] == json!(true)).then(|| began.elapsed())
    }

    pub(super) async fn wait_for(&mut self, event: &Event, by: Instant) -> Result<(), Mishap> {
        let since = self.last_action;
        let (wanted, method, answered) = match event {
            Event::Load(state) => return Ok(self.channel.loaded(*state, by).await?),
            Event::Request(url, method) => (url, method, None),
            Event::Response(url, method, status) => (url, method, Some(*status)),
        };
        let regex = pattern(wanted, &self.target);
        let fits = |request: &RequestSeen| {
            request.at >= since
                && regex.is_match(&request.url)
                && method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
                && match answered {
                    None => true,
                    // One that failed has ended too, without any answer.
                    Some(None) => request.ended.is_some() && request.status.is_some(),
                    Some(status) => request.ended.is_some() && request.status == status,
                }
        };
        let found = self.log.find(by, |log| log.requests.iter().find(|one| fits(one)).map(|_| ()));
        if found.await.is_some() {
            return Ok(());
        }
        let since_then = self.log.read();
        let sent: Vec<String> = since_then
            .requests
            .iter()
            .filter(|request| request.at >= since)
            .map(|request| {
                let status = request.status.map_or("no answer".to_string(), |s| s.to_string());
                format!("\n  - {} {}: {status}", request.method, request.url)
            })
            .take(10)
            .collect();
        let what = if answered.is_some() { "answer" } else { "request" };
        let sent = match sent.is_empty() {
            true => "; nothing was sent since the last action".to_string(),
            false => format!("; since the last action there were:{}", sent.concat()),
        };
        Err(Mishap::late(format!("no {what} for {wanted} came in time{sent}")))
    }

    /// A value of the page: see `plan::browser::PageCapture::source`.
    pub(in crate::driver) async fn read(
        &mut self,
        source: &Value,
        result: &Value,
        by: Instant,
    ) -> Result<Value, Mishap> {
        let missing = |what: &str| Mishap::new(Failure::Missing, what.to_string());
        match source["from"].as_str().unwrap_or_default() {
            "result" | "file" => Ok(result.clone()),
            "dialog" => {
                let last = self.log.read().dialogs.last().map(|dialog| dialog.message.clone());
                last.map(Value::String).ok_or_else(|| missing("no dialog has been seen"))
            }
            kind @ ("request" | "response") => {
                let wanted = source["url"].as_str().unwrap_or("**");
                let regex = pattern(wanted, &self.target);
                let log = self.log.read();
                let found = log.requests.iter().rev().find(|one| regex.is_match(&one.url));
                let found = found.ok_or_else(|| missing("no such request was sent"))?;
                Ok(match kind {
                    "request" => json!({ "method": found.method, "url": found.url,
                        "body": found.sent }),
                    _ => json!({ "status": found.status, "url": found.url,
                        "body": found.body.as_deref().map(String::from_utf8_lossy) }),
                })
            }
            _ => Ok(self.must("read", source.clone(), by).await?.value["value"].clone()),
        }
    }

    /// Remembers the vitals of the document that is there; a page that cannot be asked has none.
    pub(super) async fn remember_vitals(&mut self, by: Instant) {
        let asked = json!({});
        let Ok(vitals) = self.channel.call(&[], "vitals", &asked, by).await else { return };
        self.take_in_vitals(vitals);
    }

    /// What a document said of itself, and with it where the page is.
    pub(super) fn take_in_vitals(&mut self, vitals: Value) {
        let url = vitals["url"].as_str().unwrap_or_default().to_string();
        if url.starts_with("http") {
            self.keep_vitals(vitals);
        }
        self.url = url;
    }

    /// The latest of each document counts.
    pub(super) fn keep_vitals(&mut self, vitals: Value) {
        let same = |old: &Value| old["began"] == vitals["began"] && old["url"] == vitals["url"];
        match self.vitals.iter_mut().find(|old| same(old)) {
            Some(old) => *old = vitals,
            None => self.vitals.push(vitals),
        }
    }

    /// The URL and the title of the page, as far as it can be asked.
    pub(super) async fn whereabouts(&mut self, by: Instant) -> Result<(String, String), Trouble> {
        let mut read = [String::new(), String::new()];
        for (from, into) in ["url", "title"].into_iter().zip(&mut read) {
            let answer = self.channel.call(&[], "read", &json!({ "from": from }), by).await?;
            *into = answer["value"].as_str().unwrap_or_default().to_string();
        }
        let [url, title] = read;
        Ok((url, title))
    }
}

/// The frames that the locator of an expectation names.
fn frame_of(expectation: &Expectation) -> Option<Value> {
    let frame = expectation.locator.as_ref()?.get("frame")?;
    Some(match frame {
        Value::Array(_) => frame.clone(),
        one => json!([one]),
    })
}

fn ask_for(look: &Look) -> Value {
    let Expectation { what, locator, is, of, not } = &look.expectation;
    let mut locator = locator.clone();
    if let Some(map) = locator.as_mut().and_then(Value::as_object_mut) {
        map.remove("frame");
    }
    let timeout = look.within.as_secs_f64() * 1_000.0;
    json!({ "what": what, "locator": locator, "is": is, "of": of, "not": not, "soft": look.soft,
        "timeout": timeout })
}
