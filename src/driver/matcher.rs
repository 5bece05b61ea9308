//! Says whether a matcher holds of what is looked at, and in one sentence why not.
//!
//! Pure. Where a value comes from (a body, a header, a variable) and what its templates mean is
//! the caller's business; here is which values are compared, and the words for it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::slice;

use serde_json::Value;
use serde_json_path::JsonPath;

use super::compare::{self, Verdict, but_is, but_is_typed, equals, ordered};
use super::failure::Broken;
use super::nearest;
use super::show::{self, Seen, Words, count};
use crate::plan::{ComparisonPlan, MatcherPlan, Template, ValuePlan};
use crate::sample::Failure;

/// What a matcher looks at.
#[derive(Clone, Copy)]
pub(super) enum Subject<'v> {
    /// The body or a variable: its name for messages, and its value if there is one.
    One(&'v str, Option<Seen<'v>>),
    /// A header and its value if there is one.
    Header(&'v str, Option<Seen<'v>>),
    /// What a path selects in a document.
    Path(&'v JsonPath, &'v Value),
    /// One of the values of another subject, by its number.
    Item(&'v Subject<'v>, usize, Seen<'v>),
    /// How long something is.
    Length(&'v Subject<'v>, &'v Value),
}

/// What wanted values are made with, and what messages are written with.
pub(super) struct Means<'m> {
    /// Gives the value that a template means, or says what is missing.
    pub(super) render: &'m mut dyn FnMut(&Template) -> Result<Value, Broken>,
    /// Writes values into messages.
    pub(super) words: Words<'m>,
}

/// Whether all comparisons hold; else the first that does not.
pub(super) fn matches(
    matcher: &MatcherPlan,
    subject: Subject<'_>,
    means: &mut Means<'_>,
) -> Result<(), Broken> {
    let (one, several);
    let selected = match subject {
        Subject::One(_, None) | Subject::Header(_, None) => &[],
        Subject::One(_, Some(value))
        | Subject::Header(_, Some(value))
        | Subject::Item(_, _, value) => {
            one = value;
            slice::from_ref(&one)
        }
        Subject::Length(_, length) => {
            one = Seen::from(length);
            slice::from_ref(&one)
        }
        Subject::Path(path, document) => {
            let found = path.query(document).all();
            several = found.into_iter().map(Seen::from).collect::<Vec<_>>();
            several.as_slice()
        }
    };
    let mut look = Look { subject, selected, means };
    matcher.tests.iter().try_for_each(|test| look.comparison(test))
}

/// One subject, what is selected of it, and what the wanted values are made with.
struct Look<'l, 'r> {
    subject: Subject<'l>,
    selected: &'l [Seen<'l>],
    means: &'l mut Means<'r>,
}

