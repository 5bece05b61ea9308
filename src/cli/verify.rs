//! `taster verify`: after a deployment, GO or ROLLBACK.
//!
//! A deployment asks a question with two answers, so there is no third: what cannot be told is
//! ROLLBACK, with the reason. Only a question that was put wrongly has another exit code.

use url::Url;

use crate::analysis::{self, Finding, Stage, Word};
use crate::cli::args::{PartArgs, RunArgs, VerifyArgs};
use crate::cli::choose::Asked;
use crate::cli::exit::ExitStatus;
use crate::cli::judge::{self, Judged};
use crate::cli::{Ended, github, inputs, interrupt, notifying, run, safety, words};
use crate::driver;
use crate::executor::Options;
use crate::plan::{Ceiling, Held, Plan};
use crate::result::{RunInfo, RunResult};
use crate::store::{self, RunFolder};
use crate::units::{show_count, show_duration};

/// The most findings that are told as reasons; the report below has all of them.
const REASONS: usize = 9;

/// Waits, tests, loads, compares, answers.
pub fn verify(args: &VerifyArgs) -> Result<ExitStatus, Ended> {
    notifying::check(&args.chat)?;
    let (plan, held, health) = asked(args)?;
    for one in &held {
        words::say(&format!(
            "load: {}, {} iterations, at most {} requests, about {}",
            one.scenario,
            show_count(one.iterations),
            show_count(one.requests),
            show_duration(one.takes)
        ));
    }
    let answer = match wait(&plan, &health, args) {
        Err(why) => Answer { go: false, reasons: vec![why], status: ExitStatus::Fail },
        Ok(()) => match measure(&plan, !held.is_empty(), args) {
            Ok(answer) => answer,
            Err(ended) => {
                let why = format!("it cannot be told: {}", ended.message);
                Answer { go: false, reasons: vec![why], status: ended.status }
            }
        },
    };
    let said = answer.say();
    if answer.status != ExitStatus::Interrupted {
        notifying::of_deployment(&args.chat, &plan.target, answer.go, &answer.reasons);
    }
    said?;
    Ok(answer.status)
}

/// GO or ROLLBACK, and why.
struct Answer {
    go: bool,
    reasons: Vec<String>,
    status: ExitStatus,
}

impl Answer {
    fn word(&self) -> &'static str {
        if self.go { "GO" } else { "ROLLBACK" }
    }

    fn say(&self) -> Result<(), Ended> {
        let mut text = self.word().to_string();
        if let [only] = self.reasons.as_slice() {
            text.push_str(&format!(": {only}"));
        } else {
            self.reasons.iter().for_each(|reason| text.push_str(&format!("\n- {reason}")));
        }
        words::data(&format!("{text}\n"));
        let reasons = self.reasons.join("; ").replace(['\n', '\r'], " ");
        if github::is_here() {
            github::put_out(&[("answer", self.word().to_string()), ("reasons", reasons)])?;
        }
        Ok(())
    }
}

/// The plan below its ceiling, and where the target says that it is well.
fn asked(args: &VerifyArgs) -> Result<(Plan, Vec<Held>, Url), Ended> {
    let target = args.what.target.as_deref().ok_or_else(|| {
        Ended::usage(
            "say what was deployed: --target URL (or TASTER_TARGET), as in \
             `taster verify --target https://staging.example`",
        )
    })?;
    let target = safety::target(target)?;
    let health = health(&target, &args.health)?;
    let seed = args.what.seed.unwrap_or_else(rand::random);
    let tags = Asked { tags: args.tag.clone(), ..Asked::default() };
    let mut plan = inputs::plan(&args.what, &tags, target.as_str(), seed, (true, true))?;
    words::warnings(&plan);
    if plan.scenarios.iter().any(|scenario| scenario.load.is_some()) {
        safety::may_load(plan.hosts.iter().map(String::as_str), &args.what.allow_load)?;
    }
    let with_load = |plan: &Plan| {
        let loads = plan.scenarios.iter().filter(|scenario| scenario.load.is_some());
        loads.map(|scenario| scenario.name.clone()).collect::<Vec<_>>()
    };
    let written = with_load(&plan);
    let held = plan.hold_below(&Ceiling {
        rate: args.ceiling,
        samples: &analysis::samples_needed,
        longest: args.within,
    });
    for name in written.iter().filter(|name| !with_load(&plan).contains(name)) {
        words::say(&format!("load: {name} is left out, because its users have browsers"));
    }
    if let Some(long) = held.iter().find(|one| one.takes > args.within) {
        return Err(Ended::usage(format!(
            "below {} the load of `{}` takes {} for enough requests to judge its SLAs, and \
             --within allows {}: raise --within or --ceiling, or name fewer scenario files",
            args.ceiling,
            long.scenario,
            show_duration(long.takes),
            show_duration(args.within)
        )));
    }
    Ok((plan, held, health))
}

