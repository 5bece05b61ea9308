//! Does what a user does with a pointer and a keyboard, once the page says that it can be done.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::mishap::Mishap;
use super::page::{Answer, GRACE, Page, pair};
use super::record::KeptFile;
use super::text::fits;
use super::{Input, Trouble};
use crate::plan::browser::Gesture;
use crate::sample::Failure;

/// A click, as the pointer does it.
#[derive(Debug, Clone)]
pub(super) struct Press<'a> {
    pub(super) button: u8,
    pub(super) count: u8,
    pub(super) modifiers: &'a [String],
    pub(super) at: Option<(f64, f64)>,
    pub(super) force: bool,
    pub(super) stay: bool,
}

impl Press<'_> {
    /// The left button, once, in the middle.
    pub(super) fn plain() -> Press<'static> {
        Press { button: 0, count: 1, modifiers: &[], at: None, force: false, stay: false }
    }

    fn inputs(&self, (x, y): (f64, f64)) -> Vec<Input> {
        let mut inputs: Vec<Input> = self.modifiers.iter().map(|key| key_down(key)).collect();
        inputs.push(Input::Move(x, y));
        for nth in 1..=self.count {
            inputs.extend([Input::Down(self.button, nth), Input::Up(self.button, nth)]);
        }
        inputs.extend(self.modifiers.iter().rev().map(|key| Input::KeyUp(key_named(key))));
        inputs
    }
}

impl Page {
    pub(super) async fn gesture(
        &mut self,
        gesture: &Gesture,
        locator: &Value,
        by: Instant,
    ) -> Result<(), Mishap> {
        let argument = json!({ "locator": locator });
        match gesture {
            Gesture::Click { button, count, modifiers, at, force, stay } => {
                let (button, count, at) = (*button, *count, *at);
                let (force, stay) = (*force, *stay);
                let press = Press { button, count, modifiers, at, force, stay };
                self.click(locator, &press, by).await
            }
            Gesture::Hover => {
                let (point, _) = self.ready(locator, "hover", by).await?;
                self.hands(&[Input::Move(point.0, point.1)], by).await
            }
            Gesture::Focus => self.must("focus", argument, by).await.map(|_| ()),
            Gesture::Clear => self.must("clear", argument, by).await.map(|_| ()),
            Gesture::Scroll { by: None } => self.must("scroll", argument, by).await.map(|_| ()),
            Gesture::Scroll { by: Some((dx, dy)) } => {
                let argument = json!({ "locator": locator, "by": [dx, dy] });
                self.must("scroll", argument, by).await.map(|_| ())
            }
        }
    }

    /// Clicks, and again when the click did not land on the element.
    pub(super) async fn click(
        &mut self,
        locator: &Value,
        press: &Press<'_>,
        by: Instant,
    ) -> Result<(), Mishap> {
        loop {
            let asked = json!({
                "locator": locator, "for": "click", "at": press.at.map(|(x, y)| json!([x, y])),
                "force": press.force,
            });
            let answer = self.must("ready", asked, by).await?;
            let point = self.point(&answer, by).await?;
            let before = self.before();
            self.hands(&press.inputs(point), by).await?;
            let leads = match press.force {
                true => Ok(true),
                false => self.landed(&answer, by).await?,
            };
            match leads {
                Ok(leads) if leads && !press.stay => {
                    return self.follow(&answer.frames, before, by).await;
                }
                Ok(_) => return Ok(()),
                Err(missed) if Instant::now() >= by => return Err(missed),
                Err(_) => {}
            }
        }
    }

