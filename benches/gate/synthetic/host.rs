//! The hosts and changes of the protocol: how noisy a machine is, and what is done to a service.

/// How the latencies of one kind of machine vary. All spreads are standard deviations of the
/// natural logarithm, so 0.04 is about 4 %.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// As it stands in the table.
    pub name: &'static str,
    /// From run to run: placement, layout, neighbours.
    pub between: f64,
    /// Between the two sides of a duet, which share all the rest.
    pub sides: f64,
    /// From second to second within a run.
    pub within: f64,
    /// How much a second resembles the one before.
    pub resemblance: f64,
    /// The share of seconds in which one request in ten takes three times as long.
    pub hiccups: f64,
    /// Of the requests of one second.
    pub spread: f64,
    /// Requests a second.
    pub rate: usize,
    /// Whether it changes between two speeds, 20 % apart, every ten seconds on average.
    pub two_state: bool,
    /// The share of runs that land on a machine that is 15 % slower, as its probe tells.
    pub slow_share: f64,
    /// What the gate is told of the spread from run to run.
    pub prior: f64,
}

/// Pinned bare metal.
pub const QUIET: Host = Host {
    name: "quiet",
    between: 0.01,
    sides: 0.002,
    within: 0.03,
    resemblance: 0.7,
    hiccups: 0.0,
    spread: 0.5,
    rate: 200,
    two_state: false,
    slow_share: 0.0,
    prior: 0.01,
};

/// A shared machine of a CI provider.
pub const CI: Host = Host {
    name: "ci",
    between: 0.04,
    sides: 0.008,
    within: 0.08,
    hiccups: 0.02,
    prior: 0.04,
    ..QUIET
};

/// An untuned virtual machine with busy neighbours.
pub const NOISY: Host = Host {
    name: "noisy",
    between: 0.10,
    sides: 0.02,
    within: 0.15,
    resemblance: 0.8,
    hiccups: 0.05,
    prior: 0.10,
    ..QUIET
};

/// As `CI`, but its noise is no AR(1): it changes between two speeds.
pub const TWO_STATE: Host = Host { name: "two-state", two_state: true, within: 0.04, ..CI };

/// As `CI`, with a tenth of the requests.
pub const LOW_RATE: Host = Host { name: "low rate", rate: 20, ..CI };

/// As `CI`, of a service with a heavy tail.
pub const HEAVY_TAIL: Host = Host { name: "heavy tail", spread: 1.0, ..CI };

/// One run in five lands on a slower machine; alike otherwise.
pub const MIXED: Host = Host { name: "mixed", between: 0.02, slow_share: 0.2, prior: 0.04, ..CI };

/// How much slower the slow machines of `MIXED` are.
pub const SLOW_BY: f64 = 0.15;

/// Duets whose sides differ by more than the gate believes (1 %).
pub const ASYMMETRIC: [Host; 3] = [
    Host { name: "asymmetry 1 %", sides: 0.01, ..CI },
    Host { name: "asymmetry 2 %", sides: 0.02, ..CI },
    Host { name: "asymmetry 3 %", sides: 0.03, ..CI },
];

/// What is done to the latencies of the candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// All of them times so much.
    All(f64),
    /// A share of the requests times so much: few and much is a tail, many and less a second mode.
    Some(f64, f64),
}

/// A change by its name.
pub type Named = (&'static str, Change);

/// Nothing changes.
pub const SAME: Named = ("A/A", Change::All(1.0));

/// All changes of the protocol; the first is none.
pub const CHANGES: [Named; 10] = [
    SAME,
    ("+2.5 %", Change::All(1.025)),
    ("+5 %", Change::All(1.05)),
    ("+7.5 %", Change::All(1.075)),
    ("+10 %", Change::All(1.10)),
    ("+15 %", Change::All(1.15)),
    ("+20 %", Change::All(1.20)),
    ("+30 %", Change::All(1.30)),
    ("tail 2 % x 4", Change::Some(0.02, 4.0)),
    ("bimodal 10 % x 2", Change::Some(0.10, 2.0)),
];
