//! The documentation, done as it says: every command block is run, in a folder of its own, with the
//! program as it is built and the embedded backend. What cannot be run says why in its first line,
//! and is listed in a golden file, so that nobody adds one in silence.

mod pages;
mod reference;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::support::{Outcome, Running, Sandbox};
use pages::{Block, Page, Part, every_page, root, words};

/// The embedded backend, for as long as this lives.
struct Backend {
    running: Running,
    url: String,
    _folder: Sandbox,
}

impl Backend {
    fn start() -> Self {
        let folder = Sandbox::new();
        let mut command = folder.command(&["demo", "--listen", "127.0.0.1:0", "--with-parent"]);
        command.stdin(Stdio::piped());
        let mut running = folder.start(command);
        running.wait_until("it listens", |one| one.stdout().contains('\n'));
        let said = running.stdout();
        let url = said.trim().trim_start_matches("listening on ").to_string();
        Self { running, url, _folder: folder }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.running.close_stdin();
    }
}

/// Ten seconds of load, and pauses of one, show a reader more than a part of them, and a test
/// nothing more. In two seconds a journey that is drawn one time in three has too few samples for
/// its percentile once in forty runs, in three seconds once in millions.
fn shortened(text: &str) -> String {
    let short = |line: &str| match line.trim_start().starts_with("smoke:") {
        // A percentile takes as many requests as before.
        true => line.replace("arrivals: 10/s", "arrivals: 50/s").replace(": 10s", ": 3s"),
        false => line.replace("pause: 1s", "pause: 200ms"),
    };
    text.lines().map(|line| short(line) + "\n").collect()
}

/// The same with bounds that no machine misses: what is run is an unoptimised build beside other
/// tests, and what is tried is whether commands do what the page says, not how fast the machine is.
fn lenient(text: &str) -> String {
    let rules = [
        (r"(p\(9\d\)|avg|med)<\d+", "$1<30000"),
        (r"within: \d+m?s", "within: 30s"),
        (r"lt: 500 ", "lt: 30000 "),
    ];
    rules.iter().fold(shortened(text), |text, (pattern, wide)| {
        let pattern = regex::Regex::new(pattern).expect("a pattern of this file");
        pattern.replace_all(&text, *wide).into_owned()
    })
}

/// What a reader has before any page but the tutorial: its scenario, the suite of the health
/// checks, and a run in `reports/ci` that is also the last one.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    let tutorial = Page::read("docs/tutorial.md");
    for part in &tutorial.parts {
        if let Part::File { path, text } = part {
            sandbox.write(path, lenient(text));
        }
    }
    let text = fs::read_to_string(root().join("scenarios/health.yaml")).expect("it is there");
    sandbox.write("scenarios/health.yaml", lenient(&text));
    copy(&root().join("scenarios/schemas"), &sandbox.path("scenarios/schemas"));
    sandbox
}

/// Copies what is below a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be read") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("it has a name"));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).expect("a file can be copied")),
        }
    }
}

/// A block as bash does it: each command must end as the page says, which is with 0 or as a comment
/// after it tells (`# exit 1`).
fn script(block: &Block) -> String {
    let mut script = "set -uo pipefail\n".to_string();
    for (at, line) in block.commands().iter().enumerate() {
        let told = line.rsplit_once("# exit ").map_or("0", |(_, told)| told);
        let number = told.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("0");
        writeln!(script, "{line}\ncode=$?").expect("a text grows");
        let number = if number.is_empty() { "0" } else { number };
        let wrong = format!("echo \"command {} exits $code, not {number}\" >&2; exit 99", at + 1);
        writeln!(script, "[ $code = {number} ] || {{ {wrong}; }}").expect("a text grows");
    }
    script
}

/// A block as a reader types it.
fn typed(sandbox: &Sandbox, block: &Block, backend: &Backend) -> Outcome {
    let mut command = Command::new("bash");
    command.args(["-c", &script(block)]);
    sandbox.settle(&mut command);
    let binary = Path::new(env!("CARGO_BIN_EXE_taster"));
    let folder = binary.parent().expect("it is in a folder").display();
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{folder}:{path}")).env("URL", &backend.url);
    sandbox.start(command).end()
}

/// Does all of a page, in its order. What is wrong with it.
fn follow(page: &Page, project: &Sandbox, backend: &Backend) -> Option<String> {
    let sandbox = Sandbox::new();
    if page.name != "docs/tutorial.md" {
        copy(&project.path("scenarios"), &sandbox.path("scenarios"));
        copy(&project.path("reports/ci"), &sandbox.path("reports/ci"));
        std::os::unix::fs::symlink("ci", sandbox.path("reports/latest")).expect("a link");
    }
    for part in &page.parts {
        let block = match part {
            Part::File { path, text } => {
                sandbox.write(path, lenient(text));
                continue;
            }
            Part::Block(block) if block.not_run.is_some() => continue,
            Part::Block(block) => block,
        };
        // INVALID says that the machine was too busy to tell anything, and to run it again.
        let mut outcome = typed(&sandbox, block, backend);
        for _ in 0..2 {
            if outcome.stderr.contains("exits 4, not") {
                outcome = typed(&sandbox, block, backend);
            }
        }
        if let Some(wrong) = outcome.misses(0, &[]) {
            return Some(format!("{}:{}\n{wrong}", page.name, block.line));
        }
    }
    None
}

