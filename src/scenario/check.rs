//! Holds the tree against the grammar and reports all that does not fit.
//!
//! What comes after may assume nothing about the parts that were reported, and everything about
//! the rest.

use crate::diagnostic::nearest;

use super::grammar::form::Misspelt;
use super::grammar::{Act, Form, Key, Kind, Object, Role, Word, objects};
use super::problems::{Problems, quoted};
use super::yaml::{Data, Entry, Node, Resolved, Scalar, Text};

/// Reports what in `node`, the value of `key`, does not fit `kind`.
pub(super) fn check(kind: &Kind, node: &Node, key: &str, problems: &mut Problems) {
    if node.data == Data::Broken {
        return;
    }
    match (kind, &node.data) {
        (Kind::Any, _) => no_open_templates(node, problems),
        (Kind::OneOf(kinds), _) => match kinds.iter().find(|kind| accepts(kind, node)) {
            Some(kind) => check(kind, node, key, problems),
            None => wrong_type(kind, node, key, problems),
        },
        (Kind::OneOrMany(inner), Data::List(items)) => list(inner, 1, (node, items), key, problems),
        (Kind::OneOrMany(inner), _) => check(inner, node, key, problems),
        (Kind::List(inner, least), Data::List(items)) => {
            list(inner, *least, (node, items), key, problems);
        }
        (Kind::Map(form, inner), Data::Map(entries)) => {
            for entry in entries {
                spelled(*form, &entry.key, problems);
                if has_value(inner, entry, "", problems) {
                    check(inner, &entry.value, &entry.key.text, problems);
                }
            }
        }
        (Kind::Object(object), Data::Map(entries)) => fields(object(), node, entries, problems),
        (Kind::List(..) | Kind::Map(..) | Kind::Object(_), _) => {
            wrong_type(kind, node, key, problems);
        }
        (_, Data::Scalar(scalar)) => scalar_fits(kind, node, scalar, key, problems),
        _ => wrong_type(kind, node, key, problems),
    }
}

/// Whether a node is of the type that `kind` is made of.
fn accepts(kind: &Kind, node: &Node) -> bool {
    match kind {
        Kind::Any => true,
        Kind::List(..) => node.items().is_some(),
        Kind::Map(..) | Kind::Object(_) => node.entries().is_some(),
        Kind::OneOrMany(inner) => node.items().is_some() || accepts(inner, node),
        Kind::OneOf(kinds) => kinds.iter().any(|kind| accepts(kind, node)),
        _ => node.scalar().is_some(),
    }
}

fn list(
    inner: &Kind,
    least: usize,
    (node, items): (&Node, &[Node]),
    key: &str,
    problems: &mut Problems,
) {
    if items.len() < least {
        let help = format!("add {}", inner.item());
        let (problem, label) = match items.len() {
            0 => (format!("`{key}` is an empty list"), "nothing in it"),
            _ => (format!("`{key}` needs {least} items"), "too few"),
        };
        problems.error("empty-list", node.span.clone(), problem, label).help(help);
    }
    for item in items {
        check(inner, item, key, problems);
    }
}

fn fields(object: &'static Object, node: &Node, entries: &[Entry], problems: &mut Problems) {
    for entry in entries {
        let Some(key) = object.key(&entry.key.text) else {
            unknown_key(object, &entry.key, problems);
            continue;
        };
        // `back:` says all there is to say.
        if may_be_bare(&key.kind) && entry.value.is_null() {
            continue;
        }
        if has_value(&key.kind, entry, key.example, problems) {
            check(&key.kind, &entry.value, key.name, problems);
        }
    }
    for key in object.keys().filter(|key| key.required && node.get(key.name).is_none()) {
        // A misspelt key was reported already, and is not missing as well.
        if !entries.iter().any(|entry| meant(object, &entry.key.text) == Some(key.name)) {
            missing_key(object, key, node, problems);
        }
    }
    for either in object.either {
        let mut given = entries.iter().filter(|entry| either.contains(&entry.key.text.as_str()));
        let Some(first) = given.next() else { continue };
        for second in given {
            conflict(&first.key, &second.key, either, problems);
        }
    }
}

fn may_be_bare(kind: &Kind) -> bool {
    match kind {
        Kind::Bare(_) => true,
        Kind::OneOf(kinds) => kinds.iter().any(may_be_bare),
        _ => false,
    }
}

