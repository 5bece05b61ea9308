//! How texts must be spelled: the small languages inside the values.

use std::ops::Range;

use crate::metric::{MetricError, Sla, parse_selector};
use crate::units::{Pause, QuantityError, Rate, parse_duration, parse_size};

use super::super::problems::quoted;

/// A spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Form {
    /// Any text, a template.
    Free,
    /// One line, no template: the name of a thing.
    Title,
    /// One line that explains.
    Reason,
    /// A word that templates can refer to.
    Name,
    /// A variable as templates refer to it, perhaps `vars.NAME`.
    Variable,
    /// The name of a tag of steps.
    TagName,
    /// The name of an environment variable.
    Env,
    /// A file, relative to this one.
    Path,
    /// A path on the target or a whole URL, a template.
    Url,
    /// An HTTP method.
    Method,
    /// The name of a header or cookie.
    HeaderName,
    /// The value of one, a template.
    HeaderValue,
    /// `500ms`, may be 0.
    Duration,
    /// `500ms`, not 0.
    Positive,
    /// `1s..3s`
    Pause,
    /// `10MB`
    Size,
    /// `200/s`
    Rate,
    /// `10` or `100/s`
    Target,
    /// `200` or `2xx`
    Status,
    /// RFC 9535.
    JsonPath,
    /// A JSONPath, or `body`.
    Source,
    /// A regular expression.
    Regex,
    /// A number or text to compare by order, a template.
    Ordered,
    /// `metric{tags}: aggregate operator number`
    Sla,
    /// `metric{tags}`
    Selector,
    /// `aggregate operator number`; read with its metric.
    Bound,
}

/// Why a text is not spelled as it should be.
#[derive(Debug)]
pub(in crate::scenario) struct Misspelt {
    pub(in crate::scenario) code: &'static str,
    /// The part of the text that is meant.
    pub(in crate::scenario) part: Range<usize>,
    pub(in crate::scenario) problem: String,
    pub(in crate::scenario) label: &'static str,
    pub(in crate::scenario) help: String,
}

impl Misspelt {
    fn whole(code: &'static str, text: &str, problem: String, help: impl Into<String>) -> Self {
        Self { code, part: 0..text.len(), problem, label: "", help: help.into() }
    }

    fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    fn quantity(code: &'static str, text: &str, error: QuantityError) -> Self {
        Self::whole(code, text, error.problem, error.fix)
    }

    /// A metric error, with the nearest of the words that could stand there.
    pub(in crate::scenario) fn metric(text: &str, error: MetricError) -> Self {
        let word = text.get(error.span.clone()).unwrap_or("").trim();
        let near = crate::diagnostic::nearest(word, error.choices.iter().copied());
        let help = near.map(|near| format!("did you mean `{near}`?")).or(error.fix);
        Self {
            code: "bad-sla",
            part: error.span,
            problem: error.problem,
            label: "",
            help: help.unwrap_or_default(),
        }
    }
}