#[test]
fn every_command_of_the_documentation_does_what_the_page_says() {
    let (project, backend) = (project(), Backend::start());
    let first = ["load", "scenarios/shop.yaml", "--out", "reports/ci", "--target", &backend.url];
    project.run(&first).exits(0);
    let todo: Mutex<Vec<Page>> = Mutex::new(every_page());
    let wrong: Mutex<Vec<String>> = Mutex::default();
    // Most of the time they wait: for arrivals, for pauses, for a service to be well.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(page) = todo.lock().expect("nobody fell over").pop() else { return };
                    let told = follow(&page, &project, &backend);
                    wrong.lock().expect("nobody fell over").extend(told);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody fell over");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Compares with a file of the repository, or writes it.
#[track_caller]
fn golden(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().expect("it is inside")).expect("a folder can be made");
        fs::write(&file, text).expect("it can be written");
        return;
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    let differs = known.lines().zip(text.lines()).find(|(old, new)| old != new);
    let help = "UPDATE_GOLDEN=1 cargo test --test it documentation writes it anew";
    assert!(known == text, "{path} is not what the code says now: {differs:?}\n{help}");
}

#[test]
fn what_is_not_run_is_known_and_says_why() {
    let (mut counts, mut list) = (String::new(), String::new());
    for page in every_page() {
        let blocks = page.blocks().collect::<Vec<_>>();
        let not = blocks.iter().filter(|block| block.not_run.is_some()).count();
        if !blocks.is_empty() {
            let run = blocks.len() - not;
            writeln!(counts, "{}: {run} run, {not} not", page.name).expect("a text grows");
        }
        for block in blocks {
            let Some(why) = &block.not_run else { continue };
            let first = block.commands().first().cloned().unwrap_or_default();
            let first = first.split(" #").next().unwrap_or_default().trim();
            writeln!(list, "{}: {first}\n    {why}", page.name).expect("a text grows");
        }
    }
    golden("tests/golden/docs/commands.txt", &format!("{counts}\nNot run:\n{list}"));
}

/// Also of those that are not run: words that no command knows would be found by readers only.
#[test]
fn every_command_of_the_documentation_is_one() {
    let mut seen = 0;
    for page in every_page() {
        for block in page.blocks() {
            for line in block.commands() {
                if !line.starts_with("taster ") {
                    continue;
                }
                let mut words = words(&line.replace("\"$URL\"", "http://127.0.0.1:1"));
                // What becomes of it is a matter of the shell.
                words.truncate(
                    words.iter().position(|word| word == ">" || word == "|").unwrap_or(words.len()),
                );
                let read = taster::cli::command_line().try_get_matches_from(&words);
                assert!(read.is_ok(), "{}:{}: {words:?}\n{read:?}", page.name, block.line);
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen} commands");
}

/// The anchors of a page, as its headings become them.
fn anchors(text: &str) -> Vec<String> {
    let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    let mut fenced = false;
    let mut all = Vec::new();
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        if let Some(title) = line.strip_prefix('#').filter(|_| !fenced) {
            let title = title.trim_start_matches('#').trim().to_lowercase();
            all.push(title.chars().filter(kept).collect::<String>().replace(' ', "-"));
        }
    }
    all
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern");
    let texts: BTreeMap<PathBuf, String> =
        every_page().into_iter().map(|page| (root().join(&page.name), page.text)).collect();
    let mut seen = 0;
    for (path, text) in &texts {
        for found in link.captures_iter(text) {
            let to = &found[1];
            if to.starts_with("http") {
                continue;
            }
            let (file, anchor) = to.split_once('#').unwrap_or((to, ""));
            let folder = path.parent().expect("it is in a folder");
            let file = if file.is_empty() { path.clone() } else { folder.join(file) };
            let file = fs::canonicalize(&file);
            let file = file.unwrap_or_else(|_| panic!("{}: {to} is not there", path.display()));
            if !anchor.is_empty() {
                let there = texts.get(&file).map(|text| anchors(text)).unwrap_or_default();
                assert!(there.iter().any(|one| one == anchor), "{}: {to}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} links");
}

#[test]
fn every_page_is_in_the_index_and_kept_short() {
    let index = Page::read("docs/README.md").text;
    for page in every_page() {
        let Some(name) = page.name.strip_prefix("docs/").filter(|name| *name != "README.md") else {
            continue;
        };
        assert!(index.contains(&format!("({name})")), "{name} is not in docs/README.md");
        // The language and the reference are looked things up in; the others are read.
        let long = name.starts_with("reference/") || name == "scenario.md";
        let lines = page.text.lines().count();
        assert!(long || lines <= 320, "{name}: {lines} lines are not read");
    }
}
