//! Lists where, when and with what a run was made: what it takes to repeat it.

use std::collections::{BTreeMap, BTreeSet};

use super::foreign::line;
use super::rows::health;
use crate::analysis::{Verdict, wording};
use crate::result::RunResult;
use crate::units::{show_bytes, show_duration_us};

/// Labels and values, without the empty ones.
pub(super) fn facts(
    result: &RunResult,
    verdict: &Verdict,
    baseline: Option<&RunResult>,
) -> Vec<(&'static str, String)> {
    let (run, machine) = (&result.run, &result.machine);
    let changes: Vec<String> = run.altered.iter().map(ToString::to_string).collect();
    let mut facts = vec![
        ("Run", run.id.clone()),
        ("Started", started(&run.started)),
        ("Duration", show_duration_us(run.duration_ms.saturating_mul(1_000))),
        ("Target", run.target.clone()),
        ("Profile", run.profile.clone()),
        ("Seed", run.seed.to_string()),
        ("Revision", run.git_revision.clone().unwrap_or_default()),
        ("Tags", run.tags.join(", ")),
        ("Changed by hand", changes.join("; ")),
    ];
    for load in result.scenarios.iter().filter_map(|scenario| scenario.load.as_ref()) {
        facts.push(("Load", format!("{}, {} model, by {}", load.shape, load.model, load.engine)));
    }
    facts.extend(lanes(result).into_iter().map(|lane| ("HTTP", lane)));
    for browser in &result.browsers {
        facts.push(("Browser", format!("{}, as {}", browser.version, browser.engine)));
    }
    facts.push(("Machine", format!("{}, {} cores", machine.cpu, machine.cores)));
    facts.push(("System", format!("{}, kernel {}", machine.os, machine.kernel)));
    facts.push(("Memory", show_bytes(machine.memory_mb.saturating_mul(1_048_576))));
    facts.push(("Generator", health(result).to_string()));
    facts.push(("Baseline", baseline.map_or("none".to_string(), |base| base.run.id.clone())));
    facts.extend(verdict.comparison.as_ref().map(|of| ("Comparison", wording::design(of))));
    facts.push(("Taster", run.tool_version.clone()));
    facts
        .into_iter()
        .map(|(label, value)| (label, line(&value, 300)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// `2026-11-22 20:15:00 UTC`, or what is there instead of a time.
pub(super) fn started(text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => line(text, 40),
    }
}

/// Each way that HTTP was spoken, with the hosts that it went to.
fn lanes(result: &RunResult) -> Vec<String> {
    let mut lanes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for scenario in result.scenarios.iter().filter(|scenario| !scenario.http.is_empty()) {
        let hosts = lanes.entry(&scenario.http).or_default();
        hosts.extend(scenario.hosts.iter().map(String::as_str));
    }
    let words = |(lane, hosts): (&str, BTreeSet<&str>)| {
        let hosts: Vec<&str> = hosts.into_iter().collect();
        if hosts.is_empty() { lane.to_string() } else { format!("{lane}: {}", hosts.join(", ")) }
    };
    lanes.into_iter().map(words).collect()
}
