//! Says why a row is undecided, and what would decide it.

use super::numbers::{size, smallest};
use super::subject;
use crate::analysis::finding::number_of;
use crate::analysis::gate::{Change, Compared, Comparison, Design, Undecided, ahead};
use crate::units::{show_count, show_duration_us, show_percent};

/// The word with the reason in a word or two.
pub(super) fn label(why: &Undecided) -> &'static str {
    match why {
        Undecided::TooFew { .. } => "INCONCLUSIVE (too few)",
        Undecided::TooShort { .. } => "INCONCLUSIVE (too short)",
        Undecided::TailNotReached => "INCONCLUSIVE (tail)",
        Undecided::Unstable => "INCONCLUSIVE (unstable)",
        Undecided::Noise { .. } => "INCONCLUSIVE (noise)",
        Undecided::Machine { .. } => "INCONCLUSIVE (machine)",
        Undecided::Asymmetry { .. } => "INCONCLUSIVE (asymmetry)",
        Undecided::NotDelivered => "INCONCLUSIVE (load)",
    }
}

/// Where there is no honest interval none is shown.
pub(super) fn title(row: &Change, why: &Undecided) -> String {
    let of = subject(row);
    match why {
        Undecided::TooFew { have, need } => {
            let count = |count: f64| show_count(count.max(0.0).floor() as u64);
            format!("{of} has {} effective samples and needs {}", count(*have), count(need.ceil()))
        }
        Undecided::TooShort { have, need } => {
            format!("{of} has {have} s left without the warm-up, and it takes {need}")
        }
        Undecided::TailNotReached => {
            format!("{of} has an interval that reaches past the slowest sample")
        }
        Undecided::Unstable => format!("{of} has no honest interval"),
        Undecided::NotDelivered => format!("{of} was measured under less load than planned"),
        _ => super::title(row),
    }
}

/// Why it is open, and what would decide it.
pub(super) fn detail(row: &Change, of: &Comparison) -> String {
    match &row.why {
        Some(Undecided::TooFew { have, need }) => too_few(row, of, *have, *need),
        Some(Undecided::TooShort { .. }) => too_short(of),
        Some(Undecided::TailNotReached) => format!(
            "A longer run, or a higher rate, reaches further. {}",
            longer(of, 2.0).unwrap_or_default()
        ),
        Some(Undecided::Unstable) => {
            let next = match of.design {
                Design::Stored { .. } => {
                    "Run it several times as long, or use `taster duet`, where both sides share \
                     the same seconds."
                }
                Design::Duet { .. } => "Use segments that are several times as long.",
            };
            format!("Its seconds depend on each other so much that no interval is honest. {next}")
        }
        Some(Undecided::Noise { sd, needs }) => {
            format!("{} {}", noise_is(row, of, *sd), noise_next(row, of, *needs))
        }
        Some(Undecided::Machine { slower, unsteady }) => machine(*slower, *unsteady),
        Some(Undecided::Asymmetry { differs }) => format!(
            "The result depends on which side is which: the two orders differ by {}. Run the duet \
             with `--layout interleaved`, or on a machine with nothing else to do.",
            show_percent(*differs)
        ),
        Some(Undecided::NotDelivered) => {
            "The load was not delivered on both sides, so nothing compares. Lower the rate, or \
             give the profile more users and the generator more threads."
                .to_string()
        }
        None => String::new(),
    }
    .trim_end()
    .to_string()
}

fn too_short(of: &Comparison) -> String {
    let first = "How much seconds vary is not seen in so few of them, and half of a short load is \
        warm-up.";
    match of.design {
        Design::Stored { .. } => {
            let least = ahead::shortest();
            format!("{first} The shortest run that can be judged is {least} s.")
        }
        Design::Duet { .. } => {
            let least = ahead::shortest_segment(true).max(ahead::shortest_segment(false));
            format!(
                "{first} Use segments of {least} s or more (`--segment {least}s`): they are the \
                 shortest that can be judged."
            )
        }
    }
}

