//! Adds up what the workers recorded, a second at a time, off their threads.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::executor::begin::{measured, web_vitals};
use crate::executor::control::Scalable;
use crate::executor::health::{self, Judged};
use crate::executor::once::{Scene, setup_failed};
use crate::executor::probe::Probe;
use crate::executor::pulse::Beat;
use crate::executor::start::instant_of;
use crate::executor::{Control, Run, Vitals};
use crate::recorder::{Second, add_histogram, empty_histogram};
use crate::result::histogram;
use crate::result::journal::{Entry, LoadSecond, SecondEntry, StepSecond, step_second};
use crate::result::{FailureExample, Headroom, Vital};

/// What workers tell.
pub(super) enum Message {
    /// A worker's users are set up; with what the system knows its thread by.
    Ready(Option<u32>),
    /// A step of setup or teardown failed, in the scenario with this number.
    SetupFailed(usize, FailureExample),
    /// Seconds of a scenario that are over.
    Seconds(usize, Vec<Second>),
    /// A worker has come to a second.
    Reached {
        /// The worker.
        worker: usize,
        /// All seconds before this one are told.
        complete: u32,
        /// The second it has come to.
        second: u32,
        /// How it fared since the last time.
        beat: Beat,
    },
    /// A scenario's load was over on this worker so long after its beginning; a feed ran out.
    Ended(usize, Duration, Option<String>),
    /// This worker is gone.
    Done(usize),
}

/// Adds up.
pub(super) struct Collector {
    /// By scenario, then by series: the row in the result, where there is one.
    rows: BTreeMap<usize, Vec<Option<usize>>>,
    seconds: BTreeMap<u32, BTreeMap<usize, Second>>,
    /// The worst of all workers, by second.
    beats: BTreeMap<u32, Beat>,
    /// The next second to tell.
    next: u32,
    reached: Vec<u32>,
    ready: usize,
    gone: bool,
    ended: BTreeMap<usize, (Duration, Option<String>)>,
    cpu_before: Option<(Instant, f64)>,
    threads: Vec<u32>,
    vitals_before: Option<(Instant, Vitals)>,
    /// What was told last of the system: seconds that are told together share it.
    vital: Vital,
    /// Measures the machine meanwhile, where somebody wants it to.
    probe: Option<Probe>,
    /// What may be changed by hand, with the loads whose users can be; and how much was told.
    control: (Control, Vec<Scalable>),
    told: usize,
}

impl Collector {
    /// For so many workers.
    pub fn new(scenes: &[Scene], workers: usize) -> Self {
        let mut rows = BTreeMap::new();
        let mut next = 0;
        for (index, scene) in scenes.iter().enumerate() {
            if scene.plan.load.is_none() {
                continue;
            }
            let mut row_of = vec![None; scene.plan.series.len()];
            for (series, _) in measured(&scene.plan) {
                row_of[series] = Some(next);
                next += 1;
            }
            rows.insert(index, row_of);
        }
        // The rows of vitals are counted on after those of all steps.
        for (index, scene) in scenes.iter().enumerate() {
            let Some(row_of) = rows.get_mut(&index) else { continue };
            for (series, _) in web_vitals(&scene.plan) {
                row_of[series] = Some(next);
                next += 1;
            }
        }
        Self {
            rows,
            seconds: BTreeMap::new(),
            beats: BTreeMap::new(),
            next: 0,
            reached: vec![0; workers],
            ready: 0,
            gone: false,
            ended: BTreeMap::new(),
            cpu_before: None,
            threads: Vec::new(),
            vitals_before: None,
            vital: Vital::default(),
            probe: None,
            control: Default::default(),
            told: 0,
        }
    }

    /// Measures how fast the machine is, each second of the load.
    pub fn probing(self) -> Self {
        Self { probe: Probe::ready(), ..self }
    }

    /// Tells what is changed by hand.
    pub fn under(self, control: (Control, Vec<Scalable>)) -> Self {
        Self { control, ..self }
    }

