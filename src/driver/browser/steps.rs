//! Does one browser step: an `Act` becomes what hands, eyes and feet do.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::hands::Wanted;
use super::look::{Look, Seen};
use super::mishap::Mishap;
use super::page::Page;
use super::pictures::Allowed;
use super::state::States;
use crate::plan::BrowserPlan;
use crate::plan::browser::{Act, Emulation, StateSource};
use crate::sample::Failure;

/// How one step went.
#[derive(Debug)]
pub(in crate::driver) struct Done {
    /// From when its time counts.
    pub(in crate::driver) began: Instant,
    /// When its effect was there.
    pub(in crate::driver) ended: Instant,
    pub(in crate::driver) outcome: Result<(), Mishap>,
    /// What `evaluate` gave, or the path of a download.
    pub(in crate::driver) result: Value,
    /// It held so long after its deadline.
    pub(in crate::driver) late: Option<Duration>,
}

impl Page {
    /// Does one step within its time.
    pub(in crate::driver) async fn step(
        &mut self,
        act: &Act,
        within: Duration,
        states: &States,
    ) -> Done {
        let began = Instant::now();
        let by = began + within;
        if let Act::Expect(expectation) = act {
            let look = Look { expectation: expectation.clone(), within, soft: false };
            let seen = self.look(std::slice::from_ref(&look)).await;
            return self.seen(seen).pop().unwrap_or_else(|| lost(began));
        }
        if !matches!(act, Act::WaitFor(_) | Act::Dialog { .. }) {
            self.last_action = began;
        }
        let result = self.act(act, by, states).await;
        let result = match result {
            Ok(value) if acts(act) => self.settle_dialog(by).await.map(|()| value),
            other => other,
        };
        let ended = Instant::now();
        if acts(act) {
            // What did not use the pointer has its effect from its beginning.
            self.acted = Some(self.acted.filter(|at| *at >= began).unwrap_or(began));
        }
        let (outcome, result) = match result {
            Ok(value) => (Ok(()), value),
            Err(mishap) => (Err(mishap.on(self.engine)), Value::Null),
        };
        Done { began, ended, outcome, result, late: None }
    }

    /// Does one step, or several that only look: those in as few round trips as there are frames.
    /// There are fewer done than steps only where one failed that is not soft.
    pub(in crate::driver) async fn steps(
        &mut self,
        acts: &[&Act],
        plans: &[&BrowserPlan],
        states: &States,
    ) -> Vec<Done> {
        if let [act] = acts {
            return vec![self.step(act, plans[0].within, states).await];
        }
        let looks: Vec<Look> =
            acts.iter().zip(plans).map_while(|(act, plan)| Look::of(act, plan)).collect();
        let seen = self.look(&looks).await;
        let mut all = self.seen(seen);
        let failed = |(done, plan): (&Done, &&BrowserPlan)| done.outcome.is_err() && !plan.soft;
        if all.len() < acts.len() && !all.iter().zip(plans).any(failed) {
            // What nobody looked at does not hold.
            all.push(lost(Instant::now()));
        }
        all
    }

    /// The time of an effect counts from the action that caused it.
    fn seen(&mut self, seen: Vec<Seen>) -> Vec<Done> {
        let acted = self.acted;
        let done = |seen: Seen| {
            let Seen { began, ended, outcome, late } = seen;
            Done { began: acted.unwrap_or(began), ended, outcome, result: Value::Null, late }
        };
        seen.into_iter().map(done).collect()
    }

    async fn act(&mut self, act: &Act, by: Instant, states: &States) -> Result<Value, Mishap> {
        match act {
            Act::Goto { url, until } => self.goto(url, *until, by).await?,
            Act::Travel(delta, until) => self.travel(*delta, *until, by).await?,
            Act::Point(gesture, locator) => self.gesture(gesture, locator, by).await?,
            Act::Fill(locator, text) => self.fill(locator, text, by).await?,
            Act::Type(locator, text) => self.type_text(locator.as_ref(), text, by).await?,
            Act::Press { at, keys, stay } => self.press(at.as_ref(), (keys, *stay), by).await?,
            Act::Tick(locator, wanted) => self.tick(locator, *wanted, by).await?,
            Act::Select(locator, options) => {
                let asked = json!({ "locator": locator, "options": options });
                self.must("select", asked, by).await?;
            }
            Act::Drag(from, to) => self.drag(from, to, by).await?,
            Act::Upload(locator, files) => self.upload(locator, files, by).await?,
            Act::Download { click, name, contains, keep } => {
                let (name, contains) = (name.as_ref(), contains.as_deref());
                let wanted = Wanted { name, contains, keep: keep.as_deref() };
                return self.download(click, &wanted, by).await.map(Value::String);
            }
            Act::SwitchTo(place) => self.switch_to(place, by).await?,
            Act::Close => self.close_tab(by).await?,
            Act::Evaluate(script, args) => return self.evaluate(script, args, by).await,
            Act::Dialog { accept, with, message } => {
                let words = (with.as_deref(), message.as_ref());
                self.expect_dialog(*accept, words, by).await?;
            }
            other => self.arrange(other, by, states).await?,
        }
        Ok(Value::Null)
    }

