//! How the generator itself fared, as it is stored.

use serde::{Deserialize, Serialize};

/// How the generator itself fared. What is told per second is of the worst of its workers, and
/// left out where the system does not tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// The judgement.
    pub health: Health,
    /// Why, and what to do; empty when valid.
    pub reasons: Vec<String>,
    /// Per second of load: share of the machine's CPU time used by this process, 0 to 1.
    pub cpu: Vec<f32>,
    /// Per second of load: the longest time one of its loops was late, in microseconds.
    pub loop_gap_us: Vec<u64>,
    /// Per second of load: how late iterations began while users were free (p99), in microseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lag_p99_us: Vec<u64>,
    /// Per second of load: the share of one core that a thread of it worked, 0 to 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thread_cpu: Vec<f32>,
    /// Per second of load: the share of the time that a thread of it waited for a core, 0 to 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queued: Vec<f32>,
    /// Per second of load: the share of the machine's time that its host kept from it, 0 to 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stolen: Vec<f32>,
    /// Open files and sockets: the most, and how many there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Headroom>,
    /// Sockets of the machine: the most, and the ports there are for outgoing ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Headroom>,
}

/// How near something came to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Headroom {
    /// The most there were.
    pub most: u64,
    /// The most there may be.
    pub limit: u64,
}

/// Whether the generator could have distorted what it measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Health {
    /// No sign of it.
    Valid,
    /// Signs of it.
    Suspect,
    /// It did.
    Invalid,
}

/// How the generator fared in one second of load.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in `Generator`")]
pub struct Vital {
    pub lag_p99_us: u64,
    pub thread_cpu: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stolen: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Headroom>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<Headroom>,
}

impl Generator {
    /// One that nothing is known of.
    pub fn unseen() -> Self {
        Self {
            health: Health::Valid,
            reasons: Vec::new(),
            cpu: Vec::new(),
            loop_gap_us: Vec::new(),
            lag_p99_us: Vec::new(),
            thread_cpu: Vec::new(),
            queued: Vec::new(),
            stolen: Vec::new(),
            files: None,
            ports: None,
        }
    }

    /// Adds how it fared in a second.
    pub(super) fn add(&mut self, second: usize, vital: &Vital) {
        let put = |list: &mut Vec<f32>, value: Option<f32>| {
            if let Some(value) = value {
                super::ledger::put(list, second, (value * 1e3).round() / 1e3);
            }
        };
        super::ledger::put(&mut self.lag_p99_us, second, vital.lag_p99_us);
        put(&mut self.thread_cpu, Some(vital.thread_cpu));
        put(&mut self.queued, vital.queued);
        put(&mut self.stolen, vital.stolen);
        for (known, seen) in [(&mut self.files, vital.files), (&mut self.ports, vital.ports)] {
            if let Some(seen) = seen {
                let most = known.map_or(0, |known| known.most).max(seen.most);
                *known = Some(Headroom { most, limit: seen.limit });
            }
        }
    }
}
