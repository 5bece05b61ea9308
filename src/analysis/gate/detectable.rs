//! Says before a run what it will be able to see, and whether it will have the samples for it.
//!
//! How much seconds resemble their neighbours, and how wide latencies spread, is not known before
//! a run: typical numbers stand in for both, of a service with log-normal latencies (a spread of
//! 0.5 in logarithms) on a shared machine, as simulated.

use super::decide::{DROPPED, ERRORS_FLOOR, Scale, smallest as smallest_on_scale};
use super::{Compared, Design, Gate, at_look, estimate};

/// The rate at which `typical` was found, requests a second.
const TYPICAL_RATE: f64 = 200.0;

/// What is left of the error within a run where the other side had the same seconds.
const PAIRED: f64 = 0.56;

/// Failures come in bursts: so many say as much as one by itself.
const ERROR_BURST: f64 = 4.0;

/// The share of failures that there is without a regression.
const ERRORS_BEFORE: f64 = 0.001;

/// What is going to be run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setup {
    /// What will be compared with what.
    pub design: Design,
    /// Rows of the whole comparison: see `family`.
    pub rows: u32,
    /// Seconds of a run (in a duet: of a side of a restart) without the warm-up.
    pub seconds: f64,
    /// Requests a second of the step.
    pub rate: f64,
    /// The part of both error rates that the look has; 1 of stored runs.
    pub share: f64,
}

/// The samples that a metric will have in one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Samples {
    /// Requests.
    pub expected: f64,
    /// As many independent ones would say the same.
    pub effective: f64,
    /// Requests that it takes, at this rate.
    pub needed: f64,
    /// Whether that is enough.
    pub enough: bool,
}

/// The rows that a comparison of so many steps has.
pub fn family(steps: u32) -> u32 {
    steps.saturating_mul(4).saturating_add(1)
}

/// The samples that will be there for a metric.
pub fn samples(metric: Compared, setup: &Setup) -> Samples {
    let runs = match setup.design {
        Design::Stored { runs, .. } => runs,
        Design::Duet { restarts, .. } => restarts,
    };
    let rate = setup.rate.max(0.0);
    let expected = rate * setup.seconds.max(0.0) * f64::from(runs.max(1));
    let Some(q) = metric.quantile() else {
        // The rule of three: fewer could hide a share of the margin without showing one failure.
        let needed = 3.0 / Gate::default().errors;
        return Samples { expected, effective: expected, needed, enough: expected >= needed };
    };
    let deff = deff(metric, rate);
    let needed = estimate::needed(q) * deff;
    Samples { expected, effective: expected / deff, needed, enough: expected >= needed }
}

/// The smallest change that will be called FAIL four times in five, as `Change::smallest` is:
/// a share for latencies, a negative one for throughput, a difference of shares for errors.
pub fn smallest(metric: Compared, setup: &Setup, gate: &Gate) -> f64 {
    let (within, tau) = (within(metric, setup), tau(metric, setup.design, gate));
    let each = (within * within + tau * tau).sqrt();
    let gate = &at_look(gate, setup.share);
    let (sd, df) = match setup.design {
        Design::Stored { baselines, runs } => {
            let (n, m) = (f64::from(baselines.max(1)), f64::from(runs.max(1)));
            (each * (1.0 / n + 1.0 / m).sqrt(), 4.0 + n - 1.0)
        }
        Design::Duet { restarts, .. } => {
            let k = f64::from(restarts.max(1));
            (each / k.sqrt(), 4.0 + k - 1.0)
        }
    };
    let scale = scale(metric);
    let (margin, floor) = match metric {
        Compared::Errors => (gate.errors, ERRORS_FLOOR),
        Compared::Dropped => (DROPPED, DROPPED / 2.0),
        Compared::Throughput => (gate.throughput, gate.throughput / 2.0),
        Compared::P50 => (gate.latency[0], gate.latency[0] / 2.0),
        Compared::P95 => (gate.latency[1], gate.latency[1] / 2.0),
        Compared::P99 => (gate.latency[2], gate.latency[2] / 2.0),
    };
    let alphas = (gate.alpha_fail / f64::from(setup.rows.max(1)), gate.alpha_pass);
    scale.shown(smallest_on_scale(alphas, (sd, df), (scale.of(margin), scale.of(floor))))
}

fn scale(metric: Compared) -> Scale {
    match metric {
        Compared::Throughput => Scale::Shrinkage,
        Compared::Errors | Compared::Dropped => {
            Scale::Share { before: 2.0 * ERRORS_BEFORE.sqrt().asin() }
        }
        _ => Scale::Growth,
    }
}