fn too_few(row: &Change, of: &Comparison, have: f64, need: f64) -> String {
    let first = "Requests of one moment resemble each other, so fewer count than were sent. A \
        service that has become slow answers less often: too few samples are never a PASS.";
    if !(have > 0.0 && need.is_finite()) {
        return format!("{first} A longer run or a higher rate decides.");
    }
    let times = (need / have).max(1.0);
    let rate = show_count((times * 1.1).ceil() as u64);
    let metric = row.metric.name();
    let time = longer(of, times * 1.1).unwrap_or_else(|| format!("Run {rate} times as long"));
    let time = time.trim_end_matches('.');
    let without = match row.metric {
        Compared::Errors | Compared::Dropped => String::new(),
        _ => format!(", or compare without it (`--margin {metric}=off`)"),
    };
    format!("{first} {time}, or at {rate} times the rate{without}.")
}

/// `Run 8 min instead of 30 s.`, where it is known how long a run is.
fn longer(of: &Comparison, times: f64) -> Option<String> {
    let now = of.each_ms;
    let long = (now as f64 * times / 1_000.0).ceil();
    (now > 0 && long.is_finite()).then(|| {
        let long = show_duration_us((long as u64).saturating_mul(1_000_000));
        format!("Run {long} instead of {}.", show_duration_us(now.saturating_mul(1_000)))
    })
}

fn noise_is(row: &Change, of: &Comparison, sd: f64) -> String {
    let what = match of.design {
        Design::Stored { .. } => "from run to run",
        Design::Duet { .. } => "from restart to restart",
    };
    format!(
        "The noise {what} is {} here: this set-up sees {} or more.",
        size(row.metric, sd),
        smallest(row)
    )
}

/// Undecided without a reason of its own.
pub(super) fn grey(row: &Change, of: &Comparison) -> String {
    let next = match of.design {
        Design::Stored { .. } => "More runs, or `taster duet`, narrow it.",
        Design::Duet { .. } => "A new duet with more restarts narrows it.",
    };
    format!(
        "The margin of {} lies within the interval; this set-up sees {} or more. {next}",
        size(row.metric, row.margin),
        smallest(row)
    )
}

/// What would decide at the margin. Looking at a duet again and again until it says something is
/// no way to decide: more restarts are those of a new one.
fn noise_next(row: &Change, of: &Comparison, needs: Option<u32>) -> String {
    let margin = size(row.metric, row.margin);
    let cost = |times: u32| match of.each_ms.saturating_mul(u64::from(times)) {
        0 => String::new(),
        ms => format!(" (+{})", show_duration_us(ms.saturating_mul(1_000))),
    };
    match (of.design, needs) {
        (Design::Stored { runs, .. }, Some(all)) => {
            let more = all.saturating_sub(runs).max(1);
            let count = number_of(more as usize, "more run");
            let (cost, learn) = (cost(more), learn(of));
            format!("To decide on {margin}: {count}{cost}, or `taster duet`.{learn}")
        }
        // Of errors there are few: what counts is how many requests there were.
        _ if needs.is_none() && matches!(row.metric, Compared::Errors | Compared::Dropped) => {
            format!("More requests decide on {margin}: a longer run or a higher rate.")
        }
        (Design::Stored { .. }, None) => {
            let learn = learn(of);
            format!("No number of runs below 20 decides on {margin}: use `taster duet`.{learn}")
        }
        (Design::Duet { .. }, Some(all)) => {
            let cost = cost(all);
            format!("To decide on {margin}: a new duet with `--restarts {all}`{cost}.")
        }
        (Design::Duet { .. }, None) => format!(
            "No number of restarts below 20 decides on {margin}: use longer segments, or a \
             steadier machine."
        ),
    }
}

/// With few baselines most of the noise is assumed.
fn learn(of: &Comparison) -> String {
    match of.design {
        Design::Stored { baselines, .. } if baselines < 5 => format!(
            " With {} most of the noise is assumed: `taster baseline calibrate` learns it.",
            number_of(baselines as usize, "baseline")
        ),
        _ => String::new(),
    }
}

fn machine(slower: f64, unsteady: f64) -> String {
    let speed = match slower {
        s if s > 0.0 => format!("{} slower than", show_percent(s)),
        s if s < 0.0 => format!("{} faster than", show_percent(-s)),
        _ => "as fast as".to_string(),
    };
    format!(
        "The machine's probe ran {speed} for the baselines, and varied by {} within the run. What \
         is compared would be the machine. Run it again when the machine is at rest, or use \
         `taster duet`.",
        show_percent(unsteady)
    )
}
