//! JavaScript and TypeScript, read by a real parser and kept as far as tests are written in them.

mod parse;
mod scope;

use std::ops::Range;

pub use parse::parse;
pub use scope::{Known, Scope};

/// An expression and its bytes in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Where it stands.
    pub at: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What an expression is. `await`, brackets and type assertions are looked through.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `'text'`
    Text(String),
    /// A template literal.
    Parts(Vec<Part>),
    /// `1`
    Number(f64),
    /// `true`
    Bool(bool),
    /// `null`, `undefined`
    Nothing,
    /// `name`
    Name(String),
    /// `a.b`
    Member(Box<Expr>, String),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a(b, c)`, `new a(b, c)`
    Call(Box<Expr>, Vec<Expr>),
    /// `{ a: b }`; without what is spread into it.
    Object(Vec<(String, Expr)>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// A function.
    Function(Function),
    /// `a === b`
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `!a`
    Not(Box<Expr>),
    /// `/a/i`: the pattern and its flags.
    Regex(String, String),
    /// Anything else.
    Other,
}

/// A part of a template literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// `${a}`
    Value(Expr),
}

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// The names of its parameters; of one that is taken apart, those of its parts.
    pub parameters: Vec<Vec<String>>,
    /// What it does. An arrow with an expression returns it.
    pub body: Vec<Statement>,
}

/// A statement and its bytes in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Where it stands.
    pub at: Range<usize>,
    /// What it does.
    pub does: Does,
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq)]
pub enum Does {
    /// `const a = b`, `const { a } = b`: the names, with what each is of the value.
    Let(Vec<(String, Option<String>)>, Expr),
    /// An expression.
    Do(Expr),
    /// `return a`
    Return(Expr),
    /// `function a() {}`
    Declare(String, Function),
    /// `export default function () {}`
    Default(Function),
    /// `import ... from 'a'`
    Import(String),
    /// `{ ... }`
    Block(Vec<Statement>),
    /// Nothing at run time: types, empty statements, exports of names.
    Nothing,
    /// Anything else.
    Other,
}

impl Expr {
    /// The name, if it is one.
    pub fn name(&self) -> Option<&str> {
        if let Kind::Name(name) = &self.kind { Some(name) } else { None }
    }

    /// The value of a key, if it is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Expr> {
        let Kind::Object(entries) = &self.kind else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The function, if it is one.
    pub fn function(&self) -> Option<&Function> {
        if let Kind::Function(function) = &self.kind { Some(function) } else { None }
    }

    /// The callee and the arguments, if it is a call.
    pub fn call(&self) -> Option<(&Expr, &[Expr])> {
        if let Kind::Call(callee, arguments) = &self.kind {
            Some((callee, arguments))
        } else {
            None
        }
    }

    /// Of `a.b(c)`: `a`, `b` and the arguments.
    pub fn method(&self) -> Option<(&Expr, &str, &[Expr])> {
        let (callee, arguments) = self.call()?;
        match &callee.kind {
            Kind::Member(of, name) => Some((of, name, arguments)),
            _ => None,
        }
    }

    /// `a.b.c` as text, where it is only names.
    pub fn path(&self) -> Option<String> {
        match &self.kind {
            Kind::Name(name) => Some(name.clone()),
            Kind::Member(of, name) => Some(format!("{}.{name}", of.path()?)),
            _ => None,
        }
    }
}

/// The first line of what stands somewhere, cut: for a note.
pub fn shown(text: &str, at: &Range<usize>) -> String {
    let part = text.get(at.clone()).unwrap_or_default();
    let line = part.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(70) {
        Some((cut, _)) => format!("`{}…`", &line[..cut]),
        None if part.lines().count() > 1 => format!("`{line} …`"),
        None => format!("`{line}`"),
    }
}
