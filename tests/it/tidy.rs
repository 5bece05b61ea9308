//! The laws of the house as a test, without exceptions: who may use whom, where effects live, and
//! how long things may get.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The modules in their order, and what each may use in this crate. A module uses only modules
/// above it; the table narrows that further.
const MODULES: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("picture", &[]),
    ("metric", &["units"]),
    ("diagnostic", &[]),
    ("scenario", &["units", "metric", "diagnostic"]),
    ("plan", &["units", "metric", "diagnostic", "scenario"]),
    ("sample", &["plan"]),
    ("recorder", &["plan", "sample"]),
    ("result", &["units", "metric", "plan", "sample", "recorder"]),
    ("analysis", &["units", "picture", "metric", "diagnostic", "result"]),
    ("report", &["units", "metric", "result", "analysis"]),
    ("import", &["units", "diagnostic"]),
    ("driver", &["units", "picture", "scenario", "plan", "sample"]),
    ("executor", &["units", "scenario", "plan", "sample", "recorder", "result", "driver"]),
    ("store", &["diagnostic", "result"]),
    ("publish", &["recorder", "result", "analysis", "report"]),
    ("demo", &[]),
    ("calibration", &["diagnostic", "scenario", "plan", "sample", "result", "executor"]),
    (
        "cli",
        &[
            "units",
            "diagnostic",
            "scenario",
            "plan",
            "recorder",
            "result",
            "analysis",
            "report",
            "import",
            "driver",
            "executor",
            "store",
            "publish",
            "demo",
            "calibration",
        ],
    ),
];

/// Words that may only stand in the modules named: clocks, files, environment, printing.
const EFFECTS: &[(&str, &[&str])] = &[
    ("Instant", &["driver", "executor", "publish", "demo", "calibration"]),
    ("SystemTime", &["driver", "executor", "publish", "demo"]),
    ("Timestamp::now", &["driver", "executor", "demo"]),
    ("Zoned::now", &["driver", "executor", "demo"]),
    ("tokio::time", &["driver", "executor", "publish", "demo"]),
    ("std::fs", &["store", "demo"]),
    ("File::", &["store", "demo"]),
    ("tokio::fs", &["driver"]),
    ("std::process", &["driver", "store", "cli"]),
    ("env::var", &["cli"]),
    ("env::args", &["cli"]),
    ("println!", &["cli"]),
    ("print!", &["cli"]),
    ("std::io::stdout", &["cli"]),
    ("std::io::stderr", &["cli"]),
    ("derive(Serialize", &["result", "report", "demo"]),
    ("Deserialize)", &["result", "report", "demo"]),
];

/// What stands nowhere.
const NOWHERE: &[&str] = &[
    "#[allow",
    "#![allow",
    "static mut",
    "LazyLock<",
    "OnceLock<",
    "lazy_static",
    "thread_local!",
    "todo!",
    "unimplemented!",
    "TODO",
    "FIXME",
    // In two pieces, so that a search for skipped tests finds none here.
    concat!("#[", "ignore"),
];

/// Names that hide what is inside.
const HIDING: &[&str] = &["util", "utils", "common", "helpers", "types", "core", "imp", "misc"];

const FUNCTION_LINES: usize = 70;
const PARAMETERS: usize = 5;
const COLUMNS: usize = 100;
const FILE_LINES: usize = 400;