    /// Starts the workers together and listens until all are done.
    pub fn collect(
        mut self,
        messages: &Receiver<Message>,
        starts: Vec<oneshot::Sender<Instant>>,
        run: &mut Run<'_>,
    ) -> Judged {
        let mut starts = Some(starts);
        loop {
            match messages.recv_timeout(Duration::from_millis(200)) {
                Ok(message) => self.hear(message, run),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.gone {
                // One that is gone before the start has told why; the others shall not wait.
                starts = None;
            }
            if self.ready == self.reached.len()
                && let Some(starts) = starts.take()
            {
                let origin = self.origin(run);
                self.probe.iter().for_each(|probe| probe.begin(origin.into_std()));
                self.cpu_before = run.observer.cpu_seconds().map(|cpu| (origin, cpu));
                self.vitals_before = Some((origin, run.observer.vitals(&self.threads)));
                self.control.0.begin(origin, std::mem::take(&mut self.control.1));
                for start in starts {
                    // A worker that is gone has told why.
                    let _ = start.send(origin);
                }
            }
            self.tell_complete(run);
            self.tell_altered(run);
        }
        self.control.0.end();
        self.reached.fill(u32::MAX);
        if let Some(probe) = &mut self.probe {
            probe.end();
        }
        self.tell_complete(run);
        self.tell_altered(run);
        self.tell_ends(run);
        let beats: Vec<Beat> = self.beats.into_values().collect();
        health::judge(&run.ledger.so_far(), &beats)
    }

    /// When the load begins: a moment ahead, so that every worker can be there on time, or when
    /// whoever listens says.
    fn origin(&self, run: &mut Run<'_>) -> Instant {
        let told = run.observer.begins().and_then(instant_of);
        told.unwrap_or_else(|| Instant::now() + Duration::from_millis(20))
    }

    fn hear(&mut self, message: Message, run: &mut Run<'_>) {
        match message {
            Message::Ready(thread) => {
                self.ready += 1;
                self.threads.extend(thread);
            }
            Message::SetupFailed(scenario, failure) => run.tell(setup_failed(scenario, &failure)),
            Message::Seconds(scenario, seconds) => {
                for second in seconds {
                    let all = self.seconds.entry(second.second).or_default();
                    match all.get_mut(&scenario) {
                        Some(known) => known.merge(second),
                        None => drop(all.insert(scenario, second)),
                    }
                }
            }
            Message::Reached { worker, complete, second, beat } => {
                self.reached[worker] = complete;
                let known = self.beats.entry(second.saturating_sub(1)).or_default();
                *known = known.worst(beat);
            }
            Message::Ended(scenario, lasted, feed) => {
                let known = self.ended.entry(scenario).or_default();
                known.0 = known.0.max(lasted);
                known.1 = known.1.take().or(feed);
            }
            Message::Done(worker) => {
                self.reached[worker] = u32::MAX;
                self.gone = true;
            }
        }
    }

    /// Tells the seconds that no worker will add to, idle ones too.
    fn tell_complete(&mut self, run: &mut Run<'_>) {
        let complete = self.reached.iter().copied().min().unwrap_or(u32::MAX);
        let last = self.seconds.keys().next_back().max(self.beats.keys().next_back());
        let until = complete.min(last.map_or(0, |last| last + 1));
        while self.next < until {
            let scenarios = self.seconds.remove(&self.next).unwrap_or_default();
            let entry = self.second(self.next, scenarios, run);
            run.tell(Entry::Second(Box::new(entry)));
            self.next += 1;
        }
    }

    fn second(
        &mut self,
        second: u32,
        scenarios: BTreeMap<usize, Second>,
        run: &mut Run<'_>,
    ) -> SecondEntry {
        let mut vital = self.vital(run);
        if let Some(beat) = self.beats.get_mut(&second) {
            beat.queued = vital.queued.unwrap_or(0.0).into();
            beat.stolen = vital.stolen.unwrap_or(0.0).into();
        }
        let beat = self.beats.get(&second).copied().unwrap_or_default();
        vital.thread_cpu = beat.cpu as f32;
        vital.lag_p99_us = lag_p99(scenarios.values());
        let mut entry = SecondEntry {
            second,
            cpu: self.cpu_share(run),
            loop_gap_us: beat.gap.as_micros() as u64,
            probe_ns: self.probe(second),
            vital: Some(vital),
            ..SecondEntry::default()
        };
        for (scenario, mut seen) in scenarios {
            let timings = std::mem::take(&mut seen.timings);
            if !timings.is_empty() {
                run.observer.timings(scenario, timings);
            }
            let iterations = &seen.iterations;
            entry.loads.push(LoadSecond {
                scenario,
                started: iterations.started,
                completed: iterations.completed,
                failed: iterations.failed,
                interrupted: iterations.interrupted,
                users: iterations.users,
                presence_us: (
                    iterations.present.as_micros() as u64,
                    iterations.thought.as_micros() as u64,
                ),
                durations: iterations.duration.as_ref().map(histogram::encode).unwrap_or_default(),
            });
            for (all, settling) in [(&seen.series, false), (&seen.settling, true)] {
                for (series, seen) in all.iter().enumerate() {
                    if let (Some(row), Some(seen)) = (self.rows[&scenario][series], seen) {
                        let step = step_second(row, second, seen);
                        entry.steps.push(StepSecond { settling, ..step });
                    }
                }
            }
        }
        entry
    }

    /// The share of the machine's CPU time that this process used since the last second told.
    fn cpu_share(&mut self, run: &mut Run<'_>) -> Option<f32> {
        let (before, used_before) = self.cpu_before?;
        let (now, used) = (Instant::now(), run.observer.cpu_seconds()?);
        let elapsed = now.saturating_duration_since(before).as_secs_f64();
        if elapsed < 0.1 {
            return None;
        }
        self.cpu_before = Some((now, used));
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        Some(((used - used_before) / elapsed / cores as f64) as f32)
    }

    /// What the system tells of the time since it was last asked, and of now.
    fn vital(&mut self, run: &mut Run<'_>) -> Vital {
        let Some((before, known)) = &self.vitals_before else { return Vital::default() };
        let now = Instant::now();
        let elapsed = now.saturating_duration_since(*before).as_secs_f64();
        if elapsed < 0.1 {
            return self.vital;
        }
        let seen = run.observer.vitals(&self.threads);
        let queued = seen.queued.iter().zip(&known.queued);
        let queued = queued.filter_map(|(now, before)| Some((*now)? - (*before)?));
        let stolen = seen.stolen.zip(known.stolen).map(|(now, before)| {
            let of = now.1.saturating_sub(before.1).max(1);
            now.0.saturating_sub(before.0) as f32 / of as f32
        });
        let headroom = |(most, limit)| Headroom { most, limit };
        let vital = Vital {
            queued: queued.reduce(f64::max).map(|queued| (queued / elapsed) as f32),
            stolen,
            files: seen.files.map(headroom),
            ports: seen.ports.map(headroom),
            ..Vital::default()
        };
        self.vitals_before = Some((now, seen));
        self.vital = vital;
        vital
    }

    /// The probe's own seconds go on in a pause, so those after one are not the load's.
    fn probe(&mut self, second: u32) -> u64 {
        match &mut self.probe {
            Some(probe) if !self.control.0.is_used() => probe.second(second),
            _ => 0,
        }
    }

    fn tell_altered(&mut self, run: &mut Run<'_>) {
        let new = self.control.0.told(self.told);
        self.told += new.len();
        new.into_iter().for_each(|one| run.tell(Entry::Altered(one)));
    }

    fn tell_ends(&mut self, run: &mut Run<'_>) {
        for (scenario, (lasted, feed)) in std::mem::take(&mut self.ended) {
            run.tell(Entry::LoadEnded(scenario, lasted.as_millis() as u64, feed));
        }
    }
}

/// How late iterations of a second began while users were free.
fn lag_p99<'s>(scenarios: impl Iterator<Item = &'s Second>) -> u64 {
    let mut all = empty_histogram();
    // Where nothing was late there is no histogram, and zeros would only make the others smaller.
    let series = scenarios.flat_map(|second| second.series.iter().flatten());
    series.filter_map(|one| one.lag.as_ref()).for_each(|lag| add_histogram(&mut all, lag));
    all.value_at_quantile(0.99)
}
