//! What the tests of the whole program share: a folder of their own, the program as it is built,
//! and services on real sockets that live as long as the test wants them.

pub mod sandbox;
pub mod service;
pub mod terminal;

pub use sandbox::{Outcome, Running, Sandbox};
pub use service::{Service, after, json_ok};
