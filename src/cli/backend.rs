//! The servers that this program has in itself, each as a child process: its own process, so that
//! it is a target like any other, and bound to ours, so that it never stays behind.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::demo::Fault;

/// A running server; dropping it ends it.
pub struct Backend {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Backend {
    /// Starts the embedded backend on a free port of this machine and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started or ends before it listens.
    pub fn start(faults: &[Fault]) -> anyhow::Result<Self> {
        let own = ["demo", "--listen", "127.0.0.1:0", "--with-parent"].map(String::from);
        let faults = faults.iter().map(|fault| format!("--fault={fault}"));
        Self::child("the embedded backend", own.into_iter().chain(faults))
            .context("try `taster demo`")
    }

    /// Starts the calibration server in the same way.
    ///
    /// # Errors
    /// As `start`.
    pub fn calibration() -> anyhow::Result<Self> {
        Self::child("the calibration server", ["selftest", "--serve"].map(String::from))
    }

    fn child(what: &str, arguments: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find the program's own file")?;
        let mut command = Command::new(program);
        command.args(arguments);
        // Ctrl-C in a terminal goes to the whole group of processes: the backend must outlive it
        // until the run has ended in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // Held open for as long as the backend shall live: it ends with its standard input, even
        // when this process is killed.
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {what}"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().with_context(|| format!("{what} has no output"))?;
        let read = BufReader::new(stdout).read_line(&mut line);
        read.with_context(|| format!("{what} is silent"))?;
        let Some(url) = line.trim().strip_prefix("listening on ") else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("{what} ended before it listened");
        };
        Ok(Self { url: url.to_string(), child })
    }
}

impl Drop for Backend {
    /// It ends with its standard input, finishes what was begun within five seconds, and removes
    /// its database; killed, it would leave that behind.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It may have ended by itself, and then there is nothing left to wait for.
        let _ = self.child.wait();
    }
}
