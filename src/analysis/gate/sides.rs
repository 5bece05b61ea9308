//! Compares the sides of a duet, restart by restart, from their result files.

use super::against::{lost, survivors};
use super::decide::{DROPPED, ERRORS_FLOOR, Replicas, Row, Scale, decide, word};
use super::duet::{self, Segment};
use super::estimate::{self, Estimate};
use super::long_run::{mean, median};
use super::looks::{Look, Occasion, at_look};
use super::measured::{Measured, QUANTILES, Step, read};
use super::moderate::{Difference, Prior};
use super::rows::{self, LATENCIES, Shares, growth};
use super::siblings::STEPS;
use super::{Compared, Comparison, Design, Gate, Undecided, fitting, shape};
use crate::analysis::Word;
use crate::result::RunResult;
use crate::result::histogram::HistogramError;
use crate::units::{show_count, show_percent};

/// Restarts that a variance of all steps together takes.
const POOLED: usize = 3;

/// A step in all restarts, at least one: what is compared with, and the candidate.
pub(super) type Restarts<'s, 'a> = Vec<(&'s Step<'a>, &'s Step<'a>)>;

/// One scenario in all restarts.
pub(super) struct Sides<'a> {
    scenario: String,
    a: Vec<Measured<'a>>,
    b: Vec<Measured<'a>>,
    /// Whether the candidate went first.
    first: Vec<bool>,
    /// Why nothing of its latencies can be decided.
    blocked: Option<Undecided>,
    /// As many restarts there will be, as far as is known: what they can tell is not left out for
    /// being looked at early.
    planned: usize,
}

/// The restarts of a duet, each `(what is compared with, candidate)`, at one of the looks that were
/// settled before: it has its part of both error rates. The error is of the first histogram that
/// cannot be read.
pub fn duet(
    restarts: &[(RunResult, RunResult)],
    gate: &Gate,
    look: Look,
) -> Result<Comparison, HistogramError> {
    let promised = gate.clone();
    let gate = &at_look(gate, look.share);
    let design = Design::Duet { restarts: restarts.len() as u32, look: look.occasion };
    let each_ms = fitting::lasts(restarts.first().map(|(_, b)| b));
    if let Some((word, note)) = unusable(restarts) {
        let (changes, notes, gate) = (Vec::new(), vec![note], promised);
        return Ok(Comparison { word, changes, design, notes, gate, each_ms });
    }
    let mut notes: Vec<String> = gate.told_left_out().into_iter().collect();
    let mut all = Vec::new();
    for scenario in fitting::scenarios(restarts.first().map(|(_, b)| b)) {
        let both: Vec<&RunResult> = restarts.iter().flat_map(|(a, b)| [a, b]).collect();
        if fitting::same_load(scenario, &both) {
            let planned = match look.occasion {
                Occasion::Early { planned } => planned as usize,
                _ => restarts.len(),
            };
            all.push(Sides { planned, ..sides(restarts, scenario)? });
        } else {
            notes.push(format!(
                "`{scenario}` is not compared: the sides, or the restarts, had different loads."
            ));
        }
    }
    let mut rows = Vec::new();
    for sides in &all {
        notes.extend(sides.unmatched());
        notes.extend(sides.unknown(gate));
        rows.extend(sides.rows(gate));
    }
    let mut changes = decide(rows, &[], gate);
    for change in &mut changes {
        let sides = all.iter().find(|sides| sides.scenario == change.scenario);
        change.shape = sides.and_then(|sides| shape::of_sides(change, (&sides.a, &sides.b), gate));
    }
    survivors(&changes, &mut notes);
    let word = word(&changes);
    if let (Occasion::Early { planned }, Word::Pass | Word::Fail) = (look.occasion, word) {
        notes.push(early(restarts.len(), planned, gate));
    }
    Ok(Comparison { word, changes, design, notes, gate: promised, each_ms })
}

/// What a decision before the planned number of restarts rests on.
fn early(restarts: usize, planned: u32, gate: &Gate) -> String {
    format!(
        "Decided early, after {restarts} of {planned} restarts. That leans on what has been learnt \
         of this kind of machine: equal sides differ by {} there. The early looks were settled \
         before and have their part of both error rates.",
        show_percent(gate.noise.between_sides)
    )
}

fn unusable(restarts: &[(RunResult, RunResult)]) -> Option<(Word, String)> {
    let Some((first, _)) = restarts.first() else {
        let none = "There is no restart to compare: a duet takes at least one, and three to fail.";
        return Some((Word::Inconclusive, none.to_string()));
    };
    let kind = &first.machine.fingerprint;
    let other = |(a, b): &(RunResult, RunResult)| {
        a.machine.fingerprint != *kind || b.machine.fingerprint != *kind
    };
    restarts.iter().any(other).then(|| {
        let mixed =
            "The sides were measured from different kinds of machines: a duet is run on one.";
        (Word::Invalid, mixed.to_string())
    })
}

