//! Makes runs up: the latencies of all requests of some seconds on a host, reproducibly.
//!
//! The logarithm of a latency is the run's own level, plus the second's, plus the request's. The
//! spread of requests differs between runs too, so that the p99 varies more than the median.

use hdrhistogram::Histogram;
use taster::recorder::empty_histogram;

use super::host::{Change, Host};
use super::random::Random;

/// The median latency, in microseconds: with it three digits are steps of about 0.05 %.
const MEDIAN_US: f64 = 5_000.0;

/// How likely a host of two speeds changes in a second.
const FLIP: f64 = 0.1;

/// How much slower the slower of its speeds is.
const SLOWER: f64 = 1.2;

/// The share of a second's requests that a hiccup hits, and how much.
const HICCUP: (f64, f64) = (0.1, 3.0);

/// The share of the noise within a run that both sides of a duet see alike.
const SHARED: f64 = 0.9;

/// One run: its seconds, each with the logarithms of its latencies over the median.
pub struct Run {
    seconds: Vec<Vec<f32>>,
}

/// What the seconds of a run have in common with those of its partner in a duet.
struct Course {
    level: f64,
    spread: f64,
    seconds: Vec<f64>,
    hiccups: Vec<bool>,
}

impl Course {
    fn draw(random: &mut Random, host: &Host, length: usize) -> Self {
        Self {
            level: random.normal() * host.between,
            spread: host.spread * (random.normal() * host.between / 2.0).exp(),
            seconds: drift(random, host, length),
            hiccups: (0..length).map(|_| random.happens(host.hiccups)).collect(),
        }
    }
}

/// The level of each second.
fn drift(random: &mut Random, host: &Host, length: usize) -> Vec<f64> {
    let mut seconds = random.series(length, host.resemblance, host.within);
    if host.two_state {
        let mut slow = random.happens(0.5);
        for second in &mut seconds {
            slow ^= random.happens(FLIP);
            *second += if slow { SLOWER.ln() } else { 0.0 };
        }
    }
    seconds
}

/// One run of so many seconds.
pub fn alone(random: &mut Random, host: &Host, length: usize) -> Run {
    let course = Course::draw(random, host, length);
    requests(random, host, &course)
}

/// The two sides of one restart of a duet, both with load in all seconds.
pub fn side_by_side(random: &mut Random, host: &Host, length: usize) -> [Run; 2] {
    let both = Course::draw(random, host, length);
    std::array::from_fn(|_| {
        let own = random.series(length, host.resemblance, host.within);
        // What both share and what each has for itself add up to the spread of a run alone.
        let mixed = |(both, own): (&f64, &f64)| SHARED.sqrt() * both + (1.0 - SHARED).sqrt() * own;
        let course = Course {
            level: both.level + random.normal() * host.sides / 2.0_f64.sqrt(),
            spread: both.spread * (random.normal() * host.sides / 2.0).exp(),
            seconds: both.seconds.iter().zip(&own).map(mixed).collect(),
            hiccups: both.hiccups.clone(),
        };
        requests(random, host, &course)
    })
}

/// The two sides of one restart whose seconds alternate, ABBA; `length` is of each side.
pub fn interleaved(random: &mut Random, host: &Host, length: usize) -> [Run; 2] {
    let both = Course::draw(random, host, 2 * length);
    let differs = random.normal() * host.sides;
    [false, true].map(|candidate| {
        let own = |second: &usize| turn(*second) == candidate;
        let mine: Vec<usize> = (0..2 * length).filter(own).collect();
        let course = Course {
            level: both.level + if candidate { differs } else { 0.0 },
            spread: both.spread,
            seconds: mine.iter().map(|second| both.seconds[*second]).collect(),
            hiccups: mine.iter().map(|second| both.hiccups[*second]).collect(),
        };
        requests(random, host, &course)
    })
}

/// Whether a second belongs to the candidate: A B B A.
pub fn turn(second: usize) -> bool {
    matches!(second % 4, 1 | 2)
}

fn requests(random: &mut Random, host: &Host, course: &Course) -> Run {
    let (share, times) = HICCUP;
    let hit = (host.rate as f64 * share) as usize;
    let mut one = |(second, hiccup): (&f64, &bool)| -> Vec<f32> {
        let level = course.level + second;
        let value = |at: usize| {
            let slower = if *hiccup && at < hit { times.ln() } else { 0.0 };
            (level + slower + course.spread * random.normal()) as f32
        };
        (0..host.rate).map(value).collect()
    };
    Run { seconds: course.seconds.iter().zip(&course.hiccups).map(&mut one).collect() }
}

impl Run {
    /// The same run on a machine whose every request takes so many times as long.
    pub fn slower(mut self, times: f64) -> Self {
        let shift = times.ln() as f32;
        self.seconds.iter_mut().flatten().for_each(|value| *value += shift);
        self
    }

    /// As it is recorded, after a change of the service: one histogram of microseconds a second.
    pub fn recorded(&self, change: Change, random: &mut Random) -> Vec<Histogram<u64>> {
        let mut recorded = |values: &Vec<f32>| {
            let mut histogram = empty_histogram();
            for value in values {
                let times = match change {
                    Change::All(times) => times,
                    Change::Some(share, times) if random.happens(share) => times,
                    Change::Some(..) => 1.0,
                };
                let latency = MEDIAN_US * f64::from(*value).exp() * times;
                histogram.saturating_record(latency.round() as u64);
            }
            histogram
        };
        self.seconds.iter().map(&mut recorded).collect()
    }
}
