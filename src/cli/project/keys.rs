//! The keys of `taster.toml`, and how they are read: every problem with its place.

use std::ops::Range;
use std::sync::Arc;

use toml_edit::{Document, Item, Table, Value};

use super::{Named, Project, Setting};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, nearest};

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text, or a list of them.
    Texts,
    /// A path, relative to the project file.
    Path,
    /// A path, or a list of them.
    Paths,
    /// A whole number.
    Number,
}

/// A key that stands for an option.
#[derive(Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// The option, as clap knows it.
    pub option: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// An example, for who wrote something else.
    pub example: &'static str,
}

const fn key(name: &'static str, option: &'static str, kind: Kind, example: &'static str) -> Key {
    Key { name, option, kind, example }
}

/// All of them. Beside these there are the tables `targets` and `vars`.
pub const KEYS: &[Key] = &[
    key("scenarios", "paths", Kind::Paths, "\"scenarios\""),
    key("target", "target", Kind::Text, "\"http://localhost:8080\""),
    key("profile", "profile", Kind::Text, "\"smoke\""),
    key("allow-load", "allow_load", Kind::Texts, "[\"staging.example\"]"),
    key("reports-dir", "reports_dir", Kind::Path, "\"reports\""),
    key("report", "report", Kind::Texts, "[\"html\", \"junit\"]"),
    key("baselines", "baseline", Kind::Path, "\"baselines\""),
    key("margin", "margin", Kind::Text, "\"p95=10%\""),
    key("margin-floor", "margin_floor", Kind::Text, "\"20ms\""),
    key("inconclusive", "inconclusive", Kind::Text, "\"warn\""),
    key("workers", "workers", Kind::Number, "4"),
    key("threads", "threads", Kind::Number, "2"),
    key("seed", "seed", Kind::Number, "7"),
    key("metrics-listen", "metrics_listen", Kind::Text, "\"127.0.0.1:9464\""),
    key("otlp", "otlp", Kind::Text, "\"http://collector:4318\""),
    key("notify-when", "notify_when", Kind::Text, "\"always\""),
];

/// The tables of names and values.
const TABLES: [&str; 2] = ["targets", "vars"];

/// Reads a project file; all its problems at once.
pub fn read(file: &Arc<SourceFile>) -> Result<Project, Diagnostics> {
    let document = Document::parse(file.text.as_str()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let problem = format!("this is not TOML: {}", one_line(error.message()));
        let place = Place::new(file, span);
        Diagnostics::from(
            Diagnostic::error("toml-syntax", problem, &place, "here")
                .help("write `key = \"value\"`; docs/config.md has an example"),
        )
    })?;
    let mut reader = Reader { file, project: Project::default(), problems: Diagnostics::default() };
    reader.top(document.as_table());
    reader.problems.sort();
    match reader.problems.is_empty() {
        true => Ok(reader.project),
        false => Err(reader.problems),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    project: Project,
    problems: Diagnostics,
}

