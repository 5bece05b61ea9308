//! Text with holes: how a URL, a header, a body or a check is written out for one request.
//!
//! Rendering is on the path of every request: it reads variables and random numbers that are
//! handed in, and appends to a buffer that the caller keeps. Compiling is in `compile`.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use rand::{Rng as _, RngExt as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::Value;

use super::Slot;

/// Text with holes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template {
    /// In order.
    pub segments: Vec<Segment>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Segment {
    /// As it is.
    Text(String),
    /// What an expression gives, written in a way.
    Hole(Expression, Spelling),
}

/// How a value is written into a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Text as it is; anything else as JSON.
    Plain,
    /// As a JSON value: text gets quotes.
    Json,
    /// As text inside a JSON string.
    InJsonString,
    /// Percent-encoded, for a path or query.
    Percent,
    /// A link taken from an answer, after the target's origin: a path continues what stands
    /// before it, a whole URL replaces it.
    Link,
}

/// What gives a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A variable.
    Slot(Slot),
    /// A function, called anew at each use.
    Call(Function),
}

/// The functions of templates.
#[derive(Debug, Clone, PartialEq)]
pub enum Function {
    /// `uuid()`: version 4, from the virtual user's random numbers.
    Uuid,
    /// `random-int(low, high)`, both included.
    RandomInt(i64, i64),
    /// `random-text(length)`: lower-case letters and digits.
    RandomText(usize),
    /// `random-item("a", "b", ...)`.
    RandomItem(Vec<String>),
    /// `now("%Y-%m-%d", "+1d")`: UTC, a strftime format and an offset in seconds; without a
    /// format, RFC 3339.
    Now(Option<String>, i64),
    /// `unix-ms()`.
    UnixMs,
    /// `int(name)`: a text read as a number.
    Int(Slot),
    /// `base64(name)`.
    Base64(Slot),
    /// `user()`: the virtual user's number, from 1.
    User,
    /// `iteration()`: this virtual user's iteration, from 1.
    Iteration,
}

/// What a template may see while it is written out.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The variables, by `Slot`.
    pub slots: &'a [Option<Value>],
    /// Their names, by `Slot`: `ScenarioPlan::slots`.
    pub names: &'a [String],
    /// The virtual user's random numbers.
    pub random: &'a mut Xoshiro256PlusPlus,
    /// The time of day, in milliseconds since 1970 (UTC).
    pub unix_ms: i64,
    /// The virtual user's number, from 1.
    pub user: u64,
    /// This virtual user's iteration, from 1.
    pub iteration: u64,
}

/// A template needs a value that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The variable's name.
    pub name: String,
    /// The text it holds, where a number was wanted.
    pub instead: Option<String>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.instead {
            None => write!(f, "the variable `{}` has no value", self.name),
            Some(text) => write!(f, "`{}` is {text:?}, which is not a whole number", self.name),
        }
    }
}

impl std::error::Error for Missing {}

