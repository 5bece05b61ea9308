//! From `expect(...)` to what a step expects.

use serde_json::{Map, Value, json};

use super::actions::step;
use super::{Making, Steps};
use crate::import::script::{Expr, Kind};

/// Expectations of an element that have no argument.
const STATES: [(&str, &str); 11] = [
    ("toBeVisible", "see"),
    ("toBeHidden", "hide"),
    ("toBeAttached", "expect-attached"),
    ("toBeEnabled", "expect-enabled"),
    ("toBeDisabled", "expect-disabled"),
    ("toBeChecked", "expect-checked"),
    ("toBeEditable", "expect-editable"),
    ("toBeEmpty", "expect-empty"),
    ("toBeFocused", "expect-focused"),
    ("toBeInViewport", "expect-in-viewport"),
    ("toBeDetached", "expect-detached"),
];

/// Expectations of an element with a comparison, and how a text is compared.
const COMPARED: [(&str, &str, &str); 8] = [
    ("toHaveText", "expect-text", "is"),
    ("toContainText", "expect-text", "contains"),
    ("toHaveValue", "expect-value", "is"),
    ("toHaveClass", "expect-class", "is"),
    ("toContainClass", "expect-class", "contains"),
    ("toHaveAccessibleName", "expect-name", "is"),
    ("toHaveRole", "expect-role", "is"),
    ("toHaveCount", "expect-count", "is"),
];

/// What is expected, and of what.
pub(super) struct Expected<'e> {
    /// The argument of `expect`.
    pub of: &'e Expr,
    /// `toBeVisible`
    pub how: &'e str,
    /// Its arguments.
    pub with: &'e [Expr],
    /// After `.not`.
    pub not: bool,
    /// `expect.soft`
    pub soft: bool,
}

impl Making<'_> {
    /// Takes an expectation over; none where an expression is none.
    pub(super) fn expected(&mut self, expr: &Expr, steps: &mut Steps) -> Option<()> {
        let expected = parts(expr)?;
        let done = match self.is_page(expected.of) {
            true => self.of_page(&expected).map(|step| steps.push(step)),
            false => match self.locator(expected.of) {
                Some(locator) => self.of_element(&expected, locator).map(|step| steps.push(step)),
                None => self.of_answer(&expected, steps),
            },
        };
        if done.is_none() {
            self.left(&expr.at);
        }
        Some(())
    }

    fn of_page(&mut self, expected: &Expected<'_>) -> Option<Map<String, Value>> {
        let first = expected.with.first();
        let mut compared = match (expected.how, first) {
            ("toHaveURL", Some(url)) => match &url.kind {
                Kind::Regex(..) => self.comparison(url, "is")?,
                _ => {
                    let text = self.scope.text(url)?;
                    json!({ "is": self.address(&text)? })
                }
            },
            ("toHaveTitle", Some(title)) => self.comparison(title, "is")?,
            ("toHaveScreenshot", _) => {
                let name = first.and_then(|name| self.scope.text(name));
                let name = name.unwrap_or_else(|| "page".to_string());
                return Some(step("expect-screenshot", name.trim_end_matches(".png").into()));
            }
            _ => return None,
        };
        let verb = if expected.how == "toHaveURL" { "expect-url" } else { "expect-title" };
        let map = compared.as_object_mut()?;
        self.within(expected.with.get(1..).unwrap_or_default(), map)?;
        finish(expected, map);
        // A text alone says the same, and is easier to read.
        match map.get("is").filter(|_| map.len() == 1) {
            Some(text) => Some(step(verb, text.clone())),
            None => Some(step(verb, compared)),
        }
    }

    fn of_element(
        &mut self,
        expected: &Expected<'_>,
        mut locator: Map<String, Value>,
    ) -> Option<Map<String, Value>> {
        if let Some((_, verb)) = STATES.iter().find(|(how, _)| *how == expected.how) {
            self.within(expected.with, &mut locator)?;
            let verb = match (*verb, expected.not) {
                ("see", true) => "hide",
                ("hide", true) => "see",
                (verb, _) => verb,
            };
            let turned = matches!(verb, "see" | "hide");
            let expected = Expected { not: expected.not && !turned, ..*expected };
            finish(&expected, &mut locator);
            return Some(step(verb, locator.into()));
        }
        let compared = COMPARED.iter().find(|(how, ..)| *how == expected.how);
        let (verb, value, rest) = match (expected.how, expected.with) {
            (_, [value, rest @ ..]) if compared.is_some() => {
                let (_, verb, way) = compared?;
                (*verb, self.comparison(value, way)?, rest)
            }
            ("toHaveAttribute", [name, value, rest @ ..]) => {
                locator.insert("attribute".into(), self.scope.text(name)?.into());
                ("expect-attribute", self.comparison(value, "is")?, rest)
            }
            ("toHaveCSS", [name, value, rest @ ..]) => {
                locator.insert("property".into(), self.scope.text(name)?.into());
                ("expect-css", self.comparison(value, "is")?, rest)
            }
            ("toMatchAriaSnapshot", [value]) => {
                ("expect-aria", json!({ "is": self.scope.text(value)? }), &[][..])
            }
            ("toHaveScreenshot", rest) => {
                let name = rest.first().and_then(|name| self.scope.text(name));
                let name = name.unwrap_or_else(|| "element".to_string());
                let name = name.trim_end_matches(".png");
                return Some(step("expect-screenshot", json!({ "name": name, "of": locator })));
            }
            _ => return None,
        };
        self.within(rest, &mut locator)?;
        locator.extend(value.as_object()?.clone());
        finish(expected, &mut locator);
        Some(step(verb, locator.into()))
    }

    /// `{ is: 'x' }`, `{ contains: 'x' }`, `{ matches: 'x' }`
    fn comparison(&mut self, value: &Expr, way: &str) -> Option<Value> {
        match &value.kind {
            Kind::Regex(..) => self.words(value),
            Kind::List(items) => {
                let items: Option<Vec<Value>> = items.iter().map(|item| self.words(item)).collect();
                Some(json!({ way: items? }))
            }
            _ => {
                let value = self.scope.value(value)?;
                (!value.is_object() && !value.is_null()).then(|| json!({ way: value }))
            }
        }
    }
}

fn finish(expected: &Expected<'_>, map: &mut Map<String, Value>) {
    if expected.not {
        map.insert("not".into(), true.into());
    }
    if expected.soft {
        map.insert("soft".into(), true.into());
    }
}

/// `expect(of).not.how(with)`
fn parts(expr: &Expr) -> Option<Expected<'_>> {
    let (of, how, with) = expr.method()?;
    let (of, not) = match &of.kind {
        Kind::Member(inner, word) if word == "not" => (&**inner, true),
        _ => (of, false),
    };
    let (callee, arguments) = of.call()?;
    let soft = match callee.path()?.as_str() {
        "expect" => false,
        "expect.soft" => true,
        _ => return None,
    };
    Some(Expected { of: arguments.first()?, how, with, not, soft })
}