impl Form {
    /// What it is in a sentence.
    pub(in crate::scenario) fn describe(self) -> &'static str {
        match self {
            Form::Free => "a text",
            Form::Title => "a name on one line",
            Form::Reason => "a reason in words",
            Form::Name => "a name such as user_id",
            Form::Variable => "a variable such as token or vars.stage",
            Form::TagName => "a tag name such as area",
            Form::Env => "the name of an environment variable",
            Form::Path => "a file name relative to this file",
            Form::Url => "a path such as /meals, or a URL",
            Form::Method => "an HTTP method",
            Form::HeaderName => "a name of letters, digits and dashes",
            Form::HeaderValue => "a text on one line",
            Form::Duration | Form::Positive => "a duration such as 500ms or 1m30s",
            Form::Pause => "a pause such as 2s or 1s..3s",
            Form::Size => "a size such as 10MB",
            Form::Rate => "a rate such as 200/s",
            Form::Target => "a number of users, or a rate such as 100/s",
            Form::Status => "a status such as 200 or 2xx",
            Form::JsonPath => "a JSONPath such as $.data.id",
            Form::Source => "a JSONPath such as $.data.id, or `body`",
            Form::Regex => "a regular expression",
            Form::Ordered => "a number or a text",
            Form::Sla => "an SLA such as http_req_duration: p(95)<500",
            Form::Selector => "a metric such as http_req_duration{step:sign in}",
            Form::Bound => "a bound such as p(95)<500",
        }
    }

    /// A pattern for editors: what it lets through may still be refused.
    pub(in crate::scenario) fn pattern(self) -> Option<&'static str> {
        Some(match self {
            Form::Name => "^[A-Za-z_][A-Za-z0-9_-]*$",
            Form::Variable => "^[A-Za-z_][A-Za-z0-9_.-]*$",
            Form::TagName => "^[A-Za-z_][A-Za-z0-9_-]*$",
            Form::Env => "^[A-Za-z_][A-Za-z0-9_]*$",
            Form::Url => "^(/|https?://|\\{\\{)",
            Form::Duration | Form::Positive => "^\\s*[0-9][0-9.]*\\s*([a-zµ]|$)",
            Form::Pause => "^\\s*[0-9][0-9.]*\\s*([a-zµ]|$)",
            Form::Size => "^\\s*[0-9][0-9.]*\\s*[A-Za-z]",
            Form::Rate => "^\\s*[0-9][0-9.]*\\s*/",
            Form::Status => "^\\s*[1-5](xx|XX|[0-9][0-9])\\s*$",
            Form::JsonPath => "^\\$",
            Form::Source => "^(\\$|body$)",
            Form::Sla => ":",
            Form::Bound => "[<>=!]",
            _ => return None,
        })
    }

    /// Whether `text` is spelled like this.
    pub(in crate::scenario) fn check(self, text: &str) -> Result<(), Misspelt> {
        let quantity = |code| move |error| Misspelt::quantity(code, text, error);
        match self {
            Form::Free | Form::Ordered => balanced(text),
            Form::HeaderValue => balanced(text).and_then(|()| one_line(text)),
            Form::Title => no_template(text).and_then(|()| title(text)),
            Form::Reason => one_line(text),
            Form::Name | Form::TagName | Form::Variable | Form::Env => name(self, text),
            Form::Path => no_template(text).and_then(|()| path(text)),
            Form::Url => balanced(text).and_then(|()| url(text)),
            Form::Method => token("bad-method", "method", text),
            Form::HeaderName => token("bad-header-name", "name of a header or cookie", text),
            Form::Duration => parse_duration(text).map(drop).map_err(quantity("bad-duration")),
            Form::Positive => positive(text),
            Form::Pause => text.parse::<Pause>().map(drop).map_err(quantity("bad-pause")),
            Form::Size => parse_size(text).map(drop).map_err(quantity("bad-size")),
            Form::Rate => text.parse::<Rate>().map(drop).map_err(quantity("bad-rate")),
            Form::Target if text.trim().parse::<u32>().is_ok() => Ok(()),
            Form::Target => text.parse::<Rate>().map(drop).map_err(quantity("bad-rate")),
            Form::Status => status(text),
            Form::Source if text == "body" => Ok(()),
            Form::JsonPath | Form::Source => json_path(text),
            Form::Regex => regex(text),
            Form::Sla => {
                text.parse::<Sla>().map(drop).map_err(|error| Misspelt::metric(text, error))
            }
            Form::Selector => {
                parse_selector(text).map(drop).map_err(|error| Misspelt::metric(text, error))
            }
            Form::Bound => Ok(()),
        }
    }
}

