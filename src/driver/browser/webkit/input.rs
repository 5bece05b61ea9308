//! Moves the pointer and presses keys: one command for all that is done in a row.

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::channel::Context;
use crate::driver::browser::{Input, Trouble};

/// Keys that make no character, by their `KeyboardEvent.key`, as WebDriver writes them.
const KEYS: &[(&str, char)] = &[
    ("Backspace", '\u{e003}'),
    ("Tab", '\u{e004}'),
    ("Clear", '\u{e005}'),
    ("Enter", '\u{e007}'),
    ("Shift", '\u{e008}'),
    ("Control", '\u{e009}'),
    ("Alt", '\u{e00a}'),
    ("Pause", '\u{e00b}'),
    ("Escape", '\u{e00c}'),
    ("Space", ' '),
    ("PageUp", '\u{e00e}'),
    ("PageDown", '\u{e00f}'),
    ("End", '\u{e010}'),
    ("Home", '\u{e011}'),
    ("ArrowLeft", '\u{e012}'),
    ("ArrowUp", '\u{e013}'),
    ("ArrowRight", '\u{e014}'),
    ("ArrowDown", '\u{e015}'),
    ("Insert", '\u{e016}'),
    ("Delete", '\u{e017}'),
    ("F1", '\u{e031}'),
    ("F2", '\u{e032}'),
    ("F3", '\u{e033}'),
    ("F4", '\u{e034}'),
    ("F5", '\u{e035}'),
    ("F6", '\u{e036}'),
    ("F7", '\u{e037}'),
    ("F8", '\u{e038}'),
    ("F9", '\u{e039}'),
    ("F10", '\u{e03a}'),
    ("F11", '\u{e03b}'),
    ("F12", '\u{e03c}'),
    ("Meta", '\u{e03d}'),
];

/// The key as WebDriver writes it.
///
/// # Errors
/// `Refused` for a name that is none.
fn key(name: &str) -> Result<String, Trouble> {
    let known = KEYS.iter().find(|(known, _)| *known == name);
    let mut characters = name.chars();
    match (known, characters.next(), characters.next()) {
        (Some((_, code)), _, _) => Ok(code.to_string()),
        (None, Some(one), None) => Ok(one.to_string()),
        _ => Err(Trouble::Refused(format!("there is no key called `{name}`"))),
    }
}

/// Not every driver takes parts of a pixel.
fn whole(pixels: f64) -> i64 {
    pixels.round() as i64
}

/// What is done in each tick, by device.
#[derive(Default)]
struct Rows {
    pointer: Vec<Value>,
    keys: Vec<Value>,
    wheel: Vec<Value>,
}

impl Rows {
    /// One tick: one device does something, the others wait.
    fn tick(&mut self, device: &str, action: Value) {
        let pause = json!({"type": "pause", "duration": 0});
        let mut action = Some(action);
        for (name, row) in
            [("pointer", &mut self.pointer), ("key", &mut self.keys), ("wheel", &mut self.wheel)]
        {
            let done = if name == device { action.take() } else { None };
            row.push(done.unwrap_or_else(|| pause.clone()));
        }
    }

    fn add(&mut self, input: &Input, at: &mut (f64, f64)) -> Result<(), Trouble> {
        match input {
            Input::Move(x, y) => {
                *at = (*x, *y);
                self.tick(
                    "pointer",
                    json!({"type": "pointerMove", "x": whole(*x), "y": whole(*y),
                           "origin": "viewport", "duration": 0}),
                );
            }
            Input::Down(button, _) => {
                self.tick("pointer", json!({"type": "pointerDown", "button": button}));
            }
            Input::Up(button, _) => {
                self.tick("pointer", json!({"type": "pointerUp", "button": button}));
            }
            Input::Wheel(dx, dy) => self.tick(
                "wheel",
                json!({"type": "scroll", "x": whole(at.0), "y": whole(at.1),
                       "deltaX": whole(*dx), "deltaY": whole(*dy), "origin": "viewport",
                       "duration": 0}),
            ),
            Input::KeyDown(name) => self.key("keyDown", &key(name)?),
            Input::KeyUp(name) => self.key("keyUp", &key(name)?),
            Input::Text(text) => {
                for character in text.chars() {
                    let value = match character {
                        '\n' | '\r' => key("Enter")?,
                        '\t' => key("Tab")?,
                        other => other.to_string(),
                    };
                    self.key("keyDown", &value);
                    self.key("keyUp", &value);
                }
            }
        }
        Ok(())
    }

    fn key(&mut self, what: &str, value: &str) {
        self.tick("key", json!({"type": what, "value": value}));
    }

