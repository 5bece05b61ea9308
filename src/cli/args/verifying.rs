//! The options of `taster verify`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{JudgeArgs, NotifyArgs, WhatArgs};
use crate::units::{Rate, parse_duration};

/// `verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Waits until --health answers, runs the tests tagged --tag and a short load below --ceiling,
compares with the baseline of the profile `verify`, and prints GO (exit 0) or ROLLBACK (exit 1)
with the reasons. What cannot be told is ROLLBACK too. Other exit codes mean that the question was
wrong: 2 usage or scenario error, 5 refused by a safety rule, 6 a file that cannot be written.")]
pub struct VerifyArgs {
    #[command(flatten)]
    pub what: WhatArgs,

    /// Requests a second that the target never gets more of, tests and load together
    #[arg(long, value_name = "RATE", default_value = "10/s", value_parser = ceiling)]
    pub ceiling: Rate,

    /// Where the target says that it is well
    #[arg(long, value_name = "PATH", default_value = "/health")]
    pub health: String,

    /// How long it may take until it is
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_duration)]
    pub wait: Duration,

    /// Only tests with this tag; may be given several times
    #[arg(long, value_name = "TAG", default_value = "smoke")]
    pub tag: Vec<String>,

    /// How long the load may take
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration)]
    pub within: Duration,

    #[command(flatten)]
    pub judge: JudgeArgs,

    /// Folder for the result and the reports [default: a new one in --reports-dir]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "reports", env = "TASTER_REPORTS_DIR")]
    pub reports_dir: PathBuf,

    #[command(flatten)]
    pub chat: NotifyArgs,
}

/// A load of less than one request a minute would show nothing.
fn ceiling(text: &str) -> Result<Rate, String> {
    let rate: Rate = text.parse().map_err(|error| format!("{error}"))?;
    match (1.0 / 60.0..=1e6).contains(&rate.0) {
        true => Ok(rate),
        false => Err("write a rate from 1/m to 1000000/s, such as 10/s".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceiling_is_a_rate_that_shows_something() {
        assert_eq!(ceiling("10/s"), Ok(Rate(10.0)));
        assert!(ceiling("30/m").is_ok());
        for wrong in ["0/s", "1/h", "10", "-1/s", "fast"] {
            assert!(ceiling(wrong).is_err(), "{wrong}");
        }
    }
}
