//! Counts what one account did in the last minute, and says when it was too much.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);

/// Names are what clients send: beyond so many, those of the past are forgotten first.
const NAMES: usize = 10_000;

/// A bound on events per minute and name.
pub(super) struct Limiter {
    most: usize,
    events: Mutex<HashMap<String, VecDeque<Instant>>>,
}

impl Limiter {
    pub(super) fn per_minute(most: usize) -> Self {
        Limiter { most, events: Mutex::new(HashMap::new()) }
    }

    /// The seconds to wait, if the bound is reached.
    pub(super) fn blocked(&self, name: &str) -> Option<u64> {
        self.blocked_at(name, Instant::now())
    }

    pub(super) fn count(&self, name: &str) {
        self.count_at(name, Instant::now());
    }

    pub(super) fn forget(&self, name: &str) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn blocked_at(&self, name: &str, now: Instant) -> Option<u64> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let times = events.get_mut(name)?;
        drop_old(times, now);
        let oldest = times.front().filter(|_| times.len() >= self.most)?;
        let left = WINDOW.saturating_sub(now.duration_since(*oldest));
        Some(left.as_secs() + 1)
    }

    fn count_at(&self, name: &str, now: Instant) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= NAMES {
            events.retain(|_, times| {
                drop_old(times, now);
                !times.is_empty()
            });
        }
        if events.len() < NAMES || events.contains_key(name) {
            let times = events.entry(name.to_owned()).or_default();
            drop_old(times, now);
            times.push_back(now);
        }
    }
}

fn drop_old(times: &mut VecDeque<Instant>, now: Instant) {
    while times.front().is_some_and(|time| now.duration_since(*time) >= WINDOW) {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds_for_one_name_and_one_minute() {
        let limiter = Limiter::per_minute(3);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for second in [0, 10, 20] {
            assert_eq!(limiter.blocked_at("ann", at(second)), None);
            limiter.count_at("ann", at(second));
        }
        assert_eq!(limiter.blocked_at("ann", at(30)), Some(31));
        assert_eq!(limiter.blocked_at("ben", at(30)), None);
        assert_eq!(limiter.blocked_at("ann", at(60)), None);
        limiter.forget("ann");
        assert_eq!(limiter.blocked_at("ann", at(30)), None);
    }
}
