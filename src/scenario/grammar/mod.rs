//! The grammar of scenario files as data: which keys each object has, what may stand there, and
//! one line about it.
//!
//! The reader refuses what is not in these tables, and the JSON Schema is drawn from them, so
//! neither can drift from the other. A new key begins here.

mod browser;
mod expect;
mod file;
pub(super) mod form;
mod hands;
mod load;
mod locator;
mod page;
mod seen;
mod spelling;
mod spelling_page;
mod step;
mod stub;

pub(super) use expect::MATCHER;
pub(super) use file::FILE;
pub(super) use form::Form;
pub(super) use load::PROFILE;
pub(super) use step::STEP;

/// What may stand at a place.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Any value at all, as data.
    Any,
    /// A text, number, boolean or null.
    Scalar,
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the second.
    Whole(u64, u64),
    /// Nothing at all, or `true`, or a text spelled in a certain way.
    Bare(Option<Form>),
    /// A scalar as text, spelled in a certain way.
    Text(Form),
    /// One of these words.
    Word(&'static [Word]),
    /// One of these words, or something else.
    WordOr(&'static [Word], &'static Kind),
    /// A list with at least so many items.
    List(&'static Kind, usize),
    /// One item, or a list of at least one.
    OneOrMany(&'static Kind),
    /// A map with keys of the user's own.
    Map(Form, &'static Kind),
    /// A map with keys of ours; behind a function, because objects contain each other.
    Object(fn() -> &'static Object),
    /// One of these, told apart by scalar, list or map.
    OneOf(&'static [Kind]),
}

/// A word with a meaning.
pub(super) struct Word {
    /// As it is written.
    pub(super) name: &'static str,
    /// What it means.
    pub(super) doc: &'static str,
    /// What people write for it who come from elsewhere.
    pub(super) also: &'static [&'static str],
}

/// A map whose keys are ours.
pub(super) struct Object {
    /// Its name in the JSON Schema.
    pub(super) id: &'static str,
    /// What it is in a sentence: `a test`.
    pub(super) what: &'static str,
    /// What it is for.
    pub(super) doc: &'static str,
    /// Its keys, in tables that follow each other.
    pub(super) keys: &'static [&'static [Key]],
    /// Keys of which at most one may be there.
    pub(super) either: &'static [&'static [&'static str]],
}

/// One key of an object.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What may stand there.
    pub(super) kind: Kind,
    /// What it is for, a sentence or two.
    pub(super) doc: &'static str,
    /// Whether it must be there.
    pub(super) required: bool,
    /// What holds without it.
    pub(super) default: Option<&'static str>,
    /// A value that may stand there, as YAML.
    pub(super) example: &'static str,
    /// What people write for it who come from elsewhere.
    pub(super) also: &'static [&'static str],
    /// What it does in a step.
    pub(super) role: Role,
}

/// What a key does in a step, which decides what it goes together with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It goes with every action.
    Any,
    /// It is the action.
    Action(Act),
    /// It says more about a request, or about a step used.
    Http,
    /// It takes something from what a request or a browser brought.
    Capture,
    /// It goes with this action only.
    With(&'static str),
}

/// The kinds of actions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// `get` and its siblings, and `method`.
    Http,
    /// `use`
    Use,
    /// `pause`
    Pause,
    /// `group`
    Group,
    /// What a browser does.
    Browser,
}

/// A key with an example of its value.
const fn key(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Key {
    Key { name, kind, doc, required: false, default: None, example, also: &[], role: Role::Any }
}

impl Key {
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn also(mut self, words: &'static [&'static str]) -> Self {
        self.also = words;
        self
    }

    const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

const fn word(name: &'static str, doc: &'static str) -> Word {
    Word { name, doc, also: &[] }
}

impl Object {
    /// All keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> + Clone {
        self.keys.iter().copied().flatten()
    }

    /// The key of this name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}

impl Kind {
    /// What one item of a list is called.
    pub(super) fn item(&self) -> String {
        match self {
            Kind::Object(object) => object().what.to_string(),
            Kind::OneOf(kinds) => kinds.last().map(Kind::item).unwrap_or_default(),
            _ => self.describe(),
        }
    }

    /// What it is in a sentence: `a duration such as 500ms`.
    pub(super) fn describe(&self) -> String {
        match self {
            Kind::Any => "a value".to_string(),
            Kind::Scalar => "a text, a number, true or false".to_string(),
            Kind::Bool => "true or false".to_string(),
            Kind::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Kind::Bare(None) => "`true`, or nothing at all".to_string(),
            Kind::Bare(Some(form)) => format!("{}, or nothing at all", form.describe()),
            Kind::Text(form) => form.describe().to_string(),
            Kind::Word(words) => one_of(words),
            Kind::WordOr(words, kind) => format!("{}, or {}", one_of(words), kind.describe()),
            Kind::List(Kind::Object(object), _) => format!("a list, each item {}", object().what),
            Kind::List(..) => "a list".to_string(),
            Kind::OneOrMany(kind) => format!("{}, or a list of them", kind.describe()),
            Kind::Map(..) => "a map".to_string(),
            Kind::Object(object) => format!("a map ({})", object().what),
            Kind::OneOf(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(Kind::describe).collect();
                kinds.join(", or ")
            }
        }
    }
}

fn one_of(words: &[Word]) -> String {
    let names: Vec<String> = words.iter().map(|word| format!("`{}`", word.name)).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Every object that can be reached from the file, the file first.
pub(super) fn objects() -> Vec<&'static Object> {
    let mut found: Vec<&'static Object> = vec![&FILE];
    let mut at = 0;
    while at < found.len() {
        for key in found[at].keys() {
            collect(&key.kind, &mut found);
        }
        at += 1;
    }
    found
}

fn collect(kind: &Kind, found: &mut Vec<&'static Object>) {
    match kind {
        Kind::Object(object) => {
            if !found.iter().any(|other| other.id == object().id) {
                found.push(object());
            }
        }
        Kind::WordOr(_, inner)
        | Kind::List(inner, _)
        | Kind::OneOrMany(inner)
        | Kind::Map(_, inner) => collect(inner, found),
        Kind::OneOf(kinds) => kinds.iter().for_each(|kind| collect(kind, found)),
        Kind::Any
        | Kind::Scalar
        | Kind::Bool
        | Kind::Whole(..)
        | Kind::Bare(_)
        | Kind::Text(_)
        | Kind::Word(_) => {}
    }
}
