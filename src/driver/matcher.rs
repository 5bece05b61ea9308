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
mod tests;
