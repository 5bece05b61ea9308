//! Every example in the documentation and every scenario in the repository is a scenario.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use taster::diagnostic::{Diagnostics, SourceFile};
use taster::scenario::{parse, schema};

/// A scenario with the name of its place: `docs/scenario.md:12`.
type Example = (String, String);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Each block that begins with three backticks and `yaml`, alone on its line.
fn blocks(path: &Path) -> Vec<Example> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let mut found = Vec::new();
    let mut open: Option<Example> = None;
    for (at, line) in text.lines().enumerate() {
        match &mut open {
            None if line.trim() == "```yaml" => {
                open = Some((format!("{name}:{}", at + 1), String::new()));
            }
            Some(_) if line.trim() == "```" => found.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    found
}

fn examples() -> Vec<Example> {
    let mut all = blocks(&root().join("README.md"));
    all.extend(files(&root().join("docs"), "md").iter().flat_map(|path| blocks(path)));
    for path in files(&root().join("scenarios"), "yaml") {
        let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        all.push((name, fs::read_to_string(&path).expect("a scenario is text")));
    }
    all
}

#[test]
fn every_example_and_every_scenario_parses_without_a_word() {
    for (name, text) in examples() {
        let warnings = match parse(&SourceFile::new(name.clone(), text)) {
            Ok((_, warnings)) => warnings.into_iter().collect::<Diagnostics>(),
            Err(errors) => errors,
        };
        assert!(warnings.is_empty(), "{name}\n{warnings}");
    }
}

#[test]
fn every_example_and_every_scenario_satisfies_the_schema() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
    for (name, text) in examples() {
        let value = as_json(&text);
        let wrong: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{name}\n{}", wrong.join("\n"));
    }
}

#[test]
fn what_has_an_unknown_key_does_not_satisfy_the_schema() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
    for (name, text) in examples() {
        let mut value = as_json(&text);
        let keys = value.as_object_mut().expect("a scenario is a map");
        keys.insert("nonsense".to_string(), Value::Bool(true));
        assert!(!validator.is_valid(&value), "{name}");
    }
}

/// YAML as an editor's language server sees it. A second reader of YAML, simple on purpose: had
/// the product's own been used, a mistake in it would be invisible here.
fn as_json(text: &str) -> Value {
    use saphyr_parser::{Event, Parser, ScalarStyle};

    let mut open: Vec<(bool, Vec<Value>)> = vec![(false, Vec::new())];
    for event in Parser::new_from_str(text) {
        let done = match event.expect("the examples are YAML").0 {
            Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::SequenceStart(..) => {
                open.push((false, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push((true, Vec::new()));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (map, items) = open.pop().expect("events are balanced");
                if map { pairs(items) } else { Value::Array(items) }
            }
            Event::Alias(_) => panic!("examples have no aliases"),
            _ => continue,
        };
        open.last_mut().expect("events are balanced").1.push(done);
    }
    open.remove(0).1.remove(0)
}

fn pairs(items: Vec<Value>) -> Value {
    let mut map = Map::new();
    for pair in items.chunks(2) {
        let key = match &pair[0] {
            Value::String(key) => key.clone(),
            other => other.to_string(),
        };
        map.insert(key, pair[1].clone());
    }
    Value::Object(map)
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        _ => serde_json::from_str(text)
            .ok()
            .filter(|value: &Value| value.is_number() || value.is_boolean())
            .unwrap_or_else(|| Value::String(text.to_string())),
    }
}
