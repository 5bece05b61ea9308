//! Publishing as the command line and the environment ask for it. Whatever becomes of it changes no
//! verdict and no exit code.

use std::path::Path;
use std::time::Duration;

use crate::analysis::Word;
use crate::cli::args::{Hidden, NotifyWhen, PublishArgs, Since};
use crate::cli::judge::Judged;
use crate::cli::{Ended, words};
use crate::plan::{Plan, ShapePlan};
use crate::publish::{self, CHAT, EVERY, Offered, Otlp, Published, Publisher, Temporality};
use crate::report::{self, Chat, STEPS};
use crate::result::{RunInfo, RunResult};
use crate::store;

/// A schedule of more seconds than this is told without what is due in each.
const LONGEST: u64 = 7 * 86_400;

/// Begins to publish a run; none where nothing asks for it.
///
/// # Errors
/// When an option or a variable is wrong, or the address is not to be had.
pub fn start(args: &PublishArgs, plan: &Plan, info: &RunInfo) -> Result<Option<Publisher>, Ended> {
    let web = |text: &str| url::Url::parse(text).is_ok_and(|url| url.scheme().starts_with("http"));
    if args.webhook().is_some_and(|url| !web(url)) {
        let wrong = "--notify (or TASTER_WEBHOOK) is no URL of http or https; it is not shown here";
        return Err(Ended::usage(wrong));
    }
    let what = Published {
        listen: args.metrics_listen,
        linger: args.metrics_linger,
        otlp: args.otlp.as_ref().map(|url| otlp(url.as_ref(), args, (plan, info))).transpose()?,
    };
    let pushes = what.otlp.is_some();
    let run = vec![
        ("run", info.id.clone()),
        ("profile", info.profile.clone()),
        ("revision", info.git_revision.clone().unwrap_or_default()),
        ("version", info.tool_version.clone()),
    ];
    let publisher = Publisher::start(what, run, offered(plan))
        .map_err(|error| Ended::environment(error.to_string()))?;
    if let Some(address) = publisher.as_ref().and_then(|publisher| publisher.address) {
        words::say(&format!("metrics: http://{address}/metrics"));
    }
    if pushes {
        words::say("metrics: pushed by OTLP");
    }
    let steps: usize = plan.scenarios.iter().map(|scenario| scenario.series.len()).sum();
    if publisher.is_some() && steps > STEPS {
        words::say(&format!(
            "metrics: there are {steps} steps, and the first {STEPS} have series of their own"
        ));
    }
    Ok(publisher)
}

/// Publishes the verdict and says what could not be sent.
pub fn conclude(publisher: Option<Publisher>, verdict: Option<Word>) {
    let said = publisher.map(|publisher| publisher.conclude(verdict)).unwrap_or_default();
    said.iter().for_each(|text| words::say(text));
}

/// Tells the chat, where it is to be told.
pub fn notify(args: &PublishArgs, result: &RunResult, judged: &Judged) {
    let Some(url) = args.webhook() else { return };
    let project = Path::new(".");
    let what = subject(result);
    let told = store::read_told(project).unwrap_or_else(|error| {
        words::say(&format!("the verdict before this one is not known: {error}"));
        Default::default()
    });
    let word = judged.verdict.word;
    let before = told.get(&what).and_then(|text| named(text));
    if is_news(args.notify_when, word, before) {
        let message = Chat { before, link: link() };
        let (verdict, baseline) = (&judged.verdict, judged.baseline.as_ref());
        let message = report::chat(result, verdict, baseline, &message);
        // What was not told stays news for the next run.
        if let Err(lost) = publish::tell(url, message, CHAT) {
            return words::say(&format!("the webhook was not told of the verdict: {lost}"));
        }
        words::say("the webhook was told of the verdict");
    }
    if let Err(error) = store::keep_told(project, &what, word.name()) {
        words::say(&format!("that the verdict was told is not kept: {error}"));
    }
}

fn is_news(when: NotifyWhen, word: Word, before: Option<Word>) -> bool {
    match (when, before) {
        (NotifyWhen::Always, _) => true,
        (NotifyWhen::Failure, _) => matches!(word, Word::Fail | Word::Invalid),
        (NotifyWhen::Change, Some(before)) => word != before,
        (NotifyWhen::Change, None) => word != Word::Pass,
    }
}

fn named(text: &str) -> Option<Word> {
    let words = [Word::Pass, Word::Fail, Word::Inconclusive, Word::Invalid];
    words.into_iter().find(|word| word.name() == text)
}

