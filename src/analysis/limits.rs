//! Doubts limits before anything is run: those that can never fail, always would, or would never
//! be decided.
//!
//! A limit that nothing can break is worse than none, for somebody relies on it. Some are so by
//! their form (`rate<=1`), others only beside what accepted runs show: `p(95)<500` where p95 is
//! 9 ms lets a tenfold slowdown pass.

use super::gate::ahead;
use super::measure::selected;
use super::{order, sla};
use crate::metric::{Aggregate, Kind, Metric, Operator, Sla, Unit};
use crate::result::RunResult;
use crate::units::{show_count, show_duration_us, show_percent};

/// A number that may grow so many times and still pass is bounded by nothing.
const FAR: f64 = 10.0;

/// A share of failures up to this is a bound that somebody may mean, however few there are.
const MEANT: f64 = 0.1;

/// A limit as it is demanded.
#[derive(Debug, Clone)]
pub struct Limit<'a> {
    /// The scenario that demands it.
    pub scenario: &'a str,
    /// The bound.
    pub sla: &'a Sla,
    /// How many samples the run to come will give it; none where the plan cannot say.
    pub samples: Option<f64>,
}

/// What is wrong with a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// A stable name: `limit-never-fails`, `limit-always-fails`, `limit-undecided`,
    /// `limit-unreached`, `margin-never-fails`, `run-too-short`.
    pub code: &'static str,
    /// One sentence without a full stop.
    pub problem: String,
    /// A few words for the place.
    pub label: &'static str,
    /// What to do.
    pub help: String,
}

/// What is wrong with a limit, if anything: by its form, by how many samples it will get, and by
/// what accepted runs of the same profile show.
pub fn doubt(limit: &Limit<'_>, accepted: &[&RunResult]) -> Option<Doubt> {
    by_form(limit.sla)
        .or_else(|| unreached(limit, accepted))
        .or_else(|| undecided(limit, accepted))
        .or_else(|| beside(limit, accepted))
}

fn never(problem: String, help: String) -> Doubt {
    Doubt { code: "limit-never-fails", problem, label: "nothing can break it", help }
}

fn always(problem: String, help: String) -> Doubt {
    Doubt { code: "limit-always-fails", problem, label: "nothing can keep it", help }
}

/// What can be said without a single run.
fn by_form(sla: &Sla) -> Option<Doubt> {
    let most = if sla.metric.unit() == Unit::Share { 1.0 } else { f64::INFINITY };
    let values = match most {
        1.0 => "a share is from 0 to 1",
        _ => "it is never below 0",
    };
    let demand = format!("`{}` of {}", sla.demand(), sla.selector());
    let (never_fails, always_fails) = match (sla.operator, sla.bound) {
        (Operator::Less, bound) => (most < bound, bound <= 0.0),
        (Operator::LessOrEqual, bound) => (most <= bound, bound < 0.0),
        (Operator::Greater, bound) => (bound < 0.0, bound >= most),
        (Operator::GreaterOrEqual, bound) => (bound <= 0.0, bound > most),
        (Operator::Equal, bound) => (false, bound < 0.0 || bound > most),
        (Operator::NotEqual, bound) => (bound < 0.0 || bound > most, false),
    };
    if never_fails {
        let help = "bound it where it would hurt, or take it away".to_string();
        return Some(never(format!("{demand} can never fail: {values}"), help));
    }
    if always_fails {
        let help = match (sla.operator, sla.bound) {
            (Operator::Less, 0.0) => format!("write `{}<=0` where none may be", sla.aggregate),
            _ => "bound it by what can be".to_string(),
        };
        return Some(always(format!("{demand} can never be kept: {values}"), help));
    }
    let failures = matches!(sla.metric, Metric::HttpReqFailed | Metric::BrowserStepFailed);
    if failures && sla.operator == Operator::Less && sla.bound == 1.0 {
        let problem = format!(
            "{demand} fails only where every request does, and a step without one success fails \
             anyway"
        );
        return Some(never(problem, "say how many may fail, such as rate<0.01".to_string()));
    }
    None
}

/// A step that no accepted run came to will not be reached by the next one either.
fn unreached(limit: &Limit<'_>, accepted: &[&RunResult]) -> Option<Doubt> {
    let unreached = Doubt {
        code: "limit-unreached",
        problem: String::new(),
        label: "about steps that are not reached",
        help: "give the profile more iterations, look at the conditions of its steps, or take the \
               limit away: a limit without a sample fails"
            .to_string(),
    };
    if limit.samples.is_some_and(|samples| samples < 1.0) {
        let problem = format!(
            "{} is about steps that this profile does not come to once",
            limit.sla.selector()
        );
        return Some(Doubt { problem, ..unreached });
    }
    if limit.sla.metric.scope() == crate::metric::Scope::Scenario {
        return None;
    }
    let of = |run: &&&RunResult| run.scenarios.iter().any(|one| one.name == limit.scenario);
    let runs: Vec<&&RunResult> = accepted.iter().filter(of).collect();
    let silent = |run: &&&RunResult| {
        let mut steps = selected(run, limit.scenario, limit.sla).peekable();
        // A step that is new since is not in the run at all.
        steps.peek().is_some() && steps.all(|step| step.count == 0)
    };
    if runs.is_empty() || !runs.iter().all(silent) {
        return None;
    }
    let problem = format!(
        "{} is about steps that none of {} accepted runs came to",
        limit.sla.selector(),
        runs.len()
    );
    Some(Doubt { problem, ..unreached })
}

