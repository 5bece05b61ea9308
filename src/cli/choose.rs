//! Which tests are asked for: by tag, name and engine, those that failed last, and one shard's.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cli::args::{ChooseArgs, TestArgs};
use crate::cli::{Ended, project, words};
use crate::plan::{Choice, DuetLoad};
use crate::result::{RunResult, TestResult, TestStatus};
use crate::store;

/// The tests asked for; all of them by default.
#[derive(Default)]
pub struct Asked {
    /// By these tags.
    pub tags: Vec<String>,
    /// Of those with browsers, in these.
    pub browsers: Vec<String>,
    /// And all else.
    pub choice: Choice,
    /// Which side of a duet its load is.
    pub duet: Option<DuetLoad>,
}

impl Asked {
    /// What the options say, with the durations of earlier runs.
    ///
    /// # Errors
    /// When the file of durations cannot be read.
    pub fn by(args: &ChooseArgs) -> Result<Self, Ended> {
        let choice = Choice {
            grep: args.grep.clone(),
            grep_invert: args.grep_invert.clone(),
            ids: None,
            shard: args.shard,
            durations: store::read_durations(&project::root())?.tests,
        };
        Ok(Self { tags: args.tag.clone(), browsers: args.browser.clone(), choice, duet: None })
    }

    /// The same for a run, which may be of the last failures only.
    ///
    /// # Errors
    /// When there is no last run, or nothing in it failed.
    pub fn for_run(args: &TestArgs) -> Result<Self, Ended> {
        let mut asked = Self::by(&args.choose)?;
        if args.testing.last_failed {
            let latest = args.run.reports_dir.join("latest");
            asked.choice.ids = Some(last_failed(args.run.out.as_ref().unwrap_or(&latest))?);
        }
        Ok(asked)
    }
}

/// The ids of the tests that failed in a run, or were not run in it.
fn last_failed(path: &Path) -> Result<BTreeSet<String>, Ended> {
    let result = store::read_result(path)?;
    if let Some(why) = &result.run.ended_early {
        words::say(&format!(
            "the last run did not end by itself ({why}): tests that it did not come to are left out"
        ));
    }
    let again = |test: &&TestResult| matches!(test.status, TestStatus::Failed | TestStatus::NotRun);
    let ids: BTreeSet<String> = result.tests.iter().filter(again).map(TestResult::id).collect();
    match ids.is_empty() {
        true => Err(nothing_failed(path, &result)),
        false => Ok(ids),
    }
}

fn nothing_failed(path: &Path, result: &RunResult) -> Ended {
    let (path, id) = (path.display(), &result.run.id);
    let what = match result.tests.len() {
        0 => "has no tests".to_string(),
        1 => "has one test, and it did not fail".to_string(),
        count => format!("has {count} tests, and none failed"),
    };
    Ended::usage(format!(
        "--last-failed: the run {id} in `{path}` {what}, so there is nothing to run again; leave \
         --last-failed out to run all"
    ))
}
