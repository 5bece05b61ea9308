//! What a person reads of a comparison's rows: always the number, its interval, what is promised,
//! and the next step. No sentence says that nothing has changed: a PASS says that no growth of the
//! margin or more would have been missed.

mod numbers;
mod undecided;

use super::Word;
use super::finding::{about, number_of};
use super::gate::{Change, Compared, Comparison, Design, Noise, Occasion, Shape, ShapeKind};
use crate::units::show_percent;

pub use numbers::{amount, bound, chance, grows_better, growth, interval, margin, smallest};

use numbers::size;

/// What is said of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The word with its kind: `PASS (slower, tolerated)`, `INCONCLUSIVE (noise)`.
    pub label: &'static str,
    /// The number with its interval: `p95 of `login` +14.2% (90% interval +8.9% to +19.8%), 212 ms
    /// → 242 ms`.
    pub title: String,
    /// What is promised, or why it cannot be, and the next step: whole sentences.
    pub detail: String,
}

/// The sentence of a row of this comparison.
pub fn sentence(row: &Change, of: &Comparison) -> Sentence {
    let title = title(row);
    match (row.word, &row.why) {
        (Word::Fail, _) => Sentence { label: "FAIL", title, detail: failed(row, of) },
        (Word::Inconclusive, Some(why)) => {
            let title = undecided::title(row, why);
            Sentence { label: undecided::label(why), title, detail: undecided::detail(row, of) }
        }
        (Word::Inconclusive, None) => {
            Sentence { label: "INCONCLUSIVE (grey)", title, detail: undecided::grey(row, of) }
        }
        (Word::Invalid, _) => {
            let detail = "Nothing may be compared here: see the notes.".to_string();
            Sentence { label: "INVALID", title, detail }
        }
        (Word::Pass, _) => {
            let (label, first) = passed(row);
            Sentence { label, title, detail: format!("{first}{}", missed(row, of)) }
        }
    }
}

/// What a label says beside its word: of `INCONCLUSIVE (noise)` it is `noise`.
pub fn why(label: &'static str) -> &'static str {
    label.split_once('(').map_or("", |(_, why)| why.trim_end_matches(')'))
}

/// What all rows together rest on: `1 run against 10 baselines`.
pub fn design(of: &Comparison) -> String {
    let count = |count: u32, noun: &str| number_of(count as usize, noun);
    match of.design {
        Design::Stored { baselines, runs } => {
            format!("{} against {}", count(runs, "run"), count(baselines, "baseline"))
        }
        Design::Duet { restarts, look } => {
            let beside = match look {
                Occasion::Early { planned } => format!(", of {planned} that were planned"),
                Occasion::Planned => String::new(),
                Occasion::Extended => ", with the one extension".to_string(),
            };
            format!("{} of both sides{beside}", count(restarts, "restart"))
        }
    }
}

/// The two error rates, for the whole.
pub fn promise(of: &Comparison) -> String {
    format!(
        "An unchanged build is called FAIL in at most {} of all comparisons, over all rows \
         together; a row that has grown by its margin is called PASS in at most {}.",
        show_percent(of.gate.alpha_fail),
        show_percent(of.gate.alpha_pass)
    )
}

/// What is known of the noise beforehand, and what would make it better known.
pub fn noise(of: &Comparison) -> String {
    let noise = &of.gate.noise;
    let (sd, what) = match of.design {
        Design::Stored { .. } => (noise.between_runs, "from run to run"),
        Design::Duet { .. } => (noise.between_sides, "between the sides of a duet"),
    };
    // Of the two numbers one alone may have been learnt.
    let assumed = Noise::default();
    let guesses = [assumed.between_runs, assumed.between_sides, Noise::ON_SHARED_CORES];
    match noise.learnt || !guesses.contains(&sd) {
        true => format!("The noise {what}, as learnt on this machine, is {}.", show_percent(sd)),
        false => format!(
            "The noise {what} is assumed to be {}; `taster baseline calibrate` learns this \
             machine's.",
            show_percent(sd)
        ),
    }
}

/// What is compared, and of what: `p95 of `login``.
pub fn subject(row: &Change) -> String {
    let whose = if row.step.is_empty() { &row.scenario } else { &row.step };
    let what = match row.metric {
        Compared::Dropped => "dropped iterations",
        metric => metric.name(),
    };
    format!("{what} of `{whose}`")
}

/// Whom it is about: `scenario › step`, or the scenario.
pub fn place(row: &Change) -> String {
    if row.step.is_empty() { row.scenario.clone() } else { about(&row.scenario, &row.step) }
}

/// Whether the row is surely worse and yet below its margin.
pub fn is_tolerated(row: &Change) -> bool {
    let worse = |(low, high): (f64, f64)| match grows_better(row.metric) {
        true => high < 0.0,
        false => low > 0.0,
    };
    row.word == Word::Pass && row.interval.is_some_and(worse)
}

fn title(row: &Change) -> String {
    format!(
        "{} {} (90% interval {}), {} → {}",
        subject(row),
        growth(row.metric, row.change),
        interval(row),
        amount(row.metric, row.before),
        amount(row.metric, row.after)
    )
}

/// Worse, in the words of the metric.
fn worsening(metric: Compared) -> &'static str {
    match metric {
        Compared::P50 | Compared::P95 | Compared::P99 => "regression",
        Compared::Errors | Compared::Dropped => "growth",
        Compared::Throughput => "loss",
    }
}

