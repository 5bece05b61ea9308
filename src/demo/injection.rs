//! What the faults do to one request: how long it waits, and what is answered instead.
//!
//! Which faults exist and how they are written is in `fault`. The two faults that only routes
//! can act on (the database, the sign-in) are handed on in `Injected`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::Method;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::fault::{Fault, Kind, Share};
use super::flaw::Defects;

/// All faults, with what they have to remember.
pub(super) struct Injection {
    faults: Vec<Active>,
    started: Instant,
}

struct Active {
    fault: Fault,
    seed: u64,
    seen: AtomicU64,
    allowance: Mutex<Allowance>,
}

/// What is left of a rate in the present period.
struct Allowance {
    since: Instant,
    used: u32,
}

/// What the faults make of one request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Injected {
    /// How long the request waits before anything else.
    pub(super) delay: Duration,
    /// How much longer it takes than it would, as a share of that.
    pub(super) stretch: f64,
    /// What is answered instead of what the routes would say.
    pub(super) instead: Option<Instead>,
    /// No route can use the database.
    pub(super) database_down: bool,
    /// No sign-in holds.
    pub(super) unauthorized: bool,
    /// What pages do wrong.
    pub(super) defects: Defects,
}

/// An answer that no route gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instead {
    Nothing,
    Html,
    Html502,
    Error,
    NotFound,
    TooMany { retry_after: u64 },
}

impl Injection {
    pub(super) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let started = Instant::now();
        let active = |(position, fault): (usize, Fault)| Active {
            fault,
            seed: seed.wrapping_add(position as u64),
            seen: AtomicU64::new(0),
            allowance: Mutex::new(Allowance { since: started, used: 0 }),
        };
        Injection { faults: faults.into_iter().enumerate().map(active).collect(), started }
    }

    /// Draws what happens to the next request. Of several answers, the fault named first wins.
    pub(super) fn draw(&self, method: &Method, path: &str) -> Injected {
        let mut injected = Injected::default();
        for active in &self.faults {
            let held = active.fault.scope.as_ref().is_none_or(|scope| scope.holds(method, path));
            if held {
                active.apply(&mut injected, self.started);
            }
        }
        injected
    }
}

impl Active {
    fn apply(&self, injected: &mut Injected, started: Instant) {
        let instead = match self.fault.kind {
            Kind::Slow(time) => {
                injected.delay += time;
                None
            }
            Kind::Slower(Share(share)) => {
                injected.stretch += share;
                None
            }
            Kind::Tail { share, times } => {
                injected.stretch += if self.happens(share) { times - 1.0 } else { 0.0 };
                None
            }
            Kind::Stall { length, period } => {
                injected.delay += rest_of_stall(started.elapsed(), length, period);
                None
            }
            Kind::Unauthorized => {
                injected.unauthorized = true;
                None
            }
            Kind::DatabaseDown => {
                injected.database_down = true;
                None
            }
            Kind::Flaw(flaw) => {
                injected.defects.add_flaw(flaw);
                None
            }
            Kind::Hindrance(hindrance, time) => {
                injected.defects.add_hindrance(hindrance, time);
                None
            }
            Kind::RateLimit { count, period } => self.spend(count, period),
            Kind::Drop(share) => self.happens(share).then_some(Instead::Nothing),
            Kind::Html(share) => self.happens(share).then_some(Instead::Html),
            Kind::Html502(share) => self.happens(share).then_some(Instead::Html502),
            Kind::Errors(share) => self.happens(share).then_some(Instead::Error),
            Kind::NotFound => Some(Instead::NotFound),
        };
        injected.instead = injected.instead.or(instead);
    }

    /// Whether it hits this request: a function of the seed and of how many came before.
    fn happens(&self, Share(share): Share) -> bool {
        let number = self.seen.fetch_add(1, Ordering::Relaxed);
        let mixed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number);
        let drawn = SplitMix64::seed_from_u64(mixed).next_u64() >> 11;
        (drawn as f64) / ((1_u64 << 53) as f64) < share
    }

    fn spend(&self, count: u32, period: Duration) -> Option<Instead> {
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now.duration_since(allowance.since) >= period {
            *allowance = Allowance { since: now, used: 0 };
        }
        if allowance.used < count {
            allowance.used += 1;
            return None;
        }
        let left = period.saturating_sub(now.duration_since(allowance.since));
        Some(Instead::TooMany { retry_after: left.as_secs_f64().ceil().max(1.0) as u64 })
    }
}

fn rest_of_stall(elapsed: Duration, length: Duration, period: Duration) -> Duration {
    let into = elapsed.as_nanos() % period.as_nanos().max(1);
    let left = length.as_nanos().saturating_sub(into);
    Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injection(faults: &[&str], seed: u64) -> Injection {
        let read = |text: &&str| text.parse().expect(text);
        Injection::new(faults.iter().map(read).collect(), seed)
    }

    fn hits(injection: &Injection) -> Vec<bool> {
        let draw = |_| injection.draw(&Method::GET, "/x").instead.is_some();
        (0..1000).map(draw).collect()
    }

    #[test]
    fn the_same_seed_hits_the_same_requests() {
        let first = hits(&injection(&["errors=10%"], 7));
        assert_eq!(first, hits(&injection(&["errors=10%"], 7)));
        assert_ne!(first, hits(&injection(&["errors=10%"], 8)));
        let share = first.iter().filter(|hit| **hit).count();
        assert!((60..140).contains(&share), "{share} of 1000");
    }

    #[test]
    fn delays_add_up_and_the_first_answer_wins() {
        let both = injection(&["slow=1s", "html", "not-found", "slow=2s"], 1);
        let injected = both.draw(&Method::GET, "/x");
        assert_eq!(injected.delay, Duration::from_secs(3));
        assert_eq!(injected.instead, Some(Instead::Html));
    }

    #[test]
    fn a_share_of_the_time_hits_all_requests_and_a_tail_only_its_share() {
        let stretches = |faults: &[&str]| -> Vec<f64> {
            let both = injection(faults, 3);
            (0..1000).map(|_| both.draw(&Method::GET, "/x").stretch).collect()
        };
        assert!(stretches(&["slow=10%"]).iter().all(|stretch| *stretch == 0.1));
        let tail = stretches(&["tail=10%x4"]);
        let hit = tail.iter().filter(|stretch| **stretch == 3.0).count();
        let left = tail.iter().filter(|stretch| **stretch == 0.0).count();
        assert!((60..140).contains(&hit), "{hit} of 1000");
        assert_eq!(hit + left, 1000);
        assert_eq!(tail, stretches(&["tail=10%x4"]));
    }

    #[test]
    fn a_stall_lasts_to_the_end_of_its_part_of_the_period() {
        let rest = |millis| {
            let elapsed = Duration::from_millis(millis);
            rest_of_stall(elapsed, Duration::from_secs(1), Duration::from_secs(5)).as_millis()
        };
        assert_eq!(
            [rest(0), rest(400), rest(1000), rest(4999), rest(5250)],
            [1000, 600, 0, 0, 750]
        );
    }

    #[test]
    fn a_fault_leaves_other_paths_alone() {
        let scoped = injection(&["not-found@/api/v1/meals"], 1);
        assert_eq!(scoped.draw(&Method::GET, "/api/v1/products").instead, None);
        assert!(scoped.draw(&Method::GET, "/api/v1/meals/1").instead.is_some());
    }
}