/// `{{` must find its `}}`; `{{{{` is a literal `{{`.
fn balanced(text: &str) -> Result<(), Misspelt> {
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

fn no_template(text: &str) -> Result<(), Misspelt> {
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

fn one_line(text: &str) -> Result<(), Misspelt> {
    if text.trim_end_matches('\n').contains(|c: char| c.is_control() && c != '\t') {
        let problem = "this must be on one line, without control characters".to_string();
        return Err(Misspelt::whole("bad-text", text, problem, "write it on one line"));
    }
    Ok(())
}

fn title(text: &str) -> Result<(), Misspelt> {
    one_line(text)?;
    if text.trim().is_empty() || text.chars().count() > 200 {
        let problem = "a name has from 1 to 200 characters".to_string();
        return Err(Misspelt::whole("bad-text", text, problem, "say what it is in a few words"));
    }
    Ok(())
}

fn name(form: Form, text: &str) -> Result<(), Misspelt> {
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
        Form::TagName => matches!(text, "step" | "scenario" | "name"),
        _ => false,
    };
    if !taken {
        return Ok(());
    }
    let problem = format!("the name `{text}` has a meaning already");
    let help = match form {
        Form::TagName => "every step has this tag from the start; choose another name",
        _ => "templates use it for the file's own `vars` and `secrets`; choose another name",
    };
    Err(Misspelt::whole("reserved-name", text, problem, help).label("taken"))
}

fn path(text: &str) -> Result<(), Misspelt> {
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

fn url(text: &str) -> Result<(), Misspelt> {
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
fn token(code: &'static str, what: &str, text: &str) -> Result<(), Misspelt> {
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

fn positive(text: &str) -> Result<(), Misspelt> {
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

fn status(text: &str) -> Result<(), Misspelt> {
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

fn json_path(text: &str) -> Result<(), Misspelt> {
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
    let at = text.floor_char_boundary(error.position().saturating_sub(1));
    let end = text[at..].chars().next().map_or(at, |sign| at + sign.len_utf8());
    Err(Misspelt {
        code: "bad-json-path",
        part: at..end,
        problem: format!("{} is not a JSONPath", quoted(text)),
        label: if at == end { "something is missing here" } else { "not expected here" },
        help,
    })
}

fn regex(text: &str) -> Result<(), Misspelt> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn code(form: Form, text: &str) -> &'static str {
        form.check(text).map_or_else(|wrong| wrong.code, |()| "fine")
    }

    fn part(form: Form, text: &str) -> &str {
        &text[form.check(text).unwrap_err().part]
    }

    #[test]
    fn template_braces_must_be_balanced() {
        for text in ["", "a", "{{ a }}", "x{{a}}y{{ b }}", "{{{{ literal", "{ {{a}} }", "}}"] {
            assert_eq!(code(Form::Free, text), "fine", "{text}");
        }
        for text in ["{{", "a {{ b", "{{ a }} {{ b }", "{{ }}", "{{{{{{ a"] {
            assert_eq!(code(Form::Free, text), "bad-template", "{text}");
        }
    }

    #[test]
    fn names_say_which_sign_is_wrong() {
        assert_eq!(part(Form::Name, "user id"), " ");
        assert_eq!(part(Form::Name, "größe"), "ö");
        assert_eq!(part(Form::Name, "1st"), "1");
        assert_eq!(code(Form::Name, "user-id_2"), "fine");
        assert_eq!(code(Form::Env, "API-TOKEN"), "bad-name");
        assert_eq!(code(Form::Variable, "vars.stage"), "fine");
        assert_eq!(code(Form::Name, "vars"), "reserved-name");
    }

    #[test]
    fn urls_begin_with_a_slash_a_scheme_or_a_template() {
        for text in ["/", "/a?b=c", "https://a/b", "{{ base }}/x", "/x/{{ now(\"%Y\") }}"] {
            assert_eq!(code(Form::Url, text), "fine", "{text}");
        }
        assert_eq!(Form::Url.check("meals").unwrap_err().help, "write `/meals`");
        assert_eq!(part(Form::Url, "/a b"), " ");
        assert_eq!(code(Form::Url, "ftp://a"), "bad-url");
    }

    #[test]
    fn a_wrong_json_path_is_pointed_into() {
        assert_eq!(part(Form::JsonPath, "$.a[0"), "");
        assert_eq!(part(Form::JsonPath, "$.a b"), " ");
        assert!(Form::JsonPath.check("data.id").unwrap_err().help.contains("`$.data.id`"));
        assert_eq!(code(Form::Source, "body"), "fine");
    }

    #[test]
    fn a_wrong_regular_expression_is_pointed_into() {
        assert_eq!(part(Form::Regex, "ab(c"), "(");
        assert_eq!(part(Form::Regex, "a[z-a]"), "z-a");
        assert_eq!(code(Form::Regex, "id=(\\d+)"), "fine");
    }

    #[test]
    fn statuses_are_three_digits_or_a_class() {
        for text in ["100", "599", "2xx", "5XX"] {
            assert_eq!(code(Form::Status, text), "fine", "{text}");
        }
        for text in ["99", "600", "6xx", "xx", "2x", "0200", "ok", ""] {
            assert_eq!(code(Form::Status, text), "bad-status", "{text}");
        }
    }
}
