//! Everything through the public interface, against real sockets and files: one file a subject.

mod demo;
mod http;
mod judge;
mod plan;
mod plan_describe;
mod plan_diagnostics;
mod project;
mod runs;
mod tidy;
