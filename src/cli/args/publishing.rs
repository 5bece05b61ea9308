//! The options of publishing: where a run and its verdict are told beside the reports.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::units::parse_duration;

/// Whether a chat is told of the verdict
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where it is told")]
pub struct NotifyArgs {
    /// Tell a chat of the verdict: the URL of an incoming webhook of Slack, Mattermost,
    /// Rocket.Chat or Teams. It is a secret: better in TASTER_WEBHOOK than on a command line
    #[arg(long, value_name = "URL", env = "TASTER_WEBHOOK", hide_env_values = true)]
    pub notify: Option<Hidden>,

    /// When: change (the verdict is another than the last one told, by .taster/verdicts.json; the
    /// first one unless it is PASS), failure (FAIL or INVALID) or always
    #[arg(long, value_name = "WHEN", default_value = "change", hide_possible_values = true)]
    pub notify_when: NotifyWhen,
}

/// Where it is told
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where it is told")]
pub struct PublishArgs {
    #[command(flatten)]
    pub chat: NotifyArgs,

    /// Let a Prometheus read the metrics while the run goes on, at http://ADDRESS/metrics; port 0
    /// takes any that is free
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

    /// Wait at the end until they were read once more, verdict included, at most so long
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_duration)]
    pub metrics_linger: Duration,

    /// Push metrics by OTLP over HTTP, every 10 s and at the end, to URL/v1/metrics [default:
    /// OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318]
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true)]
    pub otlp: Option<Option<Hidden>>,

    /// Since when OTLP counts: cumulative (from the start) or delta (from the last push)
    /// [default: OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, or cumulative]
    #[arg(long, value_name = "SINCE", hide_possible_values = true)]
    pub otlp_temporality: Option<Since>,
}

/// A text that nobody shall see: it may have a token in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

/// When a chat is told of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum NotifyWhen {
    /// When it is another than before.
    #[default]
    Change,
    /// When it is FAIL or INVALID.
    Failure,
    /// Always.
    Always,
}

/// Since when sums are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Since {
    /// From the start of the run.
    Cumulative,
    /// From the last push.
    Delta,
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.trim().to_string())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl NotifyArgs {
    /// The chat's URL; a variable of the environment that is empty is none.
    pub fn webhook(&self) -> Option<&str> {
        self.notify.as_ref().map(|url| url.0.as_str()).filter(|url| !url.is_empty())
    }

    /// The command line without what is a secret in it.
    pub fn hide(&self, argument: &str) -> String {
        hide(argument, self.webhook(), "[webhook]")
    }
}

impl PublishArgs {
    /// The command line without what is a secret in it.
    pub fn hide(&self, argument: &str) -> String {
        let otlp = self.otlp.as_ref().and_then(Option::as_ref).map(|url| url.0.as_str());
        hide(&self.chat.hide(argument), otlp, "[otlp]")
    }
}

fn hide(text: &str, secret: Option<&str>, shown: &str) -> String {
    match secret {
        Some(secret) if !secret.is_empty() => text.replace(secret, shown),
        _ => text.to_string(),
    }
}
