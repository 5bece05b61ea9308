//! Publishing as the command line and the environment ask for it. Whatever becomes of it changes no
//! verdict and no exit code.

use std::time::Duration;

use crate::analysis::Word;
use crate::cli::args::{Hidden, PublishArgs, Since};
use crate::cli::{Ended, notifying, words};
use crate::plan::{Plan, ShapePlan};
use crate::publish::{self, EVERY, Offered, Otlp, Published, Publisher, Temporality};
use crate::report::STEPS;
use crate::result::RunInfo;

/// A schedule of more seconds than this is told without what is due in each.
const LONGEST: u64 = 7 * 86_400;

/// Begins to publish a run; none where nothing asks for it.
///
/// # Errors
/// When an option or a variable is wrong, or the address is not to be had.
pub fn start(args: &PublishArgs, plan: &Plan, info: &RunInfo) -> Result<Option<Publisher>, Ended> {
    notifying::check(&args.chat)?;
    alone(args)?;
    let what = Published {
        listen: args.metrics_listen,
        linger: args.metrics_linger,
        otlp: args.otlp.as_ref().map(|url| otlp(url.as_ref(), args, (plan, info))).transpose()?,
    };
    let pushes = what.otlp.is_some();
    let run = vec![
        ("run", info.id.clone()),
        ("profile", info.profile.clone()),
        ("revision", info.git_revision.clone().unwrap_or_default()),
        ("version", info.tool_version.clone()),
    ];
    let publisher = Publisher::start(what, run, offered(plan))
        .map_err(|error| Ended::environment(error.to_string()))?;
    if let Some(address) = publisher.as_ref().and_then(|publisher| publisher.address) {
        words::say(&format!("metrics: http://{address}/metrics"));
    }
    if pushes {
        words::say("metrics: pushed by OTLP");
    }
    let steps: usize = plan.scenarios.iter().map(|scenario| scenario.series.len()).sum();
    if publisher.is_some() && steps > STEPS {
        words::say(&format!(
            "metrics: there are {steps} steps, and the first {STEPS} have series of their own"
        ));
    }
    Ok(publisher)
}

/// Refuses what says how to publish where nothing is published.
fn alone(args: &PublishArgs) -> Result<(), Ended> {
    let listens = args.metrics_linger.is_zero() || args.metrics_listen.is_some();
    let pushes = args.otlp_temporality.is_none() || args.otlp.is_some();
    let (option, wanted) = match (listens, pushes) {
        (false, _) => ("--metrics-linger", "metrics-listen"),
        (_, false) => ("--otlp-temporality", "otlp"),
        _ => return Ok(()),
    };
    Err(Ended::usage(format!(
        "{option} says how to publish, and nothing is published: add --{wanted}, or `{wanted}` in \
         taster.toml"
    )))
}

/// Publishes the verdict and says what could not be sent.
pub fn conclude(publisher: Option<Publisher>, verdict: Option<Word>) {
    let said = publisher.map(|publisher| publisher.conclude(verdict)).unwrap_or_default();
    said.iter().for_each(|text| words::say(text));
}

/// OTLP, with what the standard's variables say where no option does.
fn otlp(
    url: Option<&Hidden>,
    args: &PublishArgs,
    (plan, info): (&Plan, &RunInfo),
) -> Result<Otlp, Ended> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let whole = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    let base = "OTEL_EXPORTER_OTLP_ENDPOINT";
    // Only the variable for metrics alone is taken as it is.
    let (from, url) = match (url, set(whole), set(base)) {
        (Some(url), ..) => ("--otlp", publish::endpoint(&url.0)),
        (None, Some(url), _) => (whole, publish::endpoint(&url).and_then(|_| url.parse().ok())),
        (None, None, Some(url)) => (base, publish::endpoint(&url)),
        (None, None, None) => ("--otlp", publish::endpoint("http://localhost:4318")),
    };
    let url = url.ok_or_else(|| {
        Ended::usage(format!("{from} is no URL of http or https: write it like http://host:4318"))
    })?;
    if let Some(protocol) = set("OTEL_EXPORTER_OTLP_PROTOCOL").filter(|it| it != "http/protobuf") {
        words::say(&format!(
            "OTLP: OTEL_EXPORTER_OTLP_PROTOCOL is `{protocol}`, and Taster speaks http/protobuf"
        ));
    }
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS"] {
        let read = publish::headers(&set(name).unwrap_or_default());
        headers.extend(read.map_err(|wrong| Ended::usage(format!("{name} has {wrong}")))?);
    }
    let preferred = set("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
    let delta = match args.otlp_temporality {
        Some(since) => since == Since::Delta,
        None => preferred.is_some_and(|word| !word.eq_ignore_ascii_case("cumulative")),
    };
    let temporality = if delta { Temporality::Delta } else { Temporality::Cumulative };
    let every = set("OTEL_METRIC_EXPORT_INTERVAL").and_then(|ms| ms.trim().parse().ok());
    let every = every.map_or(EVERY, Duration::from_millis);
    let service = set("OTEL_SERVICE_NAME").unwrap_or_else(|| "taster".to_string());
    Ok(Otlp { url, headers, temporality, every, resource: resource(service, plan, info) })
}

fn resource(service: String, plan: &Plan, info: &RunInfo) -> Vec<(String, String)> {
    let names: Vec<&str> = plan.scenarios.iter().map(|one| one.name.as_str()).collect();
    let attributes = [
        ("service.name", service),
        ("service.version", info.tool_version.clone()),
        ("service.instance.id", info.id.clone()),
        ("taster.run.id", info.id.clone()),
        ("taster.scenario", names.join(", ")),
        ("taster.profile", info.profile.clone()),
        ("taster.revision", info.git_revision.clone().unwrap_or_default()),
    ];
    let given = attributes.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| (name.to_string(), value)).collect()
}

/// What the schedules of arrivals want in each second.
fn offered(plan: &Plan) -> Offered {
    let mut offered = Offered::new();
    for (number, scenario) in plan.scenarios.iter().enumerate() {
        let Some(load) = &scenario.load else { continue };
        let ShapePlan::Open { arrivals, .. } = &load.shape else { continue };
        let seconds = (load.start_after + arrivals.duration()).as_secs().min(LONGEST);
        let rate = |second: u64| {
            let middle = Duration::from_millis(second * 1000 + 500);
            middle.checked_sub(load.start_after).map_or(0.0, |at| arrivals.rate_at(at))
        };
        offered.insert(number, (0..=seconds).map(rate).collect());
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::NotifyArgs;

    #[test]
    fn a_secret_of_the_command_line_is_hidden() {
        let args = PublishArgs {
            chat: NotifyArgs {
                notify: Some(Hidden::from("https://hooks/T/s3cr3t")),
                ..NotifyArgs::default()
            },
            otlp: Some(Some(Hidden::from("https://me:pw@c"))),
            ..PublishArgs::default()
        };
        assert_eq!(args.hide("--notify=https://hooks/T/s3cr3t"), "--notify=[webhook]");
        assert_eq!(args.hide("--otlp=https://me:pw@c"), "--otlp=[otlp]");
        assert!(!format!("{args:?}").contains("s3cr3t"), "not even by Debug");
    }
}
