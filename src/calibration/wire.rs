//! What may be asked of the calibration server, and what it says: reading and writing text only.

use std::fmt;
use std::time::Duration;

/// The body of every answer.
pub const BODY: &str = "the truth is known\n";

/// Between two bytes of an answer that comes byte by byte.
const BETWEEN_BYTES: Duration = Duration::from_micros(50);

/// The server stands still in windows, counted from the first request after it was told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Until the first one.
    pub first: Duration,
    /// How long each is.
    pub lasting: Duration,
    /// From one beginning to the next.
    pub every: Duration,
}

impl Windows {
    /// How long the server stands still from `at` on; nothing outside of the windows.
    pub fn left(&self, at: Duration) -> Duration {
        let Some(since) = at.checked_sub(self.first) else { return Duration::ZERO };
        let into = since.as_nanos() % self.every.as_nanos().max(1);
        let left = self.lasting.as_nanos().saturating_sub(into);
        Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// `/now`: an answer as soon as it can be.
    Now,
    /// `/after/NS`: so long after the request came, however many others there are.
    After(Duration),
    /// `/queue/NS`: the only server works on it for so long, after those that came before.
    Queue(Duration),
    /// `/phases/NS/NS`: the head and a first byte after the one, the rest after the other.
    Phases(Duration, Duration),
    /// `/reset`: no answer, the connection is reset.
    Reset,
    /// `/half-close`: an answer, and no more is sent on this connection.
    HalfClose,
    /// `/split`: an answer in pieces of one byte.
    Split,
    /// `/stall/NS/NS/NS`: stand still in these windows.
    Stall(Windows),
    /// `/report`: how the server fared; begins a new account.
    Report,
    /// Anything else.
    Unknown,
}

/// What is done for a request, a time after its work begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// These bytes are sent; whether the answer is complete with them.
    Send(Vec<u8>, bool),
    /// The connection is reset.
    Reset,
    /// Nothing more is sent.
    Finish,
}

/// Takes the first request from what came so far; none before it is whole.
pub fn next(incoming: &mut Vec<u8>) -> Option<Ask> {
    let end = incoming.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head: Vec<u8> = incoming.drain(..end).collect();
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    Some(match (words.next(), words.next()) {
        (Some("GET"), Some(target)) => ask(target),
        _ => Ask::Unknown,
    })
}

fn ask(target: &str) -> Ask {
    let mut parts = target.trim_start_matches('/').split('/');
    let what = parts.next().unwrap_or_default();
    let times: Option<Vec<Duration>> =
        parts.map(|part| part.parse().ok().map(Duration::from_nanos)).collect();
    match (what, times.as_deref()) {
        ("now", Some([])) => Ask::Now,
        ("after", Some([time])) => Ask::After(*time),
        ("queue", Some([time])) => Ask::Queue(*time),
        ("phases", Some([first, rest])) => Ask::Phases(*first, *rest),
        ("reset", Some([])) => Ask::Reset,
        ("half-close", Some([])) => Ask::HalfClose,
        ("split", Some([])) => Ask::Split,
        ("stall", Some([first, lasting, every])) => {
            Ask::Stall(Windows { first: *first, lasting: *lasting, every: *every })
        }
        ("report", Some([])) => Ask::Report,
        _ => Ask::Unknown,
    }
}

/// What is done for a request, and how long after its work begins.
pub fn acts(ask: Ask) -> Vec<(Duration, Act)> {
    let whole = || Act::Send(answer("200 OK", BODY), true);
    match ask {
        Ask::Now => vec![(Duration::ZERO, whole())],
        Ask::After(time) | Ask::Queue(time) => vec![(time, whole())],
        Ask::Phases(first, rest) => {
            let mut head = answer("200 OK", BODY);
            let body = head.split_off(head.len() - BODY.len() + 1);
            vec![(first, Act::Send(head, false)), (first + rest, Act::Send(body, true))]
        }
        Ask::Reset => vec![(Duration::ZERO, Act::Reset)],
        Ask::HalfClose => vec![(Duration::ZERO, whole()), (Duration::ZERO, Act::Finish)],
        Ask::Split => {
            let bytes = answer("200 OK", BODY);
            let last = bytes.len() - 1;
            let each = |(at, byte)| (BETWEEN_BYTES * at as u32, Act::Send(vec![byte], at == last));
            bytes.into_iter().enumerate().map(each).collect()
        }
        Ask::Stall(_) | Ask::Report => Vec::new(),
        Ask::Unknown => {
            vec![(Duration::ZERO, Act::Send(answer("404 Not Found", "no such thing\n"), true))]
        }
    }
}

