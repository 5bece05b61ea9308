//! The calibration server: one thread, exact to a few microseconds.
//!
//! It looks for work without a pause while a deadline is near or requests came a moment ago, so
//! that no timer and no waking-up is part of what it does; else it sleeps and costs nothing.
//! It measures itself: how late answers left, and how long the machine did not let it look.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{self, AtomicBool};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustix::net::sockopt::set_socket_linger;

use super::wire::{self, Account, Act, Ask, Windows};

/// So long after the last request it looks for the next one without a pause.
const AWAKE: Duration = Duration::from_millis(50);

/// So long before a deadline it stops sleeping: the system's timers are exact to a millisecond.
const SPIN: Duration = Duration::from_millis(2);

/// Longer than this a look takes only when the machine did something else.
const LOOK: Duration = Duration::from_micros(100);

/// Connections that may wait to be taken.
const BACKLOG: i32 = 4096;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);

/// Before the first connection's token.
const CONNECTIONS: usize = 2;

/// The server, bound and not yet serving.
pub struct Server {
    poll: Poll,
    listener: TcpListener,
    stop: Stopper,
    connections: Vec<Option<Connection>>,
    serial: u64,
    due: BinaryHeap<Due>,
    /// When the only server of `Ask::Queue` is free.
    free: Instant,
    /// The windows, and what they are counted from once that is known.
    stalls: Option<(Windows, Option<Instant>)>,
    stalled_until: Instant,
    awake_until: Instant,
    tally: Tally,
}

/// Ends a server from another thread.
#[derive(Clone)]
pub struct Stopper(Arc<(Waker, AtomicBool)>);

impl Stopper {
    /// Ends it.
    ///
    /// # Errors
    /// When the system does not wake it.
    pub fn stop(&self) -> io::Result<()> {
        self.0.1.store(true, atomic::Ordering::Release);
        self.0.0.wake()
    }

    fn is_stopped(&self) -> bool {
        self.0.1.load(atomic::Ordering::Acquire)
    }
}

struct Connection {
    stream: TcpStream,
    incoming: Vec<u8>,
    /// Tells it from one that had its place before.
    serial: u64,
}

/// Something to do at a time.
struct Due {
    at: Instant,
    /// Among those of the same time, in the order they were asked for.
    order: u64,
    slot: usize,
    serial: u64,
    act: Act,
}

impl Ord for Due {
    /// The earliest is the greatest: it is on top of a heap.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

/// What the server knows of itself.
struct Tally {
    account: Account,
    late: Histogram<u64>,
}

impl Tally {
    fn new() -> Self {
        let late = Histogram::new_with_bounds(1, 60_000_000_000, 3)
            .expect("the bounds are legal: a minute of nanoseconds at 3 digits");
        Self { account: Account::default(), late }
    }

    /// The account so far; begins a new one.
    fn close(&mut self) -> Account {
        let old = std::mem::replace(self, Tally::new());
        Account {
            late_p50: old.late.value_at_quantile(0.5),
            late_p99: old.late.value_at_quantile(0.99),
            late_max: old.late.max(),
            ..old.account
        }
    }
}

impl Server {
    /// Binds an address; port 0 takes any that is free.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(address)?;
        // Whoever connects while the server stands still must find room: a connection that is
        // turned away comes back a second later, and that is no truth of the stall.
        rustix::net::listen(&listener, BACKLOG)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let now = Instant::now();
        Ok(Self {
            poll,
            listener,
            stop: Stopper(Arc::new((waker, AtomicBool::new(false)))),
            connections: Vec::new(),
            serial: 0,
            due: BinaryHeap::new(),
            free: now,
            stalls: None,
            stalled_until: now,
            awake_until: now,
            tally: Tally::new(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What ends it.
    pub fn stopper(&self) -> Stopper {
        self.stop.clone()
    }

    /// Serves until it is stopped.
    ///
    /// # Errors
    /// When the system's event queue fails.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while !self.stop.is_stopped() {
            let before = Instant::now();
            let patience = self.patience(before);
            match self.poll.poll(&mut events, patience) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let looked = Instant::now();
            if patience == Some(Duration::ZERO) {
                self.looked(looked - before);
            }
            let now = self.stand_still(looked);
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    WAKER => {}
                    Token(token) => self.read(token - CONNECTIONS, now),
                }
            }
            let acted = self.act();
            if acted || !events.is_empty() {
                let worked = now.elapsed();
                self.tally.account.busy += nanos(worked);
                self.tally.account.awake += nanos(worked);
            }
        }
        Ok(())
    }

    /// How long it may sleep.
    fn patience(&self, now: Instant) -> Option<Duration> {
        if now < self.awake_until {
            return Some(Duration::ZERO);
        }
        let left = self.due.peek()?.at.saturating_duration_since(now);
        // Whole milliseconds, because the system rounds them up.
        Some(Duration::from_millis(left.saturating_sub(SPIN).as_millis() as u64))
    }

