//! Runs both sides of one restart: two processes of this program that begin at the same instant.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::cli::Ended;
use crate::cli::duet::cores::{Cores, Held};
use crate::cli::duet::part::READY;
use crate::executor::{self, Stop};

/// Lines of a side that are kept for error messages.
const TAIL: usize = 8;

/// How often is looked whether the duet was interrupted.
const LOOK: Duration = Duration::from_millis(100);

/// The start is so far ahead of the word that it is time.
const AHEAD: Duration = Duration::from_millis(100);

/// One side's process.
struct Side {
    process: Child,
    /// The side ends when this is closed: by us, or by the system when we are gone.
    life_line: Option<ChildStdin>,
    ready: bool,
    gone: bool,
    said: VecDeque<String>,
}

/// What is heard of a side.
enum News {
    Said(String),
    Gone,
}

/// Runs the processes of side a and side b to their end, each on its cores where it has some of
/// its own. What a failed one said last is given for it; a stop ends both, and is no failure.
///
/// # Errors
/// When one cannot be started.
pub fn run(
    commands: [Command; 2],
    cores: Option<&[Cores; 2]>,
    stop: &Stop,
) -> Result<[Option<String>; 2], Ended> {
    let (tell, news) = channel();
    let [a, b] = commands;
    let start = |command: Command, number: usize| {
        let _held = cores.map(|cores| Held::to(&cores[number].generator));
        Side::start(command, number, &tell)
    };
    let first = start(a, 0)?;
    // When this one fails, the first ends with its life line.
    let second = start(b, 1)?;
    drop(tell);
    let mut sides = [first, second];
    attend(&mut sides, &news, stop);
    Ok(sides.map(|side| side.end(stop)))
}

/// Listens until both are gone: lets them begin together, and ends one when the other has failed.
fn attend(sides: &mut [Side; 2], news: &Receiver<(usize, News)>, stop: &Stop) {
    let mut begun = false;
    while !sides.iter().all(|side| side.gone) {
        match news.recv_timeout(LOOK) {
            Ok((side, news)) => sides[side].hear(news),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let failed = sides.iter_mut().any(|side| side.gone && (!begun || side.failed()));
        if failed || stop.is_requested() {
            sides.iter_mut().for_each(|side| drop(side.life_line.take()));
        }
        if !begun && sides.iter().all(|side| side.ready) {
            begun = true;
            let start = (executor::monotonic() + AHEAD).as_nanos();
            sides.iter_mut().for_each(|side| side.begin(start));
        }
    }
}

impl Side {
    fn start(
        mut command: Command,
        number: usize,
        tell: &Sender<(usize, News)>,
    ) -> Result<Self, Ended> {
        // Ctrl-C in a terminal goes to the whole group of processes: a side is to end when it is
        // told, with what it has.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command
            .spawn()
            .map_err(|error| Ended::environment(format!("cannot start a side: {error}")))?;
        if let Some(stderr) = process.stderr.take() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                // A line that is no text is nothing to show.
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let _ = tell.send((number, News::Said(line)));
                }
                let _ = tell.send((number, News::Gone));
            });
        }
        let life_line = process.stdin.take();
        Ok(Self { process, life_line, ready: false, gone: false, said: VecDeque::new() })
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Gone => self.gone = true,
            News::Said(line) if line == READY => self.ready = true,
            News::Said(line) => {
                self.said.push_back(line);
                if self.said.len() > TAIL {
                    self.said.pop_front();
                }
            }
        }
    }

    /// One that is gone already is found by its end.
    fn begin(&mut self, start: u128) {
        if let Some(line) = &mut self.life_line {
            let _ = writeln!(line, "{start}").and_then(|()| line.flush());
        }
    }

    /// Whether it ended without a result. Whatever verdict it came to by itself is one.
    fn failed(&mut self) -> bool {
        let status = self.process.wait();
        !status.is_ok_and(|status| matches!(status.code(), Some(0 | 1 | 3 | 4)))
    }

    /// Waits for its end; what it said last, where it failed.
    fn end(mut self, stop: &Stop) -> Option<String> {
        drop(self.life_line.take());
        let failed = self.failed() && !stop.is_requested();
        let said = Vec::from(self.said);
        // What was said before the error is of no use here.
        let from = said.iter().rposition(|line| line.starts_with("error")).unwrap_or(0);
        failed.then(|| match said.is_empty() {
            true => "it ended without a word".to_string(),
            false => said[from..].join("\n"),
        })
    }
}