/// An answer with its head.
pub fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// How the server fared since the last account; times in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Answers sent whole, and connections reset.
    pub answered: u64,
    /// Answers that could not be sent.
    pub broken: u64,
    /// The time it worked.
    pub busy: u64,
    /// How long after its time an answer was handed to the system: half of them at most.
    pub late_p50: u64,
    /// 99 of 100 at most.
    pub late_p99: u64,
    /// All.
    pub late_max: u64,
    /// The time it looked for work without a pause.
    pub awake: u64,
    /// The part of that in which the machine did not let it.
    pub lost: u64,
}

impl Account {
    /// Requests per second that it could do at most.
    pub fn capacity(&self) -> f64 {
        self.answered as f64 * 1e9 / self.busy.max(1) as f64
    }

    /// The share of its time that the machine took away.
    pub fn lost_share(&self) -> f64 {
        self.lost as f64 / self.awake.max(1) as f64
    }

    /// Reads what `Display` wrote.
    pub fn read(text: &str) -> Option<Account> {
        let mut account = Account::default();
        for line in text.lines() {
            let (name, value) = line.split_once(' ')?;
            let (_, place) = account.places().into_iter().find(|(known, _)| *known == name)?;
            *place = value.parse().ok()?;
        }
        Some(account)
    }

    fn places(&mut self) -> [(&'static str, &mut u64); 8] {
        [
            ("answered", &mut self.answered),
            ("broken", &mut self.broken),
            ("busy", &mut self.busy),
            ("late-p50", &mut self.late_p50),
            ("late-p99", &mut self.late_p99),
            ("late-max", &mut self.late_max),
            ("awake", &mut self.awake),
            ("lost", &mut self.lost),
        ]
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut copy = *self;
        copy.places().into_iter().try_for_each(|(name, value)| writeln!(f, "{name} {value}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn requests_are_read_one_after_the_other_and_not_before_they_are_whole() {
        let mut incoming = b"GET /now HTTP/1.1\r\nhost: x\r\n\r\nGET /after/5000000 HTTP".to_vec();
        assert_eq!(next(&mut incoming), Some(Ask::Now));
        assert_eq!(next(&mut incoming), None);
        incoming.extend(b"/1.1\r\n\r\n");
        assert_eq!(next(&mut incoming), Some(Ask::After(ms(5))));
        assert!(incoming.is_empty());
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for target in ["/", "/now/1", "/after", "/after/x", "/after/-1", "/queue/1/2", "/Reset"] {
            assert_eq!(ask(target), Ask::Unknown, "{target}");
        }
        assert_eq!(next(&mut b"POST /now HTTP/1.1\r\n\r\n".to_vec()), Some(Ask::Unknown));
        assert_eq!(next(&mut b"\r\n\r\n".to_vec()), Some(Ask::Unknown));
    }

    #[test]
    fn each_way_of_answering_sends_the_same_bytes() {
        let whole = answer("200 OK", BODY);
        for ask in [Ask::Now, Ask::Queue(ms(1)), Ask::Phases(ms(5), ms(7)), Ask::Split] {
            let acts = acts(ask);
            let (mut sent, mut complete) = (Vec::new(), Vec::new());
            for (_, act) in &acts {
                let Act::Send(bytes, last) = act else { panic!("{act:?}") };
                sent.extend_from_slice(bytes);
                complete.push(*last);
            }
            assert_eq!(sent, whole, "{ask:?}");
            assert_eq!(complete.iter().filter(|last| **last).count(), 1);
            assert_eq!(complete.last(), Some(&true));
            assert!(acts.is_sorted_by_key(|(at, _)| *at));
        }
        let phases = acts(Ask::Phases(ms(5), ms(7)));
        assert_eq!(phases.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [ms(5), ms(12)]);
        let Act::Send(head, _) = &phases[0].1 else { panic!("bytes come first") };
        assert!(head.ends_with(b"\r\n\r\nt"), "the first byte of the body comes with the head");
        assert_eq!(acts(Ask::Split).len(), whole.len());
    }

    #[test]
    fn windows_are_as_long_and_as_often_as_they_were_told() {
        let windows = Windows { first: ms(2_000), lasting: ms(1_000), every: ms(5_000) };
        let left = |at| windows.left(ms(at));
        assert_eq!([0, 1_999, 3_000, 6_999, 8_000].map(left), [Duration::ZERO; 5]);
        assert_eq!([2_000, 2_400, 7_000, 12_999].map(left), [ms(1_000), ms(600), ms(1_000), ms(1)]);
    }

    proptest! {
        #[test]
        fn an_account_is_read_as_it_was_written(values in prop::array::uniform8(any::<u64>())) {
            let mut account = Account::default();
            for ((_, place), value) in account.places().into_iter().zip(values) {
                *place = value;
            }
            prop_assert_eq!(Account::read(&account.to_string()), Some(account));
        }
    }

    #[test]
    fn what_is_no_account_is_not_taken_for_one() {
        assert_eq!(Account::read("no such thing\n"), None);
        assert_eq!(Account::read("busy much\n"), None);
    }
}
