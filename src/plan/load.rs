//! What load a scenario puts on its target: the shape, the journeys and the bounds.

use std::time::Duration;

use super::{Arrivals, Node, PagePlan, Population, SeriesId, Site, Turns};
use crate::metric::Sla;

/// The load of one scenario.
#[derive(Debug)]
pub struct LoadPlan {
    /// The profile's name.
    pub profile: String,
    /// The shape.
    pub shape: ShapePlan,
    /// How long started iterations may still run.
    pub graceful_stop: Duration,
    /// The delay before it begins.
    pub start_after: Duration,
    /// What users walk.
    pub journeys: Vec<JourneyPlan>,
    /// The bounds.
    pub slas: Vec<SlaPlan>,
    /// When it has its turns, from the start of the load of all scenarios on; only in duets.
    pub turns: Option<Turns>,
}

/// What one virtual user walks.
#[derive(Debug)]
pub struct JourneyPlan {
    /// Its name.
    pub name: String,
    /// Against its siblings.
    pub weight: u32,
    /// The engine that each of its users has a browser of; none for HTTP only.
    pub browser: Option<String>,
    /// What these browsers are like; says nothing without one.
    pub page: PagePlan,
    /// The series of the web vitals, in the order of `WEB_VITALS`; none without a browser.
    pub web_vitals: Vec<SeriesId>,
    /// Its steps; each node's think time is settled.
    pub steps: Vec<Node>,
}

/// A bound and where it is written.
#[derive(Debug, Clone)]
pub struct SlaPlan {
    /// The bound.
    pub sla: Sla,
    /// Where it is written.
    pub site: Site,
}

/// A load shape.
#[derive(Debug, Clone)]
pub enum ShapePlan {
    /// Closed: as many users as the population says (constant-vus, ramping-vus).
    Closed(Population),
    /// Closed: each user walks its journey so many times (per-vu-iterations).
    PerUser {
        /// Virtual users.
        users: u32,
        /// Iterations of each.
        iterations: u64,
        /// The longest it may take.
        max_duration: Duration,
    },
    /// Users share so many iterations (shared-iterations).
    Shared {
        /// Virtual users.
        users: u32,
        /// Iterations in all.
        iterations: u64,
        /// The longest it may take.
        max_duration: Duration,
    },
    /// Open: work starts by the schedule (constant- and ramping-arrival-rate).
    Open {
        /// When each iteration is due.
        arrivals: Arrivals,
        /// Virtual users at most.
        max_users: u32,
    },
}
