//! `taster run`, `test` and `load`: the main job.

use std::sync::Arc;

use crate::cli::args::{PublishArgs, RunArgs, TestArgs};
use crate::cli::backend::Backend;
use crate::cli::choose::Asked;
use crate::cli::debugger::Terminal;
use crate::cli::duet::part;
use crate::cli::evidence::Evidence;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::interrupt;
use crate::cli::live::Hold;
use crate::cli::progress::Progress;
use crate::cli::{Ended, inputs, judge, notifying, project, publishing, safety, words};
use crate::driver;
use crate::driver::browser::Launch;
use crate::executor::{self, Debugging, Options, Stop};
use crate::plan::Plan;
use crate::publish::Publisher;
use crate::result::evidence::TestEvidence;
use crate::result::{RunInfo, RunResult, Shard};
use crate::store::{self, RunFolder};
use crate::units::show_duration;

/// Which half of the main job.
#[derive(Debug, Clone, Copy)]
pub enum Half<'a> {
    /// Tests, then load.
    Both(&'a TestArgs),
    /// Only tests.
    Tests(&'a TestArgs),
    /// Only load.
    Load,
}

impl<'a> Half<'a> {
    /// Whether tests and load are wanted.
    fn wanted(self) -> (bool, bool) {
        (self.testing().is_some(), !matches!(self, Half::Tests(_)))
    }

    fn testing(self) -> Option<&'a TestArgs> {
        match self {
            Half::Both(args) | Half::Tests(args) => Some(args),
            Half::Load => None,
        }
    }

    /// The tests that are asked for.
    fn asked(self) -> Result<Asked, Ended> {
        match self {
            Half::Both(args) if args.choose.shard.is_some() => Err(Ended::usage(
                "--shard divides tests, and each shard would put on all the load: run \
                 `taster test --shard I/N`, and `taster load` once beside it",
            )),
            Half::Both(args) | Half::Tests(args) => Asked::for_run(args),
            Half::Load => Ok(Asked::default()),
        }
    }

    /// Beside the embedded backend the threads of the load are half of the cores: with more they
    /// would wait for a core as often as not, and be measured for it.
    fn options(self, threads: Option<usize>, embedded: bool) -> Options {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let usual = if embedded { (cores / 2).max(1) } else { cores };
        let threads = threads.unwrap_or(usual);
        let Some(args) = self.testing() else {
            return Options { threads, launch: launch(), ..Options::default() };
        };
        let mut tests = args.testing.options();
        if args.testing.debug {
            tests.debugger = Some(Debugging::with(Arc::new(Terminal)));
            tests.headed |= has_display();
        }
        let workers = args.testing.at_once();
        Options { workers, threads, tests, launch: launch(), ..Options::default() }
    }
}

/// Whether a window can be shown: then who debugs sees it without asking.
fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Plan, execute, save, judge, render, exit.
pub fn run(args: &RunArgs, half: Half<'_>, publish: &PublishArgs) -> Result<ExitStatus, Ended> {
    let seed = args.what.seed.unwrap_or_else(rand::random);
    let wanted = half.wanted();
    if let (false, Some(target)) = (args.fault.is_empty(), &args.what.target) {
        return Err(Ended::usage(format!(
            "--fault is of the embedded backend, and the project's target is {target}: leave the \
             target out of taster.toml for this, or say `--target` where you run against it"
        )));
    }
    let asked = Asked { duet: part::load(&args.part), ..half.asked()? };
    // Problems in files are said before anything is started.
    let draft = inputs::plan(&args.what, &asked, "http://127.0.0.1:1", seed, wanted)?;
    words::warnings(&draft);
    let backend = match &args.what.target {
        Some(_) => None,
        None => Some(Backend::start(&args.fault)?),
    };
    let target = match (&backend, &args.what.target) {
        (Some(backend), _) => backend.url.clone(),
        (None, target) => target.clone().unwrap_or_default(),
    };
    let target = safety::target(&target)?;
    let plan = inputs::plan(&args.what, &asked, target.as_str(), seed, wanted)?;
    if plan.scenarios.iter().any(|scenario| scenario.load.is_some()) {
        safety::may_load(plan.hosts.iter().map(String::as_str), &args.what.allow_load)?;
    }
    announce(&plan, args, backend.is_some());
    reach(&plan)?;

    let duet = args.part.duet_part.clone();
    let mut info = RunInfo { tags: asked.tags, duet, ..info(&plan, args, wanted) };
    for word in &mut info.command {
        *word = publish.hide(word);
    }
    // What is a part of something has no verdict of its own that anybody would want to be told of.
    let part = args.part.duet_part.is_some() || args.one_of.is_some();
    let publish = if part { &PublishArgs::default() } else { publish };
    // A baseline that cannot be read is known before the run, not after it.
    let stored = judge::baselines(&info.profile, &store::machine().fingerprint, &args.judge)?;
    let out = args.out.clone().unwrap_or_else(|| args.reports_dir.join(&info.id));
    let mut folder = RunFolder::create(&out)?;
    let options = half.options(args.threads, backend.is_some());
    let publisher = publishing::start(publish, &plan, &info)?;
    let run = (info, args.one_of.clone());
    let (result, evidence) = execute(&plan, run, &options, &mut folder, publisher.as_ref())?;
    folder.save(&result)?;
    learn(&result, &options);
    let mut verdict = judge::judged(&result, stored, &args.judge);
    verdict.verdict.evidence = explained(evidence, &folder, args.out.is_some());
    // Shown first: a report that cannot be written takes nothing from the verdict.
    if args.one_of.is_none() {
        judge::show(&result, &verdict, Some(folder.path()));
    }
    judge::write(&folder, &result, &verdict, &args.judge)?;
    if args.out.is_none() {
        folder.make_latest()?;
    }
    publishing::conclude(publisher, Some(verdict.verdict.word));
    if interrupt::ended(&result) {
        return Ok(ExitStatus::Interrupted);
    }
    notifying::of_run(&publish.chat, &result, &verdict);
    Ok(of_verdict(verdict.verdict.word, args.judge.inconclusive))
}

