//! The crate as its users see it.

mod judge;
mod reports;
mod runs;