/// Whether something was written after the colon; reports when not.
fn has_value(kind: &Kind, entry: &Entry, example: &str, problems: &mut Problems) -> bool {
    let written = entry.value.scalar().is_none_or(|scalar| !scalar.text.text.is_empty());
    let null_fits = accepts_null(kind, &entry.value);
    if !entry.value.is_null() || (null_fits && written) {
        return true;
    }
    let name = quoted(&entry.key.text);
    let help = match (example, null_fits) {
        (_, true) => "write a value; for JSON's null write `null`, for a text \"\"".to_string(),
        ("", _) => "write a value, or leave the key out".to_string(),
        (example, _) if example.len() < 40 => {
            format!("write one such as `{}: {example}`, or leave the key out", entry.key.text)
        }
        _ => "write a value, or leave the key out".to_string(),
    };
    let (problem, label) = match written {
        true => (format!("{name} cannot be null"), "this is null"),
        false => (format!("{name} has no value"), "nothing follows"),
    };
    let span = if written { entry.value.span.clone() } else { entry.key.span.clone() };
    problems.error("empty-value", span, problem, label).help(help);
    false
}

fn accepts_null(kind: &Kind, node: &Node) -> bool {
    match kind {
        Kind::Any | Kind::Scalar => true,
        Kind::Word(words) => words.iter().any(|word| word.name == "null"),
        Kind::OneOf(kinds) => {
            let fitting = kinds.iter().find(|kind| accepts(kind, node));
            fitting.is_some_and(|kind| accepts_null(kind, node))
        }
        _ => false,
    }
}

fn scalar_fits(kind: &Kind, node: &Node, scalar: &Scalar, key: &str, problems: &mut Problems) {
    let text = scalar.text.text.as_str();
    match kind {
        Kind::Scalar => spelled(Form::Free, &scalar.text, problems),
        Kind::Bool if matches!(scalar.value, Resolved::Bool(_)) => {}
        Kind::Bare(_) if scalar.value == Resolved::Bool(true) => {}
        Kind::Bare(Some(form)) if scalar.value == Resolved::Text => {
            spelled(*form, &scalar.text, problems);
        }
        Kind::Whole(least, most) => whole(kind, (*least, *most), node, key, problems),
        Kind::Text(Form::Reason) if matches!(scalar.value, Resolved::Bool(_)) => {
            wrong_type(kind, node, key, problems);
        }
        Kind::Text(Form::Ordered) if matches!(scalar.value, Resolved::Bool(_)) => {
            wrong_type(kind, node, key, problems);
        }
        Kind::Text(_) if scalar.value == Resolved::Null => wrong_type(kind, node, key, problems),
        Kind::Text(form) => spelled(*form, &scalar.text, problems),
        Kind::Word(words) if words.iter().any(|word| word.name == text) => {}
        Kind::Word(words) => unknown_word(kind, words, &scalar.text, key, problems),
        Kind::WordOr(words, _) if words.iter().any(|word| word.name == text) => {}
        Kind::WordOr(_, inner) if matches!(scalar.value, Resolved::Number(_)) => {
            check(inner, node, key, problems);
        }
        Kind::WordOr(words, _) => unknown_word(kind, words, &scalar.text, key, problems),
        _ => wrong_type(kind, node, key, problems),
    }
}

fn whole(kind: &Kind, (least, most): (u64, u64), node: &Node, key: &str, problems: &mut Problems) {
    let Some(Resolved::Number(number)) = node.scalar().map(|scalar| &scalar.value) else {
        return wrong_type(kind, node, key, problems);
    };
    let fraction = number.as_f64().is_some_and(|number| number.fract() != 0.0);
    if fraction {
        return wrong_type(kind, node, key, problems);
    }
    if !number.as_u64().is_some_and(|number| (least..=most).contains(&number)) {
        let problem = format!("`{key}` is {number}, which is out of range");
        let label = "too small or too large";
        let help = format!("write {}", kind.describe());
        problems.error("number-out-of-range", node.span.clone(), problem, label).help(help);
    }
}

/// Reports a text that is not spelled like `form`, with the caret inside of it.
fn spelled(form: Form, text: &Text, problems: &mut Problems) {
    if let Err(wrong) = form.check(&text.text) {
        misspelt(wrong, text, problems);
    }
}

/// Reports what is wrong with a text.
pub(super) fn misspelt(wrong: Misspelt, text: &Text, problems: &mut Problems) {
    let span = match wrong.part {
        part if part == (0..text.text.len()) => text.span.clone(),
        part => text.part(part),
    };
    problems.error(wrong.code, span, wrong.problem, wrong.label).help(wrong.help);
}

/// Data is taken as it is, but its strings are templates.
fn no_open_templates(node: &Node, problems: &mut Problems) {
    match &node.data {
        Data::Scalar(scalar) => spelled(Form::Free, &scalar.text, problems),
        Data::List(items) => items.iter().for_each(|item| no_open_templates(item, problems)),
        Data::Map(entries) => {
            for entry in entries {
                spelled(Form::Free, &entry.key, problems);
                no_open_templates(&entry.value, problems);
            }
        }
        Data::Broken => {}
    }
}

