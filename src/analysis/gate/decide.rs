//! Decides each row: PASS where a growth of the margin would hardly have looked so small, FAIL
//! where no growth would hardly have looked so large, INCONCLUSIVE otherwise.
//!
//! PASS goes before FAIL: a growth that is sure and surely tolerable is a PASS.

use super::holm::holm;
use super::moderate::Difference;
use super::{Change, Compared, Gate, Undecided, estimate, student};
use crate::analysis::Word;

/// Fewer failures than this are never called more than before.
const FAILURES: u64 = 5;

/// A share of failures may always grow by this.
pub(super) const ERRORS_FLOOR: f64 = 0.001;

/// From this growth of the share of iterations never begun on, the load was not delivered.
pub(super) const DROPPED: f64 = 0.01;

/// A PASS is decided so much more strictly than is promised: the standard errors are estimates too,
/// and a promise that is kept by exactly as much as it says is broken as often as not.
const STRICTER: f64 = 0.9;

/// Errors come in bursts that few seconds show, which their standard errors do not know: of each
/// row of them so much of the usual error rate is asked. By the made-up runs of `benches/gate` half
/// of it is not enough to keep the promise.
const SURER_OF_ERRORS: f64 = 0.4;

/// With more runs than this it is another test, not a longer one.
const MOST_RUNS: u32 = 20;

/// How the scale of a metric reads for a person. All scales grow where the metric gets worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// ln of a latency: a share of what it was.
    Growth,
    /// -ln of a rate: a share of what it was, less being worse.
    Shrinkage,
    /// Arcsine of a share: the difference of two shares.
    Share {
        /// The share there was before, on the scale.
        before: f64,
    },
}

impl Scale {
    /// A difference on the scale, as `Change::change` is.
    pub fn shown(self, d: f64) -> f64 {
        match self {
            Scale::Growth => d.exp_m1(),
            Scale::Shrinkage => (-d).exp_m1(),
            Scale::Share { before } => estimate::share(before + d) - estimate::share(before),
        }
    }

    /// The scale's difference that reads as `share`: a growth, a shrinkage, or a difference.
    pub fn of(self, share: f64) -> f64 {
        match self {
            Scale::Growth => share.ln_1p(),
            Scale::Shrinkage => -(-share.min(0.999)).ln_1p(),
            Scale::Share { before } => {
                let to = (estimate::share(before) + share).clamp(0.0, 1.0);
                2.0 * to.sqrt().asin() - before
            }
        }
    }
}

/// How many failures there were, in a row about a share of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failures {
    /// Of the baselines.
    pub before: u64,
    /// Of the candidates.
    pub after: u64,
    /// The candidates' requests, as independent ones.
    pub effective: f64,
    /// How much the share has grown.
    pub grown: f64,
    /// The share there was before.
    pub share: f64,
    /// How much it must have grown to be a FAIL.
    pub floor: f64,
    /// How much it must not grow.
    pub margin: f64,
}

/// How often there were runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replicas {
    /// So many candidate runs against stored ones.
    Runs(u32),
    /// So many restarts of a duet.
    Restarts(u32),
}

/// One row, measured and not yet judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The scenario.
    pub scenario: String,
    /// The step; empty where the row is of the whole scenario.
    pub step: String,
    /// `file:line` of the step.
    pub place: String,
    /// What is compared.
    pub metric: Compared,
    /// As in `Change`.
    pub before: f64,
    /// As in `Change`.
    pub after: f64,
    /// What differences mean.
    pub scale: Scale,
    /// The growth that must not be missed, on the scale.
    pub margin: f64,
    /// Below this growth nothing is called FAIL, on the scale.
    pub floor: f64,
    /// The growth; or why there is none, and nothing is decided.
    pub found: Result<Difference, Undecided>,
    /// The growth against the other steps of the run, which then decides about FAIL in its place.
    pub contrast: Option<Difference>,
    /// Which of the tests of whole runs this row belongs to.
    pub whole: Option<usize>,
    /// In rows about shares.
    pub failures: Option<Failures>,
    /// How often there were runs.
    pub replicas: Replicas,
}

impl Row {
    /// One that nothing is known of yet.
    pub fn empty(scale: Scale) -> Self {
        Self {
            scenario: String::new(),
            step: String::new(),
            place: String::new(),
            metric: Compared::P95,
            before: 0.0,
            after: 0.0,
            scale,
            margin: 0.0,
            floor: 0.0,
            found: Err(Undecided::Unstable),
            contrast: None,
            whole: None,
            failures: None,
            replicas: Replicas::Runs(1),
        }
    }

