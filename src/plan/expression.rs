//! Reads the inside of `{{ }}`: names, functions and their arguments.
//!
//! Only what the text says by itself is judged here; what a name means is `compile`'s business.

use super::compile::{Fault, Trouble};
use super::template::Function;
use crate::diagnostic::nearest;

/// A part of a text with holes.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Text as it is, `{{{{` already read.
    Text(String),
    /// An expression, and how it is written from `{{` to `}}`.
    Hole(Parsed, String),
}

/// What stands in a hole.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Parsed {
    /// A variable.
    Name(String),
    /// `int(name)`.
    Int(String),
    /// `base64(name)`.
    Base64(String),
    /// Any other function.
    Call(Function),
}

/// The functions, as they are written.
pub(super) const FUNCTIONS: [&str; 10] = [
    "uuid",
    "random-int",
    "random-text",
    "random-item",
    "now",
    "unix-ms",
    "int",
    "base64",
    "user",
    "iteration",
];

/// The longest `random-text`: enough for a body that must be large.
const LONGEST_TEXT: i64 = 1_000_000;

/// The farthest offset of a time, in seconds: a thousand years.
const FARTHEST: i64 = 1000 * 365 * 86_400;

/// Splits a text at its holes; all faults at once.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Vec<Fault>> {
    let mut list = Vec::new();
    let mut faults = Vec::new();
    let mut literal = String::new();
    let mut rest = 0;
    while let Some(found) = text[rest..].find("{{") {
        let open = rest + found;
        literal.push_str(&text[rest..open]);
        let braces = text[open..].bytes().take_while(|byte| *byte == b'{').count();
        if braces >= 4 {
            literal.push_str("{{");
            rest = open + 4;
            continue;
        }
        // Of three braces the first is text: `{"id":{{{ id }}}`.
        let open = open + braces - 2;
        literal.push_str(&"{"[..braces - 2]);
        let Some(end) = closing(text, open + 2) else {
            let problem = "a template begins with `{{` and never ends";
            let trouble = Trouble::new("template-syntax", problem)
                .help("close it with `}}`, or write `{{{{` for two braces that are only text");
            faults.push(Fault { text: text[open..].to_string(), trouble });
            rest = text.len();
            break;
        };
        let written = text[open..end + 2].to_string();
        match parse(&text[open + 2..end]) {
            Ok(parsed) => {
                if !literal.is_empty() {
                    list.push(Piece::Text(std::mem::take(&mut literal)));
                }
                list.push(Piece::Hole(parsed, written));
            }
            Err(trouble) => faults.push(Fault { text: written, trouble }),
        }
        rest = end + 2;
    }
    literal.push_str(&text[rest..]);
    if !literal.is_empty() {
        list.push(Piece::Text(literal));
    }
    if faults.is_empty() { Ok(list) } else { Err(faults) }
}

/// Where the `}}` is that ends an expression; quoted text may hold braces.
fn closing(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut at = from;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            (None, mark @ (b'"' | b'\'')) => quote = Some(mark),
            (Some(_), b'\\') => at += 1,
            (Some(mark), byte) if mark == byte => quote = None,
            _ => {}
        }
        at += 1;
    }
    // An apostrophe outside of a string must not hide the end.
    quote.and_then(|_| text[from..].find("}}").map(|found| from + found))
}

fn parse(inside: &str) -> Result<Parsed, Trouble> {
    let inside = inside.trim();
    if inside.is_empty() {
        return Err(Trouble::new("template-syntax", "there is nothing between `{{` and `}}`")
            .help("write a variable or a function, such as `{{ vars.name }}` or `{{ uuid() }}`"));
    }
    let Some(open) = inside.find('(') else { return name(inside).map(Parsed::Name) };
    let function = inside[..open].trim();
    if !FUNCTIONS.contains(&function) {
        return Err(unknown_function(function));
    }
    let Some(arguments) = inside[open + 1..].strip_suffix(')') else {
        return Err(syntax(format!("`{inside}` does not end with `)`"), function));
    };
    let arguments =
        split(arguments).map_err(|problem| syntax(format!("{problem} in `{inside}`"), function))?;
    call(function, &arguments)
}

