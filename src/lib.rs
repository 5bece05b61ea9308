//! Taster tries a service before its users do.
//!
//! The modules are declared in the order in which one may use another: only those above it.
//!
//! ```text
//! scenario file -> Scenario -> Plan -> (executor x driver) -> RunResult -> Verdict -> report
//! ```

pub mod units;

pub mod picture;

pub mod metric;

pub mod diagnostic;

pub mod scenario;

pub mod plan;

pub mod sample;

pub mod recorder;

pub mod result;

pub mod analysis;

pub mod report;

pub mod import;

pub mod driver;

pub mod executor;

pub mod store;

pub mod publish;

pub mod demo;

pub mod calibration;

pub mod cli;
