//! What holds of Taster as a whole, seen from outside: one file a subject.

mod plan;
mod plan_describe;
mod plan_diagnostics;
mod project;
