//! What names stand for, and what an expression comes to as far as that is known without running
//! it. What is only known at run time becomes a template.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Expr, Function, Kind, Part};
use crate::import::literal;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// A value, with templates where it is only known at run time.
    Value(Value),
    /// The answer to a request, by the number of its step.
    Answer(usize),
    /// A part of an answer's JSON: step and JSONPath.
    Part(usize, String),
    /// A function of the script.
    Function(Function),
    /// An expression that another one is made of, such as a locator.
    Expr(Expr),
}

/// Names and what they stand for.
#[derive(Debug, Default)]
pub struct Scope {
    names: HashMap<String, Known>,
    /// Environment variables that are read, as vars with their defaults.
    pub vars: Map<String, Value>,
}

impl Scope {
    /// What a name stands for.
    pub fn known(&self, name: &str) -> Option<&Known> {
        self.names.get(name)
    }

    /// Gives a name a meaning.
    pub fn bind(&mut self, name: &str, known: Known) {
        self.names.insert(name.to_string(), known);
    }

    /// The value of an expression; none where only a run could tell.
    pub fn value(&mut self, expr: &Expr) -> Option<Value> {
        match &expr.kind {
            Kind::Text(text) => Some(literal(text).into()),
            Kind::Number(number) => Some(whole(*number)),
            Kind::Bool(value) => Some((*value).into()),
            Kind::Nothing => Some(Value::Null),
            Kind::Parts(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(own) => text.push_str(&literal(own)),
                        Part::Value(inner) => text.push_str(&self.text(inner)?),
                    }
                }
                Some(text.into())
            }
            Kind::Name(name) => match name.as_str() {
                "__VU" => Some("{{ user() }}".into()),
                "__ITER" => Some("{{ iteration() }}".into()),
                _ => match self.names.get(name)?.clone() {
                    Known::Value(value) => Some(value),
                    Known::Expr(inner) => self.value(&inner),
                    _ => None,
                },
            },
            Kind::Object(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    map.insert(key.clone(), self.value(value)?);
                }
                Some(map.into())
            }
            Kind::List(items) => items.iter().map(|item| self.value(item)).collect(),
            Kind::Member(of, key) => self.member(expr, of, key),
            Kind::Index(of, key) => {
                let (of, key) = (self.value(of)?, self.value(key)?);
                match key {
                    Value::String(key) => of.get(key).cloned(),
                    key => of.get(usize::try_from(key.as_u64()?).ok()?).cloned(),
                }
            }
            Kind::Binary(sign, left, right) => self.binary(sign, left, right),
            Kind::Call(callee, arguments) => self.call(callee, arguments),
            _ => None,
        }
    }

    /// The same as text.
    pub fn text(&mut self, expr: &Expr) -> Option<String> {
        match self.value(expr)? {
            Value::String(text) => Some(text),
            Value::Array(_) | Value::Object(_) => None,
            other => Some(other.to_string()),
        }
    }

    fn member(&mut self, whole: &Expr, of: &Expr, key: &str) -> Option<Value> {
        if let Some(name) = variable(whole) {
            self.vars.entry(name.clone()).or_insert_with(|| "".into());
            return Some(format!("{{{{ vars.{name} }}}}").into());
        }
        self.value(of)?.get(key).cloned()
    }

    fn binary(&mut self, sign: &str, left: &Expr, right: &Expr) -> Option<Value> {
        match sign {
            "||" | "??" => {
                if let Some(name) = variable(left) {
                    let default = self.value(right)?;
                    self.vars.insert(name.clone(), default);
                    return Some(format!("{{{{ vars.{name} }}}}").into());
                }
                match self.value(left)? {
                    Value::Null => self.value(right),
                    Value::String(text) if text.is_empty() => self.value(right),
                    value => Some(value),
                }
            }
            "+" => {
                let both = (self.value(left)?, self.value(right)?);
                if let (Value::Number(a), Value::Number(b)) = &both {
                    return Some(whole(a.as_f64()? + b.as_f64()?));
                }
                Some(format!("{}{}", plain(&both.0)?, plain(&both.1)?).into())
            }
            "*" | "-" | "/" => {
                let (a, b) = (self.value(left)?.as_f64()?, self.value(right)?.as_f64()?);
                let result = match sign {
                    "*" => a * b,
                    "-" => a - b,
                    _ => a / b,
                };
                result.is_finite().then(|| whole(result))
            }
            _ => None,
        }
    }

    /// What libraries of k6 and JavaScript itself make up, where templates can do the same.
    fn call(&mut self, callee: &Expr, arguments: &[Expr]) -> Option<Value> {
        let template = |text: &str| Some(Value::from(format!("{{{{ {text} }}}}")));
        match callee.path()?.as_str() {
            "Date.now" => template("unix-ms()"),
            "uuidv4" | "crypto.randomUUID" | "randomUUID" => template("uuid()"),
            "randomString" => {
                let length = self.value(arguments.first()?)?.as_u64()?;
                template(&format!("random-text({length})"))
            }
            "randomIntBetween" => {
                let (low, high) = (arguments.first()?, arguments.get(1)?);
                let (low, high) = (self.value(low)?.as_i64()?, self.value(high)?.as_i64()?);
                template(&format!("random-int({low}, {high})"))
            }
            "randomItem" => {
                let items = self.value(arguments.first()?)?;
                let simple = |item: &Value| Some(json!(item.as_str()?).to_string());
                let items: Option<Vec<String>> = items.as_array()?.iter().map(simple).collect();
                let items = items.filter(|items| !items.is_empty())?;
                template(&format!("random-item({})", items.join(", ")))
            }
            "String" | "encodeURIComponent" => Some(self.text(arguments.first()?)?.into()),
            "JSON.stringify" => {
                let value = self.value(arguments.first()?)?;
                Some(value.to_string().into())
            }
            path if path.ends_with(".toISOString") => template("now()"),
            _ => None,
        }
    }
}

