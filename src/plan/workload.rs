//! Settles the load of a scenario: which profile, what shape, which journeys.

use std::time::Duration;

use super::browse::{Browsing, Times};
use super::compiler::{Compiler, Flow, NamedStep};
use super::library::quoted_list;
use super::{
    Arrivals, JourneyPlan, LoadPlan, Population, SeriesId, SeriesKind, ShapePlan, Spacing,
    WEB_VITALS,
};
use crate::diagnostic::{Diagnostic, Place, Spanned, nearest};
use crate::scenario::{self, Load, Profile, Shape, Stage};

const GRACEFUL_STOP: Duration = Duration::from_secs(30);
const MAX_DURATION: Duration = Duration::from_secs(600);
/// Without `max-users`, users for so many seconds of arrivals, between these bounds.
const SECONDS_OF_ARRIVALS: f64 = 5.0;
const GOLDEN: f64 = 0.618_033_988_749_894_8;
const MAX_USERS: (f64, f64) = (10.0, 10_000.0);

impl Compiler<'_> {
    /// Compiles the load; none if this run does not put it on.
    pub(super) fn load(&mut self, load: &Load, scope: &super::compiler::Names) -> Option<LoadPlan> {
        let mut journeys = Vec::new();
        for journey in &load.journeys {
            let name = format!("in the journey `{}`", journey.name.value);
            let think = load.think.as_ref().map(|think| think.value);
            let engine = journey.browser.as_ref().map(|engine| engine.value.clone());
            let no_browser = engine.is_none().then_some((
                "the users of this journey have none",
                "add `browser: chromium` to the journey, or to `load`",
            ));
            let flow = Flow { journey: true, no_browser };
            let page = self.page(&[&self.scenario().page, &load.page, &journey.page]);
            self.browsing = Browsing { engine: engine.clone(), times: Times::from(&page) };
            let web_vitals = match &engine {
                Some(engine) => self.web_vitals(engine, &journey.name.place),
                None => Vec::new(),
            };
            journeys.push(JourneyPlan {
                web_vitals,
                name: journey.name.value.clone(),
                weight: journey.weight.value,
                browser: engine,
                page,
                steps: self.walk(&journey.steps, &name, scope, (flow, think)),
            });
        }
        if load.sla.is_empty() {
            let problem = "the load has no SLA, so only its checks can fail";
            self.problem(
                Diagnostic::warning("no-sla", problem, &load.place, "nothing is demanded")
                    .help("add for example `sla: [\"http_req_duration: p(95)<500\"]`"),
            );
        }
        let (profile, chosen) = self.chosen(load)?;
        Some(LoadPlan {
            profile: profile.value.clone(),
            shape: spaced(shape(&chosen.shape), chosen.spacing),
            graceful_stop: chosen.graceful_stop.as_ref().map_or(GRACEFUL_STOP, |stop| stop.value),
            start_after: chosen.start_after.as_ref().map(|by| by.value).unwrap_or_default(),
            journeys,
            slas: Vec::new(),
            turns: None,
        })
    }

    /// A series for each web vital in one engine.
    fn web_vitals(&mut self, engine: &str, place: &Place) -> Vec<SeriesId> {
        self.flow = Flow { journey: true, no_browser: None };
        let series = |vital: &&'static str| {
            let (name, kind) = (vital.to_string(), SeriesKind::WebVital(vital));
            let tags = vec![("browser".to_string(), engine.to_string())];
            self.series(NamedStep { name, tags, place, kind }, &[])
        };
        WEB_VITALS.iter().map(series).collect()
    }

    /// The profile that this run uses; `build` reports where none of the scenarios has it.
    fn chosen<'l>(&mut self, load: &'l Load) -> Option<&'l (Spanned<String>, Profile)> {
        if !self.overrides.load {
            return None;
        }
        let profiles = &load.profiles;
        let names: Vec<&str> = profiles.iter().map(|(name, _)| name.value.as_str()).collect();
        if let Some(wanted) = &self.overrides.profile {
            let found = profiles.iter().find(|(name, _)| name.value == *wanted);
            if found.is_none() && self.elsewhere(wanted) {
                let problem = format!("there is no profile `{wanted}` here: this load is not run");
                let help = format!("the profiles are {}", quoted_list(&names));
                self.problem(
                    Diagnostic::warning("profile-elsewhere", problem, &load.place, "not run")
                        .help(help),
                );
            }
            return found;
        }
        let smoke = profiles.iter().find(|(name, _)| name.value == "smoke");
        match (smoke, profiles.as_slice()) {
            (Some(smoke), _) => Some(smoke),
            (None, [only]) => Some(only),
            (None, _) => {
                let problem = "no profile is chosen, and none of them is named `smoke`";
                let help = format!("choose one with --profile: {}", quoted_list(&names));
                let diagnostic = Diagnostic::error("no-profile", problem, &load.place, "this load");
                self.problem(diagnostic.help(help));
                None
            }
        }
    }

    fn elsewhere(&self, profile: &str) -> bool {
        let loads = self.inputs.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
        loads.flat_map(|load| &load.profiles).any(|(name, _)| name.value == profile)
    }
}

