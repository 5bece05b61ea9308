//! Moves the pointer and presses keys: one command for all that is done in a row.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::call::Calling;
use super::context::Context;
use crate::driver::browser::{Input, Trouble};

/// Keys that make no character, by their `KeyboardEvent.key`, as WebDriver writes them.
const KEYS: &[(&str, char)] = &[
    ("Cancel", '\u{e001}'),
    ("Help", '\u{e002}'),
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

/// Which frame's document lies at a point of this one, and where its content begins.
const FRAME_AT: &str = "(x, y) => {
  let at = document.elementFromPoint(x, y);
  for (let inner = at; inner; ) {
    at = inner;
    inner = at.shadowRoot && at.shadowRoot.elementFromPoint(x, y);
    if (inner === at) inner = null;
  }
  if (!at || !at.contentWindow) return null;
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const left = box.left + at.clientLeft + (parseFloat(style.paddingLeft) || 0);
  const top = box.top + at.clientTop + (parseFloat(style.paddingTop) || 0);
  return [at.contentWindow, left, top];
}";

/// Which frame's document has the keyboard.
const FRAME_WITH_FOCUS: &str = "() => {
  let at = document.activeElement;
  while (at && at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
  return at && at.contentWindow ? [at.contentWindow, 0, 0] : null;
}";

/// Comes back once what was set in motion has been drawn.
const DRAWN: &str = "() => new Promise((done) => {
  setTimeout(done, 150);
  requestAnimationFrame(() => requestAnimationFrame(done));
})";

/// Makes drops of drags; see there.
const DRAG: &str = include_str!("drag.js");

/// Where something is done: a document, and where its content begins in the tab's viewport.
struct Place {
    context: String,
    left: f64,
    top: f64,
}

