//! Is a slow success as it is stored: when it was, and where its time went.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::recorder::Slowest;
use crate::sample::Phases;

/// One of the slowest successes of a step. With the seed of the run its iteration sends the same
/// request again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SlowExample {
    /// Its method and target, secrets gone; empty where nobody told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// When it was due, milliseconds from the start of the load.
    pub due_ms: u64,
    /// The place of its iteration among all of the scenario's, from 0.
    pub iteration: u64,
    /// From due to its end, microseconds.
    pub response_us: u64,
    /// How much of that no virtual user was free, microseconds.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub blocked_us: u64,
    /// How much of that the generator itself was late, microseconds.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub lag_us: u64,
    /// Where the rest went, by the names of `PHASES`, microseconds; only phases that happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phases_us: BTreeMap<String, u64>,
}

impl SlowExample {
    /// As it is stored.
    pub(super) fn of(slowest: &Slowest) -> Self {
        let Slowest { timing, request } = slowest;
        let late = timing.started.saturating_sub(timing.due);
        let phases = Phases::NAMES.iter().zip(timing.phases.parts());
        Self {
            request: request.clone(),
            due_ms: timing.due.as_millis() as u64,
            iteration: timing.number,
            response_us: micros(timing.ended.saturating_sub(timing.due)),
            blocked_us: micros(timing.blocked),
            lag_us: micros(late.saturating_sub(timing.blocked)),
            phases_us: phases
                .filter_map(|(name, took)| Some((name.to_string(), micros(took?))))
                .filter(|(_, us)| *us > 0)
                .collect(),
        }
    }
}

/// Keeps the slowest few, slowest first.
pub(super) fn keep(kept: &mut Vec<SlowExample>, new: &SlowExample, most: usize) {
    let at = kept.partition_point(|other| other.response_us >= new.response_us);
    if at < most {
        kept.insert(at, new.clone());
        kept.truncate(most);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SeriesId;
    use crate::sample::Timing;

    #[test]
    fn the_slowest_few_are_kept_slowest_first() {
        let mut kept = Vec::new();
        for response_us in [5, 9, 1, 9, 7, 3] {
            keep(&mut kept, &SlowExample { response_us, ..SlowExample::default() }, 3);
        }
        assert_eq!(kept.iter().map(|one| one.response_us).collect::<Vec<_>>(), [9, 9, 7]);
    }

    #[test]
    fn what_a_slow_success_waited_for_is_told_apart() {
        let at = Duration::from_micros;
        let phases = Phases { wait: at(700), receive: at(50), ..Phases::default() };
        let timing = Timing {
            series: SeriesId(0),
            number: 41,
            due: at(2_000_000),
            blocked: at(200),
            started: at(2_000_250),
            ended: at(2_001_000),
            outcome: Ok(()),
            phases,
        };
        let request = "GET /a?b=c".to_string();
        let slow = SlowExample::of(&Slowest { timing, request });
        assert_eq!(slow.request, "GET /a?b=c");
        assert_eq!((slow.due_ms, slow.iteration, slow.response_us), (2_000, 41, 1_000));
        assert_eq!((slow.blocked_us, slow.lag_us), (200, 50));
        let named = [("receive".to_string(), 50), ("wait".to_string(), 700)];
        assert_eq!(slow.phases_us, BTreeMap::from(named));
    }
}