    /// Whether the pointer's events came to the element, and whether they lead to another
    /// document. One that has gone away took them.
    async fn landed(
        &mut self,
        ready: &Answer,
        by: Instant,
    ) -> Result<Result<bool, Mishap>, Mishap> {
        let argument = json!({ "element": ready.element() });
        match self.channel.call(&ready.frames, "landed", &argument, by + GRACE).await {
            Ok(value) if value["ok"] == json!(false) => Ok(Err(Mishap::page(&value["why"]))),
            Ok(value) => Ok(Ok(value["leads"] == json!(true))),
            Err(Trouble::Navigated) => Ok(Ok(false)),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Where the element is, once it can take what is meant.
    async fn ready(
        &mut self,
        locator: &Value,
        purpose: &str,
        by: Instant,
    ) -> Result<((f64, f64), Answer), Mishap> {
        let asked = json!({ "locator": locator, "for": purpose });
        let answer = self.must("ready", asked, by).await?;
        Ok((self.point(&answer, by).await?, answer))
    }

    async fn point(&mut self, answer: &Answer, by: Instant) -> Result<(f64, f64), Mishap> {
        let point = pair(&answer.value["point"]).ok_or_else(|| {
            Mishap::new(Failure::Protocol, "the page did not say where the element is")
        })?;
        Ok(self.in_tab(point, &answer.frames, by + GRACE).await?)
    }

    /// Does the inputs; the time of an effect counts from here.
    pub(super) async fn hands(&mut self, inputs: &[Input], by: Instant) -> Result<(), Mishap> {
        self.acted = Some(Instant::now());
        // What the page was ready for in time is done.
        match self.channel.input(inputs, by + GRACE).await {
            // The document that took them is gone: that was their effect.
            Ok(()) | Err(Trouble::Navigated) => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    pub(super) async fn fill(
        &mut self,
        locator: &Value,
        text: &str,
        by: Instant,
    ) -> Result<(), Mishap> {
        self.must("fill", json!({ "locator": locator, "text": text }), by).await.map(|_| ())
    }

    /// Types key by key, into an element or where the keyboard is.
    pub(super) async fn type_text(
        &mut self,
        locator: Option<&Value>,
        text: &str,
        by: Instant,
    ) -> Result<(), Mishap> {
        if let Some(locator) = locator {
            self.must("focus", json!({ "locator": locator }), by).await?;
        }
        // An Enter among the characters may send a form off.
        let leads = text.contains(['\n', '\r']);
        self.keys(&[Input::Text(text.to_string())], leads, by).await
    }

    /// Presses a key with its modifiers: `Control+A`.
    pub(super) async fn press(
        &mut self,
        locator: Option<&Value>,
        (keys, stay): (&str, bool),
        by: Instant,
    ) -> Result<(), Mishap> {
        if let Some(locator) = locator {
            self.must("focus", json!({ "locator": locator }), by).await?;
        }
        let strokes = strokes(keys);
        let leads = !stay && strokes.iter().any(leads);
        self.keys(&strokes, leads, by).await
    }

    pub(super) async fn tick(
        &mut self,
        locator: &Value,
        wanted: bool,
        by: Instant,
    ) -> Result<(), Mishap> {
        let (_, answer) = self.ready(locator, "check", by).await?;
        if answer.value["checked"] == json!(wanted) {
            return Ok(());
        }
        self.click(locator, &Press::plain(), by).await?;
        let what = if wanted { "checked" } else { "unchecked" };
        let look = json!({ "all": [{ "what": what, "locator": locator, "is": null }] });
        let answer = self.ask("expect", look, by).await?;
        match &answer.value["results"][0] {
            result if result["ok"] == json!(true) => Ok(()),
            result => Err(Mishap::page(&result["why"])),
        }
    }

    pub(super) async fn drag(
        &mut self,
        from: &Value,
        to: &Value,
        by: Instant,
    ) -> Result<(), Mishap> {
        let ((x, y), _) = self.ready(from, "drag", by).await?;
        // A first small move begins the drag; what is dragged to may then move or appear.
        let begin = [Input::Move(x, y), Input::Down(0, 1), Input::Move(x + 4.0, y + 4.0)];
        self.hands(&begin, by).await?;
        let asked = json!({ "locator": to, "for": "drop" });
        let answer = match self.must("ready", asked, by).await {
            Ok(answer) => answer,
            Err(mishap) => {
                // The button must not stay down for the steps after it.
                self.channel.input(&[Input::Up(0, 1)], by + GRACE).await.ok();
                return Err(mishap);
            }
        };
        let (tx, ty) = self.point(&answer, by).await?;
        let half = Input::Move((x + tx) / 2.0, (y + ty) / 2.0);
        let end = [half, Input::Move(tx, ty), Input::Move(tx, ty), Input::Up(0, 1)];
        self.hands(&end, by).await
    }

    pub(super) async fn upload(
        &mut self,
        locator: &Value,
        files: &[PathBuf],
        by: Instant,
    ) -> Result<(), Mishap> {
        for file in files {
            if let Err(problem) = tokio::fs::metadata(file).await {
                let message = format!("{} cannot be uploaded: {problem}", file.display());
                return Err(Mishap::new(Failure::Missing, message));
            }
        }
        let asked = json!({ "locator": locator, "for": "upload" });
        let answer = self.must("ready", asked, by).await?;
        self.acted = Some(Instant::now());
        Ok(self.channel.choose(&answer.frames, answer.element(), files, by + GRACE).await?)
    }

    /// Clicks and waits for the file; gives its path.
    pub(super) async fn download(
        &mut self,
        click: &Value,
        wanted: &Wanted<'_>,
        by: Instant,
    ) -> Result<String, Mishap> {
        let before = self.log.read().downloads.len();
        self.click(click, &Press::plain(), by).await?;
        let log = self.log.clone();
        let done = log.find(by, |log| {
            let seen = log.downloads.get(before)?;
            (seen.file.is_some() || seen.failed.is_some()).then(|| seen.clone())
        });
        let Some(seen) = done.await else {
            let begun = self.log.read().downloads.len() > before;
            let what = if begun { "did not come to its end" } else { "did not begin" };
            return Err(Mishap::late(format!("the download {what} in time")));
        };
        let file = match (seen.file, seen.failed) {
            (Some(file), _) => file,
            (None, failed) => {
                let why = failed.unwrap_or_default();
                return Err(Mishap::new(Failure::Page, format!("the download failed: {why}")));
            }
        };
        self.check_download(&seen.name, &file, wanted).await?;
        Ok(file.display().to_string())
    }

    async fn check_download(
        &mut self,
        name: &str,
        file: &Path,
        wanted: &Wanted<'_>,
    ) -> Result<(), Mishap> {
        let wrong = |message: String| Mishap::new(Failure::Page, message);
        if let Some(expected) = wanted.name.filter(|expected| !fits(expected, name)) {
            let message = format!("the file is called `{name}`, and {expected} was expected");
            return Err(wrong(message));
        }
        let bytes = tokio::fs::read(file).await.map_err(|problem| {
            wrong(format!("the download {} cannot be read: {problem}", file.display()))
        })?;
        let text = String::from_utf8_lossy(&bytes);
        if let Some(part) = wanted.contains.filter(|part| !text.contains(part)) {
            let start: String = text.chars().take(200).collect();
            let message = format!("`{name}` does not contain {part:?}; it begins with {start:?}");
            return Err(wrong(message));
        }
        if let Some(keep) = wanted.keep {
            self.files.push(KeptFile { name: keep.to_string(), bytes });
        }
        Ok(())
    }
}

/// What a download must be.
pub(super) struct Wanted<'a> {
    pub(super) name: Option<&'a Value>,
    pub(super) contains: Option<&'a str>,
    pub(super) keep: Option<&'a str>,
}

/// The strokes of a key with its modifiers, `Control+Shift+A` or `+`.
fn strokes(keys: &str) -> Vec<Input> {
    let (held, last) = match keys.strip_suffix('+') {
        // The key itself is a plus: `Control++`, `+`.
        Some(held) => (held.trim_end_matches('+'), "+"),
        None => keys.rsplit_once('+').unwrap_or(("", keys)),
    };
    let held: Vec<&str> = held.split('+').filter(|key| !key.is_empty()).collect();
    let mut strokes: Vec<Input> = held.iter().map(|key| key_down(key)).collect();
    strokes.extend([key_down(last), Input::KeyUp(key_named(last))]);
    strokes.extend(held.iter().rev().map(|key| Input::KeyUp(key_named(key))));
    strokes
}

/// Whether it is a key that links and forms are sent off by.
fn leads(stroke: &Input) -> bool {
    matches!(stroke, Input::KeyDown(key) if key == "Enter" || key == " ")
}

fn key_down(key: &str) -> Input {
    Input::KeyDown(key_named(key))
}

/// A key by its `KeyboardEvent.key`, also from the names that people write.
fn key_named(key: &str) -> String {
    let named = match key.to_ascii_lowercase().as_str() {
        "control" | "ctrl" | "controlormeta" => "Control",
        "shift" => "Shift",
        "alt" | "option" => "Alt",
        "meta" | "cmd" | "command" => "Meta",
        "enter" | "return" => "Enter",
        "esc" | "escape" => "Escape",
        "tab" => "Tab",
        "space" => " ",
        "backspace" => "Backspace",
        "delete" | "del" => "Delete",
        "up" | "arrowup" => "ArrowUp",
        "down" | "arrowdown" => "ArrowDown",
        "left" | "arrowleft" => "ArrowLeft",
        "right" | "arrowright" => "ArrowRight",
        "pageup" => "PageUp",
        "pagedown" => "PageDown",
        "home" => "Home",
        "end" => "End",
        _ => key,
    };
    named.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_held_around_the_key_and_let_go_in_reverse() {
        let down = |key: &str| Input::KeyDown(key.to_string());
        let up = |key: &str| Input::KeyUp(key.to_string());
        let strokes_of = strokes("ctrl+Shift+a");
        let wanted =
            [down("Control"), down("Shift"), down("a"), up("a"), up("Shift"), up("Control")];
        assert_eq!(strokes_of, wanted);
        assert_eq!(strokes("Enter"), [down("Enter"), up("Enter")]);
        assert_eq!(strokes("Control++"), [down("Control"), down("+"), up("+"), up("Control")]);
        assert_eq!(strokes("+"), [down("+"), up("+")]);
    }
}
