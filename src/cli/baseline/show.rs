//! `taster baseline show`: what the baselines of a profile can tell.

use super::{line, nag};
use crate::analysis::gate::{Gate, drift};
use crate::cli::args::{Margin, ShowArgs};
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, gate, preflight, words};
use crate::executor;
use crate::report;
use crate::result::{Machine, RunResult};
use crate::store::{self, Baselines, Kept, Window};
use crate::units::{show_count, show_duration_us, show_percent};

/// Shows the baselines of this kind of machine; where there are none of it, those of the newest's.
pub fn show(args: &ShowArgs) -> Result<ExitStatus, Ended> {
    let baselines = Baselines::in_folder(&args.baselines.baseline);
    let all = baselines.list(Some(&args.profile))?;
    let Some(newest) = all.last() else {
        return Err(Ended::usage(format!(
            "there is no baseline of the profile `{}` in `{}`; `taster baseline list` shows those \
             there are",
            args.profile,
            args.baselines.baseline.display()
        )));
    };
    let here = store::machine();
    let of_here = all.iter().any(|kept| kept.result.machine.fingerprint == here.fingerprint);
    let machine = if of_here { &here } else { &newest.result.machine };
    let window = baselines.window(&args.profile, &machine.fingerprint)?;
    for kept in &all {
        words::data(&format!("{}\n", line(kept, &here.fingerprint)));
    }
    words::data(&format!("\n{}{}\n", state(&window, (machine, of_here), &all), table(&window)));
    let gate = gate::gate(&Margin::default(), args.margin_floor, &window);
    words::data(&history(&window, &gate)?);
    words::data(&preflight::outlook(&window, &gate)?);
    nag(&args.profile, if of_here { window.runs.len() } else { 0 });
    Ok(ExitStatus::Pass)
}

/// How many, how old, of which machine, and what is known of its noise.
fn state(window: &Window, (machine, of_here): (&Machine, bool), all: &[Kept]) -> String {
    let kind = if of_here { "this kind of machine" } else { "another kind of machine" };
    let mut text = format!(
        "{} of {} baselines are compared with: of {kind} ({}, {} cores, {})\n",
        window.runs.len(),
        all.len(),
        machine.cpu,
        machine.cores,
        machine.os
    );
    let ages: Vec<String> = [window.runs.first(), window.runs.last()]
        .into_iter()
        .flatten()
        .filter_map(|run| Some(days(age(run)?)))
        .collect();
    if let [oldest, newest] = ages.as_slice() {
        text.push_str(&format!("the oldest is {oldest} old, the newest {newest}\n"));
    }
    match &window.anchor {
        Some(anchor) => text.push_str(&format!("the anchor is {}\n", anchor.run.id)),
        None => text.push_str("there is no anchor: `taster baseline pin RUN` makes one\n"),
    }
    let noise = gate::noise(window);
    let learnt = window.noise.as_ref().and_then(|noise| noise.between_runs.as_ref());
    text.push_str(&match learnt {
        Some(learnt) if noise.between_runs == learnt.sd => format!(
            "noise from run to run: {} of p95, learnt from {} runs by {} ({})\n",
            show_percent(learnt.sd),
            learnt.runs.len(),
            learnt.by,
            learnt.at
        ),
        Some(_) => format!(
            "noise from run to run: {} of p95 is assumed, because the runs that taught it are \
             baselines themselves\n",
            show_percent(noise.between_runs)
        ),
        None => format!(
            "noise from run to run: {} of p95 is assumed; `taster baseline calibrate` learns it\n",
            show_percent(noise.between_runs)
        ),
    });
    text
}

/// Seconds since a run began; none where it does not say when, or says a time to come.
fn age(run: &RunResult) -> Option<i64> {
    let started: jiff::Timestamp = run.run.started.parse().ok()?;
    let age = executor::wall_clock().as_second() - started.as_second();
    (age >= 0).then_some(age)
}

fn days(seconds: i64) -> String {
    match (seconds / 86_400, seconds / 3_600) {
        (0, 0) => "less than an hour".to_string(),
        (0, 1) => "an hour".to_string(),
        (0, hours) => format!("{hours} hours"),
        (1, _) => "a day".to_string(),
        (days, _) => format!("{days} days"),
    }
}

/// What the newest recorded.
fn table(window: &Window) -> String {
    let Some(newest) = window.runs.last() else { return String::new() };
    let mut text = format!("\nthe newest, recorded {}\n", newest.run.started);
    for step in &newest.steps {
        text.push_str(&format!(
            "  {:<44} {:>8} {:>10} p50 {:>10} p95 {:>10} p99\n",
            format!("{} › {}", step.scenario, step.step),
            show_count(step.count),
            show_duration_us(step.response_us.p50),
            show_duration_us(step.response_us.p95),
            show_duration_us(step.response_us.p99),
        ));
    }
    text
}

/// Where the profile has made a step, and how far it has come from its anchor.
fn history(window: &Window, gate: &Gate) -> Result<String, Ended> {
    let runs: Vec<&RunResult> = window.runs.iter().collect();
    let unreadable = |error| Ended::usage(format!("a baseline cannot be compared: {error}"));
    let jumps = drift::jumps(&runs, gate).map_err(unreadable)?;
    let drifts = match &window.anchor {
        Some(anchor) => drift::from_anchor(&runs, anchor, gate).map_err(unreadable)?,
        None => Vec::new(),
    };
    Ok(report::history(&jumps, &drifts))
}