    /// Only devices that do something: not every driver has all of them.
    fn body(self) -> Value {
        let used = |row: &[Value]| row.iter().any(|action| action["type"] != "pause");
        let mut actions = Vec::new();
        if used(&self.pointer) {
            actions.push(json!({"type": "pointer", "id": "pointer",
                "parameters": {"pointerType": "mouse"}, "actions": self.pointer}));
        }
        if used(&self.keys) {
            actions.push(json!({"type": "key", "id": "key", "actions": self.keys}));
        }
        if used(&self.wheel) {
            actions.push(json!({"type": "wheel", "id": "wheel", "actions": self.wheel}));
        }
        json!({ "actions": actions })
    }
}

impl Context {
    /// `Channel::input`.
    pub(super) async fn act(&mut self, inputs: &[Input], by: Instant) -> Result<(), Trouble> {
        // Coordinates are those of the tab.
        self.enter(&[], by).await?;
        // Once a menu was asked for, WebKitGTK takes typed characters by the place of their keys:
        // `g` for `G`, and none for `ü`. They are put in as text then, with events of input only.
        let ours = self.started.as_ref().is_some_and(|started| !started.guarded.is_empty());
        let broken = |input: &Input| matches!(input, Input::Text(_));
        if ours && self.menus && inputs.iter().any(broken) {
            for part in inputs.chunk_by(|one, next| !broken(one) && !broken(next)) {
                match part {
                    [Input::Text(text)] => self.insert(text, by).await?,
                    _ => self.perform(part, by).await?,
                }
            }
            return Ok(());
        }
        self.menus |= inputs.iter().any(|input| matches!(input, Input::Down(2, _)));
        self.perform(inputs, by).await
    }

    /// Puts text where the keyboard is.
    async fn insert(&mut self, text: &str, by: Instant) -> Result<(), Trouble> {
        let script = "let to = document; \
            while (to.activeElement && to.activeElement.contentDocument) \
            to = to.activeElement.contentDocument; \
            to.execCommand('insertText', false, arguments[0]);";
        self.ask(script, vec![json!(text)], by).await?;
        self.answer_dialog(by).await.map(|_| ())
    }

    async fn perform(&mut self, inputs: &[Input], by: Instant) -> Result<(), Trouble> {
        let mut rows = Rows::default();
        let mut at = self.pointer;
        for input in inputs {
            rows.add(input, &mut at)?;
        }
        self.pointer = at;
        let body = rows.body();
        if body["actions"].as_array().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        match self.command("actions", body, by).await {
            Ok(_) => {}
            // A click may lead to another page, or close its tab, before it is over.
            Err(Trouble::Navigated) => {}
            Err(Trouble::Gone(_)) if self.has_another_tab(by).await => return Ok(()),
            Err(trouble) => return Err(trouble),
        }
        // A dialog that it has opened is to be seen before anything else is asked.
        match self.answer_dialog(by).await {
            Err(Trouble::Gone(_)) if self.has_another_tab(by).await => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// `Channel::choose`.
    pub(super) async fn choose_files(
        &mut self,
        (frames, element): (&[u64], u64),
        files: &[PathBuf],
        by: Instant,
    ) -> Result<(), Trouble> {
        self.enter(frames, by).await?;
        let element = self.element(element, by).await?;
        let id = element.as_object().and_then(|one| one.values().next()).and_then(Value::as_str);
        let Some(id) = id.map(str::to_string) else { return Err(Trouble::Navigated) };
        if files.is_empty() {
            let script = "arguments[0].value = ''; \
                for (const type of ['input', 'change']) \
                arguments[0].dispatchEvent(new Event(type, { bubbles: true }));";
            return self.ask(script, vec![element], by).await.map(|_| ());
        }
        let named: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let body = json!({ "text": named.join("\n") });
        self.command(&format!("element/{id}/value"), body, by).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_take_turns_and_those_without_work_are_left_out() {
        let mut rows = Rows::default();
        let mut at = (0.0, 0.0);
        let inputs = [
            Input::KeyDown("Control".to_string()),
            Input::Move(10.4, 20.6),
            Input::Down(0, 1),
            Input::Up(0, 1),
            Input::KeyUp("Control".to_string()),
        ];
        for input in &inputs {
            rows.add(input, &mut at).expect("it is known");
        }
        let body = rows.body();
        let devices = body["actions"].as_array().expect("a list");
        assert_eq!(devices.len(), 2, "{body}");
        let ticks = |at: usize| -> Vec<&str> {
            let row = devices[at]["actions"].as_array().expect("a list");
            row.iter().map(|action| action["type"].as_str().expect("a word")).collect()
        };
        let pointer = ["pause", "pointerMove", "pointerDown", "pointerUp", "pause"];
        assert_eq!(ticks(0), pointer);
        assert_eq!(ticks(1), ["keyDown", "pause", "pause", "pause", "keyUp"]);
        assert_eq!(devices[0]["actions"][1]["x"], 10);
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused() {
        assert_eq!(key("ArrowLeft"), Ok("\u{e012}".to_string()));
        assert_eq!(key("ä"), Ok("ä".to_string()));
        assert!(matches!(key("Ctrl"), Err(Trouble::Refused(_))));
    }
}
