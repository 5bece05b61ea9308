//! `taster init`: looks at what is in a folder and writes what is missing for a first run.

mod survey;
mod texts;

use std::path::{Path, PathBuf};

use crate::cli::args::{Ci, ImportFrom, InitArgs};
use crate::cli::exit::ExitStatus;
use crate::cli::project::FILE;
use crate::cli::{Ended, import, words};
use crate::store;
use survey::Survey;

/// A file to write.
struct Draft {
    /// From the project's folder on.
    path: PathBuf,
    text: String,
    /// What it is.
    what: String,
}

/// Looks, writes, and says the next command.
pub fn init(args: &InitArgs) -> Result<ExitStatus, Ended> {
    if !args.folder.is_dir() && args.folder.exists() {
        let told = format!("`{}` is a file; name a folder", args.folder.display());
        return Err(Ended::usage(told));
    }
    let survey = Survey::of(&args.folder);
    for line in survey.told() {
        words::say(&line);
    }
    let mut drafts = vec![Draft {
        path: PathBuf::from(FILE),
        text: texts::CONFIG.to_string(),
        what: "what holds in this project".to_string(),
    }];
    match survey.scenarios.is_empty() {
        true => drafts.push(Draft {
            path: PathBuf::from("scenarios/first.yaml"),
            text: texts::SCENARIO.to_string(),
            what: "tests and a load that pass on the embedded backend".to_string(),
        }),
        false => words::say(&format!(
            "left alone: scenarios/ has {} already",
            counted(survey.scenarios.len(), "scenario file")
        )),
    }
    drafts.push(Draft {
        path: PathBuf::from(".gitignore"),
        text: texts::IGNORED.to_string(),
        what: "what runs leave is not for the repository".to_string(),
    });
    drafts.extend(imported(&args.folder, &survey));
    drafts.extend(pipeline(args.ci, &survey));
    let mut imports = false;
    for draft in &drafts {
        let written = write(args, draft)?;
        imports |= written && draft.path.starts_with("scenarios/imported");
    }
    say_next(args, imports);
    Ok(ExitStatus::Pass)
}

/// Writes a file, or says what it would hold; false where there is one already.
fn write(args: &InitArgs, draft: &Draft) -> Result<bool, Ended> {
    let path = args.folder.join(&draft.path);
    let shown = draft.path.display();
    if args.dry_run {
        if path.exists() {
            words::say(&format!("left alone: {shown} is there already"));
            return Ok(false);
        }
        words::say(&format!("would write {shown}: {}", draft.what));
        words::data(&format!("# {shown}\n{}\n", draft.text));
        return Ok(true);
    }
    let written = store::write_new(&path, &draft.text)?;
    words::say(&match written {
        true => format!("wrote {shown}: {}", draft.what),
        false => format!("left alone: {shown} is there already"),
    });
    Ok(written)
}

/// Scenarios made of what is there. They are for the service it is about, not for the embedded
/// backend, so they lie where a plain `taster run` does not look.
fn imported(folder: &Path, survey: &Survey) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (from, file) in &survey.imports {
        let shown = file.display();
        let made = store::read_source(&folder.join(file))
            .map_err(|error| error.to_string())
            .and_then(|source| {
                import::read(*from, &source, None).map_err(|problems| {
                    let first = problems.list.first().map(|one| one.problem.clone());
                    first.unwrap_or_default()
                })
            });
        let made = match made {
            Ok(made) => made,
            Err(why) => {
                words::say(&format!("not imported: {shown}: {why}"));
                continue;
            }
        };
        let notes = match made.notes.len() {
            0 => "as it is".to_string(),
            count => format!("{} to look at, at its top", counted(count, "note")),
        };
        let path = free(&drafts, file);
        let text = made.text(&shown.to_string());
        drafts.push(Draft { path, text, what: format!("from {shown}; {notes}") });
    }
    drafts
}

/// Two files of one name from different folders get different ones.
fn free(drafts: &[Draft], file: &Path) -> PathBuf {
    let stem = file.file_name().and_then(|name| name.to_str()).unwrap_or("imported");
    let stem = stem.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("imported");
    let names = (1..).map(|number| match number {
        1 => PathBuf::from(format!("scenarios/imported/{stem}.yaml")),
        _ => PathBuf::from(format!("scenarios/imported/{stem}-{number}.yaml")),
    });
    let taken = |path: &PathBuf| drafts.iter().any(|draft| draft.path == *path);
    names.into_iter().find(|path| !taken(path)).unwrap_or_default()
}

fn pipeline(asked: Option<Ci>, survey: &Survey) -> Option<Draft> {
    let ci = asked.unwrap_or(if survey.gitlab && !survey.github { Ci::Gitlab } else { Ci::Github });
    let draft = |path: &str, text: &str, what: &str| Draft {
        path: PathBuf::from(path),
        text: text.to_string(),
        what: what.to_string(),
    };
    match ci {
        Ci::None => None,
        Ci::Github => Some(draft(
            ".github/workflows/taster.yml",
            texts::GITHUB,
            "a workflow; put the owner and commit of the action where it says so",
        )),
        // What is there is somebody's: a file of its own, which the other one includes.
        Ci::Gitlab if survey.gitlab => Some(draft(
            ".gitlab/taster.yml",
            texts::GITLAB,
            "a job; add `include: [{ local: .gitlab/taster.yml }]` to .gitlab-ci.yml",
        )),
        Ci::Gitlab => Some(draft(".gitlab-ci.yml", texts::GITLAB, "a pipeline with one job")),
    }
}

fn say_next(args: &InitArgs, imports: bool) {
    let to = match args.folder == Path::new(".") {
        true => String::new(),
        false => format!("cd {} && ", args.folder.display()),
    };
    if args.dry_run {
        words::say("nothing was written; next: taster init");
        return;
    }
    words::say(&format!("next: {to}taster run"));
    if imports {
        words::say(&format!("then: {to}taster run scenarios/imported --target URL"));
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// What a file is, as it is told.
fn kind(from: ImportFrom) -> &'static str {
    match from {
        ImportFrom::K6 => "a k6 script",
        ImportFrom::Playwright => "Playwright tests",
        ImportFrom::Har => "an HTTP Archive",
        ImportFrom::Openapi => "an OpenAPI description",
    }
}
