//! Every example in the documentation and every scenario in the repository is a scenario.

use std::collections::BTreeMap;
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

/// Each block that begins with three backticks and `yaml`, alone on its line; files of
/// pipelines are `yml`.
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
    let folders =
        ["scenarios", "scenarios/browser", "benches/peers", "benches/browser", "benches/gate"];
    for path in folders.iter().flat_map(|folder| files(&root().join(folder), "yaml")) {
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

/// An unknown key is put into each map of each example in turn; JSON is YAML, so the reader can be
/// asked the same.
#[test]
fn the_reader_and_the_schema_agree_on_unknown_keys() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
    let mut refused = 0;
    for (name, text) in examples() {
        let value = as_json(&text);
        for path in map_paths(&value, String::new()) {
            let mut changed = value.clone();
            let map = changed.pointer_mut(&path).and_then(Value::as_object_mut);
            map.expect("a path to a map").insert("nonsense".to_string(), Value::Bool(true));
            let unknown = match parse(&SourceFile::new(name.clone(), changed.to_string())) {
                Ok(_) => false,
                Err(all) => all.list.iter().any(|one| one.code.starts_with("unknown-")),
            };
            if unknown {
                refused += 1;
                assert!(!validator.is_valid(&changed), "{name}: only the reader refuses {path}");
            }
        }
    }
    assert!(refused > 100, "only {refused} unknown keys were refused");
}

/// JSON pointers to every map.
fn map_paths(value: &Value, path: String) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            let inner = map.iter().map(|(key, value)| (escaped(key), value));
            let inner = inner.flat_map(|(key, value)| map_paths(value, format!("{path}/{key}")));
            let inner: Vec<String> = inner.collect();
            [vec![path.clone()], inner].concat()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(at, value)| map_paths(value, format!("{path}/{at}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// YAML as an editor's language server sees it. A second reader of YAML, simple on purpose: had
/// the product's own been used, a mistake in it would be invisible here.
pub fn as_json(text: &str) -> Value {
    use saphyr_parser::{Event, Parser, ScalarStyle};

    let mut open: Vec<(bool, usize, Vec<Value>)> = vec![(false, 0, Vec::new())];
    let mut anchors: BTreeMap<usize, Value> = BTreeMap::new();
    for event in Parser::new_from_str(text) {
        let (done, anchor) = match event.expect("the examples are YAML").0 {
            Event::Scalar(text, ScalarStyle::Plain, anchor, _) => (plain(&text), anchor),
            Event::Scalar(text, _, anchor, _) => (Value::String(text.into_owned()), anchor),
            Event::SequenceStart(anchor, _) => {
                open.push((false, anchor, Vec::new()));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((true, anchor, Vec::new()));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (map, anchor, items) = open.pop().expect("events are balanced");
                (if map { pairs(items) } else { Value::Array(items) }, anchor)
            }
            Event::Alias(anchor) => (anchors[&anchor].clone(), 0),
            _ => continue,
        };
        anchors.insert(anchor, done.clone());
        open.last_mut().expect("events are balanced").2.push(done);
    }
    open.remove(0).2.remove(0)
}

fn pairs(items: Vec<Value>) -> Value {
    let mut map = Map::new();
    for pair in items.chunks(2) {
        match (&pair[0], &pair[1]) {
            (Value::String(key), Value::Object(merged)) if key == "<<" => {
                map.extend(merged.clone());
            }
            (Value::String(key), value) => drop(map.insert(key.clone(), value.clone())),
            (key, value) => drop(map.insert(key.to_string(), value.clone())),
        }
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
