//! Makes a browser pretend: what must be said of it, and only of what changes.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::agent;
use super::context::{Context, Kind};
use super::keys::Command;
use crate::driver::browser::Trouble;
use crate::plan::browser::{Emulation, Throttle};

/// A part of it: the key in the scenario, whom it is told, and the command for it.
struct Part {
    key: &'static str,
    to: &'static [Kind],
    /// The command; none where the browser needs to be told nothing.
    command: fn(&Emulation, &str) -> Command,
}

const ALL: &[Kind] = &[Kind::Page, Kind::Frame, Kind::Worker];
const FRAMES: &[Kind] = &[Kind::Page, Kind::Frame];
const PAGE: &[Kind] = &[Kind::Page];

const PARTS: &[Part] = &[
    Part {
        key: "viewport",
        to: PAGE,
        command: |of, _| {
            let (width, height) = of.viewport;
            let turned = width > height;
            let orientation = json!({"type": if turned { "landscapePrimary" } else {
            "portraitPrimary" }, "angle": if turned && of.mobile { 90 } else { 0 }});
            (
                "Emulation.setDeviceMetricsOverride",
                json!({"width": width, "height": height,
            "screenWidth": width, "screenHeight": height, "deviceScaleFactor": of.scale,
            "mobile": of.mobile, "screenOrientation": orientation}),
            )
        },
    },
    Part {
        key: "mobile",
        to: FRAMES,
        command: |of, _| {
            let mut touch = json!({"enabled": of.mobile});
            if of.mobile {
                touch["maxTouchPoints"] = 5.into();
            }
            ("Emulation.setTouchEmulationEnabled", touch)
        },
    },
    Part {
        key: "user-agent",
        to: ALL,
        command: |of, own| ("Emulation.setUserAgentOverride", agent::pretended(of, own)),
    },
    Part {
        key: "locale",
        to: FRAMES,
        command: |of, _| {
            // Their own locale is the one without a name.
            let locale = of.locale.as_deref().unwrap_or_default().replace('-', "_");
            ("Emulation.setLocaleOverride", json!({"locale": locale}))
        },
    },
    Part {
        key: "timezone",
        to: FRAMES,
        command: |of, _| {
            let zone = of.timezone.as_deref().unwrap_or_default();
            ("Emulation.setTimezoneOverride", json!({"timezoneId": zone}))
        },
    },
    Part {
        key: "color-scheme",
        to: FRAMES,
        command: |of, _| {
            let motion = if of.reduced_motion { "reduce" } else { "" };
            let scheme = of.color_scheme.as_deref().unwrap_or_default();
            let features = [("prefers-color-scheme", scheme), ("prefers-reduced-motion", motion)];
            let features = features.map(|(name, value)| json!({"name": name, "value": value}));
            ("Emulation.setEmulatedMedia", json!({"features": features}))
        },
    },
    Part {
        key: "geolocation",
        to: FRAMES,
        command: |of, _| match of.geolocation {
            Some((latitude, longitude, accuracy)) => (
                "Emulation.setGeolocationOverride",
                json!({"latitude": latitude, "longitude": longitude, "accuracy": accuracy}),
            ),
            None => ("Emulation.clearGeolocationOverride", json!({})),
        },
    },
    Part {
        key: "throttle",
        to: ALL,
        command: |of, _| ("Network.emulateNetworkConditions", network(of)),
    },
    Part {
        key: "throttle",
        to: FRAMES,
        command: |of, _| {
            let rate = of.throttle.map_or(1.0, |throttle| throttle.cpu).max(1.0);
            ("Emulation.setCPUThrottlingRate", json!({"rate": rate}))
        },
    },
    Part {
        key: "headers",
        to: ALL,
        command: |of, _| {
            let headers = of.headers.iter().map(|(name, value)| (name.clone(), json!(value)));
            let headers: serde_json::Map<String, Value> = headers.collect();
            ("Network.setExtraHTTPHeaders", json!({"headers": headers}))
        },
    },
];

fn network(of: &Emulation) -> Value {
    let Throttle { latency, download, upload, .. } = of.throttle.unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = |bytes: u64| if bytes == 0 { -1.0 } else { bytes as f64 };
    json!({"offline": of.offline, "latency": latency.as_secs_f64() * 1000.0,
           "downloadThroughput": rate(download), "uploadThroughput": rate(upload)})
}

/// What a target of this kind must be told to pretend `new`, where it pretends `old` (none for
/// what has just begun). `own` is the browser's own user agent.
pub(super) fn commands(
    old: Option<&Emulation>,
    new: &Emulation,
    kind: Kind,
    own: &str,
) -> Vec<(&'static str, Command)> {
    let plain = Emulation::default();
    let parts = PARTS.iter().filter(|part| part.to.contains(&kind));
    let commands = parts.filter_map(|part| {
        let command = (part.command)(new, own);
        let before = (part.command)(old.unwrap_or(&plain), own);
        // A window's own size is never quite that of the viewport.
        let first = old.is_none() && part.key == "viewport";
        (first || command != before).then_some((part.key, command))
    });
    commands.collect()
}

