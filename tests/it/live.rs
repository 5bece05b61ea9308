//! The live view on a terminal of its own: what is drawn, what keys do, and that the terminal is
//! given back.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{Sandbox, Service};

/// A program on a terminal of 110 columns and 30 lines.
struct Seated {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
}

impl Seated {
    fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("a terminal that can be used");
        let name = ptsname(&ours, Vec::new()).expect("its name");
        let theirs: OwnedFd =
            rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty())
                .expect("the other side");
        let size = Winsize { ws_col: 110, ws_row: 30, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&ours, size).expect("a size");
        let mut command = sandbox.command(arguments);
        command.env("TERM", "xterm-256color").stdout(Stdio::null());
        command.stdin(theirs.try_clone().expect("a copy")).stderr(theirs);
        let child = command.spawn().expect("it starts");
        // The command keeps copies of the other side, and the end would never be seen.
        drop(command);
        let keyboard = File::from(ours);
        let mut reader = keyboard.try_clone().expect("a copy");
        let screen = Arc::new(Mutex::new(String::new()));
        let seen = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                seen.lock().expect("whole").push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keyboard, screen }
    }

    fn screen(&self) -> String {
        self.screen.lock().expect("whole").clone()
    }

    /// Waits for a word: blanks between words are not drawn.
    fn sees(&mut self, wanted: &str) {
        let by = Instant::now() + Duration::from_secs(60);
        while !self.screen().contains(wanted) {
            assert!(Instant::now() < by, "`{wanted}` is not seen:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("it takes keys");
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

fn sandbox(seconds: u32) -> Sandbox {
    Sandbox::with(&format!(
        "name: s\nload:\n  journey: [{{ step: look, get: /, expect: {{ status: 200 }} }}]\n  \
         profiles: {{ p: {{ arrivals: 20/s, duration: {seconds}s, max-users: 5 }} }}\n  \
         sla: [\"http_req_failed: rate<0.01\"]\n"
    ))
}

fn load(service: &Service) -> [&str; 8] {
    ["load", "s.yaml", "--profile", "p", "--target", &service.url, "--out", "out"]
}

#[test]
fn a_load_on_a_terminal_is_shown_and_the_terminal_is_given_back() {
    let (sandbox, service) = (sandbox(3), Service::healthy());
    let mut seated = Seated::start(&sandbox, &load(&service));
    seated.sees("generator");
    seated.sees("rate<0.01");
    let (code, screen) = seated.ends();
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
fn without_a_terminal_there_are_lines() {
    let (sandbox, service) = (sandbox(2), Service::healthy());
    let outcome = sandbox.run(&load(&service)).exits(0);
    let said = outcome.all();
    assert!(said.contains("load 2/2 s") && !said.contains(ENTER), "{said}");
}
