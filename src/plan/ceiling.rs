//! Holds a plan below a ceiling of requests a second: for a service that people are using.
//!
//! Every request has a pause before it, each load has one user, and one test runs at a time. So no
//! window of time, however short, has more requests than the ceiling allows in it and one for each
//! load: a fixed rate of arrivals could not promise that, because what is late catches up.

use std::sync::Arc;
use std::time::Duration;

use super::{ActionPlan, HooksPlan, LoadPlan, Node, Plan, ScenarioPlan, ShapePlan};
use crate::metric::{Aggregate, Sla};
use crate::units::{Pause, Rate};

/// Each step is compared with its baseline: so many are enough for its median, also where half of
/// a short load is cut as its warm-up, and the requests of one second resemble each other.
const FEWEST: u64 = 200;

/// A load that lasts so long can be compared with its baselines, second by second: one that would
/// be over sooner is slowed down, unless it may not take four times as long.
const LASTING: Duration = Duration::from_secs(15);

/// What a load is called that was made for a verification: baselines are kept by this name.
const PROFILE: &str = "verify";

/// A load below the ceiling.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The scenario.
    pub scenario: String,
    /// How often its journey is walked.
    pub iterations: u64,
    /// The requests of all of them, at most.
    pub requests: u64,
    /// How long the pauses alone take.
    pub takes: Duration,
}

/// What the ceiling is, and what the load must show.
pub struct Ceiling<'a> {
    /// Requests a second that are never exceeded.
    pub rate: Rate,
    /// How many samples a quantile (0 to 1) takes to be judged.
    pub samples: &'a dyn Fn(f64) -> u64,
    /// How long the load may take.
    pub longest: Duration,
}

impl Plan {
    /// Holds it below a ceiling. Browsers are left out, since nobody knows how many requests a
    /// page makes: their tests are skipped, their loads dropped. A redirect that is followed is a
    /// request that no step stands for, and is not counted.
    ///
    /// # Panics
    /// When the plan is shared already.
    pub fn hold_below(&mut self, ceiling: &Ceiling<'_>) -> Vec<Held> {
        let loads = self.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
        let together = loads.filter(|load| !in_browser(load)).count().max(1);
        let scenarios = self.scenarios.iter_mut();
        scenarios
            .filter_map(|scenario| {
                let scenario = Arc::get_mut(scenario).expect("a plan that is not executed yet");
                scenario.hold_below(ceiling, together as f64)
            })
            .collect()
    }
}

impl ScenarioPlan {
    fn hold_below(&mut self, ceiling: &Ceiling<'_>, together: f64) -> Option<Held> {
        let gap = |users: f64| Duration::from_secs_f64(users / ceiling.rate.0);
        let hooks = |hooks: &HooksPlan| {
            let all =
                [&hooks.before_each, &hooks.after_each, &hooks.before_test, &hooks.after_test];
            all.into_iter().map(|nodes| requests(nodes)).sum::<u64>()
        };
        let around = hooks(&self.hooks);
        for test in &mut self.tests {
            if test.browser.is_some() && test.skip.is_none() {
                let why = "what a page loads cannot be held below a ceiling of requests";
                test.skip = Some(why.to_string());
            }
            // The pauses are ours, so they take nothing from the time that the test has.
            let paused = requests(&test.steps).saturating_add(around);
            test.timeout = test.timeout.saturating_add(times(gap(together), paused));
            pace(&mut test.steps, gap(1.0));
        }
        self.hooks.pace(gap(together));
        let mut load = self.load.take().filter(|load| !in_browser(load))?;
        let held = load.hold_below(&self.name, gap(together), ceiling);
        self.load = Some(load);
        Some(held)
    }
}

impl HooksPlan {
    fn pace(&mut self, gap: Duration) {
        for nodes in [
            &mut self.before_run,
            &mut self.after_run,
            &mut self.before_each,
            &mut self.after_each,
            &mut self.before_test,
            &mut self.after_test,
            &mut self.before_user,
            &mut self.after_user,
        ] {
            pace(nodes, gap);
        }
    }
}