/// Reads both sides of all restarts; both lose the longer warm-up of the two.
pub(super) fn sides<'a>(
    restarts: &'a [(RunResult, RunResult)],
    scenario: &str,
) -> Result<Sides<'a>, HistogramError> {
    let (mut before, mut after, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for (a, b) in restarts {
        let (Some(old), Some(new)) = (read(a, scenario)?, read(b, scenario)?) else { continue };
        let turn = b.run.duet.as_ref().map_or(0, |part| part.turn_ms);
        // Both sides have one turn in each pair of them, whoever goes first.
        let unit = (turn.saturating_mul(2).div_ceil(1_000) as usize).max(1);
        let cut = old.warm_up().max(new.warm_up()).next_multiple_of(unit);
        before.push(old.measure(cut, unit));
        after.push(new.measure(cut, unit));
        first.push(b.run.duet.as_ref().is_some_and(|part| part.first));
    }
    let blocked =
        (lost(&before) > DROPPED && lost(&after) > DROPPED).then_some(Undecided::NotDelivered);
    let (scenario, planned) = (scenario.to_string(), restarts.len());
    Ok(Sides { scenario, a: before, b: after, first, blocked, planned })
}

impl<'a> Sides<'a> {
    /// A step in all restarts of both sides; none where one of them does not have it.
    pub(super) fn step(&self, name: &str) -> Option<Restarts<'_, 'a>> {
        let find = |(a, b): (&'_ Measured<'a>, &'_ Measured<'a>)| {
            Some((position(a, name)?, position(b, name)?))
        };
        let places: Option<Vec<(usize, usize)>> =
            self.a.iter().zip(&self.b).map(|(a, b)| find((a, b))).collect();
        let sides = self.a.iter().zip(&self.b).zip(places.filter(|places| !places.is_empty())?);
        Some(sides.map(|((a, b), (at, bt))| (&a.steps[at], &b.steps[bt])).collect())
    }