fn name(text: &str) -> Result<String, Trouble> {
    let strange = text.chars().find(|c| !(c.is_alphanumeric() || "_-. $@/".contains(*c)));
    match strange {
        None => Ok(text.to_string()),
        Some(strange) => Err(Trouble::new(
            "template-syntax",
            format!("`{text}` is no variable and no function: `{strange}` cannot stand there"),
        )
        .help("templates have no operators; a value is a name or one function call")),
    }
}

fn unknown_function(function: &str) -> Trouble {
    let trouble = Trouble::new("unknown-function", format!("there is no function `{function}()`"));
    match nearest(function, FUNCTIONS) {
        Some(near) => trouble.help(format!("did you mean `{near}`? {}", example(near))),
        None => trouble.help(format!("the functions are {}", FUNCTIONS.join(", "))),
    }
}

fn syntax(problem: String, function: &str) -> Trouble {
    Trouble::new("template-syntax", problem).help(example(function))
}

fn example(function: &str) -> String {
    let example = match function {
        "uuid" => "{{ uuid() }}",
        "random-int" => "{{ random-int(1, 100) }}",
        "random-text" => "{{ random-text(8) }}",
        "random-item" => "{{ random-item(\"a\", \"b\") }}",
        "now" => "{{ now(\"%Y-%m-%d\", \"+1d\") }}",
        "unix-ms" => "{{ unix-ms() }}",
        "int" => "{{ int(users.age) }}",
        "base64" => "{{ base64(token) }}",
        "user" => "{{ user() }}",
        _ => "{{ iteration() }}",
    };
    format!("write it as `{example}`")
}

#[derive(Debug)]
enum Argument {
    Text(String),
    Number(i64),
    Name(String),
}

fn split(text: &str) -> Result<Vec<Argument>, String> {
    let mut list = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (argument, after) = match rest.chars().next() {
            Some(mark @ ('"' | '\'')) => quoted(rest, mark)?,
            _ => {
                let end = rest.find(',').unwrap_or(rest.len());
                (bare(rest[..end].trim())?, &rest[end..])
            }
        };
        list.push(argument);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(more) if more.trim().is_empty() => return Err("nothing after the comma".into()),
            Some(more) => rest = more.trim_start(),
            None if rest.is_empty() => {}
            None => return Err("a comma is missing".into()),
        }
    }
    Ok(list)
}

fn quoted(rest: &str, mark: char) -> Result<(Argument, &str), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => text.push(characters.next().map_or('\\', |(_, escaped)| escaped)),
            _ if character == mark => {
                return Ok((Argument::Text(text), &rest[at + mark.len_utf8()..]));
            }
            _ => text.push(character),
        }
    }
    Err(format!("the text that begins with {mark} never ends"))
}

fn bare(word: &str) -> Result<Argument, String> {
    let numeric = word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
    if numeric {
        let number = word.parse().map_err(|_| format!("`{word}` is not a whole number"))?;
        return Ok(Argument::Number(number));
    }
    match name(word) {
        Ok(_) if word.is_empty() => Err("an argument is missing".into()),
        Ok(name) => Ok(Argument::Name(name)),
        Err(_) => Err(format!("`{word}` is neither a name, a number nor a quoted text")),
    }
}

