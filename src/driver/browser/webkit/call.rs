//! Calls functions in documents. A promise is waited for in slices, so that a dialog or a new
//! document in between is noticed, and no command is out for long.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::channel::Context;
use crate::driver::browser::{CONSOLE, MessageSeen, SCRIPT, Trouble};

/// How long a command may be out.
const SLICE: Duration = Duration::from_secs(1);

/// What a command may take beyond its slice before the browser is taken for dead.
const GRACE: Duration = Duration::from_secs(5);

/// Keeps the page script in a document, and what was begun with it.
const AGENT: &str = include_str!("agent.js");

/// What is begun in the document.
enum Begun<'a> {
    /// A function of the page script, with its argument.
    Ours(&'a str, String),
    /// The user's function, with its argument.
    Theirs(&'a str, String),
}

impl Context {
    /// `Channel::call`.
    pub(super) async fn call_script(
        &mut self,
        frames: &[u64],
        function: &str,
        argument: &Value,
        by: Instant,
    ) -> Result<Value, Trouble> {
        self.enter(frames, by).await?;
        self.run(&Begun::Ours(function, argument.to_string()), by).await
    }

    /// `Channel::evaluate`.
    pub(super) async fn evaluate_users(
        &mut self,
        frames: &[u64],
        function: &str,
        argument: &Value,
        by: Instant,
    ) -> Result<Value, Trouble> {
        self.enter(frames, by).await?;
        self.run(&Begun::Theirs(function, argument.to_string()), by).await
    }

    async fn run(&mut self, begun: &Begun<'_>, by: Instant) -> Result<Value, Trouble> {
        let id = self.next();
        // Until it is known that the document has begun it.
        let mut first = true;
        loop {
            if Instant::now() >= by {
                return Err(Trouble::TimedOut("the page did not answer in time".to_string()));
            }
            let answer = match self.slice(id, first.then_some(begun), by).await? {
                Some(answer) => answer,
                // A dialog was in the way, before it was begun or after.
                None => continue,
            };
            match answer["state"].as_str() {
                Some("missing") => self.bring_script(by).await?,
                Some("waits") => first = false,
                Some("done") => {
                    let text = answer["text"].as_str().unwrap_or("null");
                    return serde_json::from_str(text).map_err(|error| {
                        Trouble::Script(format!("what the page gave is no JSON: {error}"))
                    });
                }
                Some("threw") => {
                    let text = answer["text"].as_str().unwrap_or_default();
                    return Err(Trouble::Script(text.to_string()));
                }
                _ => return Err(Trouble::Navigated),
            }
        }
    }

    /// Begins it where it is not begun, and waits for a slice of time. None when a dialog was in
    /// the way; it is answered then.
    async fn slice(
        &mut self,
        id: u64,
        begun: Option<&Begun<'_>>,
        by: Instant,
    ) -> Result<Option<Value>, Trouble> {
        let left = by.saturating_duration_since(Instant::now());
        let patience = left.min(SLICE).as_millis() as u64;
        let mut arguments = vec![json!(self.key), json!(id), json!(patience)];
        let begin = match begun {
            None => String::new(),
            Some(Begun::Ours(function, argument)) => {
                arguments.extend([json!(function), json!(argument)]);
                "slot.call(id, arguments[3], arguments[4]);".to_string()
            }
            // On lines of its own, so that a comment at its end ends there.
            Some(Begun::Theirs(function, argument)) => {
                arguments.push(json!(argument));
                format!(
                    "const text = arguments[3]; slot.begin(id, () => (\n{function}\n)\
                     (JSON.parse(text)));"
                )
            }
        };
        let script = format!(
            "const done = arguments[arguments.length - 1]; const id = arguments[1]; \
             const slot = window[arguments[0]]; \
             if (!slot) {{ done('{{\"state\":\"missing\"}}'); return; }} \
             {begin} slot.wait(id, arguments[2], done);"
        );
        let body = json!({ "script": script, "args": arguments });
        let out = Instant::now() + left.min(SLICE) + GRACE;
        match self.wire.post("execute/async", body, out).await {
            // Only a dialog ends it without what it hands over.
            Ok(Value::String(text)) => {
                let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                self.note_messages(&answer["messages"]);
                Ok(Some(answer))
            }
            Ok(_) => self.answer_dialog(by).await.map(|_| None),
            Err(trouble) if is_dialog(&trouble) => self.answer_dialog(by).await.map(|_| None),
            // Our script always answers within its slice: its document is no more.
            Err(Trouble::TimedOut(text)) if text.starts_with("script timeout") => {
                Err(Trouble::Navigated)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// A script that answers at once, in the current document.
    pub(super) async fn ask(
        &mut self,
        script: &str,
        arguments: Vec<Value>,
        by: Instant,
    ) -> Result<Value, Trouble> {
        let body = json!({ "script": script, "args": arguments });
        loop {
            let limit = by.max(Instant::now() + GRACE);
            match self.wire.post("execute/sync", body.clone(), limit).await {
                Err(trouble) if is_dialog(&trouble) && Instant::now() < by => {
                    self.answer_dialog(by).await?;
                }
                other => return other,
            }
        }
    }

    /// Brings the page script into the current document.
    async fn bring_script(&mut self, by: Instant) -> Result<(), Trouble> {
        let script = format!("{CONSOLE};\n({AGENT})(arguments[0], {SCRIPT});");
        self.ask(&script, vec![json!(self.key)], by).await?;
        // A document that is just being replaced takes it with it.
        sleep(Duration::ZERO).await;
        Ok(())
    }

    /// The element with this handle, as WebDriver refers to it.
    pub(super) async fn element(&mut self, handle: u64, by: Instant) -> Result<Value, Trouble> {
        let script = "const slot = window[arguments[0]]; \
                      return slot ? slot.object.element(arguments[1]) || null : null;";
        let element = self.ask(script, vec![json!(self.key), json!(handle)], by).await?;
        match element.is_object() {
            true => Ok(element),
            false => Err(Trouble::Navigated),
        }
    }

    /// What the current document still has to say.
    pub(super) async fn take_messages(&mut self, by: Instant) -> Result<(), Trouble> {
        self.enter(&[], by).await?;
        let script = "const kept = window[Symbol.for('taster.messages')]; \
                      return kept ? kept.splice(0) : [];";
        let messages = self.ask(script, Vec::new(), by).await?;
        self.note_messages(&messages);
        Ok(())
    }

    fn note_messages(&self, messages: &Value) {
        let Some(messages) = messages.as_array().filter(|all| !all.is_empty()) else { return };
        note_messages(&self.log, messages);
    }
}

/// Writes console messages, as the page keeps them, into the log.
pub(in crate::driver::browser) fn note_messages(
    log: &crate::driver::browser::SharedLog,
    messages: &[Value],
) {
    let now = Instant::now();
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let clock = clock.map_or(0.0, |since| since.as_secs_f64() * 1e3);
    log.write(|log| {
        for message in messages {
            let text = message["text"].as_str().unwrap_or_default().to_string();
            let level = message["level"].as_str().unwrap_or("info");
            let level = match level {
                "log" => "info",
                _ if text.starts_with("Uncaught ") => "uncaught",
                other => other,
            };
            let ago = (clock - message["at"].as_f64().unwrap_or(clock)).clamp(0.0, 6e5);
            let at = now.checked_sub(Duration::from_secs_f64(ago / 1e3)).unwrap_or(now);
            let place = message["place"].as_str().map(String::from);
            log.messages.push(MessageSeen { at, level: level.to_string(), text, place });
        }
    });
}

/// Whether a command could not be done because a dialog is open.
pub(super) fn is_dialog(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused(text) if text.starts_with("unexpected alert open"))
}