fn shape(shape: &Shape) -> ShapePlan {
    let longest = |given: &Option<Spanned<Duration>>| {
        given.as_ref().map_or(MAX_DURATION, |given| given.value)
    };
    match shape {
        Shape::Users(users, duration) => {
            ShapePlan::Closed(Population::constant(users.value, duration.value))
        }
        Shape::Stages(stages, start) => {
            let stages = stages.iter().map(|one| (one.duration.value, one.target.value)).collect();
            ShapePlan::Closed(Population { start: *start, stages })
        }
        Shape::IterationsEach(users, iterations, max) => ShapePlan::PerUser {
            users: users.value,
            iterations: iterations.value,
            max_duration: longest(max),
        },
        Shape::IterationsShared(users, iterations, max) => ShapePlan::Shared {
            users: users.value,
            iterations: iterations.value,
            max_duration: longest(max),
        },
        Shape::Arrivals(rate, duration, users) => {
            open(Arrivals::constant(rate.value.0, duration.value), users)
        }
        Shape::ArrivalStages(start, stages, users) => {
            let line = |one: &Stage<crate::units::Rate>| (one.duration.value, one.target.value.0);
            open(Arrivals::ramping(start.0, stages.iter().map(line).collect()), users)
        }
    }
}

fn open(arrivals: Arrivals, users: &Option<Spanned<u32>>) -> ShapePlan {
    let enough = (arrivals.peak() * SECONDS_OF_ARRIVALS).ceil().clamp(MAX_USERS.0, MAX_USERS.1);
    let max_users = users.as_ref().map_or(enough as u32, |users| users.value);
    ShapePlan::Open { arrivals, max_users }
}

fn spaced(mut shape: ShapePlan, spacing: scenario::Spacing) -> ShapePlan {
    if let (ShapePlan::Open { arrivals, .. }, scenario::Spacing::Poisson) = (&mut shape, spacing) {
        arrivals.spacing = Spacing::Poisson(0);
    }
    shape
}

/// Gives the arrivals of the `nth` open load of a run (from 0) a place of their own, so that loads
/// of the same rate do not all fire at the same instants; whether it is one.
pub(super) fn stagger(load: &mut LoadPlan, nth: u64, seed: u64) -> bool {
    let ShapePlan::Open { arrivals, .. } = &mut load.shape else { return false };
    arrivals.spacing = match arrivals.spacing {
        // Multiples of the golden ratio lie apart from each other, however many there are.
        Spacing::Even(_) => Spacing::Even((nth as f64 * GOLDEN).fract()),
        Spacing::Poisson(_) => {
            Spacing::Poisson(seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        }
    };
    true
}

/// `--profile` names none of the profiles there are.
pub(super) fn unknown_profile(wanted: &str, known: &[&str]) -> Diagnostic {
    let problem = format!("no scenario has the profile `{wanted}`");
    let diagnostic = Diagnostic::without_place("unknown-profile", problem);
    match nearest(wanted, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic.help("no scenario has a `load` section"),
        None => diagnostic.help(format!("the profiles are {}", quoted_list(known))),
    }
}