impl Context {
    /// `Channel::input`.
    pub(super) async fn act(&mut self, inputs: &[Input], by: Instant) -> Result<(), Trouble> {
        if inputs.is_empty() {
            return Ok(());
        }
        self.bring_to_front(by).await?;
        let place = self.place_of(inputs, by).await?;
        if may_drag(inputs) {
            let arguments = Vec::new();
            let drags = Calling { context: &place.context, ours: true, function: DRAG, arguments };
            self.run(drags, by).await?;
        }
        let mut rows = Rows::new(self.pointer, (place.left, place.top));
        for input in inputs {
            rows.add(input)?;
        }
        self.pointer = rows.pointer;
        let params = json!({"context": place.context, "actions": rows.actions()});
        let acted = self.ask("input.performActions", params, by).await;
        match acted {
            Ok(_) => {}
            // A click may close the tab or lead to another page before it is over.
            Err(Trouble::Refused(said)) if said.starts_with("no such frame") => return Ok(()),
            Err(Trouble::TimedOut(_)) => {
                return Err(Trouble::TimedOut("the page did not handle the input in time".into()));
            }
            Err(trouble) => return Err(trouble),
        }
        if inputs.iter().any(|input| matches!(input, Input::Wheel(..))) {
            let arguments = Vec::new();
            let drawn = Calling { context: &place.context, ours: true, function: DRAWN, arguments };
            match self.run(drawn, by).await {
                Ok(_) | Err(Trouble::Navigated) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    /// The innermost frame that the pointer or the keyboard is in: events reach documents of other
    /// processes only when they are told to them.
    async fn place_of(&self, inputs: &[Input], by: Instant) -> Result<Place, Trouble> {
        let mut place = Place { context: self.tab().await?, left: 0.0, top: 0.0 };
        let points = |input: &Input| {
            matches!(input, Input::Move(..) | Input::Down(..) | Input::Up(..) | Input::Wheel(..))
        };
        let at = inputs.iter().find_map(|input| match input {
            Input::Move(x, y) => Some((*x, *y)),
            _ => None,
        });
        let at = inputs.iter().any(points).then(|| at.unwrap_or(self.pointer));
        while self.world.read().has_frames(&place.context) {
            let (function, arguments) = match at {
                Some((x, y)) => {
                    let number = |of: f64| json!({"type": "number", "value": of});
                    (FRAME_AT, vec![number(x - place.left), number(y - place.top)])
                }
                None => (FRAME_WITH_FOCUS, Vec::new()),
            };
            let asking = Calling { context: &place.context, ours: true, function, arguments };
            let found = self.run(asking, by).await?;
            let Some(inner) = found["value"][0]["value"]["context"].as_str() else { break };
            place.left += found["value"][1]["value"].as_f64().unwrap_or(0.0);
            place.top += found["value"][2]["value"].as_f64().unwrap_or(0.0);
            place.context = inner.to_string();
        }
        Ok(place)
    }
}

/// Whether a button goes down and the pointer moves, or may move, before it goes up.
fn may_drag(inputs: &[Input]) -> bool {
    let down = inputs.iter().rposition(|input| matches!(input, Input::Down(0, _)));
    down.is_some_and(|at| {
        let next =
            inputs[at + 1..].iter().find(|next| matches!(next, Input::Move(..) | Input::Up(..)));
        !matches!(next, Some(Input::Up(..)))
    })
}

/// What pointer, keyboard and wheel do in each tick; all rows are as long as each other.
struct Rows {
    pointer: (f64, f64),
    origin: (f64, f64),
    rows: [Row; 3],
    /// The pointer moved since it was pressed last.
    moved: bool,
}

#[derive(Default)]
struct Row {
    actions: Vec<Value>,
    used: bool,
}

impl Rows {
    fn new(pointer: (f64, f64), origin: (f64, f64)) -> Self {
        Rows { pointer, origin, rows: Default::default(), moved: false }
    }

    fn add(&mut self, input: &Input) -> Result<(), Trouble> {
        let (left, top) = self.origin;
        match input {
            Input::Move(x, y) => {
                self.pointer = (*x, *y);
                self.moved = true;
                let params = json!({"type": "pointerMove", "x": x - left, "y": y - top});
                self.tick(0, params);
            }
            Input::Down(button, nth) => {
                if *nth == 1 && !self.moved {
                    // A press without a move before it would count on from the last one.
                    self.add(&Input::Move(self.pointer.0, self.pointer.1))?;
                }
                self.moved = false;
                self.tick(0, json!({"type": "pointerDown", "button": button}));
            }
            Input::Up(button, _) => self.tick(0, json!({"type": "pointerUp", "button": button})),
            Input::Wheel(dx, dy) => {
                let (x, y) = self.pointer;
                let whole = |of: f64| of.round() as i64;
                self.tick(
                    2,
                    json!({"type": "scroll", "x": whole(x - left), "y": whole(y - top),
                           "deltaX": whole(*dx), "deltaY": whole(*dy)}),
                );
            }
            Input::KeyDown(name) => self.key("keyDown", key(name)?),
            Input::KeyUp(name) => self.key("keyUp", key(name)?),
            Input::Text(text) => {
                for character in text.chars().filter(|character| *character != '\r') {
                    let character = match character {
                        '\n' => '\u{e007}',
                        '\t' => '\u{e004}',
                        other => other,
                    };
                    self.key("keyDown", character);
                    self.key("keyUp", character);
                }
            }
        }
        Ok(())
    }

    fn key(&mut self, what: &str, character: char) {
        self.tick(1, json!({"type": what, "value": character}));
    }

    fn tick(&mut self, row: usize, action: Value) {
        for (at, other) in self.rows.iter_mut().enumerate() {
            let pause = || json!({"type": "pause"});
            other.actions.push(if at == row { action.clone() } else { pause() });
        }
        self.rows[row].used = true;
    }

    fn actions(self) -> Vec<Value> {
        let heads = [
            json!({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}),
            json!({"type": "key", "id": "keyboard"}),
            json!({"type": "wheel", "id": "wheel"}),
        ];
        let rows = self.rows.into_iter().zip(heads);
        rows.filter(|(row, _)| row.used)
            .map(|(row, mut head)| {
                head["actions"] = row.actions.into();
                head
            })
            .collect()
    }
}

/// A key as WebDriver writes it.
fn key(name: &str) -> Result<char, Trouble> {
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(character),
        _ => KEYS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, character)| *character)
            .ok_or_else(|| Trouble::Unsupported(format!("the key {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_one_after_another_shares_no_tick() {
        let mut rows = Rows::new((0.0, 0.0), (10.0, 20.0));
        for input in [
            Input::KeyDown("Control".to_string()),
            Input::Move(30.0, 40.0),
            Input::Down(0, 1),
            Input::Up(0, 1),
            Input::KeyUp("Control".to_string()),
        ] {
            rows.add(&input).expect("a key");
        }
        let actions = rows.actions();
        assert_eq!(actions.len(), 2);
        assert_eq!(actions[0]["actions"][1], json!({"type": "pointerMove", "x": 20.0, "y": 20.0}));
        let kinds = |row: &Value| -> Vec<String> {
            let row = row["actions"].as_array().expect("a list").iter();
            row.map(|action| action["type"].as_str().expect("text").to_string()).collect()
        };
        let pointer = ["pause", "pointerMove", "pointerDown", "pointerUp", "pause"];
        assert_eq!(kinds(&actions[0]), pointer);
        assert_eq!(kinds(&actions[1]), ["keyDown", "pause", "pause", "pause", "keyUp"]);
    }

    #[test]
    fn a_press_that_is_not_let_go_at_once_may_be_a_drag() {
        let (down, up, to) = (Input::Down(0, 1), Input::Up(0, 1), Input::Move(1.0, 1.0));
        assert!(!may_drag(&[to.clone(), down.clone(), up.clone()]));
        assert!(may_drag(&[down.clone(), to.clone(), up.clone()]));
        assert!(may_drag(&[to.clone(), down]));
        assert!(!may_drag(&[to, up]));
    }

    #[test]
    fn keys_are_characters_or_have_a_name() {
        assert_eq!(key("a"), Ok('a'));
        assert_eq!(key("Enter"), Ok('\u{e007}'));
        let unknown = Err(Trouble::Unsupported("the key Hyper".to_string()));
        assert_eq!(key("Hyper"), unknown);
    }
}
