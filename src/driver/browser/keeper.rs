//! Is the guard's own process: it starts one program, and when its life line is cut or the program
//! ends, it ends everything that came of it.
//!
//! On Linux it adopts what its program leaves behind (child subreaper) and finds all descendants
//! in `/proc`, so that also those with a session of their own are ended. Elsewhere it ends its
//! group of processes, which a browser could leave; and without groups the program alone.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};

/// How long a process may take to end by itself once it is told to.
#[cfg(unix)]
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// Runs a program as `taster guard`, until it ends, standard input ends, or a signal says so; then
/// ends what is left of it and removes the folder `scratch`. Gives the exit code to pass on.
///
/// # Errors
/// When the program cannot be started.
pub async fn keep(program: &[OsString], scratch: Option<&Path>) -> io::Result<i32> {
    let Some((file, args)) = program.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program is given"));
    };
    tree::adopt();
    let mut told = Told::listen()?;
    let mut child =
        Command::new(PathBuf::from(file)).args(args).stdin(Stdio::null()).spawn().map_err(
            |error| io::Error::new(error.kind(), format!("{}: {error}", file.display())),
        )?;
    let ended = loop {
        tokio::select! {
            status = child.wait() => break Some(status?),
            news = told.next() => match news {
                News::End => break None,
                News::ChildEnded => tree::bury(child.id()).await,
            },
        }
    };
    tree::end(&mut child).await;
    if let Some(scratch) = scratch {
        // It may be gone already: whoever made it removes it as well.
        let _ = tokio::fs::remove_dir_all(scratch).await;
    }
    Ok(ended.map_or(0, code))
}

/// As shells have it: the signal's number above 128.
fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    status.code().unwrap_or(128 + signal.unwrap_or(0))
}

/// What the guard is told.
enum News {
    End,
    #[cfg_attr(not(unix), expect(dead_code, reason = "nothing tells it there"))]
    ChildEnded,
}

/// What the guard listens to.
#[cfg(unix)]
struct Told {
    signals: [tokio::signal::unix::Signal; 3],
    children: tokio::signal::unix::Signal,
    life_line: tokio::task::JoinHandle<()>,
}

#[cfg(unix)]
impl Told {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Told {
            signals: [
                signal(SignalKind::terminate())?,
                signal(SignalKind::interrupt())?,
                signal(SignalKind::hangup())?,
            ],
            children: signal(SignalKind::child())?,
            life_line: tokio::task::spawn_blocking(wait_for_end_of_input),
        })
    }

    async fn next(&mut self) -> News {
        let [terminate, interrupt, hang_up] = &mut self.signals;
        tokio::select! {
            _ = terminate.recv() => News::End,
            _ = interrupt.recv() => News::End,
            _ = hang_up.recv() => News::End,
            _ = &mut self.life_line => News::End,
            _ = self.children.recv() => News::ChildEnded,
        }
    }
}

#[cfg(not(unix))]
struct Told(tokio::task::JoinHandle<()>);

#[cfg(not(unix))]
impl Told {
    fn listen() -> io::Result<Self> {
        Ok(Told(tokio::task::spawn_blocking(wait_for_end_of_input)))
    }

    async fn next(&mut self) -> News {
        let _ = (&mut self.0).await;
        News::End
    }
}

/// Whoever started us holds our standard input open and never writes to it.
fn wait_for_end_of_input() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}

#[cfg(target_os = "linux")]
mod tree {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};
    use tokio::time::{Instant, sleep};

    use super::{Child, PATIENCE};

    /// How long is looked for processes that do not even end when they are killed.
    const LAST_PATIENCE: Duration = Duration::from_secs(5);

    /// How often is looked whether they have ended.
    const LOOK: Duration = Duration::from_millis(10);

    /// A process, as `/proc` tells of it.
    struct Process {
        number: i32,
        parent: i32,
        dead: bool,
    }

    pub fn adopt() {
        // Without it, what loses its parent goes to the system's first process and is not found.
        let _ = rustix::process::set_child_subreaper(Some(getpid()));
    }

    /// Ends all descendants: asks them, then kills them.
    pub async fn end(child: &mut Child) {
        let mut asked = BTreeSet::new();
        for (signal, patience) in [(Signal::TERM, PATIENCE), (Signal::KILL, LAST_PATIENCE)] {
            let until = Instant::now() + patience;
            loop {
                let _ = child.try_wait();
                let left = descendants(child.id()).await;
                if left.is_empty() {
                    return;
                }
                for number in left {
                    // One that is asked twice may take it for impatience and leave its work.
                    if signal == Signal::KILL || asked.insert(number) {
                        let _ = Pid::from_raw(number).map(|pid| kill_process(pid, signal));
                    }
                }
                if Instant::now() >= until {
                    break;
                }
                sleep(LOOK).await;
            }
        }
    }

    /// Takes note of adopted processes that have ended.
    pub async fn bury(child: Option<u32>) {
        descendants(child).await;
    }

    /// All that live and come from us; those that ended and are ours are buried, but for the child,
    /// which tokio waits for.
    async fn descendants(child: Option<u32>) -> Vec<i32> {
        let own = getpid().as_raw_nonzero().get();
        let child = child.and_then(|number| i32::try_from(number).ok());
        let all = processes().await;
        let mut family = BTreeSet::from([own]);
        let mut size = 0;
        while family.len() > size {
            size = family.len();
            let born = all.iter().filter(|process| family.contains(&process.parent));
            let born: Vec<i32> = born.map(|process| process.number).collect();
            family.extend(born);
        }
        let ours = all.iter().filter(|one| one.number != own && family.contains(&one.number));
        let mut living = Vec::new();
        for process in ours {
            if !process.dead {
                living.push(process.number);
            } else if process.parent == own && Some(process.number) != child {
                let _ = waitpid(Pid::from_raw(process.number), WaitOptions::NOHANG);
            }
        }
        living
    }

    async fn processes() -> Vec<Process> {
        let mut found = Vec::new();
        let Ok(mut folder) = tokio::fs::read_dir("/proc").await else { return found };
        while let Ok(Some(entry)) = folder.next_entry().await {
            let number = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
            let Some(number) = number else { continue };
            // It may have ended since the folder was read.
            let Ok(stat) = tokio::fs::read(entry.path().join("stat")).await else { continue };
            found.extend(read(number, &String::from_utf8_lossy(&stat)));
        }
        found
    }

    /// `number (name) state parent ...`, where the name may hold anything.
    fn read(number: i32, stat: &str) -> Option<Process> {
        let (_, after) = stat.rsplit_once(')')?;
        let mut fields = after.split_ascii_whitespace();
        let dead = matches!(fields.next()?, "Z" | "X");
        Some(Process { number, parent: fields.next()?.parse().ok()?, dead })
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod tree {
    use rustix::process::{Signal, getpgrp, kill_process_group};
    use tokio::time::timeout;

    use super::{Child, PATIENCE};

    pub fn adopt() {}

    /// Tells the group to end, which this process hears too and has heard enough of; and kills it
    /// with itself where the program does not.
    pub async fn end(child: &mut Child) {
        let _ = kill_process_group(getpgrp(), Signal::TERM);
        if timeout(PATIENCE, child.wait()).await.is_err() {
            let _ = kill_process_group(getpgrp(), Signal::KILL);
        }
    }

    pub async fn bury(_: Option<u32>) {}
}

#[cfg(not(unix))]
mod tree {
    use super::Child;

    pub fn adopt() {}

    pub async fn end(child: &mut Child) {
        let _ = child.kill().await;
    }

    pub async fn bury(_: Option<u32>) {}
}
