//! Compiles text with `{{ }}` into a `Template`: names become variables, fixed values are
//! written in at once, and every fault says which expression it is about.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Slot;
use super::expression::{Parsed, Piece, pieces};
use super::template::{
    Expression, Function, Segment, Spelling, Template, plain_text, whole_number, write_escaped,
    write_value,
};
use crate::diagnostic::Place;

/// What a name in a template stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A variable that is set while the plan is carried out.
    Slot(Slot),
    /// A value that never changes, such as one of `vars`.
    Fixed(Value),
}

/// What is wrong with a template, and which of its expressions is meant.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The expression as written, from `{{` to `}}`.
    pub text: String,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong, before anybody knows where.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// See `Diagnostic::code`.
    pub code: &'static str,
    /// See `Diagnostic::problem`.
    pub problem: String,
    /// See `Diagnostic::label`.
    pub label: String,
    /// See `Diagnostic::related`.
    pub related: Option<Box<(Place, String)>>,
    /// See `Diagnostic::help`.
    pub help: Option<String>,
}

impl Trouble {
    /// A problem without help.
    pub fn new(code: &'static str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self { code, problem, label: String::new(), related: None, help: None }
    }

    /// What to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What stands at the place.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// A second place.
    pub fn related(mut self, place: &Place, label: impl Into<String>) -> Self {
        self.related = Some(Box::new((place.clone(), label.into())));
        self
    }
}

/// Says what a name means where a template stands.
pub type Names<'a> = dyn FnMut(&str) -> Result<Meaning, Trouble> + 'a;

impl Template {
    /// Compiles a text; its holes are written in `spelling`.
    pub fn compile(
        text: &str,
        spelling: Spelling,
        names: &mut Names<'_>,
    ) -> Result<Template, Vec<Fault>> {
        let mut writer = Writer::new(names);
        writer.text(text, spelling);
        writer.finish()
    }

    /// Compiles a JSON value whose strings are templates into JSON text. A string that is one
    /// expression and nothing else becomes what the expression gives, with its own type.
    pub fn compile_json(value: &Value, names: &mut Names<'_>) -> Result<Template, Vec<Fault>> {
        let mut writer = Writer::new(names);
        writer.json(value);
        writer.finish()
    }

    /// The text before the first hole.
    pub(super) fn beginning(&self) -> Option<&str> {
        match self.segments.first() {
            Some(Segment::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Puts text before everything else.
    pub(super) fn prepend(&mut self, text: &str) {
        match self.segments.first_mut() {
            Some(Segment::Text(first)) => first.insert_str(0, text),
            _ => self.segments.insert(0, Segment::Text(text.to_string())),
        }
    }
}

/// Puts segments in order; text beside text becomes one.
pub(super) struct Writer<'a, 'n> {
    names: &'a mut Names<'n>,
    segments: Vec<Segment>,
    faults: Vec<Fault>,
}

impl<'a, 'n> Writer<'a, 'n> {
    pub(super) fn new(names: &'a mut Names<'n>) -> Self {
        Self { names, segments: Vec::new(), faults: Vec::new() }
    }

    pub(super) fn finish(self) -> Result<Template, Vec<Fault>> {
        match self.faults.is_empty() {
            true => Ok(Template { segments: self.segments }),
            false => Err(self.faults),
        }
    }

    /// Text as it is.
    pub(super) fn literal(&mut self, text: &str) {
        match self.segments.last_mut() {
            _ if text.is_empty() => {}
            Some(Segment::Text(last)) => last.push_str(text),
            _ => self.segments.push(Segment::Text(text.to_string())),
        }
    }

    /// The text at the end, unless a hole is there.
    pub(super) fn last_text(&self) -> Option<&str> {
        match self.segments.last() {
            Some(Segment::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn fault(&mut self, text: &str, trouble: Trouble) {
        self.faults.push(Fault { text: text.to_string(), trouble });
    }

    fn text(&mut self, text: &str, spelling: Spelling) {
        match pieces(text) {
            Ok(list) => list.iter().for_each(|piece| self.piece(piece, spelling)),
            Err(faults) => self.faults.extend(faults),
        }
    }

    fn piece(&mut self, piece: &Piece, spelling: Spelling) {
        match piece {
            Piece::Text(text) if spelling == Spelling::InJsonString => {
                let mut escaped = String::new();
                write_escaped(text, &mut escaped);
                self.literal(&escaped);
            }
            Piece::Text(text) => self.literal(text),
            Piece::Hole(parsed, text) => self.hole(parsed, text, spelling),
        }
    }

    pub(super) fn hole(&mut self, parsed: &Parsed, text: &str, spelling: Spelling) {
        let meaning = match parsed {
            Parsed::Call(function) => {
                let expression = Expression::Call(function.clone());
                return self.segments.push(Segment::Hole(expression, spelling));
            }
            Parsed::Name(name) | Parsed::Int(name) | Parsed::Base64(name) => (self.names)(name),
        };
        let expression = match (meaning, parsed) {
            (Err(trouble), _) => return self.fault(text, trouble),
            (Ok(Meaning::Fixed(value)), _) => return self.fixed(value, parsed, text, spelling),
            (Ok(Meaning::Slot(slot)), Parsed::Int(_)) => Expression::Call(Function::Int(slot)),
            (Ok(Meaning::Slot(slot)), Parsed::Base64(_)) => {
                Expression::Call(Function::Base64(slot))
            }
            (Ok(Meaning::Slot(slot)), _) => Expression::Slot(slot),
        };
        self.segments.push(Segment::Hole(expression, spelling));
    }

    fn fixed(&mut self, value: Value, parsed: &Parsed, text: &str, spelling: Spelling) {
        let value = match parsed {
            Parsed::Int(name) => match whole_number(&value) {
                Some(number) => Value::from(number),
                None => {
                    let problem = format!("`{name}` is {value}, which is not a whole number");
                    let trouble = Trouble::new("not-a-number", problem)
                        .help("`int()` reads text such as \"42\"");
                    return self.fault(text, trouble);
                }
            },
            Parsed::Base64(_) => Value::from(STANDARD.encode(plain_text(&value))),
            _ => value,
        };
        let mut written = String::new();
        write_value(&value, spelling, &mut written);
        self.literal(&written);
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.json_string(text),
            Value::Array(list) => {
                self.literal("[");
                for (at, item) in list.iter().enumerate() {
                    self.literal(if at == 0 { "" } else { "," });
                    self.json(item);
                }
                self.literal("]");
            }
            Value::Object(map) => {
                self.literal("{");
                for (at, (key, item)) in map.iter().enumerate() {
                    self.literal(if at == 0 { "" } else { "," });
                    self.literal(&Value::from(key.as_str()).to_string());
                    self.literal(":");
                    self.json(item);
                }
                self.literal("}");
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.literal(&value.to_string()),
        }
    }

    fn json_string(&mut self, text: &str) {
        match pieces(text).as_deref() {
            Ok([Piece::Hole(parsed, text)]) => self.hole(parsed, text, Spelling::Json),
            Ok(list) => {
                self.literal("\"");
                list.iter().for_each(|piece| self.piece(piece, Spelling::InJsonString));
                self.literal("\"");
            }
            Err(faults) => self.faults.extend_from_slice(faults),
        }
    }
}