/// Executes a plan while its progress is shown, and keeps what comes in the folder.
///
/// # Errors
/// When it cannot begin, or the folder cannot be written.
pub fn execute(
    plan: &Plan,
    (info, stop): (RunInfo, Option<Stop>),
    options: &Options,
    folder: &mut RunFolder,
    publisher: Option<&Publisher>,
) -> Result<(RunResult, Evidence), Ended> {
    let stop = match stop {
        Some(stop) => stop,
        None => interrupt::listening()?,
    };
    let tests: usize = plan.scenarios.iter().map(|scenario| scenario.tests.len()).sum();
    let tests = tests * options.tests.repeats() as usize;
    let hold = Hold { stop: stop.clone(), control: options.control.clone() };
    let mut progress = Progress::new(folder, hold, tests, executor::outline(plan));
    progress.evidence = Evidence::new(options.tests.traces);
    progress.waits = info.duet.is_some();
    progress.publisher = publisher;
    let machine = (info, store::machine());
    let silence = words::NoOutput::until_dropped();
    let result = executor::execute(plan, machine, options, &stop, &mut progress);
    drop(silence);
    let broken = progress.broken.take();
    let result = result.map_err(|error| Ended::environment(error.to_string()))?;
    match broken {
        Some(error) => Err(error.into()),
        None => Ok((result, std::mem::take(&mut progress.evidence))),
    }
}

/// What the browser tests left; the traces that passed are kept for later runs, beside the runs
/// or in the folder that was asked for. What cannot be written takes nothing from the verdict.
fn explained(evidence: Evidence, folder: &RunFolder, asked: bool) -> Vec<TestEvidence> {
    let path = folder.path();
    let runs = if asked { path } else { path.parent().unwrap_or(path) };
    evidence.conclude(folder, runs).unwrap_or_else(|error| {
        words::say(&format!("the traces of browser tests are not complete: {error}"));
        Vec::new()
    })
}

/// A shard leaves the durations alone: the shards after it must divide by the same ones. Those of
/// tests that somebody looked on at are his.
fn learn(result: &RunResult, options: &Options) {
    let looked_on = options.tests.debugger.is_some();
    if result.tests.is_empty() || result.run.shard.is_some() || looked_on {
        return;
    }
    if let Err(error) = store::learn_durations(&project::root(), result) {
        words::say(&format!("the durations of the tests are not kept: {error}"));
    }
}

fn announce(plan: &Plan, args: &RunArgs, embedded: bool) {
    let scenarios: Vec<&str> = plan.scenarios.iter().map(|one| one.name.as_str()).collect();
    words::say(&format!("scenarios: {}", scenarios.join(", ")));
    match embedded {
        true => words::say(&format!("target: {} (the embedded backend)", plan.target)),
        false => words::say(&format!("target: {}", plan.target)),
    }
    for fault in &args.fault {
        words::say(&format!("fault: {fault}"));
    }
    let loads = plan.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    if let Some(load) = loads.into_iter().next() {
        let duration = show_duration(executor::load_duration(plan));
        words::say(&format!("profile: {}, {duration}; seed: {}", load.profile, plan.seed));
    }
}

/// A target that nobody listens at is told before anything else happens to it.
fn reach(plan: &Plan) -> Result<(), Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Ended::environment(format!("cannot start an event loop: {error}")))?;
    runtime.block_on(driver::reach(&plan.target)).map_err(Ended::environment)
}

/// What there is to know of a run before it begins.
pub fn info(plan: &Plan, args: &RunArgs, (tests, load): (bool, bool)) -> RunInfo {
    let started = executor::wall_clock();
    let shard = plan.shard.as_ref().map(|shard| Shard {
        index: shard.index,
        of: shard.of,
        total: shard.total,
        own: shard.own.clone(),
        division: shard.division.clone(),
    });
    let hide = |text: String| {
        let scenarios = plan.scenarios.iter();
        scenarios.fold(text, |text, scenario| scenario.secrets.hide(&text).into_owned())
    };
    let profile = plan.scenarios.iter().find_map(|scenario| scenario.load.as_ref());
    let here = std::env::current_dir().ok();
    RunInfo {
        id: new_id(started),
        tool_version: env!("CARGO_PKG_VERSION").to_string(),
        started: started.to_string(),
        duration_ms: 0,
        seed: plan.seed,
        target: plan.target.clone(),
        profile: profile.map(|load| load.profile.clone()).unwrap_or_default(),
        git_revision: here.and_then(|here| store::git_revision(&here)),
        command: std::env::args().map(hide).collect(),
        ended_early: None,
        tests_wanted: tests,
        load_wanted: load,
        fail_on_flaky: args.judge.fail_on_flaky,
        embedded: args.what.target.is_none(),
        shard,
        ..RunInfo::default()
    }
}

/// How browsers are started: under a guard, which is this program.
pub fn launch() -> Launch {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Launch {
        guard: std::env::current_exe().unwrap_or_default(),
        folders: std::env::split_paths(&path).collect(),
        ..Launch::default()
    }
}

/// The id of a run that began at this time.
pub fn new_id(started: jiff::Timestamp) -> String {
    format!("{}-{:04x}", started.strftime("%Y%m%d-%H%M%S"), rand::random::<u16>())
}
