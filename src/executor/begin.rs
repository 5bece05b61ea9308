//! What is known of a run before its first action.

use crate::plan::{LoadPlan, Plan, ScenarioPlan, SeriesKind, SeriesPlan, ShapePlan, Site, Spacing};
use crate::result::journal::blank;
use crate::result::{
    CheckResult, LoadResult, Machine, RunInfo, RunResult, ScenarioResult, SlaRecord, StepResult,
    Summary,
};
use crate::units::show_duration;

/// The result of a run that has not done anything yet.
pub(super) fn begin(plan: &Plan, info: RunInfo, machine: Machine) -> RunResult {
    let scenarios = plan.scenarios.iter().map(|scenario| ScenarioResult {
        name: scenario.name.clone(),
        file: scenario.file.clone(),
        digest: scenario.digest.clone(),
        tests_written: scenario.tests_written as u32,
        http: scenario.connection.to_string(),
        hosts: scenario.hosts.clone(),
        setup_failures: Vec::new(),
        load: scenario.load.as_ref().map(load_begin),
    });
    let steps = plan.scenarios.iter().filter(|scenario| scenario.load.is_some());
    let steps = steps.flat_map(|scenario| {
        measured(scenario).map(|(_, series)| step_begin(&scenario.name, series))
    });
    let vitals = plan.scenarios.iter().filter(|scenario| scenario.load.is_some());
    let vitals = vitals.flat_map(|scenario| {
        web_vitals(scenario).map(|(_, series)| step_begin(&scenario.name, series))
    });
    RunResult {
        run: info,
        machine,
        scenarios: scenarios.collect(),
        steps: steps.collect(),
        web_vitals: vitals.collect(),
        ..blank()
    }
}

/// The series of a scenario that have a row in `RunResult::steps`, in that order.
pub(super) fn measured(scenario: &ScenarioPlan) -> impl Iterator<Item = (usize, &SeriesPlan)> {
    let steps = scenario.series.iter().enumerate().filter(|(_, series)| series.measured);
    steps.filter(|(_, series)| !matches!(series.kind, SeriesKind::WebVital(_)))
}

/// The series of a scenario that have a row in `RunResult::web_vitals`, in that order.
pub(super) fn web_vitals(scenario: &ScenarioPlan) -> impl Iterator<Item = (usize, &SeriesPlan)> {
    let series = scenario.series.iter().enumerate();
    series.filter(|(_, series)| series.measured && matches!(series.kind, SeriesKind::WebVital(_)))
}

/// `file:line`.
pub(super) fn place(site: &Site) -> String {
    format!("{}:{}", site.file, site.line)
}

fn step_begin(scenario: &str, series: &SeriesPlan) -> StepResult {
    let check = |text: &String| CheckResult { check: text.clone(), passed: 0, failed: 0 };
    StepResult {
        scenario: scenario.to_string(),
        step: series.name.clone(),
        tags: series.tags.iter().cloned().collect(),
        place: place(&series.site),
        count: 0,
        failed: 0,
        dropped: 0,
        rate: 0.0,
        response_us: Summary::default(),
        service_us: Summary::default(),
        lag_us: Summary::default(),
        blocked_us: Summary::default(),
        failed_us: Summary::default(),
        phases_us: Default::default(),
        resent: 0,
        failures: Default::default(),
        examples: Vec::new(),
        slowest: Vec::new(),
        checks: series.checks.iter().map(check).collect(),
        bytes_sent: 0,
        bytes_received: 0,
        histograms: Default::default(),
        slices: Vec::new(),
    }
}

fn load_begin(load: &LoadPlan) -> LoadResult {
    let (model, engine) = match load.shape {
        ShapePlan::Closed(_) | ShapePlan::PerUser { .. } => ("closed", "goose"),
        ShapePlan::Shared { .. } => ("closed", "taster"),
        ShapePlan::Open { .. } => ("open", "taster"),
    };
    let offered = match &load.shape {
        ShapePlan::Closed(_) => None,
        ShapePlan::PerUser { users, iterations, .. } => Some(u64::from(*users) * iterations),
        ShapePlan::Shared { iterations, .. } => Some(*iterations),
        ShapePlan::Open { arrivals, .. } => Some(arrivals.count()),
    };
    let slas = load.slas.iter().map(|entry| SlaRecord {
        text: entry.sla.to_string(),
        place: place(&entry.site),
        abort_after_ms: entry.sla.abort_on_fail.then_some(entry.sla.delay_abort.as_millis() as u64),
    });
    LoadResult {
        profile: load.profile.clone(),
        model: model.to_string(),
        engine: engine.to_string(),
        shape: shape_words(&load.shape),
        planned_ms: planned(&load.shape).as_millis() as u64,
        offered,
        users_limit: users_limit(&load.shape),
        slas: slas.collect(),
        ..LoadResult::default()
    }
}

/// How long the shape takes, without what is still going on at its end; fixed numbers of
/// iterations take as long as they need, up to this.
pub(super) fn planned(shape: &ShapePlan) -> std::time::Duration {
    match shape {
        ShapePlan::Closed(population) => population.duration(),
        ShapePlan::PerUser { max_duration, .. } | ShapePlan::Shared { max_duration, .. } => {
            *max_duration
        }
        ShapePlan::Open { arrivals, .. } => arrivals.duration(),
    }
}

fn shape_words(shape: &ShapePlan) -> String {
    match shape {
        ShapePlan::Closed(population) => {
            let duration = show_duration(population.duration());
            match population.stages.iter().all(|(_, users)| *users == population.start) {
                true => format!("{} users for {duration}", population.max()),
                false => format!("up to {} users for {duration}", population.max()),
            }
        }
        ShapePlan::PerUser { users, iterations, .. } => {
            format!("{users} users, {iterations} iterations each")
        }
        ShapePlan::Shared { users, iterations, .. } => {
            format!("{users} users share {iterations} iterations")
        }
        ShapePlan::Open { arrivals, max_users } => {
            let rate = arrivals.peak();
            let duration = show_duration(arrivals.duration());
            let poisson = match arrivals.spacing {
                Spacing::Even(_) => "",
                Spacing::Poisson(_) => " (Poisson)",
            };
            format!("up to {rate}/s{poisson} for {duration}, at most {max_users} users")
        }
    }
}

/// Virtual users at most.
pub(super) fn users_limit(shape: &ShapePlan) -> u32 {
    match shape {
        ShapePlan::Closed(population) => population.max(),
        ShapePlan::PerUser { users, .. } | ShapePlan::Shared { users, .. } => *users,
        ShapePlan::Open { max_users, .. } => *max_users,
    }
}