impl<'l> Look<'l, '_> {
    fn comparison(&mut self, test: &ComparisonPlan) -> Result<(), Broken> {
        match (test, self.selected) {
            (ComparisonPlan::Exists(wanted), _) => self.exists(*wanted),
            (_, []) => self.nothing(test),
            (ComparisonPlan::Each(inner), _) => self.each(inner),
            (ComparisonPlan::Any(inner), _) => self.any(inner),
            (ComparisonPlan::Length(inner), _) => self.length(inner),
            (_, [one]) => self.single(test, *one),
            (_, several) => check(format!(
                "{} selects {}, and this comparison needs exactly one: say `each` or `any`",
                name(self.subject),
                count(several.len(), "value"),
            )),
        }
    }

    fn exists(&self, wanted: bool) -> Result<(), Broken> {
        let name = || name(self.subject);
        match (wanted, self.selected) {
            (true, []) => check(format!("{} should exist, but {}", name(), self.why())),
            (false, [first]) => check(format!(
                "{} should not exist, but is {}",
                name(),
                self.means.words.shown(*first)
            )),
            (false, [first, ..]) => check(format!(
                "{} should not exist, but selects {}, the first is {}",
                name(),
                count(self.selected.len(), "value"),
                self.means.words.shown(*first),
            )),
            _ => Ok(()),
        }
    }

    /// Nothing is there, and something was to be compared.
    fn nothing(&mut self, test: &ComparisonPlan) -> Result<(), Broken> {
        let counts = matches!(test, ComparisonPlan::Length(_)) && !names_one(self.subject);
        let hint =
            if counts { "; ask for the length of the list itself, without `[*]`" } else { "" };
        let phrase = self.phrase(test)?;
        check(format!("{} should {phrase}, but {}{hint}", name(self.subject), self.why()))
    }

    fn each(&mut self, inner: &MatcherPlan) -> Result<(), Broken> {
        let items = self.items();
        if items.is_empty() {
            let message = "should have values to look at, but is the empty list";
            return check(format!("{} {message}", name(self.subject)));
        }
        let mut failed = 0;
        let mut first = None;
        for (index, item) in items.iter().enumerate() {
            match matches(inner, Subject::Item(&self.subject, index, *item), self.means) {
                Err(broken) if broken.failure != Failure::Check => return Err(broken),
                Err(broken) => {
                    failed += 1;
                    first.get_or_insert(broken);
                }
                Ok(()) => {}
            }
        }
        match first {
            None => Ok(()),
            Some(first) if items.len() == 1 => Err(first),
            Some(first) => {
                check(format!("{} ({failed} of {} values fail)", first.message, items.len()))
            }
        }
    }

    fn any(&mut self, inner: &MatcherPlan) -> Result<(), Broken> {
        let items = self.items();
        for (index, item) in items.iter().enumerate() {
            match matches(inner, Subject::Item(&self.subject, index, *item), self.means) {
                Err(broken) if broken.failure != Failure::Check => return Err(broken),
                Err(_) => {}
                Ok(()) => return Ok(()),
            }
        }
        let phrase = self.phrases(inner)?;
        let words = self.means.words;
        let shown: Vec<_> = items.iter().take(5).map(|item| words.shown(*item)).collect();
        let more = if items.len() > 5 { ", ..." } else { "" };
        check(format!(
            "one of the values of {} should {phrase}, but none of {} does: {}{more}",
            name(self.subject),
            items.len(),
            shown.join(", "),
        ))
    }

    /// What `each` and `any` go through: the elements, where one list is selected by name.
    fn items(&self) -> Vec<Seen<'l>> {
        match self.selected {
            [one] if names_one(self.subject) => match one.list() {
                Some(list) => list.iter().map(Seen::from).collect(),
                None => vec![*one],
            },
            several => several.to_vec(),
        }
    }

    fn length(&mut self, inner: &MatcherPlan) -> Result<(), Broken> {
        let by_name = names_one(self.subject);
        let length = match self.selected {
            [Seen::Text(text)] if by_name => text.chars().count(),
            [Seen::Other(Value::Object(members))] if by_name => members.len(),
            [Seen::Other(Value::Array(list))] => list.len(),
            [one] if by_name => {
                let is = self.means.words.typed(*one);
                return check(format!("{} has no length: it is {is}", name(self.subject)));
            }
            several => several.len(),
        };
        matches(inner, Subject::Length(&self.subject, &Value::from(length)), self.means)
    }

    /// One comparison with one value.
    fn single(&mut self, test: &ComparisonPlan, is: Seen<'_>) -> Result<(), Broken> {
        let Err(but) = self.verdict(test, is)? else { return Ok(()) };
        let phrase = self.phrase(test)?;
        check(format!("{} should {phrase}, but {but}", name(self.subject)))
    }

    fn verdict(&mut self, test: &ComparisonPlan, is: Seen<'_>) -> Result<Verdict, Broken> {
        let words = self.means.words;
        Ok(match test {
            ComparisonPlan::Equals(value) => equals(&*self.value(value)?, is, words),
            ComparisonPlan::Not(value) if compare::is_equal(&*self.value(value)?, is) => {
                but_is(is, words)
            }
            ComparisonPlan::Not(_) => Ok(()),
            ComparisonPlan::Gt(value) => ordered(&*self.value(value)?, is, Ordering::is_gt, words),
            ComparisonPlan::Gte(value) => ordered(&*self.value(value)?, is, Ordering::is_ge, words),
            ComparisonPlan::Lt(value) => ordered(&*self.value(value)?, is, Ordering::is_lt, words),
            ComparisonPlan::Lte(value) => ordered(&*self.value(value)?, is, Ordering::is_le, words),
            ComparisonPlan::In(values) => {
                for value in values {
                    if compare::is_equal(&*self.value(value)?, is) {
                        return Ok(Ok(()));
                    }
                }
                but_is_typed(is, words)
            }
            ComparisonPlan::Contains(value) => compare::contains(&*self.value(value)?, is, words),
            ComparisonPlan::NotContains(value) => compare::lacks(&*self.value(value)?, is, words),
            ComparisonPlan::StartsWith(value) => compare::begins(&*self.value(value)?, is, words),
            ComparisonPlan::EndsWith(value) => compare::ends(&*self.value(value)?, is, words),
            ComparisonPlan::Matches(regex) => match is {
                Seen::Text(text) if regex.is_match(text) => Ok(()),
                Seen::Text(_) => but_is(is, words),
                Seen::Other(_) => but_is_typed(is, words),
            },
            ComparisonPlan::Type(kind) if compare::has_type(*kind, is) => Ok(()),
            ComparisonPlan::Type(_) => but_is_typed(is, words),
            // These look at what is selected, not at a value: `comparison` has done it.
            ComparisonPlan::Exists(_)
            | ComparisonPlan::Length(_)
            | ComparisonPlan::Each(_)
            | ComparisonPlan::Any(_) => Ok(()),
        })
    }

    fn value<'p>(&mut self, plan: &'p ValuePlan) -> Result<Cow<'p, Value>, Broken> {
        match plan {
            ValuePlan::Fixed(value) => Ok(Cow::Borrowed(value)),
            ValuePlan::Rendered(template) => (self.means.render)(template).map(Cow::Owned),
        }
    }

    /// What a comparison asks for, after "should".
    fn phrase(&mut self, test: &ComparisonPlan) -> Result<String, Broken> {
        let (words, value) = match test {
            ComparisonPlan::Equals(value) => ("be", value),
            ComparisonPlan::Not(value) => ("not be", value),
            ComparisonPlan::Gt(value) => ("be more than", value),
            ComparisonPlan::Gte(value) => ("be at least", value),
            ComparisonPlan::Lt(value) => ("be less than", value),
            ComparisonPlan::Lte(value) => ("be at most", value),
            ComparisonPlan::Contains(value) => ("contain", value),
            ComparisonPlan::NotContains(value) => ("not contain", value),
            ComparisonPlan::StartsWith(value) => ("begin with", value),
            ComparisonPlan::EndsWith(value) => ("end with", value),
            ComparisonPlan::In(values) => {
                let mut list = Vec::new();
                for value in values.iter().take(8) {
                    let value = self.value(value)?;
                    list.push(self.means.words.shown(Seen::from(&*value)));
                }
                let more = if values.len() > 8 { ", ..." } else { "" };
                return Ok(format!("be one of {}{more}", list.join(", ")));
            }
            ComparisonPlan::Matches(regex) => {
                return Ok(format!("match `{}`", show::cut(regex.as_str(), 80)));
            }
            ComparisonPlan::Type(kind) => return Ok(format!("be {}", compare::type_name(*kind))),
            ComparisonPlan::Exists(true) => return Ok("exist".into()),
            ComparisonPlan::Exists(false) => return Ok("not exist".into()),
            ComparisonPlan::Length(inner) => {
                return Ok(format!("have a length that should {}", self.phrases(inner)?));
            }
            ComparisonPlan::Each(inner) => {
                return Ok(format!("have values that each should {}", self.phrases(inner)?));
            }
            ComparisonPlan::Any(inner) => {
                return Ok(format!("have a value that should {}", self.phrases(inner)?));
            }
        };
        let value = self.value(value)?;
        Ok(format!("{words} {}", self.means.words.shown(Seen::from(&*value))))
    }

    fn phrases(&mut self, inner: &MatcherPlan) -> Result<String, Broken> {
        let mut phrases = Vec::new();
        for test in &inner.tests {
            phrases.push(self.phrase(test)?);
        }
        Ok(phrases.join(" and "))
    }

    /// Why nothing is there.
    fn why(&self) -> String {
        match self.subject {
            Subject::Path(path, document) => {
                format!("nothing is there; {}", nearest::nearest(path, document, self.means.words))
            }
            _ => "is not there".into(),
        }
    }
}

