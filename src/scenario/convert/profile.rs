//! Profiles: which keys make up which workload model.

use std::str::FromStr;

use super::super::check::listed;
use super::super::problems::Problems;
use super::super::yaml::{Entry, Node};
use super::super::{Profile, Shape, Spacing, Stage};
use super::{field, field_duration, field_text, items, read};
use crate::units::Rate;

/// The keys that make up one workload model, and k6's name for it.
struct Model {
    needs: &'static [&'static str],
    may_have: &'static [&'static str],
    k6: &'static str,
}

const MODELS: [Model; 6] = [
    Model { needs: &["users", "duration"], may_have: &[], k6: "constant-vus" },
    Model { needs: &["stages"], may_have: &["start-users"], k6: "ramping-vus" },
    Model { needs: &["users", "iterations"], may_have: &["max-duration"], k6: "per-vu-iterations" },
    Model {
        needs: &["users", "shared-iterations"],
        may_have: &["max-duration"],
        k6: "shared-iterations",
    },
    Model {
        needs: &["arrivals", "duration"],
        may_have: &["max-users", "spacing"],
        k6: "constant-arrival-rate",
    },
    Model {
        needs: &["arrivals", "stages"],
        may_have: &["max-users", "spacing"],
        k6: "ramping-arrival-rate",
    },
];

/// Keys that go with every model.
const ALWAYS: [&str; 2] = ["graceful-stop", "start-after"];

impl Model {
    /// How many keys are missing from it or too many for it.
    fn distance(&self, given: &[&str]) -> usize {
        let missing = self.needs.iter().filter(|need| !given.contains(need)).count();
        missing + given.iter().filter(|key| !self.has(key)).count()
    }

    fn has(&self, key: &str) -> bool {
        self.needs.contains(&key) || self.may_have.contains(&key)
    }

    /// `users + duration is constant-vus`
    fn in_words(&self) -> String {
        let needs: Vec<String> = self.needs.iter().map(|key| format!("`{key}`")).collect();
        let may_have = match self.may_have {
            [] => String::new(),
            keys => format!(" (and perhaps `{}`)", keys.join("`, `")),
        };
        format!("{}{may_have} is k6's {}", needs.join(" + "), self.k6)
    }
}

/// One entry of `profiles`.
pub(super) fn profile(entry: &Entry, problems: &mut Problems) -> Option<Profile> {
    let node = &entry.value;
    let model = model(entry, problems)?;
    let shape = shape(model, node, problems)?;
    does_something(&shape, entry, problems);
    let spacing = field_text(node, "spacing", problems);
    Some(Profile {
        place: problems.place(entry.key.span.start..node.span.end.max(entry.key.span.end)),
        shape,
        spacing: match spacing.as_ref().map(|word| word.value.as_str()) {
            Some("poisson") => Spacing::Poisson,
            _ => Spacing::Even,
        },
        graceful_stop: field_duration(node, "graceful-stop", problems),
        start_after: field_duration(node, "start-after", problems),
    })
}

/// The model whose keys are given; reports when they are those of none.
fn model(entry: &Entry, problems: &mut Problems) -> Option<&'static Model> {
    let entries = entry.value.entries()?;
    let known = |entry: &&Entry| super::super::grammar::PROFILE.key(&entry.key.text).is_some();
    if !entries.iter().all(|entry| known(&entry)) {
        return None;
    }
    let given: Vec<&str> = entries.iter().map(|entry| entry.key.text.as_str()).collect();
    let given: Vec<&str> = given.into_iter().filter(|key| !ALWAYS.contains(key)).collect();
    let least = MODELS.iter().map(|model| model.distance(&given)).min()?;
    let near: Vec<&Model> = MODELS.iter().filter(|model| model.distance(&given) == least).collect();
    if least == 0 {
        return near.first().copied();
    }
    let near: Vec<&Model> = if given.is_empty() { MODELS.iter().collect() } else { near };
    let words: Vec<String> = near.iter().map(|model| model.in_words()).collect();
    let names: Vec<String> = given.iter().map(|key| format!("`{key}`")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let odd = |entry: &&Entry| {
        !ALWAYS.contains(&entry.key.text.as_str()) && !near[0].has(&entry.key.text)
    };
    let (span, problem, label) = match (given.as_slice(), entries.iter().find(odd)) {
        ([], _) => {
            let problem = format!("the profile `{}` says nothing about the load", entry.key.text);
            (entry.key.span.clone(), problem, "how many, for how long?".to_string())
        }
        (_, Some(odd)) => {
            let problem = format!("{} do not go together in a profile", listed(&names));
            (odd.key.span.clone(), problem, "does not fit the others".to_string())
        }
        (_, None) => {
            let missing = near[0].needs.iter().find(|need| !given.contains(need));
            let label = format!("has no `{}`", missing.unwrap_or(&"users"));
            let problem = format!("{} alone do not make a profile", listed(&names));
            let problem =
                if names.len() == 1 { problem.replace(" do not", " does not") } else { problem };
            (entry.key.span.clone(), problem, label)
        }
    };
    problems.error("profile-shape", span, problem, label).help(words.join("; "));
    None
}

