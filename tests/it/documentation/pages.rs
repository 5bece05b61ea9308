//! Pages of the documentation as a reader sees them: files to save, commands to type.

use std::fs;
use std::path::Path;

/// How a block says that it is not run.
const NOT_RUN: &str = "# not run by the tests: ";

/// The top of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page.
pub struct Page {
    /// `docs/tutorial.md`.
    pub name: String,
    /// All of it.
    pub text: String,
    /// What is to be done, in its order.
    pub parts: Vec<Part>,
}

/// Something to do.
pub enum Part {
    /// A file to save: a block after a line that ends with a colon and names it.
    File { path: String, text: String },
    /// Commands to type.
    Block(Block),
}

/// Commands to type.
pub struct Block {
    /// The line it begins at.
    pub line: usize,
    /// Why it is not run, where it is not.
    pub not_run: Option<String>,
    text: String,
}

impl Block {
    /// The commands, each in one line.
    pub fn commands(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        let lines = joined.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(String::from).collect()
    }
}

impl Page {
    /// A file of the repository.
    pub fn read(name: &str) -> Self {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut parts = Vec::new();
        let mut before = "";
        let mut lines = text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let Some(kind) = line.strip_prefix("```") else {
                before = if line.trim().is_empty() { before } else { line };
                continue;
            };
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            let inside: String = inside.map(|line| format!("{line}\n")).collect();
            if kind == "sh" {
                let first = inside.lines().next().unwrap_or_default();
                let not_run = first.strip_prefix(NOT_RUN).map(String::from);
                parts.push(Part::Block(Block { line: at + 1, not_run, text: inside }));
            } else if let Some(path) = named(before, kind) {
                parts.push(Part::File { path, text: inside });
            }
            before = "";
        }
        Self { name: name.to_string(), text, parts }
    }

    /// Its blocks of commands.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.parts.iter().filter_map(|part| match part {
            Part::Block(block) => Some(block),
            Part::File { .. } => None,
        })
    }
}

/// The file that a line before a block of this kind names.
fn named(line: &str, kind: &str) -> Option<String> {
    let quoted = line.trim_end().strip_suffix(':')?.split('`').skip(1).step_by(2);
    let ending = format!(".{kind}");
    let mut files = quoted.filter(|name| name.ends_with(&ending));
    let file = files.next().filter(|_| files.next().is_none())?;
    Some(file.to_string())
}

/// The README, and all below `docs`.
pub fn every_page() -> Vec<Page> {
    let mut names = vec!["README.md".to_string()];
    for folder in ["docs", "docs/reference"] {
        for entry in fs::read_dir(root().join(folder)).expect("a folder can be read") {
            let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            if name.ends_with(".md") {
                names.push(format!("{folder}/{name}"));
            }
        }
    }
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

/// The words of a command as a shell sees them, without its comment.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
