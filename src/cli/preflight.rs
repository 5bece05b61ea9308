//! `taster plan --gate`: what a comparison of the run to come will be able to see, and which of
//! its limits are none.

use std::time::Duration;

use crate::analysis::gate::Gate;
use crate::analysis::gate::ahead::{self, RESTARTS};
use crate::analysis::limits::{self, Doubt, Limit};
use crate::cli::args::GateArgs;
use crate::cli::{Ended, gate, words};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity};
use crate::executor;
use crate::plan::{Plan, ScenarioPlan, Site};
use crate::report;
use crate::result::RunResult;
use crate::store::{self, Baselines, Window};
use crate::units::show_duration;

/// Seconds that each side of a duet has in each restart, by default.
const SEGMENT: u32 = 30;

/// Prints both.
///
/// # Errors
/// When a baseline cannot be read.
pub fn preflight(plan: &Plan, args: &GateArgs) -> Result<(), Ended> {
    let loads = plan.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    let Some(profile) = loads.map(|load| load.profile.clone()).next() else {
        words::say("nothing is compared: there is no load");
        return Ok(());
    };
    let fingerprint = store::machine().fingerprint;
    let window = Baselines::in_folder(&args.baseline).window(&profile, &fingerprint)?;
    let gate = gate::gate(&args.margin, args.margin_floor, &window);
    let doubts = doubts(plan, &window, args);
    if !doubts.is_empty() {
        words::say(&words::diagnostics(&doubts));
    }
    words::data("\n");
    let known = of_plan(&window, plan);
    match known.runs.is_empty() {
        true => words::data(&unseen(plan, &gate)),
        false => words::data(&outlook(&known, &gate)?),
    }
    words::data(&time(plan));
    for left in &window.left_out {
        words::say(&format!(
            "left out: {} was recorded on another kind of machine ({}, {} cores)",
            left.id, left.machine.cpu, left.machine.cores
        ));
    }
    Ok(())
}

/// The baselines with only the scenarios that are planned.
fn of_plan(window: &Window, plan: &Plan) -> Window {
    let mut window = window.clone();
    let planned = |name: &str| plan.scenarios.iter().any(|scenario| scenario.name == name);
    for run in &mut window.runs {
        run.scenarios.retain(|scenario| planned(&scenario.name));
        run.steps.retain(|step| planned(&step.scenario));
    }
    window.runs.retain(|run| !run.scenarios.is_empty());
    window
}

/// What a comparison with these baselines will see, as a table; nothing without one.
///
/// # Errors
/// When a histogram of one cannot be read.
pub fn outlook(window: &Window, gate: &Gate) -> Result<String, Ended> {
    let runs: Vec<&RunResult> = window.runs.iter().collect();
    let seen = ahead::outlook(&runs, SEGMENT, gate)
        .map_err(|error| Ended::usage(format!("a baseline cannot be compared: {error}")))?;
    match runs.is_empty() {
        true => Ok(String::new()),
        false => Ok(report::outlook(&seen, runs.len(), SEGMENT)),
    }
}

/// What is known without any baseline.
fn unseen(plan: &Plan, gate: &Gate) -> String {
    let loads = || plan.scenarios.iter().filter(|scenario| scenario.load.is_some());
    let count: usize = loads().map(|scenario| scenario.amounts().len()).sum();
    let mut steps = Vec::new();
    for scenario in loads() {
        let shape = scenario.load.as_ref().map(|load| load.shape.duration());
        let seconds = shape.unwrap_or_default().as_secs().clamp(1, 86_400) as u32;
        for amount in scenario.amounts() {
            let seen = amount.times.map(|times| {
                let rate = times / f64::from(seconds);
                ahead::unseen(rate, (seconds, SEGMENT), count as u32, gate)
            });
            steps.push((format!("{} › {}", scenario.name, amount.step), seen));
        }
    }
    report::unseen(&steps, SEGMENT, gate)
}

/// What each way of comparing costs.
fn time(plan: &Plan) -> String {
    let run = executor::load_duration(plan);
    let duets = RESTARTS.map(|restarts| {
        let segments = Duration::from_secs(u64::from(SEGMENT * restarts));
        let (beside, turns) = (show_duration(segments), show_duration(2 * segments));
        format!("a duet of {restarts} restarts {beside} side by side or {turns} in turns")
    });
    format!(
        "\ntime: one run {}, three {}; {}\n",
        show_duration(run),
        show_duration(3 * run),
        duets.join(", ")
    )
}

/// What is wrong with the limits of all scenarios.
fn doubts(plan: &Plan, window: &Window, args: &GateArgs) -> Diagnostics {
    let accepted: Vec<&RunResult> = window.runs.iter().collect();
    let mut all = Diagnostics::default();
    for scenario in &plan.scenarios {
        let Some(load) = &scenario.load else { continue };
        for sla in &load.slas {
            let limit = Limit {
                scenario: &scenario.name,
                sla: &sla.sla,
                samples: scenario.samples(&sla.sla),
            };
            if let Some(doubt) = limits::doubt(&limit, &accepted) {
                all.push(diagnostic(&sla.site, doubt));
            }
        }
    }
    let floor_us = args.margin_floor.as_micros().try_into().unwrap_or(u64::MAX);
    let wide = args.margin.p95.and_then(|share| limits::wide(share, floor_us, &accepted));
    if let Some((doubt, steps)) = wide {
        let site = plan.scenarios.iter().find_map(|scenario| site(scenario, &steps));
        all.push(diagnostic(&site.unwrap_or_default(), doubt));
    }
    if let Some(doubt) = limits::short(executor::load_duration(plan).as_secs()) {
        all.push(diagnostic(&Site::default(), doubt));
    }
    all.sort();
    all
}

/// Where the first of these steps is written.
fn site(scenario: &ScenarioPlan, steps: &[String]) -> Option<Site> {
    let first = steps.first();
    let series = scenario.series.iter().filter(|series| series.measured);
    series.into_iter().find(|series| Some(&series.name) == first).map(|series| series.site.clone())
}

fn diagnostic(site: &Site, doubt: Doubt) -> Diagnostic {
    let drawn = match place(site) {
        Some(place) => Diagnostic::warning(doubt.code, doubt.problem, &place, doubt.label),
        None => Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::without_place(doubt.code, doubt.problem)
        },
    };
    drawn.help(doubt.help)
}

/// The rest of the line at a site: the plan keeps no text that it was made from.
fn place(site: &Site) -> Option<Place> {
    if site.file.is_empty() {
        return None;
    }
    let file = store::read_source(std::path::Path::new(&site.file)).ok()?;
    let lines = file.text.split_inclusive('\n').take(site.line.saturating_sub(1) as usize);
    let start: usize = lines.map(str::len).sum();
    let line = file.text.get(start..)?.lines().next()?;
    let before = line.chars().take(site.column.saturating_sub(1) as usize);
    let before: usize = before.map(char::len_utf8).sum();
    Some(Place::new(&file, start + before..start + line.trim_end().len()))
}
