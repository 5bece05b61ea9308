//! `taster man`: the manual pages, made of the command line itself.

use clap::Command;
use clap_mangen::Man;

use crate::cli::args::{self, ManArgs};
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, words};
use crate::diagnostic::nearest;
use crate::store::RunFolder;

/// Prints one page, or writes all of them.
pub fn man(args: &ManArgs) -> Result<ExitStatus, Ended> {
    let mut command = args::command();
    command.build();
    if let (true, Some(folder)) = (args.all, &args.out) {
        let mut pages = Vec::new();
        all(&command, &mut pages);
        let into = RunFolder::open(folder)?;
        for (name, text) in &pages {
            into.write(&format!("{name}.1"), text)?;
        }
        words::say(&format!("{} pages are written into `{}`", pages.len(), folder.display()));
        return Ok(ExitStatus::Pass);
    }
    let mut wanted = &command;
    for word in &args.command {
        let names: Vec<&str> = wanted.get_subcommands().map(Command::get_name).collect();
        wanted = wanted.find_subcommand(word).ok_or_else(|| {
            let near = nearest(word, names.iter().copied());
            let next = near.map_or(names.join(", "), |near| format!("did you mean `{near}`?"));
            Ended::usage(format!("there is no command `{word}`; {next}"))
        })?;
    }
    words::data(&page(wanted));
    Ok(ExitStatus::Pass)
}

/// A command and those below it, each with the name of its page: `taster-baseline-accept`.
fn all(command: &Command, pages: &mut Vec<(String, String)>) {
    pages.push((title(command), page(command)));
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
    for one in shown.filter(|one| one.get_name() != "help") {
        all(one, pages);
    }
}

fn title(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

fn page(command: &Command) -> String {
    let mut text = Vec::new();
    let page = Man::new(command.clone()).title(title(command).to_uppercase());
    // Writing into memory fails for nobody.
    let _ = page.render(&mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if let Some(examples) = command.get_before_help() {
        text.push_str(".SH EXAMPLES\n.nf\n");
        for line in examples.to_string().lines().skip(1) {
            text.push_str(&line.replace('\\', "\\e").replace('-', "\\-"));
            text.push('\n');
        }
        text.push_str(".fi\n");
    }
    text
}