#[test]
fn every_file_keeps_the_laws_of_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut problems = Vec::new();
    for path in rust_files(&root.join("src")) {
        check_product(root, &path, &mut problems);
    }
    for path in rust_files(&root.join("tests")) {
        check_file(root, &path, &mut problems);
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn the_modules_are_declared_in_their_order() {
    let library = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    let library = library.expect("the library can be read");
    let declared: Vec<&str> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let table: Vec<&str> = MODULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(declared, table);
}

#[test]
fn the_table_itself_only_points_upwards() {
    for (at, (name, uses)) in MODULES.iter().enumerate() {
        for used in *uses {
            let above = MODULES[..at].iter().any(|(other, _)| other == used);
            assert!(above, "`{name}` may use `{used}`, which is not above it");
        }
    }
}

fn check_product(root: &Path, path: &Path, problems: &mut Vec<String>) {
    check_file(root, path, problems);
    let text = fs::read_to_string(path).expect("a source file can be read");
    let product = product(&text);
    let shown = path.strip_prefix(root).expect("it is inside").display().to_string();
    let mut say = |what: String| problems.push(format!("{shown}: {what}"));
    let file = syn::parse_file(&text).expect("a source file is Rust");
    Functions { say: &mut say, of_trait: false }.visit_file(&file);
    if product.len() > FILE_LINES {
        say(format!("{} product lines, at most {FILE_LINES}", product.len()));
    }
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if HIDING.contains(&name) {
        say(format!("a module called `{name}` hides what is inside"));
    }
    let module = shown.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
    let code: Vec<(usize, &str)> = product
        .iter()
        .enumerate()
        .map(|(at, line)| (at + 1, *line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect();
    for (number, line) in code {
        for used in used_modules(line) {
            let known = MODULES.iter().find(|(name, _)| *name == module);
            let allowed = known.is_none_or(|(name, uses)| *name == used || uses.contains(&used));
            let is_module = MODULES.iter().any(|(name, _)| *name == used);
            if is_module && !allowed {
                say(format!("line {number}: `{module}` may not use `{used}`"));
            }
        }
        for (word, places) in EFFECTS {
            if has_word(line, word) && !places.contains(&module) && module != "main" {
                say(format!("line {number}: `{word}` belongs to {}", places.join(", ")));
            }
        }
        for word in NOWHERE {
            if line.contains(word) {
                say(format!("line {number}: `{word}` stands nowhere"));
            }
        }
    }
}

/// What holds for tests too.
fn check_file(root: &Path, path: &Path, problems: &mut Vec<String>) {
    let text = fs::read_to_string(path).expect("a source file can be read");
    let shown = path.strip_prefix(root).expect("it is inside").display().to_string();
    if !text.starts_with("//! ") {
        problems.push(format!("{shown}: begins without a `//!` header"));
    }
    for (at, line) in text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > COLUMNS {
            problems.push(format!("{shown}: line {}: {columns} columns", at + 1));
        }
    }
}

/// The lines before a trailing `#[cfg(test)] mod`.
fn product(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| {
        pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
    });
    lines[..tests.unwrap_or(lines.len())].to_vec()
}

/// The modules that a line names as `crate::module` or in a `crate::{...}` list.
fn used_modules(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        found.push(&rest[..end]);
    }
    found
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a source folder can be read") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Measures functions; those of tests may hold a table of any length.
struct Functions<'a, S: FnMut(String)> {
    say: &'a mut S,
    /// Within an implementation of a trait, whose parameters are not ours to choose.
    of_trait: bool,
}

impl<S: FnMut(String)> Functions<'_, S> {
    fn measure(&mut self, name: &syn::Ident, signature: &syn::Signature, end: LineColumn) {
        let lines = end.line - signature.span().start().line + 1;
        if lines > FUNCTION_LINES {
            (self.say)(format!("`{name}` has {lines} lines, at most {FUNCTION_LINES}"));
        }
        if signature.inputs.len() > PARAMETERS && !self.of_trait {
            let count = signature.inputs.len();
            (self.say)(format!("`{name}` has {count} parameters, at most {PARAMETERS}"));
        }
    }
}

impl<'ast, S: FnMut(String)> Visit<'ast> for Functions<'_, S> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let end = function.block.span().end();
        self.measure(&function.sig.ident, &function.sig, end);
        visit::visit_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let outer = std::mem::replace(&mut self.of_trait, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.of_trait = outer;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        let end = function.block.span().end();
        self.measure(&function.sig.ident, &function.sig, end);
        visit::visit_impl_item_fn(self, function);
    }
}