impl Reader<'_> {
    fn place(&self, span: Option<Range<usize>>) -> Place {
        Place::new(self.file, span.unwrap_or(0..0))
    }

    fn top(&mut self, table: &Table) {
        for (name, item) in table.iter() {
            let at = self.place(table.key(name).and_then(toml_edit::Key::span));
            if TABLES.contains(&name) {
                self.names(name, item, &at);
            } else if let Some(key) = KEYS.iter().find(|key| key.name == name) {
                self.setting(key, item, &at);
            } else {
                self.unknown(name, &at);
            }
        }
    }

    fn unknown(&mut self, name: &str, at: &Place) {
        if name == "notify" {
            // Without its place, whose line would be shown.
            let problem = format!("{at}: there is no key `notify` in a project file");
            let told = Diagnostic::without_place("unknown-setting", problem);
            let help = "the URL of a chat is a secret: put it into TASTER_WEBHOOK";
            return self.problems.push(told.help(help));
        }
        let known = || KEYS.iter().map(|key| key.name).chain(TABLES);
        // What the options are called is often written here.
        let option = KEYS.iter().find(|key| key.option.replace('_', "-") == name);
        let help = match (option, nearest(name, known())) {
            (Some(key), _) => format!("here it is called `{}`", key.name),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => {
                let all: Vec<String> = known().map(|name| format!("`{name}`")).collect();
                format!("the keys are {}", all.join(", "))
            }
        };
        let problem = format!("there is no key `{name}` in a project file");
        let told = Diagnostic::error("unknown-setting", problem, at, "not known here").help(help);
        self.problems.push(told);
    }

    fn setting(&mut self, key: &'static Key, item: &Item, at: &Place) {
        let many = matches!(key.kind, Kind::Texts | Kind::Paths);
        let values = match (item.as_value(), key.kind) {
            (Some(Value::Array(list)), _) if many => {
                list.iter().map(|one| Some(one.as_str()?.to_string())).collect()
            }
            (Some(Value::Integer(number)), Kind::Number) => Some(vec![number.value().to_string()]),
            (Some(Value::String(text)), kind) if kind != Kind::Number => {
                Some(vec![text.value().clone()])
            }
            _ => None,
        };
        let place = item.span().map_or_else(|| at.clone(), |span| self.place(Some(span)));
        match values {
            Some(values) if values.iter().all(|value| !value.is_empty()) => {
                self.project.settings.push(Setting { key, values, place });
            }
            Some(_) => self.wrong(key, &place, "an empty text"),
            None => self.wrong(key, &place, item.type_name()),
        }
    }

    fn wrong(&mut self, key: &Key, place: &Place, found: &str) {
        let wanted = match key.kind {
            Kind::Text | Kind::Path => "a text",
            Kind::Texts | Kind::Paths => "a text or a list of texts",
            Kind::Number => "a whole number",
        };
        let problem = format!("`{}` takes {wanted}", key.name);
        let help = format!("write `{} = {}`", key.name, key.example);
        let told = Diagnostic::error("wrong-setting", problem, place, found).help(help);
        self.problems.push(told);
    }

    /// A table of names and plain values.
    fn names(&mut self, table: &str, item: &Item, at: &Place) {
        let Some(inside) = item.as_table_like() else {
            let problem = format!("`{table}` is a table of names and values");
            let help = format!("write `[{table}]`, and `name = \"value\"` in the lines below");
            let told = Diagnostic::error("wrong-setting", problem, at, item.type_name()).help(help);
            return self.problems.push(told);
        };
        for (name, item) in inside.iter() {
            let key = self.place(inside.key(name).and_then(toml_edit::Key::span));
            let place = item.span().map_or(key, |span| self.place(Some(span)));
            let value = match item.as_value() {
                Some(Value::String(text)) => Some(text.value().clone()),
                Some(Value::Integer(number)) if table == "vars" => Some(number.value().to_string()),
                Some(Value::Float(number)) if table == "vars" => Some(number.value().to_string()),
                Some(Value::Boolean(value)) if table == "vars" => Some(value.value().to_string()),
                _ => None,
            };
            let Some(value) = value else {
                let problem = format!("`{table}.{name}` takes a text");
                let help = format!("write `{name} = \"...\"` below `[{table}]`");
                let found = item.type_name();
                let told = Diagnostic::error("wrong-setting", problem, &place, found).help(help);
                self.problems.push(told);
                continue;
            };
            let named = Named { name: name.to_string(), value, place };
            match table {
                "targets" => self.project.targets.push(named),
                _ => self.project.vars.push(named),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Project, String> {
        read(&SourceFile::new("taster.toml", text)).map_err(|problems| problems.to_string())
    }

    #[test]
    fn settings_keep_their_values_and_places() {
        let text = "target = \"staging\"\nreport = [\"html\", \"junit\"]\nworkers = 2\n\
                    [targets]\nstaging = \"https://a.example\"\n[vars]\nretries = 3\n";
        let project = read_text(text).expect("it is right");
        let told: Vec<(&str, String, String)> = project
            .settings
            .iter()
            .map(|one| (one.key.name, one.values.join(","), one.place.to_string()))
            .collect();
        let wanted = [
            ("target", "staging", "taster.toml:1:10"),
            ("report", "html,junit", "taster.toml:2:10"),
            ("workers", "2", "taster.toml:3:11"),
        ];
        assert_eq!(told.len(), wanted.len());
        for (one, wanted) in told.iter().zip(wanted) {
            assert_eq!((one.0, one.1.as_str(), one.2.as_str()), wanted);
        }
        assert_eq!(project.targets[0].value, "https://a.example");
        assert_eq!(
            (project.vars[0].name.as_str(), project.vars[0].value.as_str()),
            ("retries", "3")
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_nearest_key() {
        let told = read_text("profil = \"load\"\nworkers = \"two\"\nreport = [1]\nout = \"x\"\n")
            .expect_err("it is wrong");
        for said in [
            "error[unknown-setting]: there is no key `profil` in a project file\n",
            " --> taster.toml:1:1\n",
            "1 | profil = \"load\"\n  | ^^^^^^ not known here\n",
            "  = help: did you mean `profile`?",
            "error[wrong-setting]: `workers` takes a whole number\n --> taster.toml:2:11",
            "write `report = [\"html\", \"junit\"]`",
            "4 errors in taster.toml",
        ] {
            assert!(told.contains(said), "{said}\nin\n{told}");
        }
        let told = read_text("baseline = \"x\"\n").expect_err("it is wrong");
        assert!(told.contains("here it is called `baselines`"), "{told}");
        let told = read_text("notify = \"https://s3cr3t\"\n").expect_err("it is wrong");
        assert!(told.contains("put it into TASTER_WEBHOOK") && told.contains("taster.toml:1"));
        assert!(!told.contains("s3cr3t"), "{told}");
        let told = read_text("targets = 1\n").expect_err("it is wrong");
        assert!(told.contains("`[targets]`"), "{told}");
        let told = read_text("target = \n").expect_err("it is wrong");
        assert!(told.contains("error[toml-syntax]") && told.contains("taster.toml:1:"), "{told}");
    }
}
