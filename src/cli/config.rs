//! `taster config`: the settings that hold here, and where each comes from.

use serde_json::{Map, Value, json};

use crate::cli::args::{ConfigArgs, Origin};
use crate::cli::exit::ExitStatus;
use crate::cli::project::Named;
use crate::cli::{Ended, words};

/// Prints them as TOML or JSON.
pub fn config(args: &ConfigArgs) -> Result<ExitStatus, Ended> {
    let text = match args.json {
        true => format!("{:#}\n", as_json(args)),
        false => as_toml(args),
    };
    words::data(&text);
    Ok(ExitStatus::Pass)
}

/// A target that was given by its name is shown as the URL that it is.
fn values(origin: &Origin, args: &ConfigArgs) -> Vec<String> {
    match (origin.key, &args.what.target) {
        ("target", Some(target)) => vec![target.clone()],
        ("scenarios", _) if origin.values.is_empty() => vec!["scenarios".to_string()],
        _ => origin.values.clone(),
    }
}

fn as_toml(args: &ConfigArgs) -> String {
    let project = &args.what.project;
    let mut text = match &project.file {
        Some(file) => format!("# {}\n", file.display()),
        None => "# no taster.toml here or above\n".to_string(),
    };
    let mut line = |name: &str, value: &str, origin: &str| {
        let line = match value.is_empty() {
            true => format!("# {name} is not set"),
            false => format!("{name} = {value}"),
        };
        text.push_str(&match args.show_origin {
            true => format!("{line:<58}  # {origin}\n"),
            false => format!("{line}\n"),
        });
    };
    for origin in &args.origins {
        let from = format!("{} {}", origin.from, origin.place);
        line(origin.key, &shown(&values(origin, args)), from.trim_end());
    }
    let names = |names: &[Named]| -> Vec<(String, String, String)> {
        let one = |named: &Named| (named.name.clone(), quoted(&named.value), place(named));
        names.iter().map(one).collect()
    };
    let vars: Vec<(String, String, String)> = args
        .what
        .var
        .iter()
        .map(|var| (var.0.clone(), quoted(&var.1), var_from(args, var)))
        .collect();
    for (table, rows) in [("targets", names(&project.targets)), ("vars", vars)] {
        if !rows.is_empty() {
            text.push_str(&format!("\n[{table}]\n"));
        }
        for (name, value, from) in rows {
            let line = format!("{} = {value}", key(&name));
            text.push_str(&match args.show_origin {
                true => format!("{line:<58}  # {from}\n"),
                false => format!("{line}\n"),
            });
        }
    }
    text
}

fn as_json(args: &ConfigArgs) -> Value {
    let mut all = Map::new();
    for origin in &args.origins {
        let value = values(origin, args);
        let entry = json!({ "value": value, "origin": origin.from, "place": origin.place });
        all.insert(origin.key.to_string(), entry);
    }
    let project = &args.what.project;
    let targets: Map<String, Value> = project
        .targets
        .iter()
        .map(|named| {
            let entry = json!({ "value": named.value, "origin": "project", "place":
                named.place.to_string() });
            (named.name.clone(), entry)
        })
        .collect();
    let vars: Map<String, Value> = args
        .what
        .var
        .iter()
        .map(|var| {
            let from = var_from(args, var);
            let (origin, place) = from.split_once(' ').unwrap_or((&from, ""));
            (var.0.clone(), json!({ "value": var.1, "origin": origin, "place": place }))
        })
        .collect();
    let file = project.file.as_ref().map(|file| file.display().to_string());
    json!({ "file": file, "settings": all, "targets": targets, "vars": vars })
}

fn place(named: &Named) -> String {
    format!("project {}", named.place)
}

fn var_from(args: &ConfigArgs, var: &(String, String)) -> String {
    let own = args.what.project.vars.iter().find(|own| own.name == var.0);
    match own {
        Some(own) if args.what.project.gives(var) => place(own),
        _ => "flag --var".to_string(),
    }
}

/// As TOML has it: a number, a text, or a list.
fn shown(values: &[String]) -> String {
    match values {
        [] => String::new(),
        [one] if one.bytes().all(|byte| byte.is_ascii_digit()) => one.clone(),
        [one] => quoted(one),
        several => {
            let all: Vec<String> = several.iter().map(|one| quoted(one)).collect();
            format!("[{}]", all.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn key(name: &str) -> String {
    toml_edit::Key::new(name).display_repr().into_owned()
}
