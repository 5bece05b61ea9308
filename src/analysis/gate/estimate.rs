//! Estimates one metric of one step in one run: how large, and how sure.
//!
//! All metrics become a number on a scale where differences mean the same everywhere: latencies
//! and rates their logarithm, shares of failures their arcsine. The standard error counts seconds
//! that resemble their neighbours for what they are, and is inverted in the space of
//! probabilities (Woodruff), so that no density has to be guessed.

use hdrhistogram::Histogram;

use super::Undecided;
use super::latencies::Latencies;
use super::long_run::long_run;

/// Samples beyond the quantile, as independent ones, that a comparison needs.
pub const BEYOND: f64 = 20.0;

/// What a single run needs of them at least, where several runs are put together.
pub const BEYOND_ONE: f64 = 10.0;

/// Seconds that resemble their neighbours more than this allow no interval of one run.
pub(super) const STABLE: f64 = 0.85;

/// Fewer seconds than this say nothing of how seconds vary.
const SECONDS: usize = 6;

/// One metric of one step in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The metric on its scale: ln of microseconds, ln of a number a second, or
    /// 2 asin sqrt of a share.
    pub theta: f64,
    /// Its standard error.
    pub se: f64,
    /// The degrees of freedom that `se` has.
    pub nu: f64,
    /// What each second added to the error of `theta`, as far as its first order tells.
    pub psi: Vec<f64>,
    /// So many samples say as much as one independent one would.
    pub deff: f64,
    /// How much seconds resemble their neighbours, from 0 to 0.9.
    pub rho: f64,
    /// Samples.
    pub n: u64,
}

impl Estimate {
    /// As many independent samples would have said the same.
    pub fn effective(&self) -> f64 {
        self.n as f64 / self.deff
    }

    /// Whether its seconds depend on each other so much that its standard error is not honest.
    /// Pairs of seconds, and enough other runs, make up for that.
    pub fn drifts(&self) -> bool {
        self.rho > STABLE
    }
}

/// The quantile `q` of latencies, from a histogram of each second; seconds without samples have
/// an empty one. Error: why it cannot be estimated. Whether it says enough by itself is asked of
/// `alone`, for in a duet what disturbs both sides does not count.
pub fn latency(seconds: &[Histogram<u64>], q: f64) -> Result<Estimate, Undecided> {
    of_latencies(&Latencies::of(seconds), q)
}

/// Whether the quantile `q` of one run stands on enough independent samples. A single run passes
/// with half of those that a comparison takes: see `enough`.
pub fn alone(one: &Estimate, q: f64) -> Result<(), Undecided> {
    fit((one.effective(), one.drifts()), q)
}

/// The same of so many independent samples, and whether seconds drift.
pub fn fit((effective, drifts): (f64, bool), q: f64) -> Result<(), Undecided> {
    if effective * q.min(1.0 - q) >= BEYOND_ONE * (1.0 - 1e-9) {
        return Ok(());
    }
    // Where the seconds only drift, more of the same would not help.
    Err(match drifts {
        true => Undecided::Unstable,
        false => Undecided::TooFew { have: effective, need: needed(q) },
    })
}

/// Independent samples that the quantile `q` needs.
pub fn needed(q: f64) -> f64 {
    BEYOND / q.min(1.0 - q).max(1e-9)
}

/// Whether runs have enough independent samples together for the quantile `q`.
pub fn enough<'a>(runs: impl IntoIterator<Item = &'a Estimate>, q: f64) -> Result<(), Undecided> {
    reach(runs.into_iter().map(Estimate::effective).sum::<f64>(), q)
}

/// Whether so many independent samples are enough for the quantile `q`.
pub fn reach(have: f64, q: f64) -> Result<(), Undecided> {
    // A hair below the limit is rounding.
    if have >= needed(q) * (1.0 - 1e-9) {
        return Ok(());
    }
    Err(Undecided::TooFew { have, need: needed(q) })
}

/// Whether so many seconds, those of the warm-up not counted, say how seconds vary.
pub fn long_enough(seconds: usize) -> Result<(), Undecided> {
    match seconds < SECONDS {
        true => Err(Undecided::TooShort { have: seconds as u32, need: SECONDS as u32 }),
        false => Ok(()),
    }
}

