//! How often each step of a load will be done, as far as the plan alone can say.

use super::{ActionPlan, LoadPlan, Node, ScenarioPlan, SeriesId, Site};
use crate::metric::{Metric, Scope, Sla};

/// One step of a load, and how often it will be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// The step.
    pub step: String,
    /// Its tags, `step` and `scenario` included.
    pub tags: Vec<(String, String)>,
    /// Where it is written.
    pub site: Site,
    /// How often; none where the target's answers decide, as in closed profiles.
    pub times: Option<f64>,
    /// Whether conditions, or loops that end early, may make it less.
    pub at_most: bool,
}

/// How often a step is done in one iteration.
#[derive(Debug, Clone, Copy)]
struct Walked {
    series: SeriesId,
    times: f64,
    at_most: bool,
}

impl ScenarioPlan {
    /// How often each step will be done under load, in the order of the journeys; empty without
    /// load.
    pub fn amounts(&self) -> Vec<Amount> {
        let Some(load) = &self.load else { return Vec::new() };
        let mut all: Vec<Amount> = Vec::new();
        let iterations = load.shape.iterations().map(|count| count as f64);
        for (walked, share) in walks(load) {
            let Some(series) = self.series.get(usize::from(walked.series.0)) else { continue };
            let times = iterations.map(|count| count * share * walked.times);
            let known = all.iter_mut().find(|one| one.step == series.name);
            match known {
                Some(known) => {
                    known.times = known.times.zip(times).map(|(before, more)| before + more);
                    known.at_most |= walked.at_most;
                }
                None => all.push(Amount {
                    step: series.name.clone(),
                    tags: series.tags.clone(),
                    site: series.site.clone(),
                    times,
                    at_most: walked.at_most,
                }),
            }
        }
        all
    }

    /// How many samples an SLA of this scenario will get at most; none where the plan cannot say.
    pub fn samples(&self, sla: &Sla) -> Option<f64> {
        if sla.metric.scope() == Scope::Scenario {
            let iterations = self.load.as_ref()?.shape.iterations()? as f64;
            return (sla.metric == Metric::IterationDuration).then_some(iterations);
        }
        // Which requests connect, and which pages tell a vital, is for the target to say.
        if sla.metric.phase().is_some() || sla.metric.web_vital().is_some() {
            return None;
        }
        let in_browser = |one: &Amount| one.tags.iter().any(|(key, _)| key == "browser");
        let meant = |one: &&Amount| {
            let fits = sla.metric.of_browser().is_none_or(|wanted| in_browser(one) == wanted);
            fits && sla.tags.iter().all(|tag| one.tags.contains(tag))
        };
        let amounts = self.amounts();
        let meant: Vec<&Amount> = amounts.iter().filter(meant).collect();
        if meant.is_empty() {
            return None;
        }
        meant.into_iter().map(|one| one.times).sum()
    }
}

/// Every step of every journey, with the share of the iterations that walk it.
fn walks(load: &LoadPlan) -> Vec<(Walked, f64)> {
    let weights: f64 = load.journeys.iter().map(|journey| f64::from(journey.weight)).sum();
    let mut all = Vec::new();
    for journey in &load.journeys {
        let mut walked = Vec::new();
        walk(&journey.steps, (1.0, false), &mut walked);
        let share = if weights > 0.0 { f64::from(journey.weight) / weights } else { 0.0 };
        all.extend(walked.into_iter().map(|one| (one, share)));
    }
    all
}

fn walk(nodes: &[Node], (times, at_most): (f64, bool), all: &mut Vec<Walked>) {
    for node in nodes {
        let repeat = node.repeat.as_ref();
        let times = times * repeat.map_or(1.0, |repeat| f64::from(repeat.times));
        let ends_early = repeat.is_some_and(|repeat| !repeat.until.is_empty());
        let at_most = at_most || ends_early || !node.when.is_empty();
        match &node.action {
            ActionPlan::Http(step) => all.push(Walked { series: step.series, times, at_most }),
            ActionPlan::Browser(step) => all.push(Walked { series: step.series, times, at_most }),
            ActionPlan::Pause(_) => {}
            ActionPlan::Group(nodes) => walk(nodes, (times, at_most), all),
        }
    }
}