    /// What decides about FAIL.
    fn tested(&self) -> Option<Difference> {
        self.contrast.or(self.found.clone().ok())
    }

    /// Whether it can come out as FAIL at all, whatever side the failures are on.
    fn may_fail(&self) -> bool {
        let few = |f: Failures| f.before.saturating_add(f.after) < FAILURES;
        self.found.is_ok() && !self.failures.is_some_and(few)
    }

    fn large(&self, d: f64) -> bool {
        let enough = |f: Failures| f.after >= FAILURES && f.grown >= f.floor;
        self.failures.map_or(d >= self.floor, enough)
    }

    fn passes(&self, found: &Difference, alpha: f64) -> bool {
        match self.failures {
            // Of none the rule of three tells what there may be: it is -ln 0.05, at 5 %.
            Some(f) if f.after == 0 => -alpha.ln() / f.effective.max(1e-9) < f.share + f.margin,
            _ => found.upper(alpha) < self.margin,
        }
    }

    fn improved(&self, found: &Difference, p: f64, alpha: f64) -> bool {
        let large = self.failures.map_or(found.d <= -self.floor, |f| f.grown <= -f.floor);
        large && p <= alpha
    }
}

/// Judges the rows of one comparison together. `whole` are the tests of whole runs (see
/// `siblings`); where there are any, half of the false alarms are theirs.
pub fn decide(rows: Vec<Row>, whole: &[Difference], gate: &Gate) -> Vec<Change> {
    let parts = if whole.is_empty() { 1.0 } else { 2.0 };
    let corrected = |of: &dyn Fn(&Row) -> Option<f64>| -> Vec<f64> {
        let asked: Vec<(usize, f64)> =
            rows.iter().enumerate().filter_map(|(at, row)| Some((at, of(row)?))).collect();
        let found = holm(&asked.iter().map(|(_, p)| *p).collect::<Vec<_>>());
        let mut all = vec![1.0; rows.len()];
        for ((at, _), p) in asked.iter().zip(found) {
            all[*at] = (p * parts).min(1.0);
        }
        all
    };
    let asked = |row: &Row| row.may_fail().then(|| row.tested()).flatten();
    let worse = corrected(&|row| Some(asked(row)?.p()));
    let better = corrected(&|row| Some(1.0 - row.found.as_ref().ok()?.p()));
    let runs = holm(&whole.iter().map(Difference::p).collect::<Vec<_>>());
    let runs: Vec<f64> = runs.iter().map(|p| (p * parts).min(1.0)).collect();
    let family = rows.iter().filter(|row| row.may_fail()).count().max(1) as f64 * parts;
    let judge = |(at, row): (usize, Row)| {
        let whole = row.whole.and_then(|at| runs.get(at)).copied();
        Judged { worse: worse[at], better: better[at], whole, family }.change(row, gate)
    };
    rows.iter().cloned().enumerate().map(judge).collect()
}

/// What the other rows make of one.
struct Judged {
    worse: f64,
    better: f64,
    whole: Option<f64>,
    family: f64,
}

impl Judged {
    fn change(&self, row: Row, gate: &Gate) -> Change {
        let (word, p, why) = match &row.found {
            Ok(found) => self.word(&row, found, gate),
            Err(why) => (Word::Inconclusive, 1.0, Some(why.clone())),
        };
        let ordered = |a: f64, b: f64| (a.min(b), a.max(b));
        let (change, interval, smallest, improved) = match &row.found {
            Ok(found) => {
                let shown = |d: f64| row.scale.shown(d);
                let (low, high) = (found.lower(0.05), found.upper(0.05));
                let least = self.smallest(&row, found.sd, found.df, gate);
                let improved = row.improved(found, self.better, gate.alpha_fail);
                (shown(found.d), ordered(shown(low), shown(high)), shown(least), improved)
            }
            Err(_) => (plain_change(&row), (f64::NAN, f64::NAN), f64::NAN, false),
        };
        let change = row.failures.map_or(change, |f| f.grown);
        let (low, high) = interval;
        // An end that is out of all bounds says as little as none.
        let known = low.is_finite() && high.is_finite();
        let (margin, floor) = match row.failures {
            Some(f) => (f.margin, f.floor),
            None => (row.scale.shown(row.margin), row.scale.shown(row.floor)),
        };
        Change {
            scenario: row.scenario,
            step: row.step,
            place: row.place,
            metric: row.metric,
            word,
            before: row.before,
            after: row.after,
            change,
            interval: known.then_some((low.min(change), high.max(change))),
            margin,
            floor,
            p,
            smallest: Some(smallest).filter(|least| least.is_finite()),
            why,
            improved,
            shape: None,
        }
    }

