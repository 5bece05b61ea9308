//! Moves the pointer and presses keys, as a user's hands do.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::Context;
use super::drag;
use super::keys::{Command, Keyboard};
use super::worlds::is_away;
use crate::driver::browser::socket::Answer;
use crate::driver::browser::{Input, Trouble};

const BUTTONS: [&str; 3] = ["left", "middle", "right"];

/// The bits of the buttons in `MouseEvent.buttons`.
const BITS: [u8; 3] = [1, 4, 2];

/// What is held where.
#[derive(Debug, Default)]
pub(super) struct Hands {
    keyboard: Keyboard,
    at: (f64, f64),
    /// Bits of the buttons that are down.
    buttons: u8,
    /// A finger is down.
    touches: bool,
    /// What is dragged, as the browser tells it.
    drags: Option<Value>,
    /// Whether the page would tell when something is dragged.
    watches: bool,
}

/// Does it all, and comes back when the page has handled it.
pub(super) async fn input(
    context: &Context,
    hands: &mut Hands,
    inputs: &[Input],
    by: Instant,
) -> Result<(), Trouble> {
    let (tab, session) = context.current()?;
    let mobile = context.read().emulation().mobile;
    let mut sent = Vec::new();
    for input in inputs {
        if let (Input::Move(x, y), 1, false) = (input, hands.buttons, hands.touches) {
            // Whether something is dragged is only known when the page has handled the move.
            settle(&tab, context, std::mem::take(&mut sent), by).await?;
            hands.at = (*x, *y);
            drag(context, hands, &session, by).await?;
            continue;
        }
        if let (Input::Up(0, _), Some(data)) = (input, hands.drags.take()) {
            hands.buttons &= !1;
            for kind in ["dragOver", "drop"] {
                let (method, params) = hands.dragged(kind, &data);
                sent.push(context.line.send(Some(&session), method, params));
            }
            continue;
        }
        for (method, params) in hands.commands(input, mobile)? {
            sent.push(context.line.send(Some(&session), method, params));
        }
    }
    settle(&tab, context, sent, by).await
}

/// Waits until the page has handled what was sent. A tab that closed or went elsewhere because of
/// it has handled it.
async fn settle(
    tab: &str,
    context: &Context,
    sent: Vec<Answer>,
    by: Instant,
) -> Result<(), Trouble> {
    for answer in sent {
        match answer.by(by).await {
            Ok(_) | Err(Trouble::Navigated) => {}
            Err(Trouble::Refused(said)) if is_away(&said) => {}
            Err(Trouble::TimedOut(_)) => {
                return Err(Trouble::TimedOut("the page did not handle the input".to_string()));
            }
            Err(trouble) => return Err(trouble),
        }
    }
    let mut state = context.read();
    match state.tab_of(tab).and_then(|tab| tab.crashed.clone()) {
        Some(why) => Err(Trouble::Gone(why)),
        None => Ok(()),
    }
}

/// Moves with the left button down: from the first move on a page may drag something.
async fn drag(
    context: &Context,
    hands: &mut Hands,
    session: &str,
    by: Instant,
) -> Result<(), Trouble> {
    let (tab, _) = context.current()?;
    if let Some(data) = hands.drags.clone() {
        let (method, params) = hands.dragged("dragOver", &data);
        let sent = vec![context.line.send(Some(session), method, params)];
        return settle(&tab, context, sent, by).await;
    }
    if !hands.watches {
        drag::watch(context, session, by).await;
        hands.watches = true;
    }
    let (method, params) = hands.moved();
    let sent = vec![context.line.send(Some(session), method, params)];
    settle(&tab, context, sent, by).await?;
    if let Some(data) = drag::begun(context, by).await? {
        let (method, params) = hands.dragged("dragEnter", &data);
        let sent = vec![context.line.send(Some(session), method, params)];
        hands.drags = Some(data);
        settle(&tab, context, sent, by).await?;
    }
    Ok(())
}

impl Hands {
    fn commands(&mut self, input: &Input, mobile: bool) -> Result<Vec<Command>, Trouble> {
        Ok(match input {
            Input::Move(x, y) => {
                self.at = (*x, *y);
                match (mobile, self.touches) {
                    (_, true) => vec![self.touched("touchMove")],
                    // A finger that does not touch is nowhere.
                    (true, false) => Vec::new(),
                    (false, false) => vec![self.moved()],
                }
            }
            Input::Down(0, _) if mobile => {
                self.touches = true;
                vec![self.touched("touchStart")]
            }
            Input::Up(0, _) if self.touches => {
                self.touches = false;
                vec![self.touched("touchEnd")]
            }
            Input::Down(button, count) => {
                self.watches = false;
                self.buttons |= BITS.get(usize::from(*button)).copied().unwrap_or_default();
                vec![self.mouse("mousePressed", *button, *count)]
            }
            Input::Up(button, count) => {
                self.buttons &= !BITS.get(usize::from(*button)).copied().unwrap_or_default();
                vec![self.mouse("mouseReleased", *button, *count)]
            }
            Input::Wheel(right, down) => {
                let mut wheel = self.moved();
                wheel.1["type"] = "mouseWheel".into();
                wheel.1["deltaX"] = json!(right);
                wheel.1["deltaY"] = json!(down);
                vec![wheel]
            }
            Input::KeyDown(key) => vec![self.keyboard.press(key)?],
            Input::KeyUp(key) => self.keyboard.release(key).into_iter().collect(),
            Input::Text(text) => self.keyboard.write(text)?,
        })
    }

    fn moved(&self) -> Command {
        let held = BITS.iter().position(|bit| self.buttons & bit != 0);
        let button = held.map_or("none", |at| BUTTONS[at]);
        let params = json!({"type": "mouseMoved", "x": self.at.0, "y": self.at.1,
            "modifiers": self.keyboard.modifiers(), "button": button, "buttons": self.buttons});
        ("Input.dispatchMouseEvent", params)
    }

    fn mouse(&self, kind: &str, button: u8, count: u8) -> Command {
        let button = BUTTONS.get(usize::from(button)).copied().unwrap_or("none");
        let force = if kind == "mousePressed" { 0.5 } else { 0.0 };
        let params = json!({"type": kind, "x": self.at.0, "y": self.at.1,
            "modifiers": self.keyboard.modifiers(), "button": button, "buttons": self.buttons,
            "clickCount": count, "force": force});
        ("Input.dispatchMouseEvent", params)
    }

    fn touched(&self, kind: &str) -> Command {
        let points = match kind {
            "touchEnd" => json!([]),
            _ => json!([{"x": self.at.0, "y": self.at.1}]),
        };
        let modifiers = self.keyboard.modifiers();
        let params = json!({"type": kind, "touchPoints": points, "modifiers": modifiers});
        ("Input.dispatchTouchEvent", params)
    }

    fn dragged(&self, kind: &str, data: &Value) -> Command {
        let modifiers = self.keyboard.modifiers();
        let params = json!({"type": kind, "x": self.at.0, "y": self.at.1, "data": data,
            "modifiers": modifiers});
        ("Input.dispatchDragEvent", params)
    }
}