/// The same from bins.
pub(super) fn of_latencies(latencies: &Latencies, q: f64) -> Result<Estimate, Undecided> {
    let too_few = |have: f64| Undecided::TooFew { have, need: needed(q) };
    let (count, seconds) = (latencies.count(), latencies.len());
    long_enough(seconds)?;
    let Some(middle) = latencies.quantile(q) else { return Err(too_few(0.0)) };
    let (n, length) = (count as f64, seconds as f64);
    let score = |second: usize| {
        latencies.above(second, middle) - (1.0 - q) * latencies.count_in(second) as f64
    };
    let scores: Vec<f64> = (0..seconds).map(score).collect();
    let found = long_run(&scores);
    let variance = found.variance.max(q * (1.0 - q) * n / length);
    let step = (length * variance).sqrt() / n;
    let deff = step * step * n / (q * (1.0 - q));
    // However alike they are, so few samples have no such quantile.
    if n * q.min(1.0 - q) < BEYOND_ONE * (1.0 - 1e-9) {
        return Err(too_few(n));
    }
    if q + step >= 1.0 - 1.0 / n {
        return Err(Undecided::TailNotReached);
    }
    let at = |p: f64| latencies.quantile(p).map_or(f64::NEG_INFINITY, f64::ln);
    let se = (at(q + step) - at(q - step)) / 2.0;
    let psi = scores.iter().map(|score| se / step * score / n).collect();
    let nu = (length * (1.0 - found.rho) / (1.0 + found.rho) - 1.0).max(2.0);
    Ok(Estimate { theta: middle.ln(), se, nu, psi, deff, rho: found.rho, n: count })
}

/// The share of failures, from failed and all requests of each second, on the arcsine scale.
/// Failures that come in bursts count as fewer. Error: there was no request.
pub fn errors(seconds: &[(u64, u64)]) -> Result<Estimate, Undecided> {
    let failed = seconds.iter().fold(0_u64, |sum, (failed, _)| sum.saturating_add(*failed));
    let count = seconds.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    if count == 0 {
        return Err(Undecided::TooFew { have: 0.0, need: 1.0 });
    }
    let (n, length) = (count as f64, seconds.len() as f64);
    let failed = failed.min(count) as f64;
    let each: Vec<f64> = seconds.iter().map(|(failed, _)| *failed as f64).collect();
    let found = long_run(&each);
    let deff = if failed > 0.0 { (found.variance * length / failed).max(1.0) } else { 1.0 };
    let share = (failed + 0.375) / (n + 0.75);
    // The derivative of the scale, so that a second's surplus counts on it.
    let slope = 1.0 / (share * (1.0 - share)).sqrt();
    let score = |(failed, count): &(u64, u64)| *failed as f64 - share * *count as f64;
    let psi = seconds.iter().map(|second| slope * score(second) / n).collect();
    let nu = (length * (1.0 - found.rho) / (1.0 + found.rho) - 1.0).max(2.0);
    let theta = arcsine(failed, n);
    Ok(Estimate { theta, se: (deff / n).sqrt(), nu, psi, deff, rho: found.rho, n: count })
}

/// So many of so many on the scale where shares vary alike wherever they are (Anscombe).
pub fn arcsine(hits: f64, of: f64) -> f64 {
    2.0 * ((hits + 0.375) / (of + 0.75)).clamp(0.0, 1.0).sqrt().asin()
}

/// The share that lies at a place of the arcsine scale.
pub fn share(theta: f64) -> f64 {
    let sine = (theta / 2.0).clamp(0.0, std::f64::consts::FRAC_PI_2).sin();
    sine * sine
}

/// Successes a second where users loop, as ln of their mean. A mean of logarithms would take a
/// second without any for a disaster, and of slow steps every other second is. Error: too few
/// seconds, or no success at all.
pub fn rate(seconds: &[u64]) -> Result<Estimate, Undecided> {
    let total = seconds.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    long_enough(seconds.len())?;
    if total == 0 {
        return Err(Undecided::TooFew { have: total as f64, need: BEYOND });
    }
    let (n, length) = (total as f64, seconds.len() as f64);
    let each: Vec<f64> = seconds.iter().map(|count| *count as f64).collect();
    let found = long_run(&each);
    let se = (length * found.variance).sqrt() / n;
    let mean = n / length;
    let psi = each.iter().map(|count| (count - mean) / n).collect();
    let nu = (length * (1.0 - found.rho) / (1.0 + found.rho) - 1.0).max(2.0);
    // Users wait for answers, so a second's number varies less than independent ones would.
    let deff = (length * found.variance / n).max(f64::MIN_POSITIVE);
    Ok(Estimate { theta: mean.ln(), se, nu, psi, deff, rho: found.rho, n: total })
}