/// `__ENV.X` of k6, `process.env.X` of Node.
fn variable(expr: &Expr) -> Option<String> {
    let path = expr.path()?;
    let name = path.strip_prefix("__ENV.").or_else(|| path.strip_prefix("process.env."))?;
    let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (fits && !name.is_empty()).then(|| name.to_string())
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// `1` and not `1.0`.
fn whole(number: f64) -> Value {
    match number.fract() == 0.0 && number.abs() < 9e15 {
        true => json!(number as i64),
        false => json!(number),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Does, parse};
    use super::*;
    use crate::diagnostic::SourceFile;

    fn value(text: &str) -> (Option<Value>, Scope) {
        let mut scope = Scope::default();
        scope.bind("id", Known::Value("{{ id }}".into()));
        let all = parse(&SourceFile::new("x.js", text)).expect("it is a script");
        let Does::Do(expr) = &all[0].does else { panic!("{text} is no expression") };
        (scope.value(expr), scope)
    }

    #[test]
    fn what_is_known_is_a_value_and_what_a_run_knows_a_template() {
        for (written, known) in [
            ("`/a/${id}/b`", json!("/a/{{ id }}/b")),
            ("'/a/' + id", json!("/a/{{ id }}")),
            ("1 + 2 * 3", json!(7)),
            ("({ a: [1, 'x', null] })", json!({ "a": [1, "x", null] })),
            ("('{{ x }}')", json!("{{{{ x }}")),
            ("`u${__VU}`", json!("u{{ user() }}")),
            ("randomIntBetween(1, 5)", json!("{{ random-int(1, 5) }}")),
        ] {
            assert_eq!(value(written).0, Some(known), "{written}");
        }
        for unknown in ["Math.random()", "other", "a.b(c)", "`${x}`"] {
            assert_eq!(value(unknown).0, None, "{unknown}");
        }
    }

    #[test]
    fn the_environment_becomes_vars_with_their_defaults() {
        let (text, scope) = value("(__ENV.BASE || 'http://a') + '/x'");
        assert_eq!(text, Some(json!("{{ vars.BASE }}/x")));
        assert_eq!(scope.vars["BASE"], "http://a");
    }
}
