//! The live view on a terminal of its own: what is drawn, what keys do, and that the terminal is
//! given back.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::terminal::{resize, terminal};
use crate::support::{Sandbox, Service};

/// A program on a terminal.
struct Seated {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
    /// What was on the screen when a key was last pressed.
    seen: usize,
}

impl Seated {
    /// On one of 110 columns and 30 rows.
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::at(sandbox.command(arguments), (110, 30))
    }

    fn at(mut command: Command, size: (u16, u16)) -> Self {
        let (keyboard, theirs) = terminal(size).expect("a terminal");
        command.env("TERM", "xterm-256color").stdout(Stdio::null());
        command.stdin(theirs.try_clone().expect("a copy")).stderr(theirs);
        let child = command.spawn().expect("it starts");
        // The command keeps copies of the other side, and the end would never be seen.
        drop(command);
        let mut reader = keyboard.try_clone().expect("a copy");
        let screen = Arc::new(Mutex::new(String::new()));
        let seen = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                seen.lock().expect("whole").push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keyboard, screen, seen: 0 }
    }

    fn screen(&self) -> String {
        self.screen.lock().expect("whole").clone()
    }

    /// Waits for a word after the last key: blanks between words are not drawn, nor is what was
    /// there before.
    fn sees(&mut self, wanted: &str) {
        let by = Instant::now() + Duration::from_secs(60);
        while !self.screen()[self.seen..].contains(wanted) {
            assert!(Instant::now() < by, "`{wanted}` is not seen:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn types(&mut self, keys: &str) {
        self.seen = self.screen().len();
        self.keyboard.write_all(keys.as_bytes()).expect("it takes keys");
    }

    /// All of it is drawn anew.
    fn is_resized(&mut self, size: (u16, u16)) {
        self.seen = self.screen().len();
        resize(&self.keyboard, size).expect("it is there");
    }

    fn ends(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it ends");
        // What was written last may still be on its way.
        std::thread::sleep(Duration::from_millis(100));
        (status.code(), self.screen())
    }
}

const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
const COLOUR: &str = "\x1b[38;5;";

fn sandbox(seconds: u32) -> Sandbox {
    Sandbox::with(&format!(
        "name: s\nload:\n  journey: [{{ step: look, get: /, expect: {{ status: 200 }} }}]\n  \
         think: 20ms\n  profiles:\n    \
         p: {{ arrivals: 20/s, duration: {seconds}s, max-users: 5 }}\n    \
         users: {{ users: 2, duration: {seconds}s }}\n  sla: [\"http_req_failed: rate<0.01\"]\n"
    ))
}

fn load(service: &Service) -> [&str; 8] {
    profile("p", service)
}

fn profile<'s>(name: &'s str, service: &'s Service) -> [&'s str; 8] {
    ["load", "s.yaml", "--profile", name, "--target", &service.url, "--out", "out"]
}

#[test]
fn a_load_on_a_terminal_is_shown_and_the_terminal_is_given_back() {
    let (sandbox, service) = (sandbox(2), Service::healthy());
    let mut seated = Seated::start(&sandbox, &load(&service));
    seated.sees("generator");
    seated.sees("offered");
    seated.sees("rate<0.01");
    let (code, screen) = seated.ends();
    assert!(!screen.contains(COLOUR), "NO_COLOR is set");
    assert_eq!(code, Some(0), "{screen}");
    let (entered, left) = (screen.find(ENTER), screen.rfind(LEAVE));
    assert!(entered.expect("it came") < left.expect("it went"), "{screen}");
    assert!(screen.contains("look"), "{screen}");
}

#[test]
fn a_key_ends_a_load_with_what_there_is() {
    let (sandbox, service) = (sandbox(60), Service::healthy());
    let mut seated = Seated::start(&sandbox, &load(&service));
    seated.sees("generator");
    seated.types("?");
    seated.sees("blurs");
    seated.types("q");
    let (code, screen) = seated.ends();
    assert_eq!(code, Some(130), "{screen}");
    assert!(screen.contains(LEAVE), "{screen}");
    let result = sandbox.json("out/result.json");
    assert_eq!(result["run"]["ended_early"], "interrupted");
    assert!(result["steps"][0]["count"].as_u64().expect("a count") > 0, "{result}");
}

#[test]
fn keys_pause_scale_and_gently_stop_a_load_on_any_terminal_and_all_of_it_is_told() {
    let (sandbox, service) = (sandbox(60), Service::healthy());
    let mut command = sandbox.command(&profile("users", &service));
    command.env_remove("NO_COLOR");
    let mut seated = Seated::at(command, (60, 20));
    seated.sees("generator");
    seated.types("p");
    seated.sees("PAUSED");
    seated.is_resized((40, 12));
    seated.sees("gently");
    seated.types("p");
    seated.is_resized((100, 30));
    seated.sees("users");
    seated.types("+");
    seated.sees("(planned");
    seated.types("s");
    seated.sees("STOPPING");
    let (code, screen) = seated.ends();
    assert_eq!(code, Some(130), "{screen}");
    assert!(screen.contains(COLOUR) && screen.contains(LEAVE), "{screen}");
    let run = &sandbox.json("out/result.json")["run"];
    assert_eq!(run["ended_early"], "stopped by hand");
    assert!(run["altered"][0]["what"]["paused"]["lasted_ms"].as_u64().is_some(), "{run}");
    assert_eq!(run["altered"][1]["what"]["users"]["users"], 3);
    for report in ["verdict.json", "report.md", "report.html", "junit.xml"] {
        let text = sandbox.read(&format!("out/{report}"));
        assert!(text.contains("changed by hand: paused at"), "{report}: {text}");
    }
}

#[test]
fn a_run_that_was_changed_by_hand_passes_aloud_and_becomes_no_baseline() {
    let (sandbox, service) = (sandbox(2), Service::healthy());
    let mut seated = Seated::start(&sandbox, &profile("users", &service));
    seated.sees("generator");
    seated.types("+");
    let (code, screen) = seated.ends();
    assert_eq!(code, Some(0), "{screen}");
    let headline = "under a load that was changed by hand";
    assert!(sandbox.read("out/report.md").contains(headline), "{screen}");
    sandbox
        .run(&["baseline", "accept", "out", "--why", "it looks good"])
        .exits(1)
        .says(&["its load was changed by hand (users of `s` set to 3 at"]);
}

#[test]
fn a_terminal_that_goes_away_does_not_end_the_run() {
    let (sandbox, service) = (sandbox(2), Service::healthy());
    let mut seated = Seated::start(&sandbox, &load(&service));
    seated.sees("generator");
    let Seated { mut child, keyboard, .. } = seated;
    drop(keyboard);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let result = sandbox.json("out/result.json");
    assert_eq!(result["scenarios"][0]["load"]["completed"], 40, "{result}");
}

#[test]
fn without_a_terminal_there_are_lines() {
    let (sandbox, service) = (sandbox(2), Service::healthy());
    let outcome = sandbox.run(&load(&service)).exits(0);
    let said = outcome.all();
    assert!(said.contains("load 2/2 s") && !said.contains(ENTER), "{said}");
}