/// Typical at `TYPICAL_RATE`: samples that say as much as an independent one, and the width of
/// latencies about the quantile, as d ln latency / d quantile.
fn typical(metric: Compared) -> (f64, f64) {
    match metric {
        Compared::P50 => (11.0, 1.25),
        Compared::P95 => (4.6, 4.85),
        Compared::P99 => (2.5, 18.8),
        _ => (ERROR_BURST, 0.0),
    }
}

/// A second's own mood weighs more the more requests share it.
fn deff(metric: Compared, rate: f64) -> f64 {
    1.0 + (typical(metric).0 - 1.0) * rate / TYPICAL_RATE
}

/// The standard error within a run (in a duet: of the paired difference).
fn within(metric: Compared, setup: &Setup) -> f64 {
    let n = (setup.rate * setup.seconds).max(1.0);
    let pairs = match setup.design {
        Design::Stored { .. } => 1.0,
        Design::Duet { .. } => std::f64::consts::SQRT_2 * PAIRED,
    };
    match metric.quantile() {
        Some(q) => {
            let spread = (q * (1.0 - q) * deff(metric, setup.rate) / n).sqrt();
            pairs * typical(metric).1 * spread
        }
        None if metric == Compared::Throughput => 0.0,
        // Shares have no pairs, and are taken to vary half as much again between runs.
        None => (1.5 * ERROR_BURST / n).sqrt(),
    }
}

fn tau(metric: Compared, design: Design, gate: &Gate) -> f64 {
    match (metric, design) {
        (Compared::Errors | Compared::Dropped, _) => 0.0,
        (_, Design::Stored { .. }) => gate.noise.between_runs,
        (_, Design::Duet { .. }) => gate.noise.between_sides,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Occasion;
    use super::*;

    fn setup(design: Design) -> Setup {
        Setup { design, rows: 1, seconds: 30.0, rate: 200.0, share: 1.0 }
    }

    #[test]
    fn the_table_of_the_design_comes_out() {
        // Without noise within runs: run-to-run 4 %; one, ten, and twenty with three.
        let table = [(1, 1, 0.30), (10, 1, 0.16), (20, 3, 0.09)];
        for (baselines, runs, wanted) in table {
            let noise = super::super::Noise { between_runs: 0.04, ..Default::default() };
            let gate = Gate { noise, latency: [0.0; 3], ..Gate::default() };
            let design = Design::Stored { baselines, runs };
            let setup = Setup { seconds: 1e12, rate: 1e-3, ..setup(design) };
            let found = smallest(Compared::P95, &setup, &gate);
            assert!((found - wanted).abs() < 0.006, "{baselines} {runs}: {found}");
        }
    }

    #[test]
    fn a_duet_sees_less_than_stored_runs_do_and_more_restarts_less_still() {
        let gate = Gate::default();
        let of = |design, share| {
            let setup = Setup { share, ..setup(design) };
            smallest(Compared::P95, &setup, &gate)
        };
        let stored = of(Design::Stored { baselines: 10, runs: 1 }, 1.0);
        let duet = |restarts: u32, share: f64| {
            of(Design::Duet { restarts, look: Occasion::Planned }, share)
        };
        let three = duet(3, 0.75);
        assert!(stored > 0.2 && (0.075..0.13).contains(&three), "{stored} {three}");
        assert!(duet(5, 0.25) < three);
    }

    #[test]
    fn every_metric_has_a_smallest_change_on_its_own_side() {
        let design = Design::Stored { baselines: 10, runs: 1 };
        let of = |metric| smallest(metric, &setup(design), &Gate::default());
        assert!((-1.0..-0.05).contains(&of(Compared::Throughput)));
        assert!((0.005..0.05).contains(&of(Compared::Errors)));
        assert!((0.005..0.05).contains(&of(Compared::Dropped)));
        assert!(of(Compared::P50) > 0.05 && of(Compared::P99) > 0.15);
    }

    #[test]
    fn a_p99_takes_the_samples_it_takes() {
        let one = setup(Design::Stored { baselines: 10, runs: 1 });
        let found = samples(Compared::P99, &one);
        assert!(found.enough && (found.needed - 5_000.0).abs() < 1e-6, "{found:?}");
        let slow = samples(Compared::P99, &Setup { rate: 20.0, ..one });
        assert!(!slow.enough && slow.expected == 600.0 && slow.needed > 2_000.0, "{slow:?}");
        assert!(samples(Compared::P50, &Setup { rate: 20.0, ..one }).enough);
        assert!(!samples(Compared::Errors, &Setup { rate: 1.0, ..one }).enough);
    }

    #[test]
    fn nothing_planned_is_no_panic() {
        let nothing =
            Setup { seconds: 0.0, rate: 0.0, ..setup(Design::Stored { baselines: 0, runs: 0 }) };
        assert!(smallest(Compared::P95, &nothing, &Gate::default()).is_finite());
        assert!(!samples(Compared::P95, &nothing).enough);
        assert_eq!(family(10), 41);
    }
}
