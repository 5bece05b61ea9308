//! What holds of Taster as a whole, seen from outside: one file a subject.

mod plan_diagnostics;
mod project;
