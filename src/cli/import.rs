//! `taster import`: a scenario file from what people have.

use std::path::Path;
use std::sync::Arc;

use crate::cli::args::{ImportArgs, ImportFrom};
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, broken, words};
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::import::{self, Imported};
use crate::store;

/// Imports, says what was left out, and prints or writes the scenario.
pub fn import(args: &ImportArgs) -> Result<ExitStatus, Ended> {
    let file = store::read_source(&args.file)?;
    let mut made = read(args.from, &file, args.host.as_deref()).map_err(|told| broken(&told))?;
    if let Some(name) = &args.name {
        made.scenario.insert("name".into(), name.as_str().into());
    }
    tell(&file, &made);
    let text = made.text(&file.name);
    match &args.out {
        None => words::data(&text),
        Some(out) => {
            write(out, &text)?;
            words::say(&format!("{} is written; next: taster plan {0}", out.display()));
        }
    }
    Ok(ExitStatus::Pass)
}

/// Reads one kind of file.
///
/// # Errors
/// When it is not of that kind, or has nothing in it.
pub fn read(
    from: ImportFrom,
    file: &Arc<SourceFile>,
    host: Option<&str>,
) -> Result<Imported, Diagnostics> {
    match from {
        ImportFrom::K6 => import::from_k6(file),
        ImportFrom::Playwright => import::from_playwright(file),
        ImportFrom::Har => import::from_har(file, host),
        ImportFrom::Openapi => import::from_openapi(file),
    }
}

fn tell(file: &SourceFile, made: &Imported) {
    for note in &made.notes {
        match note.line {
            0 => words::say(&format!("{}: {}", file.name, note.what)),
            line => words::say(&format!("{}:{line}: {}", file.name, note.what)),
        }
    }
}

fn write(out: &Path, text: &str) -> Result<(), Ended> {
    match store::write_new(out, text)? {
        true => Ok(()),
        false => Err(Ended::usage(format!(
            "`{}` is there already, and is not overwritten; name another file with --out",
            out.display()
        ))),
    }
}
