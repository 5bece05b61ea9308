//! From Playwright's locators to ours, which have the same names for the same things.

use serde_json::{Map, Value, json};

use super::Making;
use crate::import::script::{Expr, Kind, Known};

/// Calls that begin a locator from a page or another locator, and our key for their argument.
const BY: [(&str, &str); 7] = [
    ("getByRole", "role"),
    ("getByLabel", "label"),
    ("getByText", "text"),
    ("getByPlaceholder", "placeholder"),
    ("getByAltText", "alt"),
    ("getByTitle", "title"),
    ("getByTestId", "test-id"),
];

/// What of the options of `getByRole` we have, by Playwright's name.
const STATES: [(&str, &str); 7] = [
    ("level", "level"),
    ("checked", "checked"),
    ("expanded", "expanded"),
    ("pressed", "pressed"),
    ("selected", "selected"),
    ("disabled", "disabled"),
    ("includeHidden", "include-hidden"),
];

/// Selectors that only Playwright knows.
const ITS_OWN: [&str; 8] =
    [">>", ":has-text(", ":text(", ":text-is(", ":visible", ":nth-match(", "_react=", ":right-of("];

impl Making<'_> {
    /// Whether an expression is a page or a frame of it: what locators begin at.
    pub(super) fn is_page(&self, expr: &Expr) -> bool {
        matches!(expr.name(), Some("page" | "context"))
            || expr.path().as_deref() == Some("this.page")
    }

    /// A locator; none where an expression is none, or cannot be said.
    pub(super) fn locator(&mut self, expr: &Expr) -> Option<Map<String, Value>> {
        if let Some(name) = expr.name() {
            let Known::Expr(inner) = self.scope.known(name)?.clone() else { return None };
            // A name that stands for itself would never end.
            return if inner.name() == Some(name) { None } else { self.locator(&inner) };
        }
        let (of, method, arguments) = expr.method()?;
        let base = if self.is_page(of) { Map::new() } else { self.locator(of)? };
        match (method, arguments) {
            ("first", []) => Some(with(base, "nth", json!(0))),
            ("last", []) => Some(with(base, "nth", json!(-1))),
            ("nth", [number]) => {
                let number = self.scope.value(number)?;
                number.is_i64().then(|| with(base, "nth", number))
            }
            ("filter", [options]) => self.filter(base, options),
            ("and", [other]) => {
                let other = self.locator(other)?;
                Some(with(base, "and", other.into()))
            }
            ("or", [other]) => {
                let other = self.locator(other)?;
                Some(with(base, "or", other.into()))
            }
            ("frameLocator", [selector]) => {
                let frame = css(&self.scope.text(selector)?)?;
                // A frame within a frame is looked for in it.
                let frame = within(frame, base);
                Some(with(Map::new(), "frame", frame.into()))
            }
            ("locator", [selector, rest @ ..]) => {
                let own = match self.scope.text(selector) {
                    Some(text) => css(&text)?,
                    None => self.locator(selector)?,
                };
                let own = match rest {
                    [options] => self.filter(own, options)?,
                    _ => own,
                };
                Some(within(own, base))
            }
            (by, [first, rest @ ..]) => {
                let (_, key) = BY.iter().find(|(name, _)| *name == by)?;
                let mut own = Map::new();
                own.insert((*key).to_string(), self.words(first)?);
                if let [options] = rest {
                    self.options(options, &mut own)?;
                }
                Some(within(own, base))
            }
            _ => None,
        }
    }

    /// A text, or a regular expression.
    pub(super) fn words(&mut self, expr: &Expr) -> Option<Value> {
        match &expr.kind {
            Kind::Regex(pattern, flags) => Some(json!({ "matches": regex(pattern, flags)? })),
            _ => self.scope.text(expr).map(Value::from),
        }
    }

    fn options(&mut self, options: &Expr, own: &mut Map<String, Value>) -> Option<()> {
        let Kind::Object(entries) = &options.kind else { return None };
        for (key, value) in entries {
            let state = STATES.iter().find(|(name, _)| name == key);
            match (key.as_str(), state) {
                ("name", _) => drop(own.insert("name".into(), self.words(value)?)),
                ("exact", _) => {
                    if self.scope.value(value)? == true {
                        own.insert("exact".into(), true.into());
                    }
                }
                (_, Some((_, ours))) => {
                    own.insert((*ours).to_string(), self.scope.value(value)?);
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn filter(&mut self, base: Map<String, Value>, options: &Expr) -> Option<Map<String, Value>> {
        let Kind::Object(entries) = &options.kind else { return None };
        let mut base = base;
        for (key, value) in entries {
            let (key, value) = match key.as_str() {
                "hasText" => ("has-text", self.words(value)?),
                "hasNotText" => ("has-not-text", self.words(value)?),
                "has" => ("has", self.locator(value)?.into()),
                "hasNot" => ("has-not", self.locator(value)?.into()),
                "visible" => ("visible", self.scope.value(value)?),
                _ => return None,
            };
            // Two filters of one kind cannot be said in one locator.
            if base.insert(key.to_string(), value).is_some() {
                return None;
            }
        }
        Some(base)
    }
}

fn with(mut base: Map<String, Value>, key: &str, value: Value) -> Map<String, Value> {
    base.insert(key.to_string(), value);
    base
}

/// A locator inside another, or in the document of a frame.
fn within(mut own: Map<String, Value>, base: Map<String, Value>) -> Map<String, Value> {
    let frame_alone = base.len() == 1 && base.contains_key("frame");
    match (base.is_empty(), frame_alone) {
        (true, _) => {}
        (false, true) => own.extend(base),
        (false, false) => drop(own.insert("in".into(), base.into())),
    }
    own
}

/// A selector: CSS, XPath or a text; none where only Playwright knows it.
pub(super) fn css(selector: &str) -> Option<Map<String, Value>> {
    let selector = selector.trim();
    if ITS_OWN.iter().any(|own| selector.contains(own)) {
        return None;
    }
    let (key, value) = match selector {
        xpath if xpath.starts_with("//") || xpath.starts_with("(//") => ("xpath", xpath),
        other => match other.split_once('=') {
            Some(("xpath", xpath)) => ("xpath", xpath),
            Some(("css", css)) => ("css", css),
            Some(("text", text)) => ("text", text.trim_matches(['"', '\''])),
            Some(("id", id)) => return Some(with(Map::new(), "css", format!("#{id}").into())),
            Some(("data-testid", id)) => ("test-id", id),
            _ => ("css", other),
        },
    };
    Some(with(Map::new(), key, value.into()))
}

/// A pattern without flags; that it does not tell upper from lower case is written out.
pub(super) fn regex(pattern: &str, flags: &str) -> Option<String> {
    let folds = match flags {
        "" => false,
        "i" => true,
        _ => return None,
    };
    if !folds {
        return Some(pattern.to_string());
    }
    if pattern.contains(['[', '\\', '{']) {
        return None;
    }
    let letter = |c: char| match c.is_ascii_alphabetic() {
        true => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        false => c.to_string(),
    };
    Some(pattern.chars().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_css_xpath_or_text_and_never_a_guess() {
        let of = |text: &str| css(text).map(|map| Value::from(map).to_string());
        for (selector, told) in [
            ("#a .b", Some(r##"{"css":"#a .b"}"##)),
            ("a[href=\"/x\"]", Some(r#"{"css":"a[href=\"/x\"]"}"#)),
            ("//td[1]", Some(r#"{"xpath":"//td[1]"}"#)),
            ("text=Buy", Some(r#"{"text":"Buy"}"#)),
            ("li:has-text('x')", None),
            ("a >> b", None),
        ] {
            assert_eq!(of(selector).as_deref(), told, "{selector}");
        }
    }

    #[test]
    fn a_pattern_without_regard_to_case_is_written_out() {
        assert_eq!(regex("^a1", "i").as_deref(), Some("^[aA]1"));
        assert_eq!(regex("^a1", "").as_deref(), Some("^a1"));
        assert_eq!(regex("\\d", "i"), None);
        assert_eq!(regex("a", "gs"), None);
    }
}
