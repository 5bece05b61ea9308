//! The HTTP driver against real sockets: every test in each of the ways that a request may go. All
//! of them must find the same.

#![expect(clippy::duplicate_mod, reason = "the same tests on each road")]

pub mod server;

/// One way that requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// The fast lane, with requests written out beforehand and answers judged as they lie.
    Short,
    /// The fast lane, with nothing worked out beforehand.
    Long,
    /// The full lane.
    Full,
}

macro_rules! road {
    ($name:ident, $road:expr) => {
        #[path = "."]
        pub mod $name {
            /// The way that requests of these tests go.
            pub const ROAD: super::Road = $road;

            use super::server;

            #[path = "answers.rs"]
            mod answers;
            #[path = "bad_servers.rs"]
            mod bad_servers;
            #[path = "cookies.rs"]
            mod cookies;
            #[path = "phases.rs"]
            mod phases;
            #[path = "redirects.rs"]
            mod redirects;
            #[path = "requests.rs"]
            mod requests;
            #[path = "sessions.rs"]
            mod sessions;
            #[path = "step.rs"]
            mod step;
            #[path = "tls.rs"]
            pub mod tls;
            #[path = "versions.rs"]
            mod versions;
        }
    };
}

road!(short, super::Road::Short);
road!(long, super::Road::Long);
road!(full, super::Road::Full);

pub use short::tls;