impl Template {
    /// A template without holes.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let segments = if text.is_empty() { Vec::new() } else { vec![Segment::Text(text)] };
        Self { segments }
    }

    /// The text, if there are no holes.
    pub fn as_text(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [] => Some(""),
            [Segment::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the text to `out`; after an error `out` holds only a part of it.
    ///
    /// Text, and variables that hold text, are copied without any other allocation.
    pub fn render(&self, scope: &mut Scope<'_>, out: &mut String) -> Result<(), Missing> {
        let start = out.len();
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => out.push_str(text),
                Segment::Hole(Expression::Slot(slot), Spelling::Link) => {
                    write_link(scope.value(*slot)?, start, out);
                }
                Segment::Hole(Expression::Slot(slot), spelling) => {
                    write_value(scope.value(*slot)?, *spelling, out);
                }
                Segment::Hole(Expression::Call(function), spelling) => {
                    function.write(scope, *spelling, out)?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Scope<'a> {
    fn value(&self, slot: Slot) -> Result<&'a Value, Missing> {
        match self.slots.get(usize::from(slot.0)) {
            Some(Some(value)) => Ok(value),
            _ => Err(self.missing(slot, None)),
        }
    }

    #[cold]
    fn missing(&self, slot: Slot, instead: Option<String>) -> Missing {
        let name = self.names.get(usize::from(slot.0));
        Missing { name: name.cloned().unwrap_or_else(|| format!("#{}", slot.0)), instead }
    }
}

impl Function {
    fn write(
        &self,
        scope: &mut Scope<'_>,
        spelling: Spelling,
        out: &mut String,
    ) -> Result<(), Missing> {
        match self {
            Function::Uuid => quoted(spelling, out, |out| write_uuid(scope.random, out)),
            Function::RandomInt(low, high) => {
                write_integer(scope.random.random_range(*low..=*high), out);
            }
            Function::RandomText(length) => quoted(spelling, out, |out| {
                out.extend((0..*length).map(|_| random_character(scope.random)));
            }),
            Function::RandomItem(items) => {
                let at = scope.random.random_range(0..items.len().max(1) as u64);
                write_text(items.get(at as usize).map_or("", String::as_str), spelling, out);
            }
            Function::Now(format, offset) => {
                write_text(&time_text(scope.unix_ms, format.as_deref(), *offset), spelling, out);
            }
            Function::UnixMs => write_integer(scope.unix_ms, out),
            Function::Int(slot) => {
                let value = scope.value(*slot)?;
                let number = whole_number(value)
                    .ok_or_else(|| scope.missing(*slot, Some(plain_text(value))))?;
                write_integer(number, out);
            }
            Function::Base64(slot) => {
                let encoded = STANDARD.encode(plain_text(scope.value(*slot)?));
                write_text(&encoded, spelling, out);
            }
            Function::User => write_integer(scope.user, out),
            Function::Iteration => write_integer(scope.iteration, out),
        }
        Ok(())
    }
}

/// Writes a value in a spelling.
pub(super) fn write_value(value: &Value, spelling: Spelling, out: &mut String) {
    match (value, spelling) {
        (Value::String(text), _) => write_text(text, spelling, out),
        (_, Spelling::Plain | Spelling::Json | Spelling::Link) => write_json(value, out),
        (_, Spelling::InJsonString | Spelling::Percent) => {
            write_text(&value.to_string(), spelling, out);
        }
    }
}

/// The value as `Plain` would write it.
pub(super) fn plain_text(value: &Value) -> String {
    let mut text = String::new();
    write_value(value, Spelling::Plain, &mut text);
    text
}

/// A number, or text that is one; nothing that would lose a fraction.
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9.0e15).map(|n| n as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The time of day in UTC; a time beyond the calendar is its last moment.
pub(super) fn time_text(unix_ms: i64, format: Option<&str>, offset: i64) -> String {
    let shifted = unix_ms.saturating_add(offset.saturating_mul(1000));
    let edge = if shifted < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let time = Timestamp::from_millisecond(shifted).unwrap_or(edge);
    let Some(format) = format else { return time.to_string() };
    let mut text = String::new();
    let zoned = time.to_zoned(TimeZone::UTC);
    // Bad formats were found when the template was compiled.
    match BrokenDownTime::from(&zoned).format(format, &mut text) {
        Ok(()) => text,
        Err(_) => time.to_string(),
    }
}

fn write_link(value: &Value, start: usize, out: &mut String) {
    let Value::String(link) = value else { return write_json(value, out) };
    let absolute = ["http://", "https://"]
        .iter()
        .any(|scheme| link.get(..scheme.len()).is_some_and(|l| l.eq_ignore_ascii_case(scheme)));
    if absolute {
        out.truncate(start);
    } else if !link.starts_with('/') {
        // Without it the link would change the name of the host before it.
        out.push('/');
    }
    out.push_str(link);
}

fn write_text(text: &str, spelling: Spelling, out: &mut String) {
    match spelling {
        Spelling::Plain | Spelling::Link => out.push_str(text),
        Spelling::Json => {
            out.push('"');
            write_escaped(text, out);
            out.push('"');
        }
        Spelling::InJsonString => write_escaped(text, out),
        Spelling::Percent => write_percent(text, out),
    }
}

fn quoted(spelling: Spelling, out: &mut String, write: impl FnOnce(&mut String)) {
    let quote = spelling == Spelling::Json;
    if quote {
        out.push('"');
    }
    write(out);
    if quote {
        out.push('"');
    }
}

fn write_json(value: &Value, out: &mut String) {
    write!(out, "{value}").expect("writing to a String cannot fail");
}

fn write_integer(number: impl fmt::Display, out: &mut String) {
    write!(out, "{number}").expect("writing to a String cannot fail");
}

/// JSON string escapes (RFC 8259 section 7), copying the stretches that need none.
pub(super) fn write_escaped(text: &str, out: &mut String) {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "\\u00",
            _ => continue,
        };
        out.push_str(&text[copied..at]);
        out.push_str(escape);
        if escape.len() == 4 {
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)].to_ascii_lowercase());
        }
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
}

/// Everything but the unreserved characters (RFC 3986 section 2.3), so that a value can never
/// end the path or the parameter it stands in.
pub(super) fn write_percent(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}

const HEX: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];

