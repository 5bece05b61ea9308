//! Wakes at an exact time: the event loop's own timers are up to a millisecond late.
//!
//! On Linux the kernel's timer (timerfd, on the monotonic clock and absolute) wakes the loop a
//! moment early, and the rest of the wait is spent looking again and again, with input and output
//! served in between. Elsewhere, and where time is made for tests, the loop's timers have to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

/// So short before its time an alarm does not sleep any more: waking up may take that long.
const NEAR: Duration = Duration::from_micros(50);

/// The kernel is asked to wake so long before the time.
const EARLY: Duration = Duration::from_micros(30);

/// A look around the loop that took less than this found nothing to do.
const NOTHING_DONE: Duration = Duration::from_micros(3);

/// How exactly arrivals are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// To a few microseconds, by the kernel's clock.
    Precise,
    /// To a millisecond, by the event loop's clock, which tests may stop.
    Coarse,
}

/// Time that a worker spent waiting awake: it looks busy to the system and is not.
#[derive(Debug, Clone, Default)]
pub(super) struct Awake(Arc<AtomicU64>);

impl Awake {
    /// All of it so far.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn add(&self, time: Duration) {
        self.0.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }
}

/// Waits for one time after the other.
pub(super) struct Alarm {
    timer: Option<timer::Timer>,
    awake: Awake,
}

impl Alarm {
    /// An alarm; one that the system has no timer for is coarse.
    pub fn new(timing: Timing, awake: Awake) -> Self {
        let timer = match timing {
            Timing::Precise => timer::Timer::new().ok(),
            Timing::Coarse => None,
        };
        Self { timer, awake }
    }

    /// Waits until `due`. It may be dropped and asked again.
    pub async fn until(&mut self, due: Instant) {
        let Some(timer) = &mut self.timer else { return sleep_until(due).await };
        let mut now = Instant::now();
        while let Some(left) = due.checked_duration_since(now).filter(|left| !left.is_zero()) {
            if left > NEAR {
                if timer.sleep_until(due - EARLY).await.is_err() {
                    self.timer = None;
                    return sleep_until(due).await;
                }
                now = Instant::now();
                continue;
            }
            yield_now().await;
            let looked = std::mem::replace(&mut now, Instant::now());
            let took = now.saturating_duration_since(looked);
            if took < NOTHING_DONE {
                self.awake.add(took);
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use std::io;
    use std::time::Duration;

    use rustix::time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec,
        clock_gettime, timerfd_create, timerfd_settime,
    };
    use tokio::net::unix::pipe::Receiver;
    use tokio::time::Instant;

    /// The kernel's timer. The event loop has no type for it, but one for what is waited for and
    /// then read just so: the end of a pipe.
    pub(super) struct Timer {
        file: Receiver,
        /// One moment on both clocks.
        base: (Instant, Duration),
        armed: Option<Instant>,
    }

    impl Timer {
        pub fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let file = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            let file = Receiver::from_owned_fd_unchecked(file)?;
            let clock = clock_gettime(ClockId::Monotonic);
            let clock = Duration::new(clock.tv_sec as u64, clock.tv_nsec as u32);
            Ok(Self { file, base: (Instant::now(), clock), armed: None })
        }

        /// Sleeps until the kernel says that it is `at`, or a little less.
        pub async fn sleep_until(&mut self, at: Instant) -> io::Result<()> {
            if self.armed != Some(at) {
                self.arm(at)?;
            }
            self.file.readable().await?;
            // What was left of an earlier alarm is no reason to wake: the caller asks again.
            match self.file.try_read(&mut [0; 8]) {
                Ok(_) => self.armed = None,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            Ok(())
        }

        fn arm(&mut self, at: Instant) -> io::Result<()> {
            let since = at.saturating_duration_since(self.base.0);
            // A time of nought would switch the timer off.
            let clock = (self.base.1 + since).max(Duration::from_nanos(1));
            let never = Timespec { tv_sec: 0, tv_nsec: 0 };
            let value =
                Timespec { tv_sec: clock.as_secs() as _, tv_nsec: clock.subsec_nanos() as _ };
            let spec = Itimerspec { it_interval: never, it_value: value };
            timerfd_settime(&self.file, TimerfdTimerFlags::ABSTIME, &spec)?;
            self.armed = Some(at);
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod timer {
    use std::io;

    use tokio::time::Instant;

    /// There is none that is known to be better than the event loop's.
    pub(super) struct Timer;

    impl Timer {
        pub fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub async fn sleep_until(&mut self, _: Instant) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How late an alarm is for each of these times, in order.
    async fn lateness(timing: Timing, waits: &[Duration]) -> Vec<Duration> {
        let mut alarm = Alarm::new(timing, Awake::default());
        let mut due = Instant::now();
        let mut late = Vec::new();
        for wait in waits {
            due += *wait;
            alarm.until(due).await;
            let now = Instant::now();
            assert!(now >= due, "it is never early");
            late.push(now - due);
        }
        late
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn an_alarm_is_never_early_and_comes_for_every_time() {
        let waits = [0, 10, 40, 60, 200, 1_500, 3, 700].map(Duration::from_micros);
        for timing in [Timing::Precise, Timing::Coarse] {
            let late = runtime().block_on(lateness(timing, &waits));
            assert_eq!(late.len(), waits.len());
        }
    }

    #[test]
    fn an_alarm_that_is_given_up_does_not_ring_for_the_next_time() {
        runtime().block_on(async {
            let mut alarm = Alarm::new(Timing::Precise, Awake::default());
            let begin = Instant::now();
            let (soon, later) =
                (begin + Duration::from_millis(60), begin + Duration::from_millis(80));
            tokio::select! {
                biased;
                () = alarm.until(soon) => panic!("it is not yet time"),
                () = yield_now() => {}
            }
            std::thread::sleep(Duration::from_millis(65));
            alarm.until(later).await;
            assert!(Instant::now() >= later);
        });
    }

    #[test]
    fn a_stopped_clock_is_followed_by_the_coarse_alarm() {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().unwrap();
        let waits = [Duration::from_secs(3_600), Duration::from_millis(5)];
        assert_eq!(runtime.block_on(lateness(Timing::Coarse, &waits)), [Duration::ZERO; 2]);
    }
}
