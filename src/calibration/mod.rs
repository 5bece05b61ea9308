//! Checks the instrument: a server whose true response times can be computed, loads on it with
//! Taster's own engine, and how far what was measured lies from the truth.
//!
//! The truth is arithmetic (`truth`) on values that are drawn from a seed (`draw`) and asked of
//! the server one by one (`wire`). The server does no more than keep to them (`server`), in a
//! process of its own; it measures how well it does. Nothing is taken off what was measured. What
//! bare sockets reach on the same machine (`bare`) is shown beside it, and where a truth includes
//! it, that is said. `floor`, `spread`, `order` and `ends` hold the checks, one subject each.

mod bare;
mod check;
mod draw;
mod ends;
mod floor;
mod order;
mod row;
mod server;
mod spread;
mod trial;
mod truth;
mod wire;

use crate::executor::ExecuteError;

pub use check::{Check, Length, examine};
pub use row::{Row, Word};
pub use server::{Server, Stopper};
pub use trial::Bench;

/// Why a check came to no end.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// The server does not answer.
    #[error("the calibration server is gone: {0}")]
    Server(#[from] std::io::Error),
    /// The engine did not start.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// A scenario or a result of this very module is wrong.
    #[error("the selftest's own scenario or result is wrong: {0}")]
    Plan(String),
    /// No request was made.
    #[error("no request was made; is the machine out of ports or files?")]
    Nothing,
    /// It was told to stop.
    #[error("interrupted")]
    Stopped,
}
