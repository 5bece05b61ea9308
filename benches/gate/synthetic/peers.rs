//! The rules that others use, on the same data: one candidate run, one word, FAIL or PASS.

use hdrhistogram::Histogram;
use taster::analysis::Word;

/// The limit of a static rule over the long-run p95: what a k6 threshold has to be set to.
const STATIC: f64 = 1.2;

/// The growth over one stored run that is too much (Keptn's example, and many hand-made rules).
const GROWTH: f64 = 1.1;

/// The growth that Mann-Whitney's test must be accompanied by, where it must.
const ACCOMPANIED: f64 = 1.05;

/// The one-sided 5 % point of the standard normal distribution.
const Z_05: f64 = 1.644_853_626_951;

/// Student's t with 9 degrees of freedom at 0.99, as Bencher's `t_test` with 10 runs takes it.
const T_99_9: f64 = 2.821_437_925;

/// The baselines that Bencher's rule is given.
pub const BENCHER_RUNS: usize = 10;

/// The latencies of a run: value in microseconds and how often, ascending.
pub type Spectrum = Vec<(u64, u64)>;

/// All that a rule may look at.
pub struct Case<'a> {
    /// The p95 that is usual: the middle over a great many runs.
    pub usual_p95: f64,
    /// The p95 of stored runs.
    pub stored_p95: &'a [f64],
    /// The p95 of the candidate.
    pub p95: f64,
    /// The latencies of one stored run.
    pub stored: &'a Spectrum,
    /// The latencies of the candidate.
    pub candidate: &'a Spectrum,
}

/// A rule by its name.
pub type Rule = (&'static str, fn(&Case<'_>) -> bool);

/// Those that need one stored run only. FAIL where a rule says true.
pub const RULES: [Rule; 4] = [
    ("static limit at 1.2 x the usual p95 (k6)", |case| case.p95 > STATIC * case.usual_p95),
    ("p95 > +10 % of one stored run (Keptn)", |case| case.p95 > GROWTH * case.stored_p95[0]),
    ("Mann-Whitney on samples, p < 0.05", |case| mann_whitney(case.stored, case.candidate) > Z_05),
    ("Mann-Whitney p < 0.05 and p95 > +5 % (k11)", |case| {
        case.p95 > ACCOMPANIED * case.stored_p95[0]
            && mann_whitney(case.stored, case.candidate) > Z_05
    }),
];

/// The one that needs ten.
pub const BENCHER: Rule = ("Bencher t_test 0.99, ten stored runs", |case| {
    let stored = &case.stored_p95[..BENCHER_RUNS.min(case.stored_p95.len())];
    let count = stored.len() as f64;
    let mean = stored.iter().sum::<f64>() / count;
    // The deviation of the population, and no room for the candidate's own: as in its source.
    let square = stored.iter().map(|p95| (p95 - mean).powi(2)).sum::<f64>() / count;
    case.p95 > mean + T_99_9 * square.sqrt()
});

/// What a rule says.
pub fn word((_, fails): Rule, case: &Case<'_>) -> Word {
    if fails(case) { Word::Fail } else { Word::Pass }
}

/// The latencies of all seconds together.
pub fn spectrum(seconds: &[Histogram<u64>]) -> Spectrum {
    let mut sum = taster::recorder::empty_histogram();
    for second in seconds {
        taster::recorder::add_histogram(&mut sum, second);
    }
    sum.iter_recorded()
        .map(|step| (sum.median_equivalent(step.value_iterated_to()), step.count_at_value()))
        .collect()
}

/// The quantile as a naive rule takes it: the value that so many are not above.
pub fn quantile(spectrum: &Spectrum, q: f64) -> f64 {
    let total: u64 = spectrum.iter().map(|(_, count)| count).sum();
    let wanted = (q * total as f64).ceil().max(1.0) as u64;
    let mut seen = 0;
    for (value, count) in spectrum {
        seen += count;
        if seen >= wanted {
            return *value as f64;
        }
    }
    0.0
}

/// Mann-Whitney's statistic in standard deviations, corrected for ties; above nought where the
/// second of the two tends to be larger.
pub fn mann_whitney(stored: &Spectrum, candidate: &Spectrum) -> f64 {
    let size = |spectrum: &Spectrum| spectrum.iter().map(|(_, count)| *count as f64).sum::<f64>();
    let (n, m) = (size(stored), size(candidate));
    let all = n + m;
    let (mut at, mut below, mut larger, mut ties) = (0, 0.0, 0.0, 0.0);
    for (value, count) in candidate {
        let count = *count as f64;
        while at < stored.len() && stored[at].0 < *value {
            below += stored[at].1 as f64;
            ties += tied(stored[at].1 as f64);
            at += 1;
        }
        let mut equal = 0.0;
        if at < stored.len() && stored[at].0 == *value {
            equal = stored[at].1 as f64;
            at += 1;
        }
        larger += count * (below + equal / 2.0);
        below += equal;
        ties += tied(count + equal);
    }
    ties += stored[at..].iter().map(|(_, count)| tied(*count as f64)).sum::<f64>();
    let square = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if square > 0.0 { (larger - n * m / 2.0) / square.sqrt() } else { 0.0 }
}

fn tied(count: f64) -> f64 {
    count * count * count - count
}
