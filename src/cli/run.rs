//! `taster run`, `test` and `load`: the main job.

use std::path::PathBuf;

use crate::cli::args::RunArgs;
use crate::cli::backend::Backend;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::interrupt::{self, INTERRUPTED};
use crate::cli::progress::Progress;
use crate::cli::{Ended, inputs, judge, safety, words};
use crate::driver;
use crate::executor::{self, Options, Stop};
use crate::plan::Plan;
use crate::result::{RunInfo, RunResult};
use crate::store::{self, RunFolder};
use crate::units::show_duration;

/// Which half of the main job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Tests, then load.
    Both,
    /// Only tests.
    Tests,
    /// Only load.
    Load,
}

/// Plan, execute, save, judge, render, exit.
pub fn run(args: &RunArgs, half: Half) -> Result<ExitStatus, Ended> {
    let seed = args.what.seed.unwrap_or_else(rand::random);
    let wanted = (half != Half::Load, half != Half::Tests);
    // Problems in files are said before anything is started.
    let draft = inputs::plan(&args.what, "http://127.0.0.1:1", seed, wanted)?;
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
    let plan = inputs::plan(&args.what, target.as_str(), seed, wanted)?;
    if plan.scenarios.iter().any(|scenario| scenario.load.is_some()) {
        safety::may_load(plan.hosts.iter().map(String::as_str), &args.what.allow_load)?;
    }
    announce(&plan, args, backend.is_some());
    reach(&plan)?;

    let info = info(&plan, args, wanted);
    // A baseline that cannot be read is known before the run, not after it.
    let baseline = judge::baseline(&info.profile, &args.judge)?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(&info.id));
    let mut folder = RunFolder::create(&out)?;
    let result = execute(&plan, info, args, &mut folder)?;
    folder.save(&result)?;
    let verdict = judge::against(&result, baseline, &args.judge, args.what.target.is_some());
    // Shown first: a report that cannot be written takes nothing from the verdict.
    judge::show(&result, &verdict, Some(folder.path()));
    judge::write(&folder, &result, &verdict, &args.judge)?;
    if args.out.is_none() {
        folder.make_latest()?;
    }
    if result.run.ended_early.as_deref() == Some(INTERRUPTED) {
        return Ok(ExitStatus::Interrupted);
    }
    Ok(of_verdict(verdict.verdict.word, args.judge.inconclusive))
}

fn execute(
    plan: &Plan,
    info: RunInfo,
    args: &RunArgs,
    folder: &mut RunFolder,
) -> Result<RunResult, Ended> {
    let stop = Stop::new();
    interrupt::listen(&stop)?;
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let options = Options { workers: args.workers, threads: args.threads.unwrap_or(cores) };
    let tests = plan.scenarios.iter().map(|scenario| scenario.tests.len()).sum();
    let seconds = executor::load_duration(plan).as_secs();
    let mut progress = Progress::new(folder, stop.clone(), (tests, seconds));
    let machine = (info, store::machine());
    let silence = words::NoOutput::until_dropped();
    let result = executor::execute(plan, machine, &options, &stop, &mut progress);
    drop(silence);
    let broken = progress.broken.take();
    let result = result.map_err(|error| Ended::environment(error.to_string()))?;
    match broken {
        Some(error) => Err(error.into()),
        None => Ok(result),
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

fn info(plan: &Plan, args: &RunArgs, (tests, load): (bool, bool)) -> RunInfo {
    let started = executor::wall_clock();
    let hide = |text: String| {
        let scenarios = plan.scenarios.iter();
        scenarios.fold(text, |text, scenario| scenario.secrets.hide(&text).into_owned())
    };
    let profile = plan.scenarios.iter().find_map(|scenario| scenario.load.as_ref());
    let here = std::env::current_dir().ok();
    RunInfo {
        id: format!("{}-{:04x}", started.strftime("%Y%m%d-%H%M%S"), rand::random::<u16>()),
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
        tags: args.what.tag.clone(),
    }
}
