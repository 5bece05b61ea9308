//! How texts must be spelled: the small languages inside the values.

use std::ops::Range;

use crate::metric::{MetricError, Sla, parse_selector};
use crate::units::{Pause, QuantityError, Rate, parse_duration, parse_size};

use super::spelling::{
    balanced, json_path, name, no_template, one_line, path, positive, regex, status, target, title,
    token, url,
};
use super::spelling_page::{number, page_url, speed, url_pattern, viewport};

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
    /// A number, or a template that becomes one.
    Number,
    /// A role of WAI-ARIA, or a template; read again when the step is.
    Role,
    /// What a browser opens: a path, an http URL, `about:blank`; a template.
    PageUrl,
    /// A URL with `*` and `**` in it; a template.
    UrlPattern,
    /// `1280x720`
    Viewport,
    /// `200KB/s`
    Speed,
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
    pub(super) fn whole(
        code: &'static str,
        text: &str,
        problem: String,
        help: impl Into<String>,
    ) -> Self {
        Self { code, part: 0..text.len(), problem, label: "", help: help.into() }
    }

    pub(super) fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    pub(super) fn quantity(code: &'static str, text: &str, error: QuantityError) -> Self {
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

/// What a capture of a browser step takes, where a word says it all.
pub(in crate::scenario) const PAGE_SOURCES: [&str; 10] =
    ["text", "value", "count", "url", "title", "result", "file", "dialog", "request", "response"];

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
            Form::Number => "a number",
            Form::Role => "a role such as button",
            Form::PageUrl => "a path such as /shop, or a URL",
            Form::UrlPattern => "a pattern for URLs such as /api/**",
            Form::Viewport => "a size such as 1280x720",
            Form::Speed => "a speed such as 200KB/s",
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
            Form::Source => {
                "^(\\$|(body|text|value|count|url|title|result|file|dialog|request|response)$)"
            }
            Form::Sla => ":",
            Form::Bound => "[<>=!]",
            Form::Number => "^\\s*-?[0-9.]+\\s*$|\\{\\{",
            Form::PageUrl => "^(/|https?://|about:|data:|\\{\\{)",
            Form::UrlPattern => "^(/|https?://|wss?://|\\*|\\{\\{)",
            Form::Viewport => "^[0-9]+x[0-9]+$",
            Form::Speed => "^\\s*[0-9][0-9.]*\\s*[A-Za-z]",
            _ => return None,
        })
    }

    /// Whether `text` is spelled like this.
    pub(in crate::scenario) fn check(self, text: &str) -> Result<(), Misspelt> {
        let quantity = |code| move |error| Misspelt::quantity(code, text, error);
        match self {
            Form::Free | Form::Ordered | Form::Role => balanced(text),
            Form::Number => balanced(text).and_then(|()| number(text)),
            Form::PageUrl => balanced(text).and_then(|()| page_url(text)),
            Form::UrlPattern => balanced(text).and_then(|()| url_pattern(text)),
            Form::Viewport => viewport(text),
            Form::Speed => speed(text),
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
            Form::Target => target(text),
            Form::Status => status(text),
            Form::Source if text == "body" || PAGE_SOURCES.contains(&text) => Ok(()),
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
