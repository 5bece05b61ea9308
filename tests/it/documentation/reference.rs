//! The reference pages, made from the code that they describe: `UPDATE_GOLDEN=1` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use serde_json::Value;
use taster::metric::{Metric, Scope, Unit};
use taster::report::Format;

use super::golden;
use super::pages::root;

/// The beginning of every page.
fn page(title: &str, about: &str) -> String {
    format!("<!-- Made by tests/it/documentation/reference.rs. -->\n\n# {title}\n\n{about}\n")
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// A line of a table.
fn row(text: &mut String, cells: &[&str]) {
    let cells = cells.iter().map(|one| cell(one)).collect::<Vec<_>>();
    writeln!(text, "| {} |", cells.join(" | ").trim_end()).expect("a text grows");
}

/// The head of a table.
fn head(text: &mut String, cells: &[&str]) {
    text.push('\n');
    row(text, cells);
    writeln!(text, "|{}", "---|".repeat(cells.len())).expect("a text grows");
}

/// What may be written for a key, by its schema.
fn kind(schema: &Value) -> String {
    if let Some(to) = schema["$ref"].as_str() {
        let name = to.trim_start_matches("#/$defs/");
        return format!("[{name}](#{name})");
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let mut kinds: Vec<String> = any.iter().map(kind).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let words = schema["enum"].as_array().or(schema["const"].as_array());
    if let Some(words) = words {
        let shown = words.iter().take(12).map(|word| match word {
            Value::String(word) => format!("`{word}`"),
            other => format!("`{other}`"),
        });
        let more = if words.len() > 12 { ", ..." } else { "" };
        return shown.collect::<Vec<_>>().join(", ") + more;
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => return "anything".to_string(),
    };
    match types[..] {
        ["array"] => format!("list of {}", kind(&schema["items"])),
        ["object"] if schema["additionalProperties"].is_object() => {
            format!("map of {}", kind(&schema["additionalProperties"]))
        }
        ["object"] => "map".to_string(),
        ["boolean"] => "`true`, `false`".to_string(),
        ["integer"] => "whole number".to_string(),
        ["string", "number"] | ["number"] => "number".to_string(),
        _ => "text".to_string(),
    }
}

#[test]
fn the_page_of_the_scenario_language_is_that_of_the_schema() {
    let schema = taster::scenario::schema();
    let about = "Every key there is, as `taster schema` has it for editors. What they are for is \
                 told in\n[scenario.md](../scenario.md). A text may have templates in it.";
    let mut text = page("Keys of a scenario file", about);
    for (name, object) in schema["$defs"].as_object().expect("a schema has definitions") {
        let told = object["description"].as_str().unwrap_or_default();
        write!(text, "\n## {name}\n\n{}\n", cell(told)).expect("a text grows");
        head(&mut text, &["key", "is", "meaning", "such as"]);
        let required: Vec<&str> =
            object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, one) in object["properties"].as_object().expect("an object has keys") {
            let must = if required.contains(&key.as_str()) { " (must be there)" } else { "" };
            let example = format!("`{}`", one["examples"][0]);
            let told = one["description"].as_str().unwrap_or_default();
            row(&mut text, &[&format!("`{key}`{must}"), &kind(one), told, &example]);
        }
    }
    golden("docs/reference/scenario.md", &text);
}

/// One command and those below it.
fn command(text: &mut String, name: &str, one: &clap::Command) {
    let about = one.get_about().map(ToString::to_string).unwrap_or_default();
    write!(text, "\n## {name}\n\n{}\n", cell(&about)).expect("a text grows");
    let shown = one.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_id() != "help");
    let shown: Vec<&clap::Arg> = shown.collect();
    if !shown.is_empty() {
        head(text, &["option", "meaning", "default", "environment"]);
    }
    for arg in shown {
        let values = arg.get_value_names().into_iter().flatten();
        let values = values.map(|value| format!("<{value}>")).collect::<Vec<_>>().join(" ");
        let option = match arg.get_long() {
            Some(long) if arg.get_action().takes_values() => format!("`--{long} {values}`"),
            Some(long) => format!("`--{long}`"),
            None => format!("`{values}`"),
        };
        let told = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let default = arg.get_default_values().iter().map(|value| value.to_string_lossy());
        let default = default.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" ");
        let taken = arg.get_action().takes_values();
        let default = if taken { default } else { String::new() };
        let env = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy()));
        row(text, &[&option, &told, &default, &env.unwrap_or_default()]);
    }
    for below in one.get_subcommands().filter(|one| !one.is_hide_set()) {
        if below.get_name() != "help" {
            command(text, &format!("{name} {}", below.get_name()), below);
        }
    }
}