    /// The steps of the candidate.
    pub(super) fn names(&self) -> Vec<&'a str> {
        names(&self.b)
    }

    fn unmatched(&self) -> Vec<String> {
        let (a, b) = (names(&self.a), names(&self.b));
        let missing = |of: &[&str], there: &[&str], side: &str| -> Vec<String> {
            let only = of.iter().filter(|step| !there.contains(step));
            only.map(|step| format!("The step `{step}` is on side {side} only, and not compared."))
                .collect()
        };
        [missing(&b, &a, "b"), missing(&a, &b, "a")].concat()
    }

    /// The steps that both sides have in all restarts.
    fn steps(&self) -> Vec<Restarts<'_, 'a>> {
        self.names().into_iter().filter_map(|name| self.step(name)).collect()
    }

    /// The successes that side a has of a step, or will have.
    fn samples(&self, step: &Restarts<'_, 'a>) -> u64 {
        let of = |(a, _): &(&Step<'_>, &Step<'_>)| a.requests.1.saturating_sub(a.requests.0);
        let all = step.iter().map(of).fold(0, u64::saturating_add);
        all.saturating_mul(self.planned as u64) / step.len().max(1) as u64
    }

    /// Whether side a has too few samples for a quantile, however independent they are. A segment
    /// that is too short for all of them has a reason of its own.
    fn too_few(&self, step: &Restarts<'_, 'a>, at: usize) -> bool {
        let short = |(a, _): &(&Step<'_>, &Step<'_>)| {
            matches!(a.latency[at], Err(Undecided::TooShort { .. }))
        };
        let needed = estimate::needed(QUANTILES[at]);
        !step.iter().any(short) && (self.samples(step) as f64) < needed
    }

    /// What nobody could tell of the other side, however fast the candidate is: a note for each
    /// latency, as of stored runs.
    fn unknown(&self, gate: &Gate) -> Vec<String> {
        let steps = self.steps();
        let of = |at: usize| {
            let few = |step: &&Restarts<'_, 'a>| self.too_few(step, at);
            let few: Vec<&Restarts<'_, 'a>> = steps.iter().filter(few).collect();
            let most = few.iter().map(|step| self.samples(step)).max()?;
            let name = |step: &&Restarts<'_, 'a>| format!("`{}`", step[0].0.step.step);
            Some(format!(
                "not comparable: {} of {}: side a has {} samples of it at most, and it takes {}. \
                 Make the segments longer, or raise the rate.",
                LATENCIES[at].name(),
                few.iter().map(name).collect::<Vec<_>>().join(", "),
                show_count(most),
                show_count(estimate::needed(QUANTILES[at]).round() as u64),
            ))
        };
        wanted(gate).filter_map(of).collect()
    }

    pub(super) fn rows(&self, gate: &Gate) -> Vec<Row> {
        let steps = self.steps();
        let mut columns: Vec<Vec<Option<Row>>> =
            wanted(gate).map(|at| self.latencies(&steps, at, gate)).collect();
        columns.push(steps.iter().map(|step| Some(self.errors(step, gate))).collect());
        let each = |at: usize| columns.iter().filter_map(move |column| column[at].clone());
        let mut rows: Vec<Row> = (0..steps.len()).flat_map(each).collect();
        rows.extend(self.throughput(gate).filter(|_| gate.compares(Compared::Throughput)));
        rows.extend(self.dropped());
        rows
    }

    fn named(&self, step: &Step<'_>, row: Row) -> Row {
        Row {
            scenario: self.scenario.clone(),
            step: step.step.step.clone(),
            place: step.step.place.clone(),
            replicas: Replicas::Restarts(self.b.len() as u32),
            ..row
        }
    }

    /// None for those that side a cannot tell anything of.
    fn latencies(&self, steps: &[Restarts<'_, 'a>], at: usize, gate: &Gate) -> Vec<Option<Row>> {
        let all: Vec<Result<Vec<Segment>, Undecided>> =
            steps.iter().map(|step| self.segments(step, at)).collect();
        let tau = gate.noise.between_sides;
        let known: Vec<&Vec<Segment>> = all.iter().filter_map(|one| one.as_ref().ok()).collect();
        let pooled = known.len() >= STEPS && self.b.len() >= POOLED;
        let prior = match pooled {
            true => {
                let spreads: Vec<f64> = known.iter().map(|one| duet::spread(one)).collect();
                Prior::of_steps(mean(&spreads), 0.5)
            }
            false => Prior::of(tau),
        };
        let row = |(step, segments): (&Restarts<'_, 'a>, &Result<Vec<Segment>, _>)| {
            if self.too_few(step, at) {
                return None;
            }
            let middle = |of: fn(&(&Step<'a>, &Step<'a>), usize) -> Option<f64>| {
                median(&step.iter().filter_map(|one| of(one, at)).collect::<Vec<_>>())
            };
            let (before, after) = (middle(|s, at| s.0.plain[at]), middle(|s, at| s.1.plain[at]));
            let growth = growth(gate, at, before);
            let found = segments
                .clone()
                .and_then(|segments: Vec<Segment>| judged(&segments, prior, growth.ln_1p()));
            let row = Row {
                before,
                after,
                metric: LATENCIES[at],
                margin: growth.ln_1p(),
                floor: (growth / 2.0).ln_1p(),
                found: self.blocked.clone().map_or(found, Err),
                ..Row::empty(Scale::Growth)
            };
            Some(self.named(step[0].1, row))
        };
        steps.iter().zip(&all).map(row).collect()
    }

    /// The restarts of one latency. Error: why one of them, on either side, has none.
    fn segments(
        &self,
        step: &[(&Step<'a>, &Step<'a>)],
        at: usize,
    ) -> Result<Vec<Segment>, Undecided> {
        let (mut segments, mut have) = (Vec::new(), 0.0);
        for ((a, b), first) in step.iter().zip(&self.first) {
            let (a, b) = (a.latency[at].as_ref(), b.latency[at].as_ref());
            let (a, b) = (a.map_err(Clone::clone)?, b.map_err(Clone::clone)?);
            let segment = duet::segment(a, b, *first);
            let effective = segment.effective(a, b);
            estimate::fit((effective, segment.drifts), QUANTILES[at])?;
            have += effective;
            segments.push(segment);
        }
        estimate::reach(have, QUANTILES[at])?;
        Ok(segments)
    }

    fn errors(&self, step: &[(&Step<'a>, &Step<'a>)], gate: &Gate) -> Row {
        let sum = |of: fn(&(&Step<'a>, &Step<'a>)) -> (u64, u64)| {
            rows::added(&step.iter().map(of).collect::<Vec<_>>())
        };
        let shares = Shares { before: sum(|s| s.0.requests), after: sum(|s| s.1.requests) };
        let pairs = step.iter().zip(&self.first);
        let segments: Result<Vec<Segment>, Undecided> = pairs
            .map(|((a, b), first)| {
                let (a, b) = (a.errors.clone()?, b.errors.clone()?);
                Ok(of_shares(&a, &b, *first))
            })
            .collect();
        let bounds = (gate.errors, ERRORS_FLOOR);
        let row = shares.row(segments.and_then(|segments| of_errors(&segments)), bounds);
        self.named(step[0].1, row)
    }

    fn throughput(&self, gate: &Gate) -> Option<Row> {
        self.b.first()?.throughput.as_ref()?;
        let rates = |runs: &[Measured<'_>]| -> Result<Vec<Estimate>, Undecided> {
            runs.iter()
                .map(|run| run.throughput.clone().unwrap_or(Err(Undecided::Unstable)))
                .collect()
        };
        let (a, b) = (rates(&self.a), rates(&self.b));
        let middle = |rates: &Result<Vec<Estimate>, Undecided>| {
            let known = rates.iter().flatten();
            let thetas: Vec<f64> = known.map(|rate| rate.theta).collect();
            if thetas.is_empty() { 0.0 } else { mean(&thetas).exp() }
        };
        let (before, after) = (middle(&a), middle(&b));
        let scale = Scale::Shrinkage;
        let found = a.and_then(|a| {
            let pairs = b?;
            let pairs = a.iter().zip(&pairs).zip(&self.first);
            let segments: Vec<Segment> = pairs
                .map(|((a, b), first)| duet::segment(a, b, *first))
                // Less is worse, and all scales grow where it gets worse.
                .map(|segment| Segment { d: -segment.d, ..segment })
                .collect();
            judged(&segments, Prior::of(gate.noise.between_sides), scale.of(gate.throughput))
        });
        Some(Row {
            scenario: self.scenario.clone(),
            metric: Compared::Throughput,
            before,
            after,
            margin: scale.of(gate.throughput),
            floor: scale.of(gate.throughput / 2.0),
            found: self.blocked.clone().map_or(found, Err),
            replicas: Replicas::Restarts(self.b.len() as u32),
            ..Row::empty(scale)
        })
    }

    fn dropped(&self) -> Option<Row> {
        let of = |runs: &[Measured<'_>]| -> Option<Vec<(u64, u64)>> {
            runs.iter().map(|run| run.dropped.filter(|(_, of)| *of > 0)).collect()
        };
        let (a, b) = (of(&self.a)?, of(&self.b)?);
        let shares = Shares { before: rows::added(&a), after: rows::added(&b) };
        let pairs = a.iter().zip(&b).zip(&self.first);
        let segments: Vec<Segment> = pairs
            .map(|((a, b), first)| of_shares(&rows::lost(a), &rows::lost(b), *first))
            .collect();
        let found = self.blocked.clone().map_or(of_errors(&segments), Err);
        Some(Row {
            scenario: self.scenario.clone(),
            metric: Compared::Dropped,
            replicas: Replicas::Restarts(self.b.len() as u32),
            ..shares.row(found, (DROPPED, DROPPED / 2.0))
        })
    }
}

