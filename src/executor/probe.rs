//! Measures how fast the machine is while load runs, so that runs on faster and slower machines can
//! be told apart from a faster and a slower target.
//!
//! A turn of the probe is always the same work: arithmetic, steps through memory in an order that
//! no cache foresees, and datagrams through the loopback device. It has a thread of its own and
//! takes about a hundredth of a core, in ten turns a second that never keep step with arrivals. Of
//! the turns of a second the fastest counts: the others may have waited for the load itself, and a
//! target that takes more of the machine than before must not pass for a slower machine.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Turns in each second.
const TURNS: u32 = 10;

/// Rounds of arithmetic in a turn.
const ROUNDS: u64 = 100_000;

/// Steps through memory in a turn, and how many places there are: 4 MiB of them.
const STEPS: usize = 4_000;
const PLACES: usize = 1 << 20;

/// Datagrams in a turn, each sent and received, and their size in bytes.
const DATAGRAMS: usize = 40;
const DATAGRAM: usize = 256;

/// A datagram on this machine that takes so long is lost.
const LOST: Duration = Duration::from_millis(200);

/// How long a second that is over is waited for: its last turn may not be told yet.
const LATE: Duration = Duration::from_millis(100);

/// A probe that goes on until it is ended or dropped.
#[derive(Debug)]
pub(super) struct Probe {
    told: Receiver<(u32, u64)>,
    known: BTreeMap<u32, u64>,
    begin: Sender<Instant>,
    /// Dropped to end it.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Probe {
    /// Makes one ready, so that nothing of that falls into the load. There is none where the
    /// machine has no loopback or no thread for it: then nothing is known of its speed.
    pub fn ready() -> Option<Self> {
        let (tell, told) = channel();
        let (begin, begun) = channel();
        let (stop, stopped) = channel();
        let run = move || {
            let work = Work::new();
            if let (Ok(mut work), Ok(origin)) = (work, begun.recv()) {
                work.run(origin, &tell, &stopped);
            }
        };
        let thread = std::thread::Builder::new().name("probe".to_string()).spawn(run).ok()?;
        Some(Self { told, known: BTreeMap::new(), begin, stop: Some(stop), thread: Some(thread) })
    }

    /// Lets it begin, and count its seconds from `origin`.
    pub fn begin(&self, origin: Instant) {
        // One that could not be made ready tells nothing.
        let _ = self.begin.send(origin);
    }

    /// The nanoseconds of the fastest turn in a second that is over; 0 where there was none.
    pub fn second(&mut self, second: u32) -> u64 {
        self.known.extend(self.told.try_iter());
        while !self.known.contains_key(&second) && self.known.keys().all(|known| *known < second) {
            match self.told.recv_timeout(LATE) {
                Ok((told, turn)) => drop(self.known.insert(told, turn)),
                Err(_) => break,
            }
        }
        self.known.remove(&second).unwrap_or(0)
    }

    /// Ends it; what it has of the second that goes on is told.
    pub fn end(&mut self) {
        drop(self.stop.take());
        // One that never began waits for this.
        self.begin = channel().0;
        if let Some(thread) = self.thread.take() {
            // A panic in it is a bug that the panic hook has told.
            let _ = thread.join();
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a turn works on.
struct Work {
    /// From each place to the next: one round through all of them.
    places: Vec<u32>,
    at: u32,
    socket: UdpSocket,
}

impl Work {
    fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(socket.local_addr()?)?;
        socket.set_read_timeout(Some(LOST))?;
        let mut work = Self { places: round(PLACES), at: 0, socket };
        // The first turn finds nothing in any cache, and is no measurement.
        work.turn()?;
        Ok(work)
    }

    /// Takes turns until it is told to stop.
    fn run(&mut self, origin: Instant, tell: &Sender<(u32, u64)>, stopped: &Receiver<()>) {
        for second in 0.. {
            let mut fastest = None;
            let mut over = false;
            for number in 0..TURNS {
                let due = origin + Duration::from_secs(second.into()) + offset(second, number);
                let wait = due.saturating_duration_since(Instant::now());
                if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                    over = true;
                    break;
                }
                let began = Instant::now();
                // What was lost is no measurement of speed.
                if self.turn().is_ok() {
                    let took = began.elapsed().as_nanos() as u64;
                    fastest = Some(fastest.map_or(took, |known: u64| known.min(took)));
                }
            }
            // Whoever listens is gone only when the run is over.
            if let Some(turn) = fastest {
                let _ = tell.send((second, turn));
            }
            if over {
                return;
            }
        }
    }

    /// The same work each time.
    fn turn(&mut self) -> io::Result<()> {
        let mut number = black_box(0x9e37_79b9_7f4a_7c15_u64);
        for round in 0..ROUNDS {
            number = (number ^ round).rotate_left(7).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        black_box(number);
        for _ in 0..STEPS {
            self.at = self.places[self.at as usize];
        }
        black_box(self.at);
        let mut datagram = [0x5a; DATAGRAM];
        for _ in 0..DATAGRAMS {
            self.socket.send(&datagram)?;
            self.socket.recv(&mut datagram)?;
        }
        Ok(())
    }
}

/// When in its second a turn is due: a tenth of a second apart and each a little elsewhere, so
/// that no rate of arrivals meets them again and again; the last well before the second is over.
fn offset(second: u32, number: u32) -> Duration {
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let turn = f64::from(second) * f64::from(TURNS) + f64::from(number);
    let elsewhere = (turn * GOLDEN).fract() * 0.9 / f64::from(TURNS);
    let tenth = f64::from(number) * 0.95 / f64::from(TURNS);
    Duration::from_secs_f64(tenth + elsewhere)
}

/// For each place the next one, so that one round leads through all places in an order that
/// nothing foresees (Sattolo's shuffle, with numbers that are always the same).
fn round(places: usize) -> Vec<u32> {
    let mut next: Vec<u32> = (0..places as u32).collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for at in (1..places).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        next.swap(at, (state % at as u64) as usize);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_leads_through_all_places() {
        let next = round(1_000);
        let mut seen = vec![false; next.len()];
        let mut at = 0;
        for _ in 0..next.len() {
            assert!(!std::mem::replace(&mut seen[at as usize], true), "{at} twice");
            at = next[at as usize];
        }
        assert_eq!(at, 0);
    }

    #[test]
    fn turns_come_in_order_and_within_their_second() {
        let times: Vec<Duration> = (0..20)
            .flat_map(|second| (0..TURNS).map(move |number| offset(second, number)))
            .collect();
        assert!(times.chunks(TURNS as usize).all(|second| second.is_sorted()));
        assert!(times.iter().all(|time| *time < Duration::from_millis(950)));
        let of_a_tenth = times.iter().filter(|time| time.as_micros() % 100_000 < 10_000).count();
        assert!(of_a_tenth < times.len() / 4, "they keep step with ten arrivals a second");
    }

    #[test]
    fn the_fastest_turn_of_each_second_is_told() {
        // It is as if the load had begun two seconds ago: the turns of these are made at once.
        let origin = Instant::now() - Duration::from_secs(2);
        let mut probe = Probe::ready().expect("this machine has loopback");
        probe.begin(origin);
        let told: Vec<(u32, u64)> = probe.told.iter().take(2).collect();
        assert_eq!(told.iter().map(|(second, _)| *second).collect::<Vec<_>>(), [0, 1]);
        assert!(told.iter().all(|(_, turn)| (10_000..1_000_000_000).contains(turn)), "{told:?}");
        probe.end();
        assert_eq!(probe.second(7), 0, "there was none");
    }
}