#[test]
fn the_page_of_the_command_line_is_that_of_the_program() {
    let about = "Every command and option there is. `taster COMMAND --help` prints the same, with \
                 the words that\na value may be. Data goes to standard output, all else to \
                 standard error; `NO_COLOR` is honoured.";
    let mut text = page("Commands and options", about);
    let mut program = taster::cli::command_line();
    program.build();
    command(&mut text, "taster", &program);
    golden("docs/reference/command-line.md", &text);
}

#[test]
fn the_page_of_metrics_is_that_of_the_code() {
    let about = "What an SLA may bound, and a report names. How bounds are written is told in\n\
                 [scenario.md](../scenario.md#slas), what the numbers mean in [reading a \
                 report](../reading-a-report.md).\nThe meaning is that of the code; \"ours\" are \
                 those that k6 does not have.";
    let mut text = page("Metrics", about);
    head(&mut text, &["metric", "aggregates", "number", "kept by", "meaning"]);
    let told = documented("src/metric/mod.rs");
    for metric in Metric::ALL {
        let number = match metric.unit() {
            Unit::Milliseconds => "ms",
            Unit::Share => "share, 0 to 1",
            Unit::Count => "count",
            Unit::Bytes => "bytes",
            Unit::Score => "score",
        };
        let kept = match (metric.scope(), metric.web_vital()) {
            (_, Some(_)) => "scenario, browser",
            (Scope::Step, None) => "step, scenario, tags",
            (Scope::Scenario, None) => "scenario",
        };
        let meaning =
            told["Metric"].iter().find(|one| one.told.starts_with(&format!("`{}`", metric.name())));
        let meaning = &meaning.unwrap_or_else(|| panic!("{} says nothing", metric.name())).told;
        let meaning = meaning.split_once("): ").map_or("", |(_, rest)| rest);
        let aggregates = metric.kind().aggregates().join(", ");
        row(&mut text, &[&format!("`{}`", metric.name()), &aggregates, number, kept, meaning]);
    }
    golden("docs/reference/metrics.md", &text);
}

/// A field or a variant, as it is documented.
struct Told {
    name: String,
    ty: String,
    told: String,
    optional: bool,
}

/// The documentation of an item.
fn doc(attributes: &[syn::Attribute]) -> String {
    let lines = attributes.iter().filter_map(|one| match &one.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    lines.map(|line| line.trim().to_string()).collect::<Vec<_>>().join(" ")
}

/// What serde calls it, or how it spells what is in it.
fn renamed(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|one| {
        let syn::Meta::List(list) = &one.meta else { return None };
        let text = list.tokens.to_string();
        let (_, rest) = text.split_once("rename")?;
        Some(rest.split('"').nth(1)?.to_string())
    })
}