/// The places of the latencies that are compared.
fn wanted(gate: &Gate) -> impl Iterator<Item = usize> + '_ {
    (0..LATENCIES.len()).filter(|at| gate.compares(LATENCIES[*at]))
}

fn names<'a>(runs: &[Measured<'a>]) -> Vec<&'a str> {
    let steps = runs.first().into_iter().flat_map(|run| &run.steps);
    steps.map(|step| step.step.step.as_str()).collect()
}

fn position(run: &Measured<'_>, name: &str) -> Option<usize> {
    run.steps.iter().position(|step| step.step.step == name)
}

/// All restarts together, unless it depends on which side is which.
fn judged(segments: &[Segment], prior: Prior, margin: f64) -> Result<Difference, Undecided> {
    match duet::asymmetry(segments, prior, margin) {
        Some(differs) => Err(Undecided::Asymmetry { differs: differs.exp_m1() }),
        None => duet::difference(segments, prior).ok_or(Undecided::Unstable),
    }
}

/// A restart of shares: its error is never less than chance makes of as many requests.
fn of_shares(a: &Estimate, b: &Estimate, first: bool) -> Segment {
    let paired = duet::segment(a, b, first);
    let chance = (1.0 / a.n.max(1) as f64 + 1.0 / b.n.max(1) as f64).sqrt();
    let alone = if a.psi.is_empty() { a.se.hypot(b.se) } else { 0.0 };
    Segment { se: paired.se.max(chance).max(alone), ..paired }
}

fn of_errors(segments: &[Segment]) -> Result<Difference, Undecided> {
    let within = duet::within(segments);
    let prior = Prior::of_errors(within);
    duet::difference(segments, prior).ok_or(Undecided::TooFew { have: 0.0, need: 1.0 })
}
