//! The load section as written: journeys, profiles, SLAs.

use std::time::Duration;

use crate::diagnostic::{Place, Spanned};
use crate::metric::Sla;
use crate::units::{Pause, Rate};

use super::{Page, Step};

/// `load`.
#[derive(Debug, Clone)]
pub struct Load {
    /// The section.
    pub place: Place,
    /// `journey`, or the entries of `journeys`.
    pub journeys: Vec<Journey>,
    /// `page` of all its journeys.
    pub page: Page,
    /// `think`: the pause after each step of a journey.
    pub think: Option<Spanned<Pause>>,
    /// `profiles`.
    pub profiles: Vec<(Spanned<String>, Profile)>,
    /// `sla`.
    pub sla: Vec<Spanned<Sla>>,
}

/// The steps one virtual user walks, again and again.
#[derive(Debug, Clone)]
pub struct Journey {
    /// Its name; `journey` where there is only one.
    pub name: Spanned<String>,
    /// How often it is chosen, against its siblings.
    pub weight: Spanned<u32>,
    /// `browser`, its own or that of the section: the engine that each of its users has.
    pub browser: Option<Spanned<String>>,
    /// `page`, laid over the section's.
    pub page: Page,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A workload model as written.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The entry.
    pub place: Place,
    /// What it asks for.
    pub shape: Shape,
    /// `spacing`: how far arrivals are apart.
    pub spacing: Spacing,
    /// `graceful-stop`: how long started iterations may still run.
    pub graceful_stop: Option<Spanned<Duration>>,
    /// `start-after`: a delay before it begins.
    pub start_after: Option<Spanned<Duration>>,
}

/// How far arrivals are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spacing {
    /// `even`: each as long after the one before as the rate says.
    #[default]
    Even,
    /// `poisson`: as independent visitors come.
    Poisson,
}

/// The load shapes, by what is written (k6's executors in brackets).
#[derive(Debug, Clone)]
pub enum Shape {
    /// `users` + `duration` (constant-vus).
    Users(Spanned<u32>, Spanned<Duration>),
    /// `stages` of users (ramping-vus).
    Stages(Vec<Stage<u32>>, u32),
    /// `users` + `iterations` each (per-vu-iterations), with a longest duration.
    IterationsEach(Spanned<u32>, Spanned<u64>, Option<Spanned<Duration>>),
    /// `users` + `shared-iterations` (shared-iterations), with a longest duration.
    IterationsShared(Spanned<u32>, Spanned<u64>, Option<Spanned<Duration>>),
    /// `arrivals` + `duration` (constant-arrival-rate).
    Arrivals(Spanned<Rate>, Spanned<Duration>, Option<Spanned<u32>>),
    /// `arrivals` stages (ramping-arrival-rate): start rate, stages, most users.
    ArrivalStages(Rate, Vec<Stage<Rate>>, Option<Spanned<u32>>),
}

/// `{ duration, target }`.
#[derive(Debug, Clone)]
pub struct Stage<T> {
    /// How long it takes.
    pub duration: Spanned<Duration>,
    /// What is reached at its end.
    pub target: Spanned<T>,
}
