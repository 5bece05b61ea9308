//! Checks texts against their spelling, and says what is wrong where.

use crate::units::{Rate, parse_duration};

use super::super::problems::quoted;
use super::form::{Form, Misspelt};

pub(super) fn target(text: &str) -> Result<(), Misspelt> {
    let Err(error) = text.parse::<Rate>() else { return Ok(()) };
    if text.contains('/') {
        return Err(Misspelt::quantity("bad-rate", text, error));
    }
    let problem = format!("{} is neither a number of users nor a rate", quoted(text));
    Err(Misspelt::whole("bad-rate", text, problem, "write a whole number, or a rate as 100/s"))
}

/// `{{` must find its `}}`; `{{{{` is a literal `{{`.
pub(super) fn balanced(text: &str) -> Result<(), Misspelt> {
    let mut at = 0;
    while let Some(open) = text[at..].find("{{").map(|found| at + found) {
        if text[open..].starts_with("{{{{") {
            at = open + 4;
            continue;
        }
        let close = text[open + 2..].find("}}").map(|found| open + 2 + found);
        let (part, problem) = match close {
            None => (open..text.len(), "the template is not closed"),
            Some(close) if text[open + 2..close].trim().is_empty() => {
                (open..close + 2, "the template is empty")
            }
            Some(close) => {
                at = close + 2;
                continue;
            }
        };
        return Err(Misspelt {
            code: "bad-template",
            part,
            problem: problem.to_string(),
            label: "begins here",
            help: "write {{ name }}; a literal {{ is written {{{{".to_string(),
        });
    }
    Ok(())
}

pub(super) fn no_template(text: &str) -> Result<(), Misspelt> {
    let Some(open) = text.find("{{") else { return Ok(()) };
    let end = text[open..].find("}}").map_or(text.len(), |close| open + close + 2);
    Err(Misspelt {
        code: "template-not-here",
        part: open..end,
        problem: "templates are not filled in here".to_string(),
        label: "would stay as it is",
        help: "they work in URLs, queries, headers, bodies and checks; write it out here".into(),
    })
}

pub(super) fn one_line(text: &str) -> Result<(), Misspelt> {
    if text.trim_end_matches('\n').contains(|c: char| c.is_control() && c != '\t') {
        let problem = "this must be on one line, without control characters".to_string();
        return Err(Misspelt::whole("bad-text", text, problem, "write it on one line"));
    }
    Ok(())
}

pub(super) fn title(text: &str) -> Result<(), Misspelt> {
    one_line(text)?;
    if text.trim().is_empty() || text.chars().count() > 200 {
        let problem = "a name has from 1 to 200 characters".to_string();
        return Err(Misspelt::whole("bad-text", text, problem, "say what it is in a few words"));
    }
    Ok(())
}