    fn word(&self, row: &Row, found: &Difference, gate: &Gate) -> (Word, f64, Option<Undecided>) {
        let tested = row.contrast.unwrap_or(*found);
        let by_row = row.may_fail() && row.large(found.d) && row.large(tested.d);
        let sure = row.failures.is_none() || found.p() <= gate.alpha_fail * SURER_OF_ERRORS;
        let by_row = by_row && sure && self.worse <= gate.alpha_fail;
        // Where the whole run is slower, a row that is so by itself is one of those that are.
        let by_run = self.whole.filter(|_| row.large(found.d) && found.p() <= 0.05);
        let p = by_run.map_or(self.worse, |whole| whole.min(self.worse));
        if row.passes(found, gate.alpha_pass * STRICTER) {
            return (Word::Pass, p, None);
        }
        let alone = row.replicas == Replicas::Restarts(1);
        if !alone && (by_row || by_run.is_some_and(|whole| whole <= gate.alpha_fail)) {
            return (Word::Fail, p, None);
        }
        let sd = row.scale.shown(found.each).abs();
        let needs = self.needs(row, found, gate);
        (Word::Inconclusive, p, Some(Undecided::Noise { sd, needs }))
    }

    /// The smallest growth that is called FAIL four times in five, on the scale.
    fn smallest(&self, row: &Row, sd: f64, df: f64, gate: &Gate) -> f64 {
        let sure = (gate.alpha_fail / self.family, gate.alpha_pass);
        let own = row.contrast.filter(|own| own.sd < sd).map_or(sd, |own| own.sd);
        smallest(sure, (own, df), (row.margin, row.floor))
    }

    /// In how many runs, or restarts, this row would be decided, if the growth stays what it is
    /// and a growth of the margin is to be seen.
    fn needs(&self, row: &Row, found: &Difference, gate: &Gate) -> Option<u32> {
        let alpha = gate.alpha_fail / self.family;
        let now = match row.replicas {
            Replicas::Runs(now) | Replicas::Restarts(now) => now,
        };
        (now + 1..MOST_RUNS).find(|count| {
            let more = f64::from(*count);
            let (sd, df) = match row.replicas {
                Replicas::Restarts(now) => {
                    (found.each / more.sqrt(), found.df + more - f64::from(now))
                }
                Replicas::Runs(now) => {
                    let each = found.each.max(1e-300);
                    let rest = ((found.sd / each).powi(2) - 1.0 / f64::from(now.max(1))).max(0.0);
                    (found.each * (rest + 1.0 / more).sqrt(), found.df)
                }
            };
            let then = Difference { sd, df, ..*found };
            let passes = then.upper(gate.alpha_pass * STRICTER) < row.margin;
            let fails = then.p() <= alpha && found.d >= row.floor;
            (passes || fails) && self.smallest(row, sd, df, gate) <= row.margin * (1.0 + 1e-9)
        })
    }
}

/// The smallest growth that is called FAIL four times in five: it must be significant, above the
/// floor, and no PASS. `sure` are the two alphas, `noise` standard error and degrees of freedom,
/// `bounds` margin and floor; all on the scale.
pub(super) fn smallest(sure: (f64, f64), noise: (f64, f64), bounds: (f64, f64)) -> f64 {
    let (sd, df) = noise;
    let often = student::upper(0.2, df) * sd;
    let significant = student::upper(sure.0, df) * sd;
    let no_pass = bounds.0 - student::upper(sure.1 * STRICTER, df) * sd;
    significant.max(bounds.1).max(no_pass) + often
}

fn plain_change(row: &Row) -> f64 {
    match row.scale {
        Scale::Share { .. } => row.after - row.before,
        _ if row.before > 0.0 && row.after > 0.0 => row.after / row.before - 1.0,
        _ => 0.0,
    }
}

/// FAIL if any row is, PASS if all are and there is one, INCONCLUSIVE otherwise.
pub fn word(changes: &[Change]) -> Word {
    if changes.iter().any(|change| change.word == Word::Fail) {
        return Word::Fail;
    }
    let all = !changes.is_empty() && changes.iter().all(|change| change.word == Word::Pass);
    if all { Word::Pass } else { Word::Inconclusive }
}