/// The promise behind a PASS.
fn missed(row: &Change, of: &Comparison) -> String {
    format!(
        "A {} of {} or more would have been missed with a probability of at most {}.",
        worsening(row.metric),
        size(row.metric, row.margin),
        show_percent(of.gate.alpha_pass)
    )
}

fn passed(row: &Change) -> (&'static str, String) {
    if is_tolerated(row) {
        let (label, how) = match row.metric {
            Compared::Errors | Compared::Dropped => ("PASS (more, tolerated)", "higher"),
            _ => ("PASS (slower, tolerated)", "slower"),
        };
        let margin = size(row.metric, row.margin);
        return (label, format!("It is surely {how}, by less than the margin of {margin}. "));
    }
    match row.improved {
        true => ("PASS (improved)", "It is surely better than before. ".to_string()),
        false => ("PASS", String::new()),
    }
}

fn failed(row: &Change, of: &Comparison) -> String {
    let mut text = format!(
        "{}; {} after correction for {}. An unchanged build fails in at most {} of all \
         comparisons.",
        design(of),
        chance(row.p),
        number_of(of.changes.len(), "row"),
        show_percent(of.gate.alpha_fail)
    );
    if let Some(shape) = &row.shape {
        text.push(' ');
        text.push_str(&shape_of(shape));
    }
    let next = match (row.metric, of.design) {
        (Compared::Errors, _) => "Look at the failures of this step first.",
        (Compared::Dropped, _) => "The target no longer takes the load that it took before.",
        (_, Design::Stored { .. }) => {
            "`taster duet` of the two builds shows whether the build or the machine has changed."
        }
        (_, Design::Duet { .. }) => "Both sides had the same machine at the same time.",
    };
    format!("{text} {next}")
}

/// How the latencies have changed, in words.
pub fn shape_of(shape: &Shape) -> String {
    let kind = match shape.kind {
        ShapeKind::Uniform => "all of it is slower by about the same share",
        ShapeKind::Tail => "an added tail, only the slowest have become slower",
        ShapeKind::SecondMode => {
            "a second mode, a part of the requests has moved to a slower place"
        }
        ShapeKind::Mixed => "of no simple kind",
    };
    let at = |q: f64| -> Option<String> {
        let near = |point: &&(f64, f64, f64)| (point.0 - q).abs();
        let point = shape.curve.iter().min_by(|a, b| near(a).total_cmp(&near(b)))?;
        let change = growth(Compared::P50, point.1.exp_m1());
        Some(format!("p{} {change}", (point.0 * 1_000.0).round() / 10.0))
    };
    let seen: Vec<String> = [0.5, 0.95, 0.99].into_iter().filter_map(at).collect();
    match seen.as_slice() {
        [] => format!("Shape: {kind}."),
        seen => format!("Shape: {kind} ({}).", seen.join(", ")),
    }
}
