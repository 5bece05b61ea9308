//! Compiles matchers, and puts them in words.

use regex::Regex;
use serde_json::Value;

use super::compiler::Compiler;
use super::template::Spelling;
use super::{ComparisonPlan, MatcherPlan, Template, ValuePlan};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{Comparison, JsonType, Matcher};

impl Compiler<'_> {
    /// Compiles a matcher.
    pub(super) fn matcher(&mut self, matcher: &Matcher) -> MatcherPlan {
        let tests = matcher.tests.iter().filter_map(|test| self.comparison(test)).collect();
        MatcherPlan { tests }
    }

    fn comparison(&mut self, comparison: &Comparison) -> Option<ComparisonPlan> {
        Some(match comparison {
            Comparison::Equals(value) => ComparisonPlan::Equals(self.value(value)),
            Comparison::Not(value) => ComparisonPlan::Not(self.value(value)),
            Comparison::Gt(value) => ComparisonPlan::Gt(self.value(value)),
            Comparison::Gte(value) => ComparisonPlan::Gte(self.value(value)),
            Comparison::Lt(value) => ComparisonPlan::Lt(self.value(value)),
            Comparison::Lte(value) => ComparisonPlan::Lte(self.value(value)),
            Comparison::In(values) => {
                let one = |value: &Value| Spanned::new(value.clone(), values.place.clone());
                let values: Vec<_> = values.value.iter().map(one).collect();
                ComparisonPlan::In(values.iter().map(|value| self.value(value)).collect())
            }
            Comparison::Contains(value) => ComparisonPlan::Contains(self.value(value)),
            Comparison::NotContains(value) => ComparisonPlan::NotContains(self.value(value)),
            Comparison::StartsWith(text) => ComparisonPlan::StartsWith(self.text_value(text)),
            Comparison::EndsWith(text) => ComparisonPlan::EndsWith(self.text_value(text)),
            Comparison::Matches(pattern) => ComparisonPlan::Matches(self.regex(pattern)?),
            Comparison::Type(kind) => ComparisonPlan::Type(kind.value),
            Comparison::Length(inner) => ComparisonPlan::Length(Box::new(self.matcher(inner))),
            Comparison::Exists(wanted) => ComparisonPlan::Exists(wanted.value),
            Comparison::Each(inner) => ComparisonPlan::Each(Box::new(self.matcher(inner))),
            Comparison::Any(inner) => ComparisonPlan::Any(Box::new(self.matcher(inner))),
        })
    }

    fn value(&mut self, value: &Spanned<Value>) -> ValuePlan {
        let template = self.json(value);
        // What was written in at once can be read at once.
        match template.as_text().map(serde_json::from_str) {
            Some(Ok(value)) => ValuePlan::Fixed(value),
            _ => ValuePlan::Rendered(template),
        }
    }

    fn text_value(&mut self, text: &Spanned<String>) -> ValuePlan {
        self.value(&Spanned::new(Value::from(text.value.as_str()), text.place.clone()))
    }

    /// A regular expression, as it is written.
    pub(super) fn regex(&mut self, pattern: &Spanned<String>) -> Option<Regex> {
        match Regex::new(&pattern.value) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let problem = format!("the regular expression cannot be read: {error}");
                self.problem(Diagnostic::error("bad-regex", problem, &pattern.place, "here").help(
                    "a sign that means itself needs a backslash; look-around does not exist",
                ));
                None
            }
        }
    }

    /// Text that is known when the plan is made; `what` says what wants it.
    pub(super) fn fixed_text(&mut self, text: &Spanned<String>, what: &str) -> Option<String> {
        let before = self.problems.list.len();
        let template: Template = self.template(text, Spelling::Plain);
        let fixed = template.as_text().map(String::from);
        if self.problems.list.len() > before {
            return None;
        }
        if fixed.is_none() {
            let problem = format!("{what} can only use `vars`, because it never changes");
            let diagnostic = Diagnostic::error("not-fixed", problem, &text.place, "changes");
            self.problem(diagnostic.help("declare a var, and give its value with --var"));
        }
        fixed
    }
}

/// A matcher in words, to stand after its subject: `> 0`, `is "x" and exists`.
pub(super) fn in_words(matcher: &Matcher) -> String {
    let words: Vec<String> = matcher.tests.iter().map(comparison_in_words).collect();
    words.join(" and ")
}

fn comparison_in_words(comparison: &Comparison) -> String {
    match comparison {
        Comparison::Equals(value) => format!("is {}", value.value),
        Comparison::Not(value) => format!("is not {}", value.value),
        Comparison::Gt(value) => format!("> {}", value.value),
        Comparison::Gte(value) => format!(">= {}", value.value),
        Comparison::Lt(value) => format!("< {}", value.value),
        Comparison::Lte(value) => format!("<= {}", value.value),
        Comparison::In(values) => {
            let list: Vec<String> = values.value.iter().map(Value::to_string).collect();
            format!("is one of {}", list.join(", "))
        }
        Comparison::Contains(value) => format!("contains {}", value.value),
        Comparison::NotContains(value) => format!("does not contain {}", value.value),
        Comparison::StartsWith(text) => format!("starts with {:?}", text.value),
        Comparison::EndsWith(text) => format!("ends with {:?}", text.value),
        Comparison::Matches(pattern) => format!("matches /{}/", pattern.value),
        Comparison::Type(kind) => format!("is {}", type_in_words(kind.value)),
        Comparison::Length(inner) => format!("length {}", in_words(inner)),
        Comparison::Exists(wanted) => {
            (if wanted.value { "exists" } else { "does not exist" }).to_string()
        }
        Comparison::Each(inner) => format!("each {}", in_words(inner)),
        Comparison::Any(inner) => format!("any {}", in_words(inner)),
    }
}

fn type_in_words(kind: JsonType) -> &'static str {
    match kind {
        JsonType::String => "a string",
        JsonType::Number => "a number",
        JsonType::Integer => "an integer",
        JsonType::Boolean => "a boolean",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
        JsonType::Null => "null",
    }
}
