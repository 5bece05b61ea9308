//! From `options` to profiles, SLAs and what holds for all requests.

use serde_json::{Map, Value, json};

use super::Making;
use crate::import::name;
use crate::import::script::{Expr, Kind};
use crate::units::parse_duration;

/// What the options say.
#[derive(Debug, Default)]
pub struct Loads {
    /// Profiles by name.
    pub profiles: Map<String, Value>,
    /// SLAs, as k6 writes thresholds.
    pub slas: Map<String, Value>,
    /// `http` of the scenario.
    pub http: Map<String, Value>,
}

/// Metrics that both know, with what they need.
const METRICS: [&str; 15] = [
    "http_req_duration",
    "http_req_failed",
    "http_req_waiting",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_receiving",
    "http_reqs",
    "iterations",
    "iteration_duration",
    "checks",
    "dropped_iterations",
    "data_sent",
    "data_received",
];

/// The keys of one scenario that are read.
const SCENARIO: [&str; 16] = [
    "executor",
    "exec",
    "vus",
    "duration",
    "iterations",
    "stages",
    "startVUs",
    "rate",
    "startRate",
    "timeUnit",
    "preAllocatedVUs",
    "maxVUs",
    "maxDuration",
    "startTime",
    "gracefulStop",
    "gracefulRampDown",
];

