//! Tells a chat of a verdict, where that is asked for. Whatever becomes of it changes no verdict
//! and no exit code.

use crate::analysis::{Verdict, Word};
use crate::cli::args::{NotifyArgs, NotifyWhen};
use crate::cli::judge::Judged;
use crate::cli::{Ended, project, words};
use crate::publish::{self, CHAT};
use crate::report::{self, Answer, Chat};
use crate::result::RunResult;
use crate::store;

/// All words that are kept as told.
const WORDS: [&str; 6] = ["PASS", "FAIL", "INCONCLUSIVE", "INVALID", "GO", "ROLLBACK"];

/// A verdict that may be told.
struct News {
    /// What it is of: the word told last is kept for each.
    what: String,
    word: &'static str,
    /// It is as it should be.
    well: bool,
    /// It is not, surely.
    harm: bool,
}

/// Refuses a webhook that is none; before anything is run, and without showing it.
///
/// # Errors
/// What is wrong with it.
pub fn check(args: &NotifyArgs) -> Result<(), Ended> {
    let web = |text: &str| url::Url::parse(text).is_ok_and(|url| url.scheme().starts_with("http"));
    match args.webhook() {
        Some(url) if !web(url) => Err(Ended::usage(
            "--notify (or TASTER_WEBHOOK) is no URL of http or https; it is not shown here",
        )),
        _ => Ok(()),
    }
}

/// Of a run, or of a merged one.
pub fn of_run(args: &NotifyArgs, result: &RunResult, judged: &Judged) {
    let (verdict, baseline) = (&judged.verdict, judged.baseline.as_ref());
    tell(args, &news(subject(result), verdict.word), |chat| {
        report::chat(result, verdict, baseline, chat)
    });
}

/// Of a duet: its sides in words, and what the candidate's last restart came to.
pub fn of_duet(args: &NotifyArgs, names: &[String; 2], last: Option<&RunResult>, told: &Verdict) {
    let sides = format!("{} → {}", names[0], names[1]);
    let what = match last {
        Some(result) => format!("duet | {}", subject_at(result, &sides)),
        None => format!("duet | {sides}"),
    };
    tell(args, &news(what, told.word), |chat| match last {
        Some(result) => report::chat(result, told, None, chat),
        None => {
            let reasons = vec![told.headline.clone()];
            report::chat_of_answer(&Answer { word: told.word.name(), of: &sides, reasons }, chat)
        }
    });
}

/// Of a deployment: GO or ROLLBACK.
pub fn of_deployment(args: &NotifyArgs, target: &str, go: bool, reasons: &[String]) {
    let word = if go { "GO" } else { "ROLLBACK" };
    let news = News { what: format!("verify | {target}"), word, well: go, harm: !go };
    tell(args, &news, |chat| {
        report::chat_of_answer(&Answer { word, of: target, reasons: reasons.to_vec() }, chat)
    });
}

fn news(what: String, word: Word) -> News {
    let harm = matches!(word, Word::Fail | Word::Invalid);
    News { what, word: word.name(), well: word == Word::Pass, harm }
}

/// Tells the chat, where it is to be told.
fn tell(args: &NotifyArgs, news: &News, message: impl FnOnce(&Chat) -> String) {
    let Some(url) = args.webhook() else { return };
    let project = project::root();
    let told = store::read_told(&project).unwrap_or_else(|error| {
        words::say(&format!("the verdict before this one is not known: {error}"));
        Default::default()
    });
    let before = told.get(&news.what);
    let before = before.and_then(|text| WORDS.into_iter().find(|word| word == text));
    if is_news(args.notify_when, news, before) {
        // What was not told stays news for the next run.
        if let Err(lost) = publish::tell(url, message(&Chat { before, link: link() }), CHAT) {
            return words::say(&format!("the webhook was not told of the verdict: {lost}"));
        }
        words::say("the webhook was told of the verdict");
    }
    if let Err(error) = store::keep_told(&project, &news.what, news.word) {
        words::say(&format!("that the verdict was told is not kept: {error}"));
    }
}

fn is_news(when: NotifyWhen, news: &News, before: Option<&str>) -> bool {
    match (when, before) {
        (NotifyWhen::Always, _) => true,
        (NotifyWhen::Failure, _) => news.harm,
        (NotifyWhen::Change, Some(before)) => news.word != before,
        (NotifyWhen::Change, None) => !news.well,
    }
}

/// What a verdict is of: scenarios, profile, halves, tags and target. The embedded backend has
/// another port in each run.
fn subject(result: &RunResult) -> String {
    let target = if result.run.embedded { "embedded" } else { result.run.target.as_str() };
    subject_at(result, target)
}

fn subject_at(result: &RunResult, target: &str) -> String {
    let run = &result.run;
    let mut names: Vec<&str> = result.scenarios.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let profile = if run.profile.is_empty() { "no load" } else { run.profile.as_str() };
    let halves = if run.tests_wanted { "with tests" } else { "without tests" };
    let tags = run.tags.join(",");
    [&names.join(", "), profile, halves, tags.as_str(), target].join(" | ")
}

/// Where the run of the pipeline is seen, in the variables that pipelines set.
fn link() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let github = || {
        let (server, repository) = (set("GITHUB_SERVER_URL")?, set("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", set("GITHUB_RUN_ID")?))
    };
    let azure = || {
        let (server, project) = (set("SYSTEM_COLLECTIONURI")?, set("SYSTEM_TEAMPROJECT")?);
        Some(format!("{server}{project}/_build/results?buildId={}", set("BUILD_BUILDID")?))
    };
    let others = ["CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL"];
    github().or_else(|| others.iter().find_map(|name| set(name))).or_else(azure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_news_and_the_first_verdict_unless_all_is_well() {
        let of = |word| super::news(String::new(), word);
        let news = |word, before| is_news(NotifyWhen::Change, &of(word), before);
        assert!(news(Word::Fail, Some("PASS")) && news(Word::Pass, Some("FAIL")));
        assert!(!news(Word::Fail, Some("FAIL")) && !news(Word::Pass, Some("PASS")));
        assert!(news(Word::Fail, None) && !news(Word::Pass, None));
        let failure = |word: Word| is_news(NotifyWhen::Failure, &of(word), Some(word.name()));
        assert!(failure(Word::Fail) && failure(Word::Invalid));
        assert!(!failure(Word::Pass) && !failure(Word::Inconclusive));
        assert!(is_news(NotifyWhen::Always, &of(Word::Pass), Some("PASS")));
    }

    #[test]
    fn all_words_are_known_again() {
        for word in [Word::Pass, Word::Fail, Word::Inconclusive, Word::Invalid] {
            assert!(WORDS.contains(&word.name()));
        }
    }
}
