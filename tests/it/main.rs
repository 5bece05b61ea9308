//! Everything through the public interface, against real sockets and files: one file a subject.

mod bad_input;
mod bench;
mod calibration;
mod catalogue;
mod commands;
mod demo;
mod diagnostics;
mod engines;
mod fooled;
mod http;
mod judge;
mod lanes;
mod plan;
mod plan_describe;
mod plan_diagnostics;
mod project;
mod reading;
mod reports;
mod result_file;
mod runs;
mod suites;
mod support;
mod tidy;