pub(super) fn name(form: Form, text: &str) -> Result<(), Misspelt> {
    let inside = |c: char| {
        c.is_ascii_alphanumeric()
            || c == '_'
            || (c == '-' && form != Form::Env)
            || (c == '.' && form == Form::Variable)
    };
    let bad = text.char_indices().find(|(at, c)| !inside(*c) || (*at == 0 && !starts_name(*c)));
    let problem = match bad {
        None if text.is_empty() => "a name is missing here".to_string(),
        None => return reserved(form, text),
        Some((_, sign)) => format!("{} is not a name: it has {sign:?}", quoted(text)),
    };
    let part = bad.map_or(0..text.len(), |(at, sign)| at..at + sign.len_utf8());
    let help = match form {
        Form::Env => "use letters, digits and _, and begin with a letter",
        _ => "use letters, digits, - and _, and begin with a letter",
    };
    Err(Misspelt {
        code: "bad-name",
        part,
        problem,
        label: "not in a name",
        help: help.to_string(),
    })
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Names that mean something already.
fn reserved(form: Form, text: &str) -> Result<(), Misspelt> {
    let taken = match form {
        Form::Name => matches!(text, "vars" | "secrets"),
        Form::TagName => matches!(text, "step" | "scenario" | "name" | "browser"),
        _ => false,
    };
    if !taken {
        return Ok(());
    }
    let problem = format!("the name `{text}` has a meaning already");
    let help = match form {
        Form::TagName => "steps have this tag from the start; choose another name",
        _ => "templates use it for the file's own `vars` and `secrets`; choose another name",
    };
    Err(Misspelt::whole("reserved-name", text, problem, help).label("taken"))
}

pub(super) fn path(text: &str) -> Result<(), Misspelt> {
    let drive = text.as_bytes().get(1) == Some(&b':');
    let (problem, help) = if text.trim().is_empty() {
        ("a file name is missing here", "write one such as users.csv")
    } else if text.contains("://") {
        ("this is a URL, and a file is needed", "download it and put it beside this file")
    } else if text.starts_with(['/', '\\', '~']) || drive {
        ("a file is named relative to this one", "put it into the project: data/users.csv")
    } else if text.contains(|c: char| c.is_control() || c == '\\') {
        ("this is not a file name", "write it with `/`, on one line")
    } else {
        return Ok(());
    };
    Err(Misspelt::whole("bad-path", text, problem.to_string(), help))
}

pub(super) fn url(text: &str) -> Result<(), Misspelt> {
    let starts = ["/", "http://", "https://", "{{"];
    if !starts.iter().any(|start| text.starts_with(start)) {
        let problem = format!("{} is neither a path nor a URL", quoted(text));
        let help = match text {
            "" => "write a path such as /meals".to_string(),
            _ if text.contains("://") => "write one that begins with http:// or https://".into(),
            _ => format!("write {}", quoted(&format!("/{}", text.trim_start()))),
        };
        return Err(Misspelt::whole("bad-url", text, problem, help));
    }
    let mut inside = 0i32;
    for (at, sign) in text.char_indices() {
        match sign {
            '{' => inside += 1,
            '}' => inside = (inside - 1).max(0),
            _ if inside == 0 && (sign.is_whitespace() || sign.is_control()) => {
                return Err(Misspelt {
                    code: "bad-url",
                    part: at..at + sign.len_utf8(),
                    problem: "there is white space in this URL".to_string(),
                    label: "here",
                    help: "write a space as %20, or put parameters into `query:`".to_string(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// A token of RFC 9110.
pub(super) fn token(code: &'static str, what: &str, text: &str) -> Result<(), Misspelt> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let bad = text.char_indices().find(|(_, c)| !inside(*c));
    let (part, problem) = match bad {
        None if text.is_empty() => (0..0, format!("a {what} is missing here")),
        None => return Ok(()),
        Some((at, sign)) => (at..at + sign.len_utf8(), format!("{sign:?} cannot be in the {what}")),
    };
    let help = "use letters, digits and dashes".to_string();
    Err(Misspelt { code, part, problem, label: "not allowed", help })
}

pub(super) fn positive(text: &str) -> Result<(), Misspelt> {
    match parse_duration(text) {
        Err(error) => Err(Misspelt::quantity("bad-duration", text, error)),
        Ok(duration) if duration.is_zero() => {
            let problem = "this duration must be more than 0".to_string();
            let help = "write one such as 500ms, or leave the key out";
            Err(Misspelt::whole("zero-duration", text, problem, help))
        }
        Ok(_) => Ok(()),
    }
}

pub(super) fn status(text: &str) -> Result<(), Misspelt> {
    let trimmed = text.trim();
    let class = trimmed.strip_suffix("xx").or_else(|| trimmed.strip_suffix("XX"));
    let number = trimmed.parse::<u16>().ok();
    let right = match (class, number) {
        (Some(class), _) => matches!(class, "1" | "2" | "3" | "4" | "5"),
        (None, Some(number)) => (100..600).contains(&number) && trimmed.len() == 3,
        (None, None) => false,
    };
    if right {
        return Ok(());
    }
    let problem = format!("{} is not an HTTP status", quoted(text));
    let help = "write a number from 100 to 599, a class such as 2xx, or a list of them";
    Err(Misspelt::whole("bad-status", text, problem, help))
}

pub(super) fn json_path(text: &str) -> Result<(), Misspelt> {
    if text.contains("{{") {
        no_template(text)?;
    }
    let Err(error) = serde_json_path::JsonPath::parse(text) else { return Ok(()) };
    let help = match text {
        _ if text.starts_with('$') => {
            "write it as in RFC 9535: $.data.items[0].name, $['a-b'], $.items[*].price".to_string()
        }
        "header" | "cookie" | "status" => "write { header: location } or { cookie: sid }".into(),
        _ => format!("a JSONPath begins with `$`: {}", quoted(&format!("$.{text}"))),
    };
    // The documentation counts from 1, the code from 0, in bytes.
    let at = text.floor_char_boundary(error.position());
    let end = text[at..].chars().next().map_or(at, |sign| at + sign.len_utf8());
    Err(Misspelt {
        code: "bad-json-path",
        part: at..end,
        problem: format!("{} is not a JSONPath", quoted(text)),
        label: if at == end { "something is missing here" } else { "not expected here" },
        help,
    })
}

pub(super) fn regex(text: &str) -> Result<(), Misspelt> {
    let Err(error) = regex::Regex::new(text) else { return Ok(()) };
    if text.contains("{{") {
        no_template(text)?;
    }
    let (part, why) = match regex_syntax::parse(text) {
        Err(regex_syntax::Error::Parse(error)) => {
            (error.span().start.offset..error.span().end.offset, error.kind().to_string())
        }
        Err(regex_syntax::Error::Translate(error)) => {
            (error.span().start.offset..error.span().end.offset, error.kind().to_string())
        }
        _ => (0..text.len(), error.to_string()),
    };
    let help = "put a backslash before a sign that is meant as it is, such as \\( or \\.";
    Err(Misspelt {
        code: "bad-regex",
        part,
        problem: format!("{} is not a regular expression: {why}", quoted(text)),
        label: "here",
        help: help.to_string(),
    })
}