fn shape(model: &Model, node: &Node, problems: &mut Problems) -> Option<Shape> {
    let max_duration = field_duration(node, "max-duration", problems);
    let max_users = field(node, "max-users", problems);
    Some(match model.k6 {
        "constant-vus" => Shape::Users(
            field(node, "users", problems)?,
            field_duration(node, "duration", problems)?,
        ),
        "ramping-vus" => {
            let hint = "this profile ramps users: write a whole number, or add `arrivals`";
            let start = field::<u32>(node, "start-users", problems);
            let stages = stages(node, hint, problems)?;
            Shape::Stages(stages, start.map_or(0, |start| start.value))
        }
        "per-vu-iterations" => Shape::IterationsEach(
            field(node, "users", problems)?,
            field(node, "iterations", problems)?,
            max_duration,
        ),
        "shared-iterations" => Shape::IterationsShared(
            field(node, "users", problems)?,
            field(node, "shared-iterations", problems)?,
            max_duration,
        ),
        "constant-arrival-rate" => Shape::Arrivals(
            field(node, "arrivals", problems)?,
            field_duration(node, "duration", problems)?,
            max_users,
        ),
        _ => {
            let hint = "this profile ramps arrivals: write a rate such as 100/s";
            let start = field::<Rate>(node, "arrivals", problems)?;
            Shape::ArrivalStages(start.value, stages(node, hint, problems)?, max_users)
        }
    })
}

fn stages<T: FromStr>(node: &Node, hint: &str, problems: &mut Problems) -> Option<Vec<Stage<T>>> {
    let mut stages = Vec::new();
    for stage in items(node.get("stages")) {
        let target = stage.get("target")?;
        let Some(reached) = read(target, problems) else {
            let text = target.scalar()?.text.text.trim();
            if text.parse::<Rate>().is_ok() || text.parse::<u32>().is_ok() {
                let problem = format!("`{text}` is not what this profile ramps");
                let span = target.span.clone();
                problems.error("profile-shape", span, problem, "the wrong kind").help(hint);
            }
            return None;
        };
        let duration = field_duration(stage, "duration", problems)?;
        stages.push(Stage { duration, target: reached });
    }
    Some(stages)
}

/// A profile that never starts anything, or takes no time, is a mistake.
fn does_something(shape: &Shape, entry: &Entry, problems: &mut Problems) {
    let idle = match shape {
        Shape::Arrivals(rate, ..) => rate.value.0 <= 0.0,
        Shape::Stages(stages, start) => {
            *start == 0 && stages.iter().all(|stage| stage.target.value == 0)
        }
        Shape::ArrivalStages(start, stages, _) => {
            start.0 <= 0.0 && stages.iter().all(|stage| stage.target.value.0 <= 0.0)
        }
        _ => false,
    };
    let no_time = match shape {
        Shape::Stages(stages, _) => stages.iter().all(|stage| stage.duration.value.is_zero()),
        Shape::ArrivalStages(_, stages, _) => {
            stages.iter().all(|stage| stage.duration.value.is_zero())
        }
        _ => false,
    };
    let (problem, help) = match (idle, no_time) {
        (true, _) => ("would never start anything", "give a target above 0"),
        (_, true) => ("would take no time", "give a stage a duration above 0"),
        _ => return,
    };
    let problem = format!("the profile `{}` {problem}", entry.key.text);
    problems.error("no-load", entry.key.span.clone(), problem, "no load").help(help.to_string());
}
