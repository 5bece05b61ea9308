//! A folder of a test's own, and the real program in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// No run of these tests takes nearly as long; one that does hangs.
const HANGS: Duration = Duration::from_secs(120);

/// A folder of a test's own.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("taster-it-").tempdir();
        Self { folder: folder.expect("a test may make folders") }
    }

    /// One with a scenario in `s.yaml`.
    pub fn with(scenario: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("s.yaml", scenario);
        sandbox
    }

    /// Where a file of it is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders it needs.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
        self
    }

    /// A file's text.
    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A file as JSON.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of the files in a folder, in their order.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("a folder can be read");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Every file below a folder.
    pub fn files(&self, folder: &str) -> Vec<PathBuf> {
        below(&self.path(folder))
    }

    /// The program with these arguments in this folder, untouched by the environment of the
    /// test. Temporary files of the program are in `tmp`, so that those it leaves are seen.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taster"));
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    /// Another program in this folder, with the same environment.
    pub fn settle(&self, command: &mut Command) {
        let tmp = self.path("tmp");
        fs::create_dir_all(&tmp).expect("a folder can be made");
        for (name, _) in std::env::vars_os() {
            let name_shown = name.to_string_lossy();
            if name_shown.starts_with("TASTER_") || name_shown.starts_with("GITHUB_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("NO_COLOR", "1")
            .env("USER", "tester")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("COLUMNS", "100")
            .env("TMPDIR", tmp)
            .env_remove("HTTP_PROXY")
            .env_remove("http_proxy")
            .stdin(Stdio::null());
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.start(self.command(arguments)).end()
    }

    /// The same, for arguments in one text.
    pub fn taster(&self, line: &str) -> Outcome {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Starts a command whose output goes to files.
    pub fn start(&self, mut command: Command) -> Running {
        let output = TempDir::new().expect("a test may make folders");
        let file = |name| fs::File::create(output.path().join(name)).expect("a file can be made");
        let shown = format!("{command:?}");
        let child = command.stdout(file("stdout")).stderr(file("stderr")).spawn();
        Running { child: child.expect("the program can be started"), output, shown }
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        // `latest` is a link to a folder that is there anyway.
        if path.is_dir() && !path.is_symlink() {
            files.extend(below(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

/// A program that goes on.
pub struct Running {
    child: Child,
    output: TempDir,
    shown: String,
}

impl Running {
    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends its standard input, where that is a pipe.
    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        self.text("stdout")
    }

    /// What it has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.text("stderr")
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill is on every machine").success(), "{name} to {}", self.shown);
    }

    /// Waits until something is so.
    pub fn wait_until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            let over = self.child.try_wait().expect("a child can be waited for").is_some();
            let told = (&self.shown, self.stderr());
            assert!(!over, "{what}: the program ended before: {told:?}");
            assert!(began.elapsed() < HANGS, "{what}: waited too long: {told:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for its end.
    pub fn end(mut self) -> Outcome {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if began.elapsed() > HANGS {
                // It is reported as it hangs; that it is gone afterwards is for the machine.
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("{} hangs\n{}{}", self.shown, self.text("stdout"), self.text("stderr"));
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let (stdout, stderr) = (self.text("stdout"), self.text("stderr"));
        Outcome { code: status.code(), stdout, stderr, shown: self.shown }
    }

    fn text(&self, name: &str) -> String {
        let bytes = fs::read(self.output.path().join(name)).expect("a file can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// How the program ended and what it said.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// None where a signal ended it.
    pub code: Option<i32>,
    /// Data.
    pub stdout: String,
    /// All else.
    pub stderr: String,
    shown: String,
}

impl Outcome {
    /// Demands an exit code, and that the program did not fall over.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(!self.all().contains("This is a bug in Taster"), "{self}");
        assert!(!self.all().contains("panicked"), "{self}");
        self
    }

    /// For a table of cases: what of this is not so, the program not falling over included.
    pub fn misses(&self, code: i32, words: &[&str]) -> Option<String> {
        let all = one_line(&self.all());
        let mut missing: Vec<&str> =
            words.iter().copied().filter(|word| !all.contains(word)).collect();
        let fell =
            ["This is a bug in Taster", "panicked"].into_iter().filter(|word| all.contains(word));
        missing.extend(fell);
        let fine = self.code == Some(code) && missing.is_empty();
        (!fine).then(|| format!("not exit {code} with {missing:?}:\n{self}"))
    }

    /// Demands these words on either output.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        let all = one_line(&self.all());
        for word in words {
            assert!(all.contains(word), "`{word}` is not said by\n{self}");
        }
        self
    }

    /// Demands that these words are on neither.
    #[track_caller]
    pub fn never_says(self, words: &[&str]) -> Self {
        let all = one_line(&self.all());
        for word in words {
            assert!(!all.contains(word), "`{word}` is said by\n{self}");
        }
        self
    }

    /// The first line of the verdict.
    pub fn headline(&self) -> &str {
        self.stdout.lines().next().unwrap_or("")
    }

    /// Both outputs.
    pub fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, shown } = self;
        write!(f, "{shown}\nexit {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Prose is broken into lines of some width; what it says does not depend on where.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without what differs from run to run: ports, ids, dates, times, paths.
pub fn redact(text: &str) -> String {
    let rules = [
        (r"\b(127\.0\.0\.1|localhost):\d+", "$1:PORT"),
        (r"\b\d{8}-\d{6}-[0-9a-f]{4}\b", "RUN"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"seed:? \d+", "seed SEED"),
        (r"\S*/taster-it-[A-Za-z0-9]+", "FOLDER"),
    ];
    rules.iter().fold(text.to_string(), |text, (pattern, shown)| {
        let pattern = regex::Regex::new(pattern).expect("a pattern of this file");
        pattern.replace_all(&text, *shown).into_owned()
    })
}