/// What a verdict is of: scenarios, profile, halves, tags and target. The embedded backend has
/// another port in each run.
fn subject(result: &RunResult) -> String {
    let run = &result.run;
    let mut names: Vec<&str> = result.scenarios.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let profile = if run.profile.is_empty() { "no load" } else { run.profile.as_str() };
    let halves = if run.tests_wanted { "with tests" } else { "without tests" };
    let target = if run.embedded { "embedded" } else { run.target.as_str() };
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

/// OTLP, with what the standard's variables say where no option does.
fn otlp(
    url: Option<&Hidden>,
    args: &PublishArgs,
    (plan, info): (&Plan, &RunInfo),
) -> Result<Otlp, Ended> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let whole = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    let base = "OTEL_EXPORTER_OTLP_ENDPOINT";
    // Only the variable for metrics alone is taken as it is.
    let (from, url) = match (url, set(whole), set(base)) {
        (Some(url), ..) => ("--otlp", publish::endpoint(&url.0)),
        (None, Some(url), _) => (whole, publish::endpoint(&url).and_then(|_| url.parse().ok())),
        (None, None, Some(url)) => (base, publish::endpoint(&url)),
        (None, None, None) => ("--otlp", publish::endpoint("http://localhost:4318")),
    };
    let url = url.ok_or_else(|| {
        Ended::usage(format!("{from} is no URL of http or https: write it like http://host:4318"))
    })?;
    if let Some(protocol) = set("OTEL_EXPORTER_OTLP_PROTOCOL").filter(|it| it != "http/protobuf") {
        words::say(&format!(
            "OTLP: OTEL_EXPORTER_OTLP_PROTOCOL is `{protocol}`, and Taster speaks http/protobuf"
        ));
    }
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS"] {
        let read = publish::headers(&set(name).unwrap_or_default());
        headers.extend(read.map_err(|wrong| Ended::usage(format!("{name} has {wrong}")))?);
    }
    let preferred = set("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
    let delta = match args.otlp_temporality {
        Some(since) => since == Since::Delta,
        None => preferred.is_some_and(|word| !word.eq_ignore_ascii_case("cumulative")),
    };
    let temporality = if delta { Temporality::Delta } else { Temporality::Cumulative };
    let every = set("OTEL_METRIC_EXPORT_INTERVAL").and_then(|ms| ms.trim().parse().ok());
    let every = every.map_or(EVERY, Duration::from_millis);
    let service = set("OTEL_SERVICE_NAME").unwrap_or_else(|| "taster".to_string());
    Ok(Otlp { url, headers, temporality, every, resource: resource(service, plan, info) })
}

fn resource(service: String, plan: &Plan, info: &RunInfo) -> Vec<(String, String)> {
    let names: Vec<&str> = plan.scenarios.iter().map(|one| one.name.as_str()).collect();
    let attributes = [
        ("service.name", service),
        ("service.version", info.tool_version.clone()),
        ("service.instance.id", info.id.clone()),
        ("taster.run.id", info.id.clone()),
        ("taster.scenario", names.join(", ")),
        ("taster.profile", info.profile.clone()),
        ("taster.revision", info.git_revision.clone().unwrap_or_default()),
    ];
    let given = attributes.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| (name.to_string(), value)).collect()
}

/// What the schedules of arrivals want in each second.
fn offered(plan: &Plan) -> Offered {
    let mut offered = Offered::new();
    for (number, scenario) in plan.scenarios.iter().enumerate() {
        let Some(load) = &scenario.load else { continue };
        let ShapePlan::Open { arrivals, .. } = &load.shape else { continue };
        let seconds = (load.start_after + arrivals.duration()).as_secs().min(LONGEST);
        let rate = |second: u64| {
            let middle = Duration::from_millis(second * 1000 + 500);
            middle.checked_sub(load.start_after).map_or(0.0, |at| arrivals.rate_at(at))
        };
        offered.insert(number, (0..=seconds).map(rate).collect());
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_news_and_the_first_verdict_unless_all_is_well() {
        let news = |word, before| is_news(NotifyWhen::Change, word, before);
        assert!(news(Word::Fail, Some(Word::Pass)) && news(Word::Pass, Some(Word::Fail)));
        assert!(!news(Word::Fail, Some(Word::Fail)) && !news(Word::Pass, Some(Word::Pass)));
        assert!(news(Word::Fail, None) && !news(Word::Pass, None));
        let failure = |word| is_news(NotifyWhen::Failure, word, Some(word));
        assert!(failure(Word::Fail) && failure(Word::Invalid));
        assert!(!failure(Word::Pass) && !failure(Word::Inconclusive));
        assert!(is_news(NotifyWhen::Always, Word::Pass, Some(Word::Pass)));
    }

    #[test]
    fn a_secret_of_the_command_line_is_hidden() {
        let args = PublishArgs {
            notify: Some(Hidden::from("https://hooks/T/s3cr3t")),
            otlp: Some(Some(Hidden::from("https://me:pw@c"))),
            ..PublishArgs::default()
        };
        assert_eq!(args.hide("--notify=https://hooks/T/s3cr3t"), "--notify=[webhook]");
        assert_eq!(args.hide("--otlp=https://me:pw@c"), "--otlp=[otlp]");
        assert!(!format!("{args:?}").contains("s3cr3t"), "not even by Debug");
    }
}