    /// What no user does: pictures, waits, stubs, states, and what the browser pretends.
    async fn arrange(&mut self, act: &Act, by: Instant, states: &States) -> Result<(), Mishap> {
        match act {
            Act::Screenshot(picture) => self.screenshot(picture, by).await,
            Act::ExpectScreenshot { picture, mask, tolerance, share } => {
                let allowed = Allowed { mask, tolerance: *tolerance, share: *share };
                self.expect_screenshot(picture, &allowed, by).await
            }
            Act::WaitFor(event) => self.wait_for(event, by).await,
            Act::Emulate(change) => {
                let mut to = self.emulation.clone();
                to.lay_over(change).map_err(|why| Mishap::new(Failure::Page, why))?;
                self.emulate(to, by).await
            }
            Act::Stub(stub) => {
                self.router.add(stub.clone(), &self.target);
                Ok(self.channel.intercept(true, by).await?)
            }
            Act::Unstub(url) => {
                self.router.remove(url.as_deref());
                let any = !self.router.is_empty();
                Ok(self.channel.intercept(any, by).await?)
            }
            Act::SaveState(name) => self.save_state(states, name, by).await,
            Act::UseState(name) => {
                self.use_state(states, &StateSource::Named(name.clone()), by).await
            }
            other => unreachable!("`act` does {other:?}"),
        }
    }

    pub(super) async fn emulate(&mut self, to: Emulation, by: Instant) -> Result<(), Mishap> {
        self.channel.emulate(&to, by).await?;
        self.emulation = to;
        Ok(())
    }

    async fn evaluate(&mut self, script: &str, args: &Value, by: Instant) -> Result<Value, Mishap> {
        let function = function_of(script);
        let mut inside = Vec::new();
        if !self.frames.is_empty() {
            // The last frame's document is found by asking for its root in it.
            let asked = json!({ "locator": { "css": ":root" } });
            let answer = self.must("keep", asked, by).await?;
            inside = answer.frames;
        }
        self.acted = Some(Instant::now());
        Ok(self.channel.evaluate(&inside, &function, args, by).await?)
    }
}

/// Whether a step does something to the page that a user could see.
fn acts(act: &Act) -> bool {
    !matches!(
        act,
        Act::Dialog { .. }
            | Act::Screenshot(_)
            | Act::ExpectScreenshot { .. }
            | Act::Expect(_)
            | Act::WaitFor(_)
            | Act::Stub(_)
            | Act::Unstub(_)
            | Act::SaveState(_)
            | Act::SwitchTo(_)
    )
}

/// The function that a script is: itself, the body of one, or an expression.
fn function_of(script: &str) -> String {
    let script = script.trim();
    let is_function = ["function", "async function", "async (", "async("]
        .iter()
        .any(|start| script.starts_with(start))
        || arrow(script);
    let has_return = script
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
        .any(|word| word == "return");
    match (is_function, has_return) {
        (true, _) => format!("async (arg) => await ({script})(arg)"),
        (false, true) => format!("async (arg) => {{ {script}\n}}"),
        (false, false) => format!("async (arg) => await ({}\n)", script.trim_end_matches(';')),
    }
}

/// Whether it begins with the parameters of an arrow function.
fn arrow(script: &str) -> bool {
    let Some((before, _)) = script.split_once("=>") else { return false };
    let before = before.trim();
    let name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    name(before) || (before.starts_with('(') && before.find(')') == Some(before.len() - 1))
}

/// A look without an answer cannot happen; were it to, it is no pass.
fn lost(began: Instant) -> Done {
    let outcome = Err(Mishap::new(Failure::Browser, "the page gave no answer"));
    Done { began, ended: Instant::now(), outcome, result: Value::Null, late: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_a_function_a_body_or_an_expression() {
        let of = function_of;
        assert_eq!(of("document.title"), "async (arg) => await (document.title\n)");
        assert_eq!(of("(a) => a.b"), "async (arg) => await ((a) => a.b)(arg)");
        assert_eq!(of("a => a.b"), "async (arg) => await (a => a.b)(arg)");
        assert_eq!(of("return 1"), "async (arg) => { return 1\n}");
        assert_eq!(of("f(x => x + 1);"), "async (arg) => await (f(x => x + 1)\n)");
        assert_eq!(of("returned"), "async (arg) => await (returned\n)");
    }
}