impl LoadPlan {
    fn hold_below(&mut self, scenario: &str, gap: Duration, ceiling: &Ceiling<'_>) -> Held {
        let weights: u64 = self.journeys.iter().map(|one| u64::from(one.weight)).sum();
        let least = self.journeys.iter().map(|one| u64::from(one.weight)).min().unwrap_or(1);
        let most = self.journeys.iter().map(|one| requests(&one.steps)).max().unwrap_or(0);
        let fewest = self.journeys.iter().map(|one| requests(&one.steps)).min().unwrap_or(0);
        let gap = gap.max(self.own(most));
        let wanted = self.slas.iter().filter_map(|one| wanted(&one.sla, fewest, ceiling.samples));
        let each = wanted.max().unwrap_or(0).max(FEWEST);
        // A journey that is drawn less often needs more draws until it has been walked enough; half
        // as many again, because chance is not even.
        let iterations = match weights > least {
            true => (each.saturating_mul(weights) / least.max(1)).saturating_mul(3) / 2,
            false => each,
        };
        let requests = iterations.saturating_mul(most);
        let lasting = LASTING.min(ceiling.longest / 4);
        let gap = gap.max(lasting.div_f64(requests.max(1) as f64));
        self.profile = PROFILE.to_string();
        self.start_after = Duration::ZERO;
        self.shape = ShapePlan::PerUser { users: 1, iterations, max_duration: ceiling.longest };
        self.journeys.iter_mut().for_each(|journey| pace(&mut journey.steps, gap));
        Held { scenario: scenario.to_string(), iterations, requests, takes: times(gap, requests) }
    }

    /// The gap that the profile's own rate asks for, where it has one.
    fn own(&self, requests: u64) -> Duration {
        match &self.shape {
            ShapePlan::Open { arrivals, .. } if arrivals.peak() > 0.0 && requests > 0 => {
                Duration::try_from_secs_f64(1.0 / arrivals.peak() / requests as f64)
                    .unwrap_or_default()
            }
            _ => Duration::ZERO,
        }
    }
}

/// How many iterations an SLA on a quantile needs, of journeys with so many requests at least.
fn wanted(sla: &Sla, requests: u64, samples: &dyn Fn(f64) -> u64) -> Option<u64> {
    let q = match sla.aggregate {
        Aggregate::Quantile(percent) => percent / 100.0,
        Aggregate::Med | Aggregate::Avg => 0.5,
        _ => return None,
    };
    let needed = samples(q);
    // Without tags all requests of the journey count together.
    Some(if sla.tags.is_empty() { needed.div_ceil(requests.max(1)) } else { needed })
}

fn in_browser(load: &LoadPlan) -> bool {
    load.journeys.iter().any(|journey| journey.browser.is_some())
}

fn times(gap: Duration, requests: u64) -> Duration {
    gap.saturating_mul(u32::try_from(requests).unwrap_or(u32::MAX))
}

/// The requests of a walk, at most.
fn requests(nodes: &[Node]) -> u64 {
    let one = |node: &Node| {
        let once = match &node.action {
            ActionPlan::Http(_) => 1,
            ActionPlan::Group(nodes) => requests(nodes),
            ActionPlan::Browser(_) | ActionPlan::Pause(_) => 0,
        };
        once * node.repeat.as_ref().map_or(1, |repeat| u64::from(repeat.times))
    };
    nodes.iter().map(one).fold(0, u64::saturating_add)
}

/// Puts a pause before each request. In one group with it, so that what repeats the request repeats
/// the pause, and what passes it over passes that over too.
fn pace(nodes: &mut [Node], gap: Duration) {
    for node in nodes {
        match &mut node.action {
            ActionPlan::Group(nodes) => pace(nodes, gap),
            ActionPlan::Browser(_) | ActionPlan::Pause(_) => {}
            ActionPlan::Http(step) => {
                let bare = |action| Node { when: Vec::new(), repeat: None, think: None, action };
                let request = ActionPlan::Http(step.clone());
                let both = vec![bare(ActionPlan::Pause(Pause::fixed(gap))), bare(request)];
                node.action = ActionPlan::Group(both);
            }
        }
    }
}