/// A type as it is stored: text, number, list, or the name of another one.
fn stored(ty: &syn::Type) -> String {
    let syn::Type::Path(path) = ty else { return "list".to_string() };
    let Some(last) = path.path.segments.last() else { return String::new() };
    let inner: Vec<String> = match &last.arguments {
        syn::PathArguments::AngleBracketed(all) => all
            .args
            .iter()
            .filter_map(|one| match one {
                syn::GenericArgument::Type(ty) => Some(stored(ty)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let name = last.ident.to_string();
    match (name.as_str(), &inner[..]) {
        ("String", _) => "text".to_string(),
        ("bool", _) => "true or false".to_string(),
        ("u8" | "u16" | "u32" | "u64" | "usize" | "i64" | "f32" | "f64", _) => "number".to_string(),
        ("Option" | "Box" | "Arc", [one]) => one.clone(),
        ("Vec", [one]) => format!("list of {one}"),
        ("BTreeMap", [_, one]) => format!("map of {one}"),
        _ => name,
    }
}

/// The documented structures and enums of a file, by name.
fn documented(path: &str) -> BTreeMap<String, Vec<Told>> {
    let text = fs::read_to_string(root().join(path)).expect("a source file can be read");
    let file = syn::parse_file(&text).expect("it is Rust");
    let mut all = BTreeMap::new();
    for item in file.items {
        match item {
            syn::Item::Struct(one) => {
                let fields = one.fields.iter().map(|field| {
                    let attributes = &field.attrs;
                    let has = |word: &str| {
                        attributes.iter().any(|one| match &one.meta {
                            syn::Meta::List(list) => list.tokens.to_string().contains(word),
                            _ => false,
                        })
                    };
                    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                    let ty = stored(&field.ty);
                    let optional = has("skip_serializing_if");
                    Told { name, ty, told: doc(attributes), optional }
                });
                all.insert(one.ident.to_string(), fields.collect());
            }
            syn::Item::Enum(one) => {
                let style = renamed(&one.attrs).unwrap_or_default();
                let variants = one.variants.iter().map(|one| {
                    let own = one.ident.to_string();
                    let name = renamed(&one.attrs).unwrap_or_else(|| match style.as_str() {
                        "UPPERCASE" => own.to_uppercase(),
                        "lowercase" => own.to_lowercase(),
                        _ => own,
                    });
                    Told { name, ty: String::new(), told: doc(&one.attrs), optional: false }
                });
                all.insert(one.ident.to_string(), variants.collect());
            }
            _ => {}
        }
    }
    all
}

#[test]
fn the_page_of_exit_codes_is_that_of_the_code() {
    let about = "How a command ended. A job of a pipeline needs no more than this. The last \
                 column is `--exit-codes\nk6`, for pipelines that know those.";
    let mut text = page("Exit codes", about);
    head(&mut text, &["code", "is", "k6"]);
    let k6 = [0, 99, 104, 99, 111, 104, 107, 109, 105];
    let told = &documented("src/cli/exit.rs")["ExitStatus"];
    assert_eq!(told.len(), k6.len(), "one more or less: say k6's number for it");
    for (one, k6) in told.iter().zip(k6) {
        let (code, meaning) = one.told.split_once(": ").expect("`code: meaning`");
        row(&mut text, &[code, meaning, &k6.to_string()]);
    }
    text.push_str(
        "\nINCONCLUSIVE is 1 with `--inconclusive fail` and 0 with `--inconclusive pass`.\n",
    );
    golden("docs/reference/exit-codes.md", &text);
}

#[test]
fn the_page_of_the_result_file_is_that_of_its_types() {
    let about = format!(
        "The fields of `result.json`, format {}, which is also what a baseline is. Types are those \
         of the tables\nbelow. Times are whole numbers in the unit that a name ends with. \
         Histograms are HdrHistogram V2,\ncompressed, in base64. Fields that are not always \
         written are marked; older and newer files with the\nsame `format` are read alike. Pages \
         of browser tests (`traces/*.json`) are not part of it.",
        taster::result::FORMAT
    );
    let mut text = page("The result file", &about);
    let mut types = BTreeMap::new();
    for name in ["mod", "accepted", "duet", "durations", "generator", "outcome", "seen", "evidence"]
    {
        types.extend(documented(&format!("src/result/{name}.rs")));
    }
    let mut todo = vec!["RunResult".to_string()];
    let mut done: Vec<String> = Vec::new();
    while !todo.is_empty() {
        let name = todo.remove(0);
        done.push(name.clone());
        write!(text, "\n## {name}\n").expect("a text grows");
        let is_enum = types[&name].iter().all(|one| one.ty.is_empty());
        head(&mut text, if is_enum { &["is", "meaning"] } else { &["field", "is", "meaning"] });
        for one in &types[&name] {
            let of = one.ty.rsplit(' ').next().unwrap_or_default();
            let known = types.contains_key(of);
            if known && !done.iter().chain(&todo).any(|name| name == of) {
                todo.push(of.to_string());
            }
            let anchor = format!("[{of}](#{})", of.to_lowercase());
            let ty = if known { one.ty.replace(of, &anchor) } else { one.ty.clone() };
            let ty = if one.optional { format!("{ty}, not always") } else { ty };
            let name = format!("`{}`", one.name);
            match is_enum {
                true => row(&mut text, &[&name, &one.told]),
                false => row(&mut text, &[&name, &ty, &one.told]),
            }
        }
    }
    golden("docs/reference/result.md", &text);
}

#[test]
fn every_report_format_is_in_the_documentation() {
    let page = fs::read_to_string(root().join("docs/ci.md")).expect("it is there");
    for format in Format::ALL.map(Format::name) {
        assert!(page.contains(&format!("`{format}`")), "{format} is not in docs/ci.md");
    }
}
