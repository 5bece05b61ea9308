//! Starts programs under the guard, so that none of them outlives Taster, however it ends.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Launch, Trouble};

/// How much of what a program said is kept for error messages, bytes.
const TAIL: usize = 4 * 1024;

/// How long the guard has for ending what it guards: its own two rounds of patience and some.
const END: Duration = Duration::from_secs(8);

/// A program as it is to be started.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Its file.
    pub file: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Added to the environment.
    pub env: Vec<(String, String)>,
    /// A folder that is removed once it has ended, also when Taster is no more.
    pub scratch: Option<PathBuf>,
}

/// A program that runs under the guard; dropping it ends it and all it started.
#[derive(Debug)]
pub struct Guarded {
    name: String,
    child: Child,
    /// The guard's own number, which is also that of its group of processes.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no groups there"))]
    number: Option<u32>,
    /// The guard ends everything when this is closed: by us, or by the system when we are gone.
    life_line: Option<ChildStdin>,
    said: Said,
}

impl Guarded {
    /// Starts a program.
    ///
    /// # Errors
    /// When the guard cannot be started. That the program cannot is seen later: the guard then
    /// says so and ends.
    pub fn spawn(launch: &Launch, program: &Program) -> Result<Self, Trouble> {
        let name = program.file.file_name().unwrap_or(program.file.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let mut command = Command::new(&launch.guard);
        command.arg("guard");
        if let Some(scratch) = &program.scratch {
            command.arg("--scratch").arg(scratch);
        }
        command.arg("--").arg(&program.file).args(&program.args);
        command.envs(program.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in a terminal goes to the whole group of processes: browsers must outlive it
        // until they are closed in order.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| {
            let guard = launch.guard.display();
            Trouble::Refused(format!("cannot start `{guard} guard -- {name}`: {error}"))
        })?;
        let said = Said::default();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(said.clone().listen(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(said.clone().listen(stderr));
        }
        let (number, life_line) = (child.id(), child.stdin.take());
        Ok(Guarded { name, child, number, life_line, said })
    }

    /// Its file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The last 4 KiB of what it said on standard output and standard error.
    pub fn last_words(&self) -> String {
        self.said.text().trim().to_string()
    }

    /// Waits until it has said a whole line that `found` finds something in.
    pub async fn hear<T>(&self, by: Instant, found: impl Fn(&str) -> Option<T>) -> Option<T> {
        loop {
            let changed = self.said.changed.notified();
            tokio::pin!(changed);
            // Before looking, so that what is said in between is not missed.
            changed.as_mut().enable();
            let words = self.said.text();
            let whole = words.rfind('\n').map_or("", |end| &words[..end]);
            if let Some(found) = whole.lines().find_map(&found) {
                return Some(found);
            }
            timeout_at(by, changed).await.ok()?;
        }
    }

    /// How it ended, and its last words, for an error message.
    pub fn obituary(&mut self) -> String {
        let end = match self.child.try_wait() {
            Ok(Some(status)) => format!("{} ended ({status})", self.name),
            Ok(None) => format!("{} runs", self.name),
            Err(error) => format!("{} cannot be asked: {error}", self.name),
        };
        match self.last_words() {
            words if words.is_empty() => end,
            words => format!("{end}; its last words: {words}"),
        }
    }

    /// Ends it and all it started, and waits until they are gone.
    pub async fn end(&mut self) {
        drop(self.life_line.take());
        let ended = timeout(END, self.child.wait()).await;
        // A guard that was killed has left its flock behind, in the group that bears its number.
        let killed = !matches!(&ended, Ok(Ok(status)) if status.code().is_some());
        if killed {
            self.kill_group();
        }
        if ended.is_err() {
            let _ = self.child.kill().await;
        }
    }

    #[cfg(unix)]
    fn kill_group(&self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let number = self.number.and_then(|number| i32::try_from(number).ok());
        if let Some(group) = number.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn kill_group(&self) {}
}

/// What a program says.
#[derive(Debug, Clone, Default)]
struct Said {
    tail: Arc<Mutex<VecDeque<u8>>>,
    changed: Arc<Notify>,
}

impl Said {
    fn tail(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        let tail = self.tail();
        let (first, second) = tail.as_slices();
        String::from_utf8_lossy(&[first, second].concat()).into_owned()
    }

    async fn listen(self, mut from: impl AsyncRead + Unpin) {
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            {
                let mut tail = self.tail();
                tail.extend(&buffer[..read]);
                let more = tail.len().saturating_sub(TAIL);
                tail.drain(..more);
            }
            self.changed.notify_waiters();
        }
        self.changed.notify_waiters();
    }
}