fn check(message: String) -> Result<(), Broken> {
    Err(Broken::new(Failure::Check, message))
}

/// Whether the subject is one thing by its name, and not a search.
fn names_one(subject: Subject<'_>) -> bool {
    match subject {
        Subject::Path(path, _) => nearest::singular(path),
        _ => true,
    }
}

/// The subject as a message begins: paths in backticks, phrases as they are.
fn name(subject: Subject<'_>) -> String {
    match subject {
        Subject::One(name, _) => name.to_string(),
        Subject::Header(name, _) => format!("the header `{name}`"),
        Subject::Path(path, _) => format!("`{path}`"),
        Subject::Length(of, _) => format!("the length of {}", name(*of)),
        Subject::Item(Subject::Path(path, document), index, _) if !nearest::singular(path) => {
            let located = path.query_located(document);
            let place = located.iter().nth(index);
            let place = place.map(|node| nearest::dotted(node.location().iter()));
            format!("`{}`", place.unwrap_or_else(|| path.to_string()))
        }
        Subject::Item(of, index, _) => match name(*of).strip_suffix('`') {
            Some(open) => format!("{open}[{index}]`"),
            None => format!("value {} of {}", index + 1, name(*of)),
        },
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use serde_json::json;

    use super::*;
    use crate::driver::exemplar::Masks;
    use crate::plan::ComparisonPlan as Is;
    use crate::plan::Secrets;
    use crate::scenario::JsonType;

    fn fixed(value: Value) -> ValuePlan {
        ValuePlan::Fixed(value)
    }

    fn all<const N: usize>(tests: [Is; N]) -> Box<MatcherPlan> {
        Box::new(MatcherPlan { tests: tests.into() })
    }

    /// What is said about `path` in a document; nothing if it holds.
    fn said(path: &str, test: Is) -> String {
        let document = json!({
            "id": 5, "text": "five", "digit": "5", "half": 0.5, "big": 9_007_199_254_740_993_u64,
            "yes": true, "none": null, "when": "2026-11-22",
            "list": [1, 2, 3], "empty": [], "one": { "a": 1, "b": { "c": [1, 2] } },
            "items": [{ "price": 1, "name": "a" }, { "price": -2, "name": "b" }],
            "long": "begin ".to_string() + &"x".repeat(200) + " the end",
        });
        let path = JsonPath::parse(path).unwrap();
        said_of(Subject::Path(&path, &document), test)
    }

    fn said_of(subject: Subject<'_>, test: Is) -> String {
        let masks = Masks::new();
        let words = Words { masks: &masks, secrets: &Secrets::default() };
        let mut render = |_: &Template| Err(Broken::new(Failure::Missing, "no `token`"));
        let mut means = Means { render: &mut render, words };
        let result = matches(&MatcherPlan { tests: vec![test] }, subject, &mut means);
        result.map_or_else(|broken| broken.message, |()| String::new())
    }

    #[test]
    fn what_holds_says_nothing() {
        let one_and_two = json!({ "b": { "c": [1.0, 2] }, "a": 1.0 });
        for (path, test) in [
            ("$.id", Is::Equals(fixed(json!(5)))),
            ("$.id", Is::Equals(fixed(json!(5.0)))),
            ("$.one", Is::Equals(fixed(one_and_two))),
            ("$.list", Is::Equals(fixed(json!([1, 2, 3])))),
            ("$.id", Is::Not(fixed(json!("5")))),
            ("$.id", Is::Gt(fixed(json!(4.9)))),
            ("$.big", Is::Gt(fixed(json!(9_007_199_254_740_992.0)))),
            ("$.id", Is::Gte(fixed(json!(5)))),
            ("$.half", Is::Lt(fixed(json!(1)))),
            ("$.half", Is::Lte(fixed(json!(0.5)))),
            ("$.when", Is::Gt(fixed(json!("2026-01-01")))),
            ("$.id", Is::In(vec![fixed(json!("5")), fixed(json!(5))])),
            ("$.text", Is::Contains(fixed(json!("iv")))),
            ("$.list", Is::Contains(fixed(json!(2.0)))),
            ("$.one", Is::Contains(fixed(json!("a")))),
            ("$.text", Is::NotContains(fixed(json!("six")))),
            ("$.list", Is::NotContains(fixed(json!(9)))),
            ("$.text", Is::StartsWith(fixed(json!("fi")))),
            ("$.text", Is::EndsWith(fixed(json!("ve")))),
            ("$.text", Is::Matches(Regex::new("^f.*e$").unwrap())),
            ("$.id", Is::Type(JsonType::Integer)),
            ("$.half", Is::Type(JsonType::Number)),
            ("$.none", Is::Type(JsonType::Null)),
            ("$.list", Is::Length(all([Is::Equals(fixed(json!(3)))]))),
            ("$.items[*]", Is::Length(all([Is::Equals(fixed(json!(2)))]))),
            ("$.text", Is::Length(all([Is::Gt(fixed(json!(3)))]))),
            ("$.empty", Is::Length(all([Is::Equals(fixed(json!(0)))]))),
            ("$.none", Is::Exists(true)),
            ("$.gone", Is::Exists(false)),
            ("$.list", Is::Each(all([Is::Type(JsonType::Integer), Is::Gt(fixed(json!(0)))]))),
            ("$.items[*].name", Is::Each(all([Is::Length(all([Is::Equals(fixed(json!(1)))]))]))),
            ("$.list", Is::Any(all([Is::Equals(fixed(json!(2)))]))),
            ("$.items[*].price", Is::Any(all([Is::Lt(fixed(json!(0)))]))),
        ] {
            assert_eq!(said(path, test.clone()), "", "{path} {test:?}");
        }
    }

    fn tells(table: &[(&str, Is, &str)]) {
        for (path, test, message) in table {
            assert_eq!(said(path, test.clone()), *message);
        }
    }

    #[test]
    fn another_value_is_told_with_its_type_and_the_first_difference() {
        tells(&[
            ("$.id", Is::Equals(fixed(json!(6))), "`$.id` should be 6, but is 5"),
            (
                "$.digit",
                Is::Equals(fixed(json!(5))),
                "`$.digit` should be 5, but is \"5\": the text \"5\" is not the number 5",
            ),
            (
                "$.id",
                Is::Equals(fixed(json!("5"))),
                "`$.id` should be \"5\", but is 5: the number 5 is not the text \"5\"",
            ),
            (
                "$.none",
                Is::Equals(fixed(json!(false))),
                "`$.none` should be false, but is null: null is not the boolean false",
            ),
            (
                "$.list",
                Is::Equals(fixed(json!([1, 2, 4]))),
                "`$.list` should be the list [1,2,4] of 3, but is the list [1,2,3] of 3: \
                 `[2]` is 3, not 4",
            ),
            (
                "$.list",
                Is::Equals(fixed(json!([1, 2]))),
                "`$.list` should be the list [1,2] of 2, but is the list [1,2,3] of 3: \
                 it has 3 values, not 2 values",
            ),
            (
                "$.one",
                Is::Equals(fixed(json!({ "a": 1, "b": { "c": [1, "2"] } }))),
                "`$.one` should be {\"a\":1,\"b\":{\"c\":[1,\"2\"]}}, \
                 but is {\"a\":1,\"b\":{\"c\":[1,2]}}: \
                 `.b.c[1]` is the number 2, not the text \"2\"",
            ),
            (
                "$.one",
                Is::Equals(fixed(json!({ "a": 1 }))),
                "`$.one` should be {\"a\":1}, but is {\"a\":1,\"b\":{\"c\":[1,2]}}: \
                 `.b` is there too",
            ),
        ]);
    }

    #[test]
    fn another_order_is_told() {
        tells(&[
            ("$.id", Is::Not(fixed(json!(5))), "`$.id` should not be 5, but is 5"),
            ("$.id", Is::Gt(fixed(json!(5))), "`$.id` should be more than 5, but is 5"),
            ("$.half", Is::Gte(fixed(json!(1))), "`$.half` should be at least 1, but is 0.5"),
            ("$.id", Is::Lt(fixed(json!(5))), "`$.id` should be less than 5, but is 5"),
            ("$.id", Is::Lte(fixed(json!(4))), "`$.id` should be at most 4, but is 5"),
            (
                "$.digit",
                Is::Gt(fixed(json!(4))),
                "`$.digit` should be more than 4, \
                 but is the text \"5\", which cannot be compared with the number 4",
            ),
        ]);
    }

    #[test]
    fn another_text_list_or_type_is_told() {
        tells(&[
            (
                "$.id",
                Is::In(vec![fixed(json!(1)), fixed(json!("5"))]),
                "`$.id` should be one of 1, \"5\", but is the number 5",
            ),
            (
                "$.text",
                Is::Contains(fixed(json!("six"))),
                "`$.text` should contain \"six\", but is \"five\"",
            ),
            (
                "$.list",
                Is::Contains(fixed(json!("2"))),
                "`$.list` should contain \"2\", but is the list [1,2,3] of 3",
            ),
            (
                "$.id",
                Is::Contains(fixed(json!("5"))),
                "`$.id` should contain \"5\", but is the number 5",
            ),
            (
                "$.long",
                Is::NotContains(fixed(json!("the end"))),
                "`$.long` should not contain \"the end\", \
                 but does: \"xxxxxxxxxxxxxxxxxxx the end\"",
            ),
            (
                "$.text",
                Is::StartsWith(fixed(json!("x"))),
                "`$.text` should begin with \"x\", but is \"five\"",
            ),
            (
                "$.long",
                Is::EndsWith(fixed(json!("."))),
                "`$.long` should end with \".\", but ends with \"xxxxxxxxxxxxxxxxxxxxxx the end\"",
            ),
            (
                "$.text",
                Is::Matches(Regex::new("^[0-9]+$").unwrap()),
                "`$.text` should match `^[0-9]+$`, but is \"five\"",
            ),
            (
                "$.id",
                Is::Matches(Regex::new("5").unwrap()),
                "`$.id` should match `5`, but is the number 5",
            ),
            (
                "$.half",
                Is::Type(JsonType::Integer),
                "`$.half` should be an integer, but is the number 0.5",
            ),
            (
                "$.digit",
                Is::Type(JsonType::Number),
                "`$.digit` should be a number, but is the text \"5\"",
            ),
        ]);
    }

    #[test]
    fn a_wrong_number_of_values_is_told() {
        tells(&[
            (
                "$.list",
                Is::Length(all([Is::Gt(fixed(json!(3)))])),
                "the length of `$.list` should be more than 3, but is 3",
            ),
            (
                "$.id",
                Is::Length(all([Is::Gt(fixed(json!(3)))])),
                "`$.id` has no length: it is the number 5",
            ),
            (
                "$.empty[*]",
                Is::Length(all([Is::Equals(fixed(json!(0)))])),
                "`$.empty[*]` should have a length that should be 0, but nothing is there; \
                 `$.empty` is an empty list; ask for the length of the list itself, without `[*]`",
            ),
            (
                "$.one.d",
                Is::Exists(true),
                "`$.one.d` should exist, but nothing is there; `$.one` has: $.one.a, $.one.b",
            ),
            (
                "$.one.d",
                Is::Gt(fixed(json!(0))),
                "`$.one.d` should be more than 0, but nothing is there; \
                 `$.one` has: $.one.a, $.one.b",
            ),
            ("$.none", Is::Exists(false), "`$.none` should not exist, but is null"),
            (
                "$.list[*]",
                Is::Exists(false),
                "`$.list[*]` should not exist, but selects 3 values, the first is 1",
            ),
            (
                "$.list[*]",
                Is::Equals(fixed(json!(1))),
                "`$.list[*]` selects 3 values, and this comparison needs exactly one: \
                 say `each` or `any`",
            ),
        ]);
    }

    #[test]
    fn the_values_that_fail_are_told() {
        tells(&[
            (
                "$.items[*].price",
                Is::Each(all([Is::Type(JsonType::Integer), Is::Gte(fixed(json!(0)))])),
                "`$.items[1].price` should be at least 0, but is -2 (1 of 2 values fail)",
            ),
            (
                "$.list",
                Is::Each(all([Is::Gt(fixed(json!(2)))])),
                "`$.list[0]` should be more than 2, but is 1 (2 of 3 values fail)",
            ),
            (
                "$.empty",
                Is::Each(all([Is::Gt(fixed(json!(2)))])),
                "`$.empty` should have values to look at, but is the empty list",
            ),
            (
                "$.items[*].name",
                Is::Each(all([Is::Length(all([Is::Gt(fixed(json!(1)))]))])),
                "the length of `$.items[0].name` should be more than 1, but is 1 \
                 (2 of 2 values fail)",
            ),
            (
                "$.list",
                Is::Any(all([Is::Gt(fixed(json!(3)))])),
                "one of the values of `$.list` should be more than 3, but none of 3 does: 1, 2, 3",
            ),
        ]);
    }

    #[test]
    fn headers_and_variables_are_looked_at_like_values() {
        let json = Subject::Header("content-type", Some(Seen::Text("text/plain")));
        assert_eq!(
            said_of(json, Is::Contains(fixed(json!("json")))),
            "the header `content-type` should contain \"json\", but is \"text/plain\""
        );
        let gone = Subject::Header("etag", None);
        assert_eq!(said_of(gone, Is::Exists(false)), "");
        assert_eq!(
            said_of(gone, Is::Equals(fixed(json!("x")))),
            "the header `etag` should be \"x\", but is not there"
        );
    }

    #[test]
    fn a_wanted_value_that_is_missing_is_not_a_failed_check() {
        let five = json!(5);
        let subject = Subject::One("the variable", Some(Seen::from(&five)));
        assert_eq!(
            said_of(subject, Is::Equals(ValuePlan::Rendered(Template::default()))),
            "no `token`"
        );
    }
}
