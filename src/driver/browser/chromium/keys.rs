//! Is a keyboard with the US layout: what each key is called and what it writes.

use serde_json::{Value, json};

use crate::driver::browser::Trouble;

/// A key: its `code`, its virtual key code, what it gives, and with Shift.
type Key = (&'static str, u16, &'static str, &'static str);

/// Keys that write something.
const WRITING: &[Key] = &[
    ("Digit1", 49, "1", "!"),
    ("Digit2", 50, "2", "@"),
    ("Digit3", 51, "3", "#"),
    ("Digit4", 52, "4", "$"),
    ("Digit5", 53, "5", "%"),
    ("Digit6", 54, "6", "^"),
    ("Digit7", 55, "7", "&"),
    ("Digit8", 56, "8", "*"),
    ("Digit9", 57, "9", "("),
    ("Digit0", 48, "0", ")"),
    ("Backquote", 192, "`", "~"),
    ("Minus", 189, "-", "_"),
    ("Equal", 187, "=", "+"),
    ("BracketLeft", 219, "[", "{"),
    ("BracketRight", 221, "]", "}"),
    ("Backslash", 220, "\\", "|"),
    ("Semicolon", 186, ";", ":"),
    ("Quote", 222, "'", "\""),
    ("Comma", 188, ",", "<"),
    ("Period", 190, ".", ">"),
    ("Slash", 191, "/", "?"),
    ("Space", 32, " ", " "),
];

/// Keys that do something; both names are theirs.
const DOING: &[Key] = &[
    ("Enter", 13, "Enter", "Enter"),
    ("Tab", 9, "Tab", "Tab"),
    ("Backspace", 8, "Backspace", "Backspace"),
    ("Delete", 46, "Delete", "Delete"),
    ("Insert", 45, "Insert", "Insert"),
    ("Escape", 27, "Escape", "Escape"),
    ("ArrowLeft", 37, "ArrowLeft", "ArrowLeft"),
    ("ArrowUp", 38, "ArrowUp", "ArrowUp"),
    ("ArrowRight", 39, "ArrowRight", "ArrowRight"),
    ("ArrowDown", 40, "ArrowDown", "ArrowDown"),
    ("Home", 36, "Home", "Home"),
    ("End", 35, "End", "End"),
    ("PageUp", 33, "PageUp", "PageUp"),
    ("PageDown", 34, "PageDown", "PageDown"),
    ("CapsLock", 20, "CapsLock", "CapsLock"),
    ("NumLock", 144, "NumLock", "NumLock"),
    ("ScrollLock", 145, "ScrollLock", "ScrollLock"),
    ("Pause", 19, "Pause", "Pause"),
    ("PrintScreen", 44, "PrintScreen", "PrintScreen"),
    ("ContextMenu", 93, "ContextMenu", "ContextMenu"),
    ("ShiftLeft", 16, "Shift", "Shift"),
    ("ControlLeft", 17, "Control", "Control"),
    ("AltLeft", 18, "Alt", "Alt"),
    ("MetaLeft", 91, "Meta", "Meta"),
];

/// The modifiers with their bits in CDP.
const MODIFIERS: [(&str, u8); 4] = [("Alt", 1), ("Control", 2), ("Meta", 4), ("Shift", 8)];

/// The keys that are down.
#[derive(Debug, Default)]
pub(super) struct Keyboard {
    down: Vec<String>,
}

/// A command of CDP.
pub(super) type Command = (&'static str, Value);

impl Keyboard {
    /// The modifiers that are down, as CDP has them.
    pub fn modifiers(&self) -> u8 {
        let down = MODIFIERS.iter().filter(|(name, _)| self.down.iter().any(|key| key == name));
        down.map(|(_, bit)| bit).sum()
    }

    /// A key goes down.
    ///
    /// # Errors
    /// `Refused` for a name that no key has.
    pub fn press(&mut self, name: &str) -> Result<Command, Trouble> {
        let Some((code, number, key)) = self.key(name) else { return typed(name) };
        let again = self.down.contains(&key);
        if !again {
            self.down.push(key.clone());
        }
        let modifiers = self.modifiers();
        // With Control, Alt or Meta a key is an order and writes nothing.
        let writes = match key.as_str() {
            _ if modifiers & !8 != 0 => String::new(),
            "Enter" => "\r".to_string(),
            key if key.chars().count() == 1 => key.to_string(),
            _ => String::new(),
        };
        let mut params =
            params(if writes.is_empty() { "rawKeyDown" } else { "keyDown" }, modifiers);
        params["key"] = key.into();
        params["code"] = code.into();
        params["windowsVirtualKeyCode"] = number.into();
        params["location"] = location(&params["code"]).into();
        params["autoRepeat"] = again.into();
        if !writes.is_empty() {
            params["text"] = writes.clone().into();
            params["unmodifiedText"] = writes.into();
        }
        Ok(("Input.dispatchKeyEvent", params))
    }

    /// A key goes up; none for text that no key writes.
    pub fn release(&mut self, name: &str) -> Option<Command> {
        let (code, number, key) = self.key(name)?;
        let other = shifted(code);
        // The one that went down may be called otherwise, when Shift came or went meanwhile.
        self.down.retain(|down| *down != key && !other.contains(&down.as_str()));
        let mut params = params("keyUp", self.modifiers());
        params["key"] = key.into();
        params["code"] = code.into();
        params["windowsVirtualKeyCode"] = number.into();
        params["location"] = location(&params["code"]).into();
        Some(("Input.dispatchKeyEvent", params))
    }

    /// The keys that write a text, each down and up; what no key writes comes as from an input
    /// method.
    pub fn write(&mut self, text: &str) -> Result<Vec<Command>, Trouble> {
        let mut commands = Vec::new();
        for char in text.chars() {
            let name = match char {
                '\r' => continue,
                '\n' => "Enter".to_string(),
                '\t' => "Tab".to_string(),
                char => char.to_string(),
            };
            commands.push(self.press(&name)?);
            commands.extend(self.release(&name));
        }
        Ok(commands)
    }

    fn key(&self, name: &str) -> Option<(&'static str, u16, String)> {
        let shift = self.modifiers() & 8 != 0;
        if let [letter] = name.as_bytes()
            && letter.is_ascii_alphabetic()
        {
            let upper = letter.to_ascii_uppercase();
            let code = LETTERS[usize::from(upper - b'A')];
            let key = char::from(if shift { upper } else { *letter });
            return Some((code, u16::from(upper), key.to_string()));
        }
        let mut keys = WRITING.iter().chain(DOING);
        let Some(found) = keys.find(|key| key.2 == name || key.3 == name) else {
            return function(name);
        };
        let key = if shift && found.2 == name { found.3 } else { name };
        Some((found.0, found.1, key.to_string()))
    }
}

const LETTERS: [&str; 26] = [
    "KeyA", "KeyB", "KeyC", "KeyD", "KeyE", "KeyF", "KeyG", "KeyH", "KeyI", "KeyJ", "KeyK", "KeyL",
    "KeyM", "KeyN", "KeyO", "KeyP", "KeyQ", "KeyR", "KeyS", "KeyT", "KeyU", "KeyV", "KeyW", "KeyX",
    "KeyY", "KeyZ",
];

const FUNCTIONS: [&str; 12] =
    ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"];

fn function(name: &str) -> Option<(&'static str, u16, String)> {
    let at = FUNCTIONS.iter().position(|function| *function == name)?;
    Some((FUNCTIONS[at], 112 + u16::try_from(at).ok()?, name.to_string()))
}

/// Both names of a key.
fn shifted(code: &str) -> [&'static str; 2] {
    let key = WRITING.iter().find(|key| key.0 == code);
    key.map_or(["", ""], |key| [key.2, key.3])
}

/// 1 for keys that are there twice, left.
fn location(code: &Value) -> u8 {
    u8::from(code.as_str().is_some_and(|code| {
        MODIFIERS.iter().any(|(name, _)| code.strip_suffix("Left") == Some(name))
    }))
}

fn params(kind: &str, modifiers: u8) -> Value {
    json!({"type": kind, "modifiers": modifiers})
}

/// Text that no key writes.
fn typed(name: &str) -> Result<Command, Trouble> {
    if name.chars().count() == 1 {
        return Ok(("Input.insertText", json!({"text": name})));
    }
    Err(Trouble::Refused(format!(
        "there is no key `{name}`; keys are called as in KeyboardEvent.key, such as `Enter`, \
         `ArrowLeft`, `Control` or `a`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keyboard: &mut Keyboard, name: &str) -> Value {
        keyboard.press(name).expect("there is such a key").1
    }

    #[test]
    fn a_letter_is_written_and_with_control_it_is_an_order() {
        let mut keyboard = Keyboard::default();
        let a = pressed(&mut keyboard, "a");
        assert_eq!((&a["type"], &a["text"]), (&json!("keyDown"), &json!("a")));
        assert_eq!((&a["code"], &a["windowsVirtualKeyCode"]), (&json!("KeyA"), &json!(65)));
        keyboard.release("a");
        let control = pressed(&mut keyboard, "Control");
        assert_eq!((&control["modifiers"], &control["location"]), (&json!(2), &json!(1)));
        let order = pressed(&mut keyboard, "a");
        assert_eq!((&order["type"], order.get("text")), (&json!("rawKeyDown"), None));
        assert_eq!(order["modifiers"], 2);
    }

    #[test]
    fn shift_makes_the_other_sign_of_each_key() {
        let mut keyboard = Keyboard::default();
        assert_eq!(pressed(&mut keyboard, "A")["key"], "A");
        keyboard.release("A");
        pressed(&mut keyboard, "Shift");
        for (name, wanted) in [("a", "A"), ("1", "!"), ("/", "?"), ("Tab", "Tab")] {
            assert_eq!(pressed(&mut keyboard, name)["key"], wanted);
            keyboard.release(name);
        }
        assert_eq!(keyboard.modifiers(), 8);
        keyboard.release("Shift");
        assert_eq!(keyboard.modifiers(), 0);
    }

    #[test]
    fn a_key_held_down_repeats() {
        let mut keyboard = Keyboard::default();
        assert_eq!(pressed(&mut keyboard, "x")["autoRepeat"], false);
        assert_eq!(pressed(&mut keyboard, "x")["autoRepeat"], true);
        keyboard.release("x");
        assert_eq!(pressed(&mut keyboard, "x")["autoRepeat"], false);
    }

    #[test]
    fn every_printable_sign_of_ascii_has_a_key() {
        let mut keyboard = Keyboard::default();
        for sign in ' '..='~' {
            let (method, params) = keyboard.press(&sign.to_string()).expect("a key");
            assert_eq!((method, &params["text"]), ("Input.dispatchKeyEvent", &json!(sign)));
            keyboard.release(&sign.to_string());
        }
    }

    #[test]
    fn what_no_key_writes_is_inserted_and_what_is_no_key_is_refused() {
        let mut keyboard = Keyboard::default();
        let commands = keyboard.write("é\n").expect("it can be written");
        assert_eq!(commands[0], ("Input.insertText", json!({"text": "é"})));
        assert_eq!(
            (&commands[1].1["key"], &commands[1].1["text"]),
            (&json!("Enter"), &json!("\r"))
        );
        assert_eq!(commands.len(), 3);
        assert_eq!(pressed(&mut keyboard, "F5")["windowsVirtualKeyCode"], 116);
        assert!(matches!(keyboard.press("Entr"), Err(Trouble::Refused(_))));
    }
}
