//! Says what a comparison will be able to see: a table for `taster plan --gate` and
//! `taster baseline show`.

use super::table::{draw, wrap};
use crate::analysis::gate::Undecided;
use crate::analysis::gate::ahead::{Ahead, FIRST, Outlook, RESTARTS, Unseen};
use crate::analysis::gate::drift::{Drift, Jump};
use crate::analysis::gate::{Compared, Gate};
use crate::units::{show_count, show_duration_us, show_percent, show_rate};

/// From this growth on, as a share, it is told by how many times.
const MANY: f64 = 9.0;

/// Columns of a terminal.
const WIDTH: usize = 100;

/// The table: for each metric what it usually is, how it varies, its margin, and the smallest
/// change that is seen. `segment` is a duet's, in seconds a side.
pub fn outlook(of: &Outlook, baselines: usize, segment: u32) -> String {
    let counted = if baselines == 1 { "baseline" } else { "baselines" };
    let mut text = format!("what a comparison with {baselines} {counted} will see\n\n");
    let head = [
        "step",
        "metric",
        "usual",
        "noise",
        "margin",
        "1 run",
        "3 runs",
        &format!("duet {}x{segment}s", RESTARTS[0]),
        &format!("duet {}x{segment}s", RESTARTS[1]),
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(of.rows.iter().map(row));
    text.push_str(&draw(2, &rows));
    let blind = of.rows.iter().filter(|row| row.why.is_none() && is_blind(row)).count();
    text.push('\n');
    text.push_str(&wrap(
        "The last four columns are the smallest change that is called FAIL four times in five. \
         Changes between it and the margin are INCONCLUSIVE more often than not.",
        2,
        WIDTH,
    ));
    if blind > 0 {
        let rows = if blind == 1 { "row".to_string() } else { format!("{blind} rows") };
        text.push_str(&wrap(
            &format!(
                "* One run cannot see a change of the margin in {rows}: more runs of the \
                 candidate, more baselines, or a duet can."
            ),
            2,
            WIDTH,
        ));
    }
    for note in &of.notes {
        text.push_str(&wrap(note, 2, WIDTH));
    }
    text
}

/// Whether one run cannot see a change of the margin.
fn is_blind(row: &Ahead) -> bool {
    row.stored[0].is_none_or(|seen| seen.abs() > wide(row))
}

/// What is little more than the margin is seen at the margin, often enough.
fn wide(row: &Ahead) -> f64 {
    row.margin.abs() * 1.5
}

fn row(of: &Ahead) -> Vec<String> {
    let name = match of.step.as_str() {
        "" => of.scenario.clone(),
        step => format!("{} › {step}", of.scenario),
    };
    let mut cells = vec![name, of.metric.name().to_string(), usual(of)];
    if let Some(why) = &of.why {
        cells.push(undecided(why));
        return cells;
    }
    cells.push(of.noise.map_or("?".to_string(), show_percent));
    cells.push(change(of.metric, of.margin));
    let star = |seen: f64| if seen.abs() > wide(of) { " *" } else { "" };
    let stored = |seen: f64| format!("{}{}", change(of.metric, seen), star(seen));
    cells.extend(of.stored.map(|seen| seen.map_or("nothing *".to_string(), stored)));
    let duet = |seen: Option<f64>| seen.map_or("-".to_string(), |seen| change(of.metric, seen));
    cells.extend(of.duet.map(duet));
    cells
}

fn usual(of: &Ahead) -> String {
    match of.metric {
        Compared::Errors | Compared::Dropped => show_percent(of.usual),
        Compared::Throughput => show_rate(of.usual),
        _ => show_duration_us(of.usual.max(0.0).round() as u64),
    }
}

/// A change for the worse: `+12%`, `12-fold`, `+0.4 pp`, `-6%`.
fn change(metric: Compared, by: f64) -> String {
    match metric {
        _ if !by.is_finite() => "nothing".to_string(),
        Compared::Errors | Compared::Dropped => {
            format!("+{} pp", show_percent(by.abs()).trim_end_matches('%'))
        }
        Compared::Throughput => format!("-{}", show_percent(by.abs())),
        _ if by >= MANY => format!("{}-fold", show_count((by + 1.0).round() as u64)),
        _ => format!("+{}", show_percent(by)),
    }
}

fn undecided(why: &Undecided) -> String {
    match why {
        Undecided::TooFew { have, need } => format!(
            "too few samples: they say as much as {} independent ones, and it takes {}",
            show_count(have.round().max(0.0) as u64),
            show_count(need.ceil().max(0.0) as u64)
        ),
        Undecided::TooShort { have, need } => {
            format!("too short: {have} s are left without the warm-up, and it takes {need}")
        }
        Undecided::TailNotReached => {
            "too few samples: its interval ends beyond the slowest".to_string()
        }
        Undecided::Unstable => "seconds depend on each other too much: run it longer".to_string(),
        Undecided::Machine { .. } => "the machine was too unsteady, by its probe".to_string(),
        Undecided::NotDelivered => "the load was not delivered".to_string(),
        Undecided::Asymmetry { .. } | Undecided::Noise { .. } => "nothing".to_string(),
    }
}

/// Where a history has made a step, and how far it has come from its anchor, a line each.
pub fn history(jumps: &[Jump], drifts: &[Drift]) -> String {
    let mut text = String::new();
    for jump in jumps {
        let direction = if jump.change > 0.0 { "grew" } else { "fell" };
        text.push_str(&wrap(
            &format!(
                "{} of {} › {} {direction} by {} at the baseline {}: runs are compared with those \
                 since",
                jump.metric.name(),
                jump.scenario,
                jump.step,
                show_percent(jump.change.abs()),
                jump.run
            ),
            0,
            WIDTH,
        ));
    }
    for drift in drifts.iter().filter(|drift| drift.sure) {
        let direction = if drift.change > 0.0 { "slower" } else { "faster" };
        text.push_str(&wrap(
            &format!(
                "{} of {} › {} is {} {direction} than at the anchor: it has drifted",
                drift.metric.name(),
                drift.scenario,
                drift.step,
                show_percent(drift.change.abs()),
            ),
            0,
            WIDTH,
        ));
    }
    let most = drifts.iter().max_by(|a, b| a.change.total_cmp(&b.change));
    if let Some(most) = most.filter(|_| drifts.iter().all(|drift| !drift.sure)) {
        text.push_str(&wrap(
            &format!(
                "no metric has surely drifted from the anchor by its margin; the most is {} of {} \
                 › {}, {}{}",
                most.metric.name(),
                most.scenario,
                most.step,
                if most.change < 0.0 { "-" } else { "+" },
                show_percent(most.change.abs())
            ),
            0,
            WIDTH,
        ));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// What can be said of steps that were never run, each with its rows; none where the plan alone
/// cannot say how often it is done.
pub fn unseen(steps: &[(String, Option<Vec<Unseen>>)], segment: u32, gate: &Gate) -> String {
    let mut text = "there is no baseline yet: what first comparisons typically see\n\n".to_string();
    let head = [
        "step",
        "metric",
        "samples",
        &format!("{} baselines", FIRST[0]),
        &format!("{} baselines", FIRST[1]),
        &format!("duet {}x{segment}s", RESTARTS[0]),
        &format!("duet {}x{segment}s", RESTARTS[1]),
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for (step, metrics) in steps {
        let Some(metrics) = metrics else {
            let why = "unknown: users loop, and the target says how often; a run tells";
            rows.push(vec![step.clone(), String::new(), why.to_string()]);
            continue;
        };
        for of in metrics {
            let mut cells = vec![step.clone(), of.metric.name().to_string(), enough(of)];
            cells.extend(of.stored.iter().chain(&of.duet).map(|seen| change(of.metric, *seen)));
            rows.push(cells);
        }
    }
    text.push_str(&draw(2, &rows));
    text.push('\n');
    let noise = if gate.noise.learnt { "The noise that was learnt" } else { "An assumed noise" };
    text.push_str(&wrap(
        &format!(
            "The last four columns are the smallest change that one run, or a duet, calls FAIL \
             four times in five. {noise} of {} from run to run is in them, and how much requests \
             of one second resemble each other on a usual machine. A duet needs no baseline.",
            show_percent(gate.noise.between_runs),
        ),
        2,
        WIDTH,
    ));
    text
}

/// Whether there will be enough samples.
fn enough(of: &Unseen) -> String {
    match of.samples.enough {
        true => "enough".to_string(),
        false => format!(
            "{} of {}",
            show_count(of.samples.expected.max(0.0).round() as u64),
            show_count(of.samples.needed.max(0.0).ceil() as u64)
        ),
    }
}
