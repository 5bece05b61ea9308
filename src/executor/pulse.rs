//! Looks at a worker from inside: how late its own event loop is, how much CPU time it takes, and
//! when a second is over.

use std::rc::Rc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::executor::alarm::Awake;
use crate::executor::collect::Message;
use crate::executor::crew::Crew;
use crate::executor::hand::Hand;

/// How often a worker looks at itself.
const TICK: Duration = Duration::from_millis(10);

/// How one worker fared in one second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Beat {
    /// The longest time its loop was late.
    pub gap: Duration,
    /// How late its loop was on average.
    pub late: Duration,
    /// The share of one core that its thread worked, 0 to 1; not that it waited awake.
    pub cpu: f64,
    /// The share of the time that its thread waited for a core, 0 to 1; the system tells it.
    pub queued: f64,
    /// The share of the machine's time that its host kept from it, 0 to 1.
    pub stolen: f64,
}

impl Beat {
    /// The worse of two in each respect.
    pub fn worst(self, other: Beat) -> Beat {
        Beat {
            gap: self.gap.max(other.gap),
            late: self.late.max(other.late),
            cpu: self.cpu.max(other.cpu),
            queued: self.queued.max(other.queued),
            stolen: self.stolen.max(other.stolen),
        }
    }
}

/// One worker's measurement of itself.
pub(super) struct Pulse {
    worker: usize,
    origin: Instant,
    tell: Sender<Message>,
    second: u32,
    gap: Duration,
    late: Duration,
    ticks: u32,
    before: Instant,
    awake: Awake,
    hand: Rc<Hand>,
    /// When it last told, and how much its thread had worked by then.
    told: (Instant, Duration),
}

impl Pulse {
    /// From `origin` on.
    pub fn new(
        worker: usize,
        origin: Instant,
        (awake, hand): (&Awake, &Rc<Hand>),
        tell: Sender<Message>,
    ) -> Self {
        let (gap, late, ticks) = (Duration::ZERO, Duration::ZERO, 0);
        let (awake, hand) = (awake.clone(), hand.clone());
        let (before, second, told) = (origin, 0, (Instant::now(), Duration::ZERO));
        let mut pulse =
            Self { worker, origin, tell, second, gap, late, ticks, before, awake, hand, told };
        pulse.told.1 = pulse.worked();
        pulse
    }

    /// How much CPU time this thread has used to do something.
    fn worked(&self) -> Duration {
        thread_cpu().saturating_sub(self.awake.total())
    }

    /// Takes a look; whether a second is over.
    fn look(&mut self, now: Instant) -> bool {
        let late = now.saturating_duration_since(self.before).saturating_sub(TICK);
        self.before = now;
        self.gap = self.gap.max(late);
        self.late += late;
        self.ticks += 1;
        self.seconds(now) > self.second
    }

    /// The whole seconds of load so far: there are none in a pause.
    fn seconds(&self, now: Instant) -> u32 {
        self.hand.passed(now.saturating_duration_since(self.origin)).as_secs() as u32
    }

    /// Tells the second that is over, and that all seconds before `complete` were handed over.
    fn tell(&mut self, now: Instant, complete: Option<u32>) {
        let worked = self.worked();
        let elapsed = now.saturating_duration_since(self.told.0).as_secs_f64();
        let used = worked.saturating_sub(self.told.1).as_secs_f64();
        let beat = Beat {
            gap: self.gap,
            late: self.late / self.ticks.max(1),
            cpu: if elapsed > 0.0 { used / elapsed } else { 0.0 },
            ..Beat::default()
        };
        self.second = self.seconds(now);
        self.told = (now, worked);
        (self.gap, self.late, self.ticks) = (Duration::ZERO, Duration::ZERO, 0);
        let (second, complete) = (self.second, complete.unwrap_or(self.second));
        let _ = self.tell.send(Message::Reached { worker: self.worker, complete, second, beat });
    }
}

/// Hands over each second when it is over, and measures how late this very loop is.
pub(super) async fn tick(crews: &[Rc<Crew>], mut pulse: Pulse) {
    let mut ticks = interval_at(pulse.origin, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let over = pulse.look(now);
        let since = now.saturating_duration_since(pulse.origin);
        for crew in crews {
            let mut recorder = crew.recorder.borrow_mut();
            let users = &mut recorder.iterations(since).users;
            *users = (*users).max(crew.active.get());
        }
        if over {
            for crew in crews {
                let seconds = crew.recorder.borrow_mut().take_closed(since);
                let _ = pulse.tell.send(Message::Seconds(crew.job.scenario, seconds));
            }
            // A duet's side is in its last turn's second for as long as the other has its own.
            let reached = crews.iter().map(|crew| crew.recorder.borrow_mut().reached(since));
            let complete = reached.min();
            pulse.tell(now, complete);
        }
    }
}

/// The number that the system knows this thread by, where it tells how threads fare.
pub(super) fn this_thread() -> Option<u32> {
    #[cfg(target_os = "linux")]
    return Some(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(unix)]
fn thread_cpu() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Not told there: whether the generator kept up is seen only by how late its loops are.
#[cfg(not(unix))]
fn thread_cpu() -> Duration {
    Duration::ZERO
}