/// `--health` below the target, or a URL of its own.
fn health(target: &Url, path: &str) -> Result<Url, Ended> {
    let base = target.as_str().trim_end_matches('/');
    let whole = match path.split_once("://") {
        Some(_) => path.to_string(),
        None => format!("{base}/{}", path.trim_start_matches('/')),
    };
    let url = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| {
        Ended::usage(format!(
            "--health `{path}` is not a path on the target; write it like `/health`"
        ))
    })
}

fn wait(plan: &Plan, health: &Url, args: &VerifyArgs) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("it cannot be told: no event loop starts: {error}"))?;
    let connection =
        plan.scenarios.first().map(|scenario| scenario.connection.clone()).unwrap_or_default();
    words::say(&format!("waiting for {health}, at most {}", show_duration(args.wait)));
    let mut told = |text: &str| words::say(text);
    runtime.block_on(driver::wait_for_health(health, &connection, args.wait, &mut told))
}

/// Runs it, saves it, judges it.
fn measure(plan: &Plan, load: bool, args: &VerifyArgs) -> Result<Answer, Ended> {
    let run_args = RunArgs {
        what: args.what.clone(),
        judge: args.judge.clone(),
        out: args.out.clone(),
        reports_dir: args.reports_dir.clone(),
        threads: Some(1),
        fault: Vec::new(),
        one_of: None,
        part: PartArgs::default(),
    };
    let mut info = RunInfo { tags: args.tag.clone(), ..run::info(plan, &run_args, (true, load)) };
    for word in &mut info.command {
        *word = args.chat.hide(word);
    }
    let machine = store::machine().fingerprint;
    let against = judge::baselines(&info.profile, &machine, &args.judge)?;
    let out = args.out.clone().unwrap_or_else(|| args.reports_dir.join(&info.id));
    let mut folder = RunFolder::create(&out)?;
    // One test at a time, on one thread: more would need more requests at once.
    let options = Options { workers: 1, threads: 1, launch: run::launch(), ..Options::default() };
    let (result, _) = run::execute(plan, (info, None), &options, &mut folder, None)?;
    folder.save(&result)?;
    // A pipeline's machine is another one each time: that is told, and decides nothing.
    let judged = judge::judged_as(&result, against, &args.judge, false);
    judge::show(&result, &judged, Some(folder.path()));
    judge::write(&folder, &result, &judged, &args.judge)?;
    if args.out.is_none() {
        folder.make_latest()?;
    }
    Ok(answer(&result, &judged))
}

/// GO where everything that was demanded of this run was shown to hold. A comparison that noise
/// left undecided is told and rolls nothing back: it is no sign of harm, and a short load below a
/// ceiling seldom decides one. A comparison that failed does.
fn answer(result: &RunResult, judged: &Judged) -> Answer {
    let verdict = &judged.verdict;
    let open =
        |found: &&Finding| found.stage == Stage::Baseline && found.word == Word::Inconclusive;
    let found = || verdict.findings.iter().filter(|found| found.word != Word::Pass);
    let tell = |found: &Finding| format!("{} {}: {}", found.word, found.subject, found.title);
    let left_open = found().filter(open).count();
    let mut reasons: Vec<String> = found().filter(|found| !open(found)).map(tell).collect();
    let word = found().filter(|found| !open(found)).map(|found| found.word).max();
    let rest = reasons.len().saturating_sub(REASONS);
    reasons.truncate(REASONS);
    if rest > 0 {
        reasons.push(format!("and {rest} more, as reported above"));
    }
    if interrupt::ended(result) {
        let why = "it cannot be told: the verification was interrupted".to_string();
        return Answer { go: false, reasons: vec![why], status: ExitStatus::Interrupted };
    }
    match word {
        None if !verdict.findings.is_empty() => {
            let told = match left_open {
                0 => verdict.headline.trim_start_matches("PASS: ").to_string(),
                some => format!(
                    "all that was demanded of this run held; noise left {some} rows of the \
                     comparison with the baselines open, as reported above"
                ),
            };
            Answer { go: true, reasons: vec![told], status: ExitStatus::Pass }
        }
        Some(Word::Fail) => Answer { go: false, reasons, status: ExitStatus::Fail },
        _ => {
            reasons.insert(0, format!("it cannot be told: the verdict is {}", verdict.word));
            Answer { go: false, reasons, status: ExitStatus::Fail }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_a_path_below_the_target_or_a_url() {
        let at = |target: &str, path: &str| {
            let target = Url::parse(target).expect("a target");
            health(&target, path).map(|url| url.to_string())
        };
        assert_eq!(at("http://a:1", "/health").ok(), Some("http://a:1/health".to_string()));
        assert_eq!(at("http://a:1/shop/", "up").ok(), Some("http://a:1/shop/up".to_string()));
        assert_eq!(at("http://a:1", "https://b/x").ok(), Some("https://b/x".to_string()));
        assert!(at("http://a:1", "ftp://b/x").is_err());
    }
}
