//! Calls functions in documents: those of the page script in a world of its own, and the user's
//! among the page's own scripts.

use serde_json::{Value, json};
use tokio::time::{Duration, Instant, timeout_at};

use super::context::Context;
use super::world::SANDBOX;
use crate::driver::browser::{OBJECT, SCRIPT, Trouble};

/// How long a document's realm is waited for; after that it is made by asking for it.
const REALM: Duration = Duration::from_millis(500);

/// How long a Firefox that dies may take from its last tab to its own end, and how often that is
/// looked at.
const GOING: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(50);

/// A function to call in a document.
pub(super) struct Calling<'a> {
    /// The tab or frame.
    pub context: &'a str,
    /// In our world, not among the page's own scripts.
    pub ours: bool,
    /// Its source.
    pub function: &'a str,
    pub arguments: Vec<Value>,
}

/// A text as an argument.
pub(super) fn text(text: impl Into<String>) -> Value {
    json!({"type": "string", "value": text.into()})
}

/// The source of a function that brings the page script into a document where it is missing.
pub(super) fn bring() -> String {
    format!("() => {{ if (!globalThis.{OBJECT}) globalThis.{OBJECT} = {SCRIPT}\n; }}")
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
        self.bring_to_front(by).await?;
        let context = self.frame(frames, by).await?;
        let source = format!(
            "(name, text) => {{ const taster = globalThis.{OBJECT}; if (!taster) return null; \
             return Promise.resolve(taster[name](JSON.parse(text)))\
             .then((value) => JSON.stringify(value === undefined ? null : value)); }}"
        );
        let calling = || Calling {
            context: &context,
            ours: true,
            function: &source,
            arguments: vec![text(function), text(argument.to_string())],
        };
        let mut result = self.run(calling(), by).await?;
        if result["type"] == "null" {
            self.bring_script(&context, by).await?;
            result = self.run(calling(), by).await?;
        }
        parse(&result)
    }

    /// `Channel::evaluate`.
    pub(super) async fn evaluate_users(
        &mut self,
        frames: &[u64],
        function: &str,
        argument: &Value,
        by: Instant,
    ) -> Result<Value, Trouble> {
        self.bring_to_front(by).await?;
        let context = self.frame(frames, by).await?;
        // On lines of their own, so that a comment at the end of the user's source ends there.
        let source = format!(
            "async (text) => {{ const value = await (\n{function}\n)(JSON.parse(text)); \
             return JSON.stringify(value === undefined ? null : value); }}"
        );
        let arguments = vec![text(argument.to_string())];
        let calling = Calling { context: &context, ours: false, function: &source, arguments };
        // What has no JSON, such as a function, is nothing.
        let result = self.run(calling, by).await?;
        if result["type"] == "undefined" { Ok(Value::Null) } else { parse(&result) }
    }

    async fn bring_script(&self, context: &str, by: Instant) -> Result<(), Trouble> {
        let function = bring();
        let calling = Calling { context, ours: true, function: &function, arguments: Vec::new() };
        self.run(calling, by).await.map(|_| ())
    }

    /// The tab, or the frame in it that handles lead to.
    pub(super) async fn frame(&mut self, frames: &[u64], by: Instant) -> Result<String, Trouble> {
        let mut context = self.tab().await?;
        for handle in frames {
            let realm = self.world.read().documents.get(&context).and_then(|it| it.ours.clone());
            let key = (realm.unwrap_or_default(), *handle);
            if let Some(known) = self.frames.get(&key) {
                context.clone_from(known);
                continue;
            }
            let result = self.node(&context, *handle, ".contentWindow", by).await?;
            let inner = result["value"]["context"].as_str().ok_or(Trouble::Navigated)?;
            self.frames.insert(key, inner.to_string());
            context = inner.to_string();
        }
        Ok(context)
    }

    /// What BiDi knows of the element with this handle, or of what lies behind it.
    pub(super) async fn node(
        &self,
        context: &str,
        handle: u64,
        behind: &str,
        by: Instant,
    ) -> Result<Value, Trouble> {
        let function = format!(
            "(handle) => {{ const node = globalThis.{OBJECT}?.element(handle); \
             return node ? node{behind} : null; }}"
        );
        let arguments = vec![json!({"type": "number", "value": handle})];
        let calling = Calling { context, ours: true, function: &function, arguments };
        self.run(calling, by).await
    }

    /// Calls a function and waits for its promise. Gives BiDi's `RemoteValue`.
    pub(super) async fn run(&self, calling: Calling<'_>, by: Instant) -> Result<Value, Trouble> {
        let Calling { context, ours, function, arguments } = calling;
        let world = &self.world;
        let realm = world.find(by.min(Instant::now() + REALM), |state| {
            let Some(document) = state.documents.get(context) else { return Some(None) };
            let realm = if ours { &document.ours } else { &document.page };
            (realm.is_some() && !document.passing).then(|| realm.clone())
        });
        let realm = realm.await.flatten();
        let Some(epoch) = world.read().epoch(context) else { return Err(self.closed().await) };
        // A realm is gone for good; a context would take the call into the document after it.
        let target = match (&realm, ours) {
            (Some(realm), _) => json!({"realm": realm}),
            (None, true) => json!({"context": context, "sandbox": SANDBOX}),
            (None, false) => json!({"context": context}),
        };
        let params = json!({
            "functionDeclaration": function,
            "arguments": arguments,
            "target": target,
            "awaitPromise": true,
            "serializationOptions": {"maxDomDepth": 0, "maxObjectDepth": 1},
        });
        let answer = self.line.send(None, "script.callFunction", params);
        let went = world.found(|state| (state.epoch(context) != Some(epoch)).then_some(()));
        let answered = timeout_at(by, async {
            tokio::select! {
                // An answer that came before its document went is an answer.
                biased;
                answer = answer => Some(answer),
                () = went => None,
            }
        });
        match answered.await {
            Ok(Some(Ok(answer))) => outcome(&answer),
            Ok(Some(Err(Trouble::Refused(said)))) if said.starts_with("no such frame") => {
                Err(self.closed().await)
            }
            Ok(Some(Err(trouble))) => Err(in_gone_words(trouble)),
            Ok(None) => Err(self.closed().await),
            Err(_) => Err(Trouble::TimedOut(
                "the page did not answer in time: a script in it may be running without end".into(),
            )),
        }
    }

    /// What became of a document that is gone: another took its place, or its tab was closed.
    async fn closed(&self) -> Trouble {
        match self.line.ended() {
            Some(why) => in_gone_words(Trouble::Gone(why)),
            None if self.world.read().tabs.is_empty() => self.without_tabs().await,
            None => Trouble::Navigated,
        }
    }

    /// Why no tab is left: the last one was closed, or Firefox is going and took its tabs first.
    async fn without_tabs(&self) -> Trouble {
        for _ in 0..GOING.as_millis() / LOOK.as_millis() {
            if let Some(why) = self.line.ended() {
                return in_gone_words(Trouble::Gone(why));
            }
            tokio::time::sleep(LOOK).await;
        }
        Trouble::Refused("the test's last tab was closed".to_string())
    }

    /// Sends a command and waits for what it gives.
    pub(super) async fn ask(
        &self,
        method: &str,
        params: Value,
        by: Instant,
    ) -> Result<Value, Trouble> {
        self.line.call(None, method, params, by).await.map_err(in_gone_words)
    }

    /// The current tab.
    pub(super) async fn tab(&self) -> Result<String, Trouble> {
        let current = self.world.read().current.clone();
        match (self.line.ended(), current.is_empty()) {
            (Some(why), _) => Err(in_gone_words(Trouble::Gone(why))),
            (None, true) => Err(self.without_tabs().await),
            (None, false) => Ok(current),
        }
    }

    /// Brings the current tab to the front when another was opened over it: a tab in the
    /// background draws a frame a second.
    pub(super) async fn bring_to_front(&self, by: Instant) -> Result<(), Trouble> {
        let tab = self.tab().await?;
        if self.world.read().front == tab {
            return Ok(());
        }
        let params = json!({"context": tab});
        match self.ask("browsingContext.activate", params, by).await {
            Ok(_) => {
                self.world.write(|state| state.front = tab);
                Ok(())
            }
            Err(Trouble::Refused(said)) if said.starts_with("no such frame") => {
                Err(Trouble::Navigated)
            }
            Err(trouble) => Err(trouble),
        }
    }
}

/// Says who is gone.
pub(super) fn in_gone_words(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Gone(why) => Trouble::Gone(format!("Firefox is gone: {why}")),
        other => other,
    }
}

/// The value a function gave, or what it threw.
fn outcome(answer: &Value) -> Result<Value, Trouble> {
    match answer["type"].as_str() {
        Some("exception") => {
            let said = answer["exceptionDetails"]["text"].as_str().unwrap_or("it threw");
            Err(Trouble::Script(said.to_string()))
        }
        _ => Ok(answer["result"].clone()),
    }
}

fn parse(result: &Value) -> Result<Value, Trouble> {
    let text = result["value"].as_str().unwrap_or("null");
    serde_json::from_str(text)
        .map_err(|error| Trouble::Script(format!("the page gave what is no JSON: {error}")))
}