/// A quantile of fewer samples than it takes is INCONCLUSIVE, run after run.
fn undecided(limit: &Limit<'_>, accepted: &[&RunResult]) -> Option<Doubt> {
    let q = match limit.sla.aggregate {
        Aggregate::Quantile(percent) => percent / 100.0,
        Aggregate::Med | Aggregate::Avg if limit.sla.metric.kind() == Kind::Trend => 0.5,
        _ => return None,
    };
    let needed = order::needed(q);
    let seen = || {
        let counts = accepted.iter().filter_map(|run| {
            let steps = selected(run, limit.scenario, limit.sla);
            let counts: Vec<u64> = steps.map(|step| step.response_us.count).collect();
            (!counts.is_empty()).then(|| super::measure::total(counts))
        });
        counts.max().filter(|_| limit.sla.metric.scope() == crate::metric::Scope::Step)
    };
    let samples = limit.samples.or_else(|| seen().map(|count| count as f64))?;
    if samples >= needed as f64 {
        return None;
    }
    Some(Doubt {
        code: "limit-undecided",
        problem: format!(
            "`{}` of {} takes {} samples to decide, and this profile gives about {}",
            limit.sla.demand(),
            limit.sla.selector(),
            show_count(needed),
            show_count(samples.round() as u64)
        ),
        label: "would stay INCONCLUSIVE",
        help: "run it longer or with more load, or bound a lower percentile".to_string(),
    })
}

/// What accepted runs say about it.
fn beside(limit: &Limit<'_>, accepted: &[&RunResult]) -> Option<Doubt> {
    let sla = limit.sla;
    let mut seen: Vec<f64> =
        accepted.iter().filter_map(|run| sla::observed(run, limit.scenario, sla)).collect();
    seen.sort_by(f64::total_cmp);
    let middle = *seen.get(seen.len() / 2)?;
    let told = sla::shown(sla, middle);
    let demand = format!("`{}` of {}", sla.demand(), sla.selector());
    let runs = match seen.len() {
        1 => "the accepted run".to_string(),
        count => format!("{count} accepted runs"),
    };
    if !seen.iter().any(|value| sla.operator.holds(*value, sla.bound)) {
        let problem = format!("{demand} would fail always: it is {told} in {runs}");
        return Some(always(problem, "make the target better first, or the bound".to_string()));
    }
    let far = further(sla, middle)?;
    if !sla.operator.holds(far, sla.bound) {
        return None;
    }
    let problem = format!(
        "{demand} is far from what is seen: it is {told} in {runs}, and {} passes still",
        match sla.metric.unit() {
            Unit::Share => show_percent(far),
            _ => sla::shown(sla, far),
        }
    );
    let help =
        "bound it nearer to what is seen, and let the baselines see what is less".to_string();
    Some(never(problem, help))
}

/// What a number would be if all were ten times worse; none where that means nothing.
fn further(sla: &Sla, value: f64) -> Option<f64> {
    let upper = match sla.operator {
        Operator::Less | Operator::LessOrEqual => true,
        Operator::Greater | Operator::GreaterOrEqual => false,
        Operator::Equal | Operator::NotEqual => return None,
    };
    match (sla.metric.kind(), upper) {
        // How many users there are is for the plan to say.
        (Kind::Gauge, _) => None,
        (Kind::Rate, true) => Some((value * FAR).clamp(MEANT, 1.0)),
        (Kind::Rate, false) => Some(1.0 - ((1.0 - value) * FAR).clamp(MEANT, 1.0)),
        (_, true) => (value > 0.0).then_some(value * FAR),
        (_, false) => Some(value / FAR),
    }
}

/// What is wrong with a load that lasts so many seconds: too short a one compares no latency, run
/// after run.
pub fn short(seconds: u64) -> Option<Doubt> {
    let least = ahead::shortest();
    (seconds > 0 && seconds < u64::from(least)).then(|| Doubt {
        code: "run-too-short",
        problem: format!(
            "a run of this profile takes {seconds} s, half of it warm-up: what is left is too \
             little to compare its latencies with any baseline"
        ),
        label: "",
        help: format!(
            "let it last {least} s or longer, or use `taster duet`, which stretches it to its \
             segments"
        ),
    })
}

/// What is wrong with margins, beside what accepted runs show: those in which twice as slow a
/// step would pass. `share` is the margin of p95, `floor_us` what a latency may always grow by.
pub fn wide(share: f64, floor_us: u64, accepted: &[&RunResult]) -> Option<(Doubt, Vec<String>)> {
    let help = |most: String| {
        format!("say --margin-floor {most} or less: a tenth of what the quickest of them takes")
    };
    let label = "twice as slow would pass";
    let code = "margin-never-fails";
    if share >= 1.0 {
        let problem = format!(
            "with a margin of {} for p95 a step may be twice as slow and pass",
            show_percent(share)
        );
        let help = "say --margin p95=10%: what is less than its noise stays INCONCLUSIVE anyway";
        return Some((Doubt { code, problem, label, help: help.to_string() }, Vec::new()));
    }
    let newest = accepted.last()?;
    let slow = |p95: u64| p95 > 0 && floor_us >= p95;
    let steps: Vec<_> = newest.steps.iter().filter(|step| slow(step.response_us.p95)).collect();
    let quickest = steps.iter().map(|step| step.response_us.p95).min()?;
    let names: Vec<String> = steps.iter().map(|step| step.step.clone()).collect();
    let shown = names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let more = match names.len().saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let problem = format!(
        "with a margin floor of {} {}{more} may be twice as slow and pass: the quickest takes {} \
         (p95)",
        show_duration_us(floor_us),
        shown.join(", "),
        show_duration_us(quickest)
    );
    let help = help(format!("{}us", (quickest / 10).max(1)));
    Some((Doubt { code, problem, label, help }, names))
}
