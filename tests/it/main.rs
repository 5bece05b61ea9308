//! What holds of Taster as a whole, seen from outside: one file a subject.

mod catalogue;
mod diagnostics;
mod judge;
mod reading;
mod reports;
mod runs;
