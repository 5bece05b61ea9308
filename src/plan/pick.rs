//! Finds out which single values of an answer a step looks at, so that they can be picked out of
//! its JSON in one pass, without making a tree of it.

use serde_json_path::JsonPath;

use super::{CaptureSource, CheckWhat, HttpPlan};

/// The values of an answer that checks and captures look at, as one tree of places.
#[derive(Debug, Clone, Default)]
pub struct PickPlan {
    /// The whole document.
    pub root: Branch,
    /// How many values are wanted: those of the JSON checks in their order, then of the captures.
    pub count: usize,
}

/// One place in a document.
#[derive(Debug, Clone, Default)]
pub struct Branch {
    /// The numbers of the values wanted from here.
    pub wanted: Vec<usize>,
    /// Places below it, by the member's name.
    pub members: Vec<(String, Branch)>,
    /// Places below it, by the element's number.
    pub elements: Vec<(usize, Branch)>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A member of an object.
    Member(String),
    /// An element of a list, from 0.
    Element(usize),
}

/// The values that a step looks at; none if a path may select several, or counts from the end.
pub fn picks(step: &HttpPlan) -> Option<PickPlan> {
    let checks = step.checks.iter().filter_map(|check| match &check.what {
        CheckWhat::Json(path, _) => Some(path),
        _ => None,
    });
    let captures = step.captures.iter().filter_map(|capture| match &capture.from {
        CaptureSource::Json(path) => Some(path),
        _ => None,
    });
    let mut plan = PickPlan::default();
    for path in checks.chain(captures) {
        plan.root.want(&places(path)?, plan.count);
        plan.count += 1;
    }
    Some(plan)
}

impl Branch {
    fn want(&mut self, path: &[Place], number: usize) {
        let Some((first, rest)) = path.split_first() else {
            self.wanted.push(number);
            return;
        };
        let below = match first {
            Place::Member(name) => below(&mut self.members, name),
            Place::Element(at) => below(&mut self.elements, at),
        };
        below.want(rest, number);
    }

    /// Whether nothing below this place is wanted.
    pub fn is_leaf(&self) -> bool {
        self.members.is_empty() && self.elements.is_empty()
    }
}

fn below<'p, K: PartialEq + Clone>(all: &'p mut Vec<(K, Branch)>, key: &K) -> &'p mut Branch {
    let known = all.iter().position(|(held, _)| held == key);
    let at = known.unwrap_or_else(|| {
        all.push((key.clone(), Branch::default()));
        all.len() - 1
    });
    &mut all[at].1
}

/// The places that a path goes through, if it goes to one value only.
fn places(path: &JsonPath) -> Option<Vec<Place>> {
    let text = path.to_string();
    let mut rest = text.strip_prefix('$')?;
    let mut places = Vec::new();
    while !rest.is_empty() {
        let (place, more) = place(rest)?;
        places.push(place);
        rest = more;
    }
    Some(places)
}

fn place(text: &str) -> Option<(Place, &str)> {
    if let Some(name) = text.strip_prefix('.') {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (name, rest) = name.split_at(end);
        let plain = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
        let whole = !name.is_empty() && name.chars().all(plain);
        return whole.then(|| (Place::Member(name.to_string()), rest));
    }
    let inner = text.strip_prefix('[')?;
    let quote = inner.chars().next().filter(|char| matches!(char, '\'' | '"'));
    let Some(quote) = quote else {
        let (number, rest) = inner.split_once(']')?;
        return Some((Place::Element(number.parse().ok()?), rest));
    };
    let (name, rest) = inner[1..].split_once(quote)?;
    let rest = rest.strip_prefix(']')?;
    (!name.contains('\\')).then(|| (Place::Member(name.to_string()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_to_one_value_is_a_row_of_places() {
        let member = |name: &str| Place::Member(name.to_string());
        for (path, wanted) in [
            ("$", Some(vec![])),
            ("$.token", Some(vec![member("token")])),
            ("$.data[0].id", Some(vec![member("data"), Place::Element(0), member("id")])),
            ("$['a b']['c.d']", Some(vec![member("a b"), member("c.d")])),
            ("$[\"x\"]", Some(vec![member("x")])),
            ("$[*]", None),
            ("$.data[-1]", None),
            ("$..id", None),
            ("$.data[0:2]", None),
            ("$.data[?@.id == 1]", None),
            ("$['a','b']", None),
            ("$.a.*", None),
        ] {
            let parsed = JsonPath::parse(path).expect("it is a path");
            assert_eq!(places(&parsed), wanted, "{path}");
        }
    }
}