fn wrong_type(kind: &Kind, node: &Node, key: &str, problems: &mut Problems) {
    let found = match &node.data {
        Data::List(_) => "a list",
        Data::Map(_) => "a map",
        Data::Scalar(scalar) => match scalar.value {
            Resolved::Null => "null",
            Resolved::Bool(_) => "true or false",
            Resolved::Number(_) => "a number",
            Resolved::Text => "a text",
        },
        Data::Broken => return,
    };
    let text = node.scalar().map_or("", |scalar| scalar.text.text.as_str());
    let help = match kind {
        Kind::Bool if matches!(text, "yes" | "on" | "True") => "write true".to_string(),
        Kind::Bool if matches!(text, "no" | "off" | "False") => "write false".to_string(),
        Kind::Whole(..) if text.contains("{{") => {
            "templates are not filled in here; write the number".to_string()
        }
        Kind::Whole(..) if text.parse::<u64>().is_ok() => format!("write it bare: {text}"),
        Kind::List(..) => "begin each item with `- `, or write [a, b]".to_string(),
        Kind::Object(object) => {
            let keys: Vec<&str> = object().keys().map(|key| key.name).collect();
            format!("it has the keys {}", listed(&keys))
        }
        Kind::Text(Form::Reason) => {
            "say why, such as `skip: waits for the new cart`; to run it, leave the key out".into()
        }
        Kind::Map(..) => format!("write `{key}: {{ name: value }}`"),
        _ => format!("write {}", kind.describe()),
    };
    let problem = format!("`{key}` must be {}", kind.describe());
    problems.error("wrong-type", node.span.clone(), problem, format!("this is {found}")).help(help);
}

fn unknown_key(object: &'static Object, key: &Text, problems: &mut Problems) {
    let name = key.text.as_str();
    let (code, problem) = match object.id {
        "matcher" => ("unknown-operator", format!("there is no operator {}", quoted(name))),
        _ => ("unknown-key", format!("there is no key {} in {}", quoted(name), object.what)),
    };
    let translated = object.keys().any(|key| key.also.contains(&name));
    let elsewhere = || objects().into_iter().find(|other| other.key(name).is_some());
    let expectation = object.id == "step" && name.starts_with("expect-");
    let help = if let Some(meant) = meant(object, name) {
        match translated {
            true => format!("here it is called `{meant}`"),
            false => format!("did you mean `{meant}`?"),
        }
    } else if expectation {
        let known = object.keys().map(|key| key.name).filter(|key| key.starts_with("expect-"));
        format!("there are {}", listed(&known.collect::<Vec<_>>()))
    } else if object.id == "matcher" {
        "to compare with a map, write `equals: { ... }`".to_string()
    } else if let Some(other) = elsewhere() {
        format!("`{name}` is a key of {}", other.what)
    } else if object.id == "step" {
        "a step has an action (get, post, use, click, ...), expect and capture".to_string()
    } else {
        let keys: Vec<&str> = object.keys().map(|key| key.name).collect();
        format!("the keys are {}", listed(&keys))
    };
    problems.error(code, key.span.clone(), problem, "not known").help(help);
}

/// The key that an unknown one was probably meant to be.
pub(super) fn meant(object: &Object, name: &str) -> Option<&'static str> {
    if object.key(name).is_some() {
        return None;
    }
    let translated = object.keys().find(|key| key.also.contains(&name)).map(|key| key.name);
    translated.or_else(|| nearest(name, object.keys().map(|key| key.name)))
}

fn missing_key(object: &Object, key: &Key, node: &Node, problems: &mut Problems) {
    let problem = format!("{} needs the key `{}`", object.what, key.name);
    let help = match key.example.len() {
        0..60 => format!("add it, such as `{}: {}`", key.name, key.example),
        _ => format!("add `{}:`", key.name),
    };
    let label = format!("has no `{}`", key.name);
    problems.error("missing-key", node.span.clone(), problem, label).help(help);
}

fn conflict(first: &Text, second: &Text, either: &[&str], problems: &mut Problems) {
    let problem = format!("`{}` and `{}` cannot go together", first.text, second.text);
    problems
        .error("conflicting-keys", second.span.clone(), problem, "and this")
        .related(first.span.clone(), "this")
        .help(format!("keep one of {}", listed(either)));
}

fn unknown_word(kind: &Kind, words: &[Word], text: &Text, key: &str, problems: &mut Problems) {
    let name = text.text.as_str();
    let meant = words.iter().find(|word| word.also.contains(&name)).map(|word| word.name);
    let near = meant.or_else(|| nearest(name, words.iter().map(|word| word.name)));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write {}", kind.describe()),
    };
    let problem = format!("`{key}` cannot be {}", quoted(name));
    let label = format!("not {}", kind.describe());
    problems.error("unknown-word", text.span.clone(), problem, label).help(help);
}

/// `a, b and c`
pub(super) fn listed(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, [])) => last.to_string(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// What kind of action a key of a step is.
pub(super) fn act(object: &Object, name: &str) -> Option<Act> {
    match object.key(name)?.role {
        Role::Action(act) => Some(act),
        _ => None,
    }
}