impl Making<'_> {
    /// Reads `options`; each key that is not taken over is told.
    pub(super) fn options(&mut self, options: &Expr) -> Loads {
        let mut loads = Loads::default();
        let Kind::Object(entries) = &options.kind else {
            self.left(&options.at);
            return loads;
        };
        let plain = ["vus", "duration", "iterations", "stages"];
        for (key, value) in entries {
            match key.as_str() {
                key if plain.contains(&key) => {}
                "thresholds" => self.thresholds(value, &mut loads.slas),
                "scenarios" => self.scenarios(value, &mut loads.profiles),
                "insecureSkipTLSVerify" if matches!(value.kind, Kind::Bool(true)) => {
                    loads.http.insert("tls".into(), json!({ "verify": "off" }));
                }
                "userAgent" => match self.scope.value(value) {
                    Some(agent) => {
                        loads.http.insert("headers".into(), json!({ "user-agent": agent }));
                    }
                    None => self.left(&value.at),
                },
                key => {
                    let told = format!("the option `{}` is not taken over", name(key));
                    self.notes.at(value.at.start, told);
                }
            }
        }
        if entries.iter().any(|(key, _)| plain.contains(&key.as_str())) {
            match self.profile(options) {
                Some(profile) => drop(loads.profiles.insert("k6".into(), profile)),
                None => self.left(&options.at),
            }
        }
        loads
    }

    fn scenarios(&mut self, scenarios: &Expr, profiles: &mut Map<String, Value>) {
        let Kind::Object(entries) = &scenarios.kind else { return self.left(&scenarios.at) };
        for (called, scenario) in entries {
            if let Kind::Object(keys) = &scenario.kind {
                for (key, value) in keys.iter().filter(|(key, _)| !SCENARIO.contains(&key.as_str()))
                {
                    let told = format!("`{}` of the scenario `{}`", name(key), name(called));
                    self.notes.at(value.at.start, format!("{told} is not taken over"));
                }
            }
            match self.profile(scenario) {
                Some(profile) => drop(profiles.insert(name(called), profile)),
                None => self.left(&scenario.at),
            }
        }
    }

    fn profile(&mut self, of: &Expr) -> Option<Value> {
        let mut get = |key: &str| of.get(key).and_then(|value| self.scope.value(value));
        let (users, iterations) = (get("vus").unwrap_or(json!(1)), get("iterations"));
        let executor = get("executor").and_then(|name| name.as_str().map(String::from));
        let duration = get("duration");
        let kind = match (executor.as_deref(), &duration, &iterations) {
            (Some(kind), ..) => kind.to_string(),
            (None, ..) if of.get("stages").is_some() => "ramping-vus".to_string(),
            (None, _, Some(_)) => "shared-iterations".to_string(),
            (None, Some(_), _) => "constant-vus".to_string(),
            (None, None, None) => "per-vu-iterations".to_string(),
        };
        let unit = get("timeUnit").unwrap_or(json!("1s"));
        let unit = parse_duration(unit.as_str()?).ok()?.as_secs_f64();
        let rate = |value: &Value| Some(rate(value.as_f64()?, unit));
        let once = iterations.unwrap_or(json!(1));
        let mut profile = match kind.as_str() {
            "constant-vus" => json!({ "users": users, "duration": duration? }),
            "ramping-vus" => {
                let first = get("startVUs").unwrap_or(json!(1));
                json!({ "start-users": first, "stages": get("stages")? })
            }
            "shared-iterations" => json!({ "users": users, "shared-iterations": once }),
            "per-vu-iterations" => json!({ "users": users, "iterations": once }),
            "constant-arrival-rate" => {
                json!({ "arrivals": rate(&get("rate")?)?, "duration": duration? })
            }
            "ramping-arrival-rate" => {
                let first = rate(&get("startRate").unwrap_or(json!(0)))?;
                let mut stages = get("stages")?;
                for stage in stages.as_array_mut()? {
                    stage["target"] = rate(&stage["target"])?.into();
                }
                json!({ "arrivals": first, "stages": stages })
            }
            _ => return None,
        };
        let map = profile.as_object_mut()?;
        if kind.contains("arrival")
            && let Some(most) = get("maxVUs").or_else(|| get("preAllocatedVUs"))
        {
            map.insert("max-users".into(), most);
        }
        let iterated = kind.contains("iterations");
        let rest = [
            ("maxDuration", "max-duration"),
            ("startTime", "start-after"),
            ("gracefulStop", "graceful-stop"),
        ];
        for (theirs, ours) in rest {
            let theirs = if iterated && theirs == "maxDuration" && executor.is_none() {
                "duration"
            } else {
                theirs
            };
            if let Some(value) = get(theirs).filter(|_| ours != "max-duration" || iterated) {
                map.insert(ours.into(), value);
            }
        }
        Some(profile)
    }

    fn thresholds(&mut self, thresholds: &Expr, slas: &mut Map<String, Value>) {
        let Kind::Object(entries) = &thresholds.kind else { return self.left(&thresholds.at) };
        for (written, value) in entries {
            let at = value.at.start;
            let list = match self.scope.value(value) {
                Some(Value::Array(list)) => list,
                Some(single @ Value::String(_)) => vec![single],
                _ => {
                    self.left(&value.at);
                    continue;
                }
            };
            let Some(selector) = self.selector(written) else {
                let told = format!("the threshold on `{}` is not taken over", name(written));
                self.notes.at(at, told);
                continue;
            };
            // Aggregates of k6 that are none of these are told by the plan, where they stand.
            slas.insert(selector, list.into());
        }
    }

    /// A metric with its tags, as far as they say something here.
    fn selector(&mut self, written: &str) -> Option<String> {
        let (metric, tags) = match written.split_once('{') {
            Some((metric, tags)) => (metric.trim(), tags.trim_end_matches('}')),
            None => (written.trim(), ""),
        };
        if !METRICS.contains(&metric) {
            return None;
        }
        let mut kept = Vec::new();
        for tag in tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let (key, value) = tag.split_once(':')?;
            let own = |step: &super::Step| {
                let tags = step.map.get("tags").and_then(Value::as_object);
                tags.is_some_and(|tags| tags.get(key).and_then(Value::as_str) == Some(value))
            };
            match key {
                // Latency is that of successes anyway.
                "expected_response" if value == "true" => {}
                "name" if self.names.iter().any(|name| name == value) => {
                    kept.push(format!("step:{value}"));
                }
                _ if self.steps.iter().any(own) => kept.push(format!("{key}:{value}")),
                _ => return None,
            }
        }
        match kept.is_empty() {
            true => Some(metric.to_string()),
            false => Some(format!("{metric}{{{}}}", kept.join(","))),
        }
    }
}

/// So many a time as so many a second or a minute.
fn rate(count: f64, seconds: f64) -> String {
    match seconds {
        60.0 => format!("{count}/m"),
        _ => format!("{}/s", count / seconds),
    }
}