    fn looked(&mut self, took: Duration) {
        self.tally.account.awake += nanos(took);
        if took > LOOK {
            self.tally.account.lost += nanos(took);
        }
    }

    /// Waits for the end of a window in which it does nothing; tells what time it is then.
    fn stand_still(&mut self, now: Instant) -> Instant {
        let Some((windows, Some(from))) = self.stalls else { return now };
        let left = windows.left(now.saturating_duration_since(from));
        if left.is_zero() {
            return now;
        }
        let end = now + left;
        std::thread::sleep(left.saturating_sub(SPIN));
        while Instant::now() < end {
            std::hint::spin_loop();
        }
        self.stalled_until = end;
        self.awake_until = end + AWAKE;
        end
    }

    fn accept(&mut self) {
        // What cannot be accepted is a connection that its client finds broken.
        while let Ok((mut stream, _)) = self.listener.accept() {
            // Answers are small and whole: waiting for more would only delay them.
            let _ = stream.set_nodelay(true);
            let free = self.connections.iter().position(Option::is_none);
            let slot = free.unwrap_or(self.connections.len());
            let token = Token(slot + CONNECTIONS);
            if self.poll.registry().register(&mut stream, token, Interest::READABLE).is_err() {
                continue;
            }
            self.serial += 1;
            let connection = Some(Connection { stream, incoming: Vec::new(), serial: self.serial });
            match free {
                Some(slot) => self.connections[slot] = connection,
                None => self.connections.push(connection),
            }
        }
    }

    fn read(&mut self, slot: usize, now: Instant) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        let mut buffer = [0; 4096];
        let open = loop {
            match connection.stream.read(&mut buffer) {
                Ok(0) => break false,
                Ok(length) => connection.incoming.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break false,
            }
        };
        let (mut incoming, serial) = (std::mem::take(&mut connection.incoming), connection.serial);
        while let Some(ask) = wire::next(&mut incoming) {
            self.take(ask, (slot, serial), now);
        }
        match &mut self.connections[slot] {
            Some(connection) if open => connection.incoming = incoming,
            // What is still due on it finds nobody.
            gone => *gone = None,
        }
    }

    /// Plans what a request that came `now` shall get.
    fn take(&mut self, ask: Ask, (slot, serial): (usize, u64), now: Instant) {
        match ask {
            Ask::Stall(windows) => {
                let none = windows.lasting.is_zero();
                self.stalls = (!none).then_some((windows, None));
                return self.control((slot, serial), "it will be so\n");
            }
            Ask::Report => {
                let account = self.tally.close().to_string();
                return self.control((slot, serial), &account);
            }
            _ => {}
        }
        if let Some((_, from @ None)) = &mut self.stalls {
            *from = Some(now);
        }
        self.awake_until = now + AWAKE;
        let begin = if matches!(ask, Ask::Queue(_)) { self.free.max(now) } else { now };
        for (after, act) in wire::acts(ask) {
            if let Ask::Queue(_) = ask {
                self.free = begin + after;
            }
            self.plan(begin + after, (slot, serial), act);
        }
    }

    /// Answers at once, and in no account.
    fn control(&mut self, (slot, serial): (usize, u64), body: &str) {
        let bytes = wire::answer("200 OK", body);
        if let Some(stream) = self.stream(slot, serial) {
            let _ = stream.write_all(&bytes);
        }
    }

    fn plan(&mut self, at: Instant, (slot, serial): (usize, u64), act: Act) {
        self.serial += 1;
        self.due.push(Due { at, order: self.serial, slot, serial, act });
    }

    fn stream(&mut self, slot: usize, serial: u64) -> Option<&mut TcpStream> {
        let connection = self.connections.get_mut(slot)?.as_mut()?;
        (connection.serial == serial).then_some(&mut connection.stream)
    }

    /// Does what is due; whether there was anything.
    fn act(&mut self) -> bool {
        let mut any = false;
        while let Some(next) = self.due.peek()
            && next.at <= Instant::now()
            && let Some(due) = self.due.pop()
        {
            any = true;
            let done = self.carry_out(due.slot, due.serial, &due.act);
            let account = &mut self.tally.account;
            match (&due.act, done) {
                (_, false) => account.broken += 1,
                (Act::Send(_, false) | Act::Finish, true) => continue,
                (Act::Send(_, true) | Act::Reset, true) => account.answered += 1,
            }
            // What was due in a stall could not be done before its end.
            let possible = due.at.max(self.stalled_until);
            self.tally.late.saturating_record(nanos(possible.elapsed()));
        }
        any
    }

    fn carry_out(&mut self, slot: usize, serial: u64, act: &Act) -> bool {
        let Some(stream) = self.stream(slot, serial) else { return false };
        match act {
            // An answer is much smaller than what the system takes at once.
            Act::Send(bytes, _) => stream.write_all(bytes).is_ok(),
            Act::Finish => stream.shutdown(Shutdown::Write).is_ok(),
            Act::Reset => {
                let lingers = set_socket_linger(&*stream, Some(Duration::ZERO)).is_ok();
                self.connections[slot] = None;
                lingers
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
