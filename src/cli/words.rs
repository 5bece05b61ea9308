//! How anything gets to the terminal: data on standard output, all else on standard error.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::cli::exit::{ExitCodes, ExitStatus};
use crate::cli::github;
use crate::diagnostic::{Diagnostics, Style};
use crate::report::harmless;

/// Whether standard error is a terminal that shows colour.
pub fn coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

/// Whether standard output is a terminal that shows colour.
pub fn output_coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

/// Whether standard error is a terminal whose line can be written again.
pub fn live() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Data, for a person or a pipe. In a job of GitHub Actions a text in which the runner would see a
/// command stands between marks within which it looks for none: names and answers are of others.
pub fn data(text: &str) {
    if github::is_here() && harmless(text) != text {
        // Nobody can write the end before he knows it.
        let mark = format!("taster-{:032x}", rand::random::<u128>());
        return command(&format!("::stop-commands::{mark}\n{text}\n::{mark}::\n"));
    }
    command(text);
}

/// What is ours word for word, commands for a runner included. A reader that has seen enough is no
/// error.
pub fn command(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Anything else. In a job of GitHub Actions nothing in it is a command.
pub fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    let text = if github::is_here() { harmless(text) } else { text.to_string() };
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// The beginning of a line that somebody else ends.
pub fn prompt(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Writes the last line again.
pub fn rewrite(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush());
}

/// An error that ended the command. Diagnostics already begin with their own word.
pub fn complain(message: &str) {
    let drawn = ["error", "warning", "\x1b"].iter().any(|start| message.starts_with(start));
    match (drawn, coloured()) {
        (true, _) => say(message),
        (false, true) => say(&format!("\x1b[1;31merror\x1b[0m: {message}")),
        (false, false) => say(&format!("error: {message}")),
    }
}

/// Problems in files, drawn for this terminal.
pub fn diagnostics(diagnostics: &Diagnostics) -> String {
    let style = if coloured() { Style::Coloured } else { Style::Plain };
    diagnostics.render(style).trim_end().to_string()
}

/// What clap has to say: help and version are data, all else is a usage error.
pub fn clap_exit(mut error: clap::Error) -> ExitCode {
    suggest_command(&mut error);
    let _ = error.print();
    let status = if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Pass };
    status.code(ExitCodes::Taster)
}

/// Clap finds `repot` near `import` too, and nothing near `rnu`.
fn suggest_command(error: &mut clap::Error) {
    use clap::error::{ContextKind, ContextValue};
    let typed = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(typed)) => typed.clone(),
        _ => return,
    };
    let command = crate::cli::args::command();
    let names = command.get_subcommands().filter(|one| !one.is_hide_set());
    if let Some(near) = crate::diagnostic::nearest(&typed, names.map(|one| one.get_name())) {
        let near = ContextValue::Strings(vec![near.to_string()]);
        error.insert(ContextKind::SuggestedSubcommand, near);
    }
}

/// Libraries may log to the terminal unless somebody else listens: nobody shall.
pub fn quiet_libraries() {
    struct Nobody;
    impl log::Log for Nobody {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            false
        }
        fn log(&self, _: &log::Record<'_>) {}
        fn flush(&self) {}
    }
    // Only this program installs a logger, once.
    let _ = log::set_logger(&Nobody);
}

/// Standard output, closed to everybody until this is dropped: goose prints a line of its own
/// whenever its users are launched, and no option keeps it from that.
pub struct NoOutput {
    #[cfg(unix)]
    kept: Option<std::os::fd::OwnedFd>,
}

impl NoOutput {
    /// Closes it. Where that is not possible a stray line is the lesser evil.
    pub fn until_dropped() -> Self {
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            let kept = std::io::stdout().as_fd().try_clone_to_owned().ok();
            let nowhere = crate::store::nowhere();
            let kept =
                kept.filter(|_| nowhere.is_some_and(|to| rustix::stdio::dup2_stdout(to).is_ok()));
            Self { kept }
        }
        #[cfg(not(unix))]
        Self {}
    }
}

impl Drop for NoOutput {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(kept) = &self.kept {
            // What is still in the buffer belongs to nobody either.
            let _ = std::io::stdout().flush();
            let _ = rustix::stdio::dup2_stdout(kept);
        }
    }
}

/// A panic is a bug of ours: say so, how to report it, and end at once, because a thread that is
/// gone would otherwise be missing from the numbers without a word.
pub fn report_bugs() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        crate::cli::live::give_back();
        usual(panic);
        say(concat!(
            "\nThis is a bug in Taster ",
            env!("CARGO_PKG_VERSION"),
            ": please report it with the lines above. What was recorded is in the run's folder, \
             as `result.journal`; `taster report FOLDER` reads it."
        ));
        std::process::exit(i32::from(ExitStatus::Bug.number(ExitCodes::Taster)));
    }));
}

/// The warnings of a plan.
pub fn warnings(plan: &crate::plan::Plan) {
    if !plan.warnings.is_empty() {
        say(&diagnostics(&Diagnostics { list: plan.warnings.clone() }));
    }
}