fn write_uuid(random: &mut Xoshiro256PlusPlus, out: &mut String) {
    let mut bits = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
    // Version 4, variant 10 (RFC 9562 section 5.4).
    bits = (bits & !(0xf << 76)) | (0x4 << 76);
    bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    for at in (0..32).rev() {
        if matches!(at, 23 | 19 | 15 | 11) {
            out.push('-');
        }
        out.push(HEX[(bits >> (at * 4)) as usize & 15].to_ascii_lowercase());
    }
}

fn random_character(random: &mut Xoshiro256PlusPlus) -> char {
    const SET: [u8; 36] = *b"abcdefghijklmnopqrstuvwxyz0123456789";
    char::from(SET[random.random_range(0..SET.len() as u64) as usize])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;
    use serde_json::json;

    use super::*;
    use crate::plan::Meaning;

    /// Variables `a` to `d` by number; `vars.fixed` is known when compiling.
    fn names(name: &str) -> Result<Meaning, crate::plan::Trouble> {
        match name {
            "a" => Ok(Meaning::Slot(Slot(0))),
            "b" => Ok(Meaning::Slot(Slot(1))),
            "c" => Ok(Meaning::Slot(Slot(2))),
            "vars.fixed" => Ok(Meaning::Fixed(json!("f/1 \"x\""))),
            "vars.seven" => Ok(Meaning::Fixed(json!(7))),
            _ => Err(crate::plan::Trouble::new("unknown-name", name)),
        }
    }

    fn render_with(template: &Template, slots: &[Option<Value>], seed: u64) -> String {
        let names = ["a", "b", "c"].map(String::from);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut scope = Scope {
            slots,
            names: &names,
            random: &mut random,
            unix_ms: 1_700_000_000_123,
            user: 3,
            iteration: 9,
        };
        let mut out = String::new();
        template.render(&mut scope, &mut out).expect("all slots are set");
        out
    }

    fn plain(text: &str, slots: &[Option<Value>]) -> String {
        spelled(text, Spelling::Plain, slots)
    }

    fn spelled(text: &str, spelling: Spelling, slots: &[Option<Value>]) -> String {
        let template = Template::compile(text, spelling, &mut names).expect(text);
        render_with(&template, slots, 1)
    }

    fn as_json(value: &Value, slots: &[Option<Value>]) -> Value {
        let template = Template::compile_json(value, &mut names).expect("valid");
        let text = render_with(&template, slots, 1);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn values_stand_where_their_names_stood() {
        let slots = [Some(json!("x")), Some(json!(5)), Some(json!(["y", null]))];
        assert_eq!(plain("<{{ a }}|{{ b }}|{{ c }}>", &slots), r#"<x|5|["y",null]>"#);
        assert_eq!(plain("no holes, {{{{ a }}", &slots), "no holes, {{ a }}");
        assert_eq!(plain("{{ user() }}.{{ iteration() }}", &slots), "3.9");
        assert_eq!(plain("{{ int(b) }} {{ base64(a) }}", &slots), "5 eA==");
    }

    #[test]
    fn what_never_changes_is_written_in_at_once() {
        let template =
            Template::compile("{{ vars.fixed }}!{{ vars.seven }}", Spelling::Plain, &mut names)
                .expect("valid");
        assert_eq!(template.as_text(), Some("f/1 \"x\"!7"));
        let body = json!({ "n": "{{ vars.seven }}", "t": "<{{ vars.fixed }}>" });
        let template = Template::compile_json(&body, &mut names).expect("valid");
        assert_eq!(template.as_text(), Some(r#"{"n":7,"t":"<f/1 \"x\">"}"#));
    }

    #[test]
    fn a_path_keeps_its_shape_whatever_the_value() {
        let slots = [Some(json!("../a b?c#d&e=ü/")), Some(json!(1.5e300))];
        assert_eq!(
            spelled("/meals/{{ a }}?x={{ b }}", Spelling::Percent, &slots),
            "/meals/..%2Fa%20b%3Fc%23d%26e%3D%C3%BC%2F?x=1.5e%2B300"
        );
    }

    #[test]
    fn a_link_is_a_path_at_the_target_or_a_whole_url() {
        let template = Template {
            segments: vec![
                Segment::Text("http://here:1".into()),
                Segment::Hole(Expression::Slot(Slot(0)), Spelling::Link),
            ],
        };
        let link = |text: &str| render_with(&template, &[Some(json!(text))], 1);
        assert_eq!(link("/next?a=b"), "http://here:1/next?a=b");
        assert_eq!(link("HTTPS://there/x"), "HTTPS://there/x");
        assert_eq!(link(".evil.example/"), "http://here:1/.evil.example/");
    }

    #[test]
    fn a_whole_expression_keeps_its_type_in_json() {
        let slots = [Some(json!("5")), Some(json!(5)), Some(json!({ "k": [true] }))];
        let body = json!({
            "text": "{{ a }}", "number": "{{ b }}", "object": "{{ c }}", "int": "{{ int(a) }}",
            "in text": "n{{ b }}", "list": [1, "{{ b }}", null], "k {{ a }}": {}, "e": []
        });
        let expected = json!({
            "text": "5", "number": 5, "object": { "k": [true] }, "int": 5,
            "in text": "n5", "list": [1, 5, null], "k {{ a }}": {}, "e": []
        });
        assert_eq!(as_json(&body, &slots), expected);
    }

    #[test]
    fn the_time_is_written_by_its_format() {
        assert_eq!(plain("{{ now() }}", &[]), "2023-11-14T22:13:20.123Z");
        assert_eq!(plain("{{ now(\"%Y-%m-%d\", \"+1d\") }}", &[]), "2023-11-15");
        assert_eq!(plain("{{ now(\"%H:%M %Z\") }}", &[]), "22:13 UTC");
        assert_eq!(plain("{{ unix-ms() }}", &[]), "1700000000123");
        assert!(time_text(i64::MAX, None, i64::MAX).starts_with("9999"));
        assert!(time_text(i64::MIN, None, -5).starts_with("-00"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let template = Template::compile("{{ b }}", Spelling::Plain, &mut names).expect("valid");
        let int = Template::compile("{{ int(a) }}", Spelling::Plain, &mut names).expect("valid");
        let slot_names = ["a", "b"].map(String::from);
        let mut scope = Scope {
            slots: &[Some(json!("many")), None],
            names: &slot_names,
            random: &mut Xoshiro256PlusPlus::seed_from_u64(0),
            unix_ms: 0,
            user: 1,
            iteration: 1,
        };
        let mut out = String::new();
        let missing = template.render(&mut scope, &mut out).expect_err("b is not set");
        assert_eq!(missing.to_string(), "the variable `b` has no value");
        let missing = int.render(&mut scope, &mut out).expect_err("a is no number");
        assert_eq!(missing.to_string(), "`a` is \"many\", which is not a whole number");
    }

    #[test]
    fn identifiers_have_the_form_of_version_4() {
        let uuid = plain("{{ uuid() }}", &[]);
        let form = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
        assert!(regex::Regex::new(form).expect("valid").is_match(&uuid), "{uuid}");
    }

    fn hostile() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\"\\\\\u{0}-\u{20}{}%\u{7f}-\u{a0}]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|pairs| pairs.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_rendered_json_body_is_always_json(a in hostile(), b in hostile(), key in ".*") {
            let body = json!({ &key: "{{ a }}", "in": "<{{ a }}{{ b }}\u{1}>", "l": ["{{ b }}"] });
            let got = as_json(&body, &[Some(a.clone()), Some(b.clone())]);
            let inside = format!("<{}{}\u{1}>", plain_text(&a), plain_text(&b));
            prop_assert_eq!(&got["in"], &json!(inside));
            prop_assert_eq!(&got["l"][0], &b);
        }

        #[test]
        fn a_percent_encoded_value_can_be_read_back(text in any::<String>()) {
            let mut encoded = String::new();
            write_percent(&text, &mut encoded);
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            prop_assert!(encoded.bytes().all(safe));
            let query = format!("v={encoded}");
            let read = url::form_urlencoded::parse(query.as_bytes()).next();
            prop_assert_eq!(read.map(|(_, value)| value.into_owned()), Some(text));
        }

        #[test]
        fn the_same_seed_gives_the_same_text(seed in any::<u64>()) {
            let text = "{{ uuid() }} {{ random-int(1, 1000000) }} {{ random-text(8) }} \
                {{ random-item(\"a\", \"b\", \"c\") }}";
            let template = Template::compile(text, Spelling::Plain, &mut names).expect("valid");
            let once = render_with(&template, &[], seed);
            prop_assert_eq!(&once, &render_with(&template, &[], seed));
            prop_assert_ne!(&once, &render_with(&template, &[], seed.wrapping_add(1)));
        }

        #[test]
        fn random_numbers_stay_in_their_range(
            seed in any::<u64>(),
            low in any::<i64>(),
            high in any::<i64>(),
        ) {
            let (low, high) = (low.min(high), low.max(high));
            let function = Expression::Call(Function::RandomInt(low, high));
            let template = Template { segments: vec![Segment::Hole(function, Spelling::Json)] };
            let number: i64 = render_with(&template, &[], seed).parse().expect("a number");
            prop_assert!((low..=high).contains(&number));
        }
    }
}