/// Changes what a context pretends to be.
pub(super) async fn change(context: &Context, to: &Emulation, by: Instant) -> Result<(), Trouble> {
    let mut sent = Vec::new();
    let old = context.write(|state| {
        let old = std::mem::replace(&mut state.opening.emulation, to.clone());
        for (id, session) in &state.sessions {
            for (key, (method, params)) in commands(Some(&old), to, session.kind, &context.agent) {
                sent.push((session.kind, key, context.line.send(Some(id), method, params)));
            }
        }
        old
    });
    let mut refused = Vec::new();
    for (kind, key, answer) in sent {
        match answer.by(by).await {
            Ok(_) | Err(Trouble::Navigated) => {}
            // A frame may share its process, and with it what is pretended, with another one.
            Err(Trouble::Refused(_)) if kind != Kind::Page => {}
            Err(Trouble::Refused(said)) => refused.push(format!("{key} ({said})")),
            Err(trouble) => return Err(trouble),
        }
    }
    if old.permissions != to.permissions {
        refused.extend(permit(context, &to.permissions, by).await?);
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Trouble::Unsupported(refused.join(", "))),
    }
}

/// Permissions by their W3C names and in CDP.
const PERMISSIONS: &[(&str, &str)] = &[
    ("accelerometer", "sensors"),
    ("ambient-light-sensor", "sensors"),
    ("background-fetch", "backgroundFetch"),
    ("background-sync", "backgroundSync"),
    ("camera", "videoCapture"),
    ("clipboard-read", "clipboardReadWrite"),
    ("clipboard-write", "clipboardSanitizedWrite"),
    ("geolocation", "geolocation"),
    ("gyroscope", "sensors"),
    ("idle-detection", "idleDetection"),
    ("local-fonts", "localFonts"),
    ("magnetometer", "sensors"),
    ("microphone", "audioCapture"),
    ("midi", "midi"),
    ("notifications", "notifications"),
    ("payment-handler", "paymentHandler"),
    ("periodic-background-sync", "periodicBackgroundSync"),
    ("persistent-storage", "durableStorage"),
    ("push", "notifications"),
    ("screen-wake-lock", "wakeLockScreen"),
    ("storage-access", "storageAccess"),
    ("window-management", "windowManagement"),
];

/// Grants permissions to the target's origin, and no others; gives those there are none of.
async fn permit(
    context: &Context,
    permissions: &[String],
    by: Instant,
) -> Result<Vec<String>, Trouble> {
    let reset = json!({"browserContextId": context.id});
    context.line.call(None, "Browser.resetPermissions", reset, by).await?;
    let named = |name: &String| PERMISSIONS.iter().find(|known| known.0 == name);
    let granted: Vec<&str> = permissions.iter().filter_map(named).map(|known| known.1).collect();
    let unknown = permissions.iter().filter(|name| named(name).is_none());
    let mut refused: Vec<String> = unknown.map(|name| format!("permissions: {name}")).collect();
    if !granted.is_empty() {
        let target = context.read().opening.target.clone();
        let origin = url::Url::parse(&target).map(|url| url.origin().ascii_serialization());
        let origin = origin.unwrap_or(target);
        let grant = json!({"browserContextId": context.id, "permissions": granted,
            "origin": origin});
        match context.line.call(None, "Browser.grantPermissions", grant, by).await {
            Err(Trouble::Refused(said)) => refused.push(format!("permissions ({said})")),
            other => drop(other?),
        }
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn methods(old: Option<&Emulation>, new: &Emulation, kind: Kind) -> Vec<&'static str> {
        let own = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36";
        commands(old, new, kind, own).into_iter().map(|(_, (method, _))| method).collect()
    }

    #[test]
    fn a_new_tab_is_told_its_size_and_only_what_is_not_as_usual() {
        let plain = Emulation::default();
        let size = "Emulation.setDeviceMetricsOverride";
        assert_eq!(methods(None, &plain, Kind::Page), [size]);
        assert!(methods(None, &plain, Kind::Worker).is_empty());
        let german = Emulation { locale: Some("de-DE".to_string()), ..plain.clone() };
        let wanted = [size, "Emulation.setUserAgentOverride", "Emulation.setLocaleOverride"];
        assert_eq!(methods(None, &german, Kind::Page), wanted);
        assert_eq!(methods(Some(&german), &german, Kind::Page), [""; 0]);
        assert_eq!(methods(Some(&german), &plain, Kind::Page), wanted[1..]);
    }

    #[test]
    fn a_slow_network_and_none_are_one_command() {
        let throttle =
            Throttle { latency: Duration::from_millis(150), download: 1000, upload: 0, cpu: 4.0 };
        let slow = Emulation { throttle: Some(throttle), ..Emulation::default() };
        let conditions = network(&slow);
        assert_eq!(
            conditions,
            json!({"offline": false, "latency": 150.0,
            "downloadThroughput": 1000.0, "uploadThroughput": -1.0})
        );
        let wanted = ["Network.emulateNetworkConditions", "Emulation.setCPUThrottlingRate"];
        assert_eq!(methods(Some(&Emulation::default()), &slow, Kind::Page), wanted);
        assert_eq!(methods(Some(&Emulation::default()), &slow, Kind::Worker), wanted[..1]);
    }
}