fn call(function: &str, arguments: &[Argument]) -> Result<Parsed, Trouble> {
    use Argument::{Name, Number, Text};
    let wrong = || syntax(format!("`{function}()` was given the wrong arguments"), function);
    let ready = match (function, arguments) {
        ("uuid", []) => Function::Uuid,
        ("unix-ms", []) => Function::UnixMs,
        ("user", []) => Function::User,
        ("iteration", []) => Function::Iteration,
        ("random-int", [Number(low), Number(high)]) if low <= high => {
            Function::RandomInt(*low, *high)
        }
        ("random-int", [Number(low), Number(high)]) => {
            let problem = format!("there is no number from {low} to {high}");
            return Err(syntax(problem, function));
        }
        ("random-text", [Number(length @ 0..=LONGEST_TEXT)]) => {
            Function::RandomText(*length as usize)
        }
        ("random-item", [_, ..]) => Function::RandomItem(items(arguments).ok_or_else(wrong)?),
        ("now", []) => Function::Now(None, 0),
        ("now", [Text(format)]) => Function::Now(Some(time_format(format)?), 0),
        ("now", [Text(format), Text(offset)]) => {
            let format = if format.is_empty() { None } else { Some(time_format(format)?) };
            Function::Now(format, time_offset(offset)?)
        }
        ("int", [Name(name)]) => return Ok(Parsed::Int(name.clone())),
        ("base64", [Name(name)]) => return Ok(Parsed::Base64(name.clone())),
        _ => return Err(wrong()),
    };
    Ok(Parsed::Call(ready))
}

fn items(arguments: &[Argument]) -> Option<Vec<String>> {
    let item = |argument: &Argument| match argument {
        Argument::Text(text) => Some(text.clone()),
        Argument::Number(number) => Some(number.to_string()),
        Argument::Name(_) => None,
    };
    arguments.iter().map(item).collect()
}

fn time_format(format: &str) -> Result<String, Trouble> {
    if !format.contains('%') {
        let problem = format!("the time format {format:?} has no `%`, so it holds no time");
        return Err(Trouble::new("bad-time-format", problem).help(example("now")));
    }
    let mut text = String::new();
    let epoch = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let broken_down = jiff::fmt::strtime::BrokenDownTime::from(&epoch);
    match broken_down.format(format, &mut text) {
        Ok(()) => Ok(format.to_string()),
        Err(error) => Err(Trouble::new("bad-time-format", format!("the time format: {error}"))
            .help("the letters are those of strftime, such as `%Y-%m-%dT%H:%M:%SZ`")),
    }
}

/// `+1d`, `-90m`, `+1d12h`, in seconds.
fn time_offset(text: &str) -> Result<i64, Trouble> {
    let bad = || {
        Trouble::new("bad-time-offset", format!("{text:?} is not an offset of time")).help(
            "write a sign, numbers and units (s, m, h, d, w), such as `+1d`, `-90m`, `+1d12h`",
        )
    };
    let (sign, mut rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(bad()),
    };
    let mut seconds = 0_i64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit = match rest[digits..].chars().next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return Err(bad()),
        };
        seconds = number.checked_mul(unit).and_then(|n| n.checked_add(seconds)).ok_or_else(bad)?;
        rest = &rest[digits + 1..];
    }
    if text.len() == 1 || seconds > FARTHEST {
        return Err(bad());
    }
    Ok(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Parsed {
        match pieces(text).as_deref() {
            Ok([Piece::Hole(parsed, _)]) => parsed.clone(),
            other => panic!("{text} gives {other:?}"),
        }
    }

    fn fault(text: &str) -> (&'static str, String, String) {
        let faults = pieces(text).expect_err(text);
        let trouble = faults[0].trouble.clone();
        (trouble.code, trouble.problem, trouble.help.unwrap_or_default())
    }

    #[test]
    fn names_and_functions_are_told_apart() {
        assert_eq!(only("{{ vars.base }}"), Parsed::Name("vars.base".into()));
        assert_eq!(only("{{token}}"), Parsed::Name("token".into()));
        assert_eq!(only("{{ users.first name }}"), Parsed::Name("users.first name".into()));
        assert_eq!(only("{{ uuid() }}"), Parsed::Call(Function::Uuid));
        assert_eq!(only("{{ random-int( -5 , 100) }}"), Parsed::Call(Function::RandomInt(-5, 100)));
        assert_eq!(only("{{ random-text(8) }}"), Parsed::Call(Function::RandomText(8)));
        assert_eq!(only("{{ int(users.age) }}"), Parsed::Int("users.age".into()));
        assert_eq!(only("{{ base64(x) }}"), Parsed::Base64("x".into()));
        assert_eq!(only("{{ now() }}"), Parsed::Call(Function::Now(None, 0)));
        let items = vec!["a}}".to_string(), "it's".into(), "q\"".into(), "4".into()];
        assert_eq!(
            only(r#"{{ random-item("a}}", "it's", 'q"', 4) }}"#),
            Parsed::Call(Function::RandomItem(items))
        );
    }

    #[test]
    fn times_may_be_shifted() {
        let format = Some("%Y-%m-%d".to_string());
        assert_eq!(
            only(r#"{{ now("%Y-%m-%d", "+1d12h") }}"#),
            Parsed::Call(Function::Now(format, 129_600))
        );
        assert_eq!(only(r#"{{ now("", "-90m") }}"#), Parsed::Call(Function::Now(None, -5400)));
        for bad in ["1d", "+", "+d", "+1y", "+1", "+99999999999999999999d", "+999999999w", "é"] {
            assert_eq!(fault(&format!("{{{{ now(\"%Y\", \"{bad}\") }}}}")).0, "bad-time-offset");
        }
    }

    #[test]
    fn four_braces_are_two_and_the_first_of_three_is_text() {
        assert_eq!(
            pieces("a {{{{ b }}").as_deref().ok(),
            Some(&[Piece::Text("a {{ b }}".into())][..])
        );
        let three = pieces(r#"{"id":{{{ id }}}"#).expect("valid");
        assert_eq!(three[0], Piece::Text(r#"{"id":{"#.into()));
        assert_eq!(three[2], Piece::Text("}".into()));
    }

    #[test]
    fn every_fault_of_a_text_is_found_where_it_stands() {
        let faults = pieces("{{ uiud() }} and {{ }} and {{ a + b }}").expect_err("three faults");
        let codes: Vec<_> = faults.iter().map(|fault| fault.trouble.code).collect();
        assert_eq!(codes, ["unknown-function", "template-syntax", "template-syntax"]);
        assert_eq!(faults[0].text, "{{ uiud() }}");
        assert_eq!(faults[2].text, "{{ a + b }}");
    }

    #[test]
    fn a_fault_says_what_to_write_instead() {
        assert!(fault("{{ uiud() }}").2.contains("did you mean `uuid`?"));
        assert!(fault("{{ open").2.contains("}}"));
        assert_eq!(fault("{{ random-int(5, 1) }}").1, "there is no number from 5 to 1");
        assert_eq!(fault("{{ random-int(1 2) }}").0, "template-syntax");
        assert_eq!(fault("{{ random-item() }}").0, "template-syntax");
        assert_eq!(fault("{{ random-text(-1) }}").0, "template-syntax");
        assert_eq!(fault("{{ random-text(1, }}").0, "template-syntax");
        assert_eq!(fault("{{ random-item(\"a) }}").0, "template-syntax");
        assert_eq!(fault("{{ now(\"%!\") }}").0, "bad-time-format");
        assert_eq!(fault("{{ now(\"YYYY\") }}").0, "bad-time-format");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in r#"[{} a-z()",'\\\\é+%0-9.-]{0,40}"#) {
            let _ = pieces(&text);
        }

        #[test]
        fn text_without_two_braces_stays_as_it_is(text in "([^{]|[{][^{])*") {
            proptest::prop_assume!(!text.contains("{{"));
            let expected: Vec<_> =
                (!text.is_empty()).then(|| Piece::Text(text.clone())).into_iter().collect();
            proptest::prop_assert_eq!(pieces(&text).expect("no holes"), expected);
        }
    }
}
