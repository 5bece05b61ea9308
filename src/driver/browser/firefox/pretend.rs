//! Makes a user context pretend to be something else: another device, place or network.
//!
//! What WebDriver BiDi has no command for is set by the browser's own scripts, on the tab alone.

use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::context::Context;
use super::network;
use crate::driver::browser::Trouble;
use crate::driver::browser::socket::Answer;
use crate::plan::browser::Emulation;

/// Sets on a tab what only the browser's own scripts can.
const ON_TAB: &str = "(id, text) => {
  const { NavigableManager } = ChromeUtils.importESModule(
    'chrome://remote/content/shared/NavigableManager.sys.mjs');
  const tab = NavigableManager.getBrowsingContextById(id);
  const wanted = JSON.parse(text);
  tab.prefersColorSchemeOverride = wanted.color;
  tab.prefersReducedMotionOverride = wanted.motion;
  tab.touchEventsOverride = wanted.touch ? 'enabled' : 'none';
  tab.inRDMPane = wanted.touch;
  if (wanted.touch) tab.setRDMPaneMaxTouchPoints(5);
}";

/// The command that sets `pretence` on a tab.
pub(super) fn command(chrome: &str, tab: &str, pretence: &Value) -> Value {
    let text = |text: &str| json!({"type": "string", "value": text});
    json!({
        "functionDeclaration": ON_TAB,
        "arguments": [text(tab), text(&pretence.to_string())],
        "target": {"context": chrome},
        "awaitPromise": false,
    })
}

fn pretence(of: &Emulation) -> Value {
    json!({
        "color": of.color_scheme.as_deref().unwrap_or("none"),
        "motion": if of.reduced_motion { "reduce" } else { "none" },
        "touch": of.mobile,
    })
}

/// A command that was sent for a key of the emulation.
struct Sent {
    key: String,
    answer: Answer,
}

impl Context {
    /// `Channel::emulate`.
    pub(super) async fn pretend(&mut self, to: &Emulation, by: Instant) -> Result<(), Trouble> {
        let first = self.emulation.is_none();
        let was = self.emulation.replace(to.clone()).unwrap_or_default();
        let mut sent = Vec::new();
        let ratio = (was.viewport, was.scale) != (to.viewport, to.scale);
        if first || ratio {
            let (width, height) = to.viewport;
            let params = json!({"viewport": {"width": width, "height": height},
                                "devicePixelRatio": to.scale});
            self.tell(&mut sent, "viewport", "browsingContext.setViewport", params);
        }
        self.pretend_place(&mut sent, &was, to);
        self.pretend_network(&mut sent, &was, to);
        self.grant(&mut sent, &was, to);
        let mut missing = self.pretend_on_tabs(&mut sent, &was, to);
        missing.extend(throttle_gaps(to).map(str::to_string));
        let latency = to.throttle.map_or(Duration::ZERO, |throttle| throttle.latency);
        self.world.write(|state| state.latency = latency);
        let mut refused = None;
        for Sent { key, answer } in sent {
            match answer.by(by).await {
                Ok(value) if value["type"] == "exception" => missing.push(key),
                Ok(_) => {}
                Err(Trouble::Refused(said)) if is_missing(&key, &said) => missing.push(key),
                Err(Trouble::Refused(said)) => {
                    refused.get_or_insert(Trouble::Refused(format!("{key}: {said}")));
                }
                Err(trouble) => return Err(trouble),
            }
        }
        self.hold(by).await?;
        match (refused, missing.is_empty()) {
            (Some(refused), _) => Err(refused),
            (None, true) => Ok(()),
            (None, false) => Err(Trouble::Unsupported(missing.join(", "))),
        }
    }

    fn tell(&self, sent: &mut Vec<Sent>, key: &str, method: &str, mut params: Value) {
        params["userContexts"] = json!([self.world.id]);
        let answer = self.line.send(None, method, params);
        sent.push(Sent { key: key.to_string(), answer });
    }

    /// Where and who the user seems to be.
    fn pretend_place(&self, sent: &mut Vec<Sent>, was: &Emulation, to: &Emulation) {
        if was.user_agent != to.user_agent {
            let params = json!({"userAgent": to.user_agent});
            self.tell(sent, "user-agent", "emulation.setUserAgentOverride", params);
        }
        if was.locale != to.locale {
            let params = json!({"locale": to.locale});
            self.tell(sent, "locale", "emulation.setLocaleOverride", params);
        }
        if was.timezone != to.timezone {
            let params = json!({"timezone": to.timezone});
            self.tell(sent, "timezone", "emulation.setTimezoneOverride", params);
        }
        if was.geolocation != to.geolocation {
            let place = to.geolocation.map(|(latitude, longitude, accuracy)| {
                json!({"latitude": latitude, "longitude": longitude, "accuracy": accuracy})
            });
            let params = json!({"coordinates": place});
            self.tell(sent, "geolocation", "emulation.setGeolocationOverride", params);
        }
    }

    fn pretend_network(&self, sent: &mut Vec<Sent>, was: &Emulation, to: &Emulation) {
        if was.offline != to.offline {
            let conditions = to.offline.then(|| json!({"type": "offline"}));
            let params = json!({"networkConditions": conditions});
            self.tell(sent, "offline", "emulation.setNetworkConditions", params);
        }
        if was.headers != to.headers {
            let headers: Vec<Value> =
                to.headers.iter().map(|(name, value)| network::header(name, value)).collect();
            self.tell(sent, "headers", "network.setExtraHeaders", json!({"headers": headers}));
        }
    }

    fn grant(&self, sent: &mut Vec<Sent>, was: &Emulation, to: &Emulation) {
        let given = to.permissions.iter().filter(|name| !was.permissions.contains(name));
        let taken = was.permissions.iter().filter(|name| !to.permissions.contains(name));
        let all = given.map(|name| (name, "granted")).chain(taken.map(|name| (name, "prompt")));
        for (name, state) in all {
            let params = json!({"descriptor": {"name": name}, "state": state,
                                "origin": origin(&self.target), "userContext": self.world.id});
            let answer = self.line.send(None, "permissions.setPermission", params);
            sent.push(Sent { key: format!("permissions {name}"), answer });
        }
    }

    /// What is set on each tab, the ones to come included. Gives what cannot be.
    fn pretend_on_tabs(
        &self,
        sent: &mut Vec<Sent>,
        was: &Emulation,
        to: &Emulation,
    ) -> Vec<String> {
        let changes = [
            (was.color_scheme != to.color_scheme, "color-scheme"),
            (was.reduced_motion != to.reduced_motion, "reduced-motion"),
            (was.mobile != to.mobile, "mobile"),
        ];
        let changed: Vec<_> =
            changes.iter().filter(|(changed, _)| *changed).map(|(_, key)| *key).collect();
        if changed.is_empty() {
            return Vec::new();
        }
        let Some(chrome) = self.hub.chrome() else {
            return changed.into_iter().map(str::to_string).collect();
        };
        let pretence = pretence(to);
        let tabs = self.world.write(|state| {
            state.pretence = Some(pretence.clone());
            state.tabs.clone()
        });
        for tab in tabs {
            let params = command(&chrome, &tab, &pretence);
            let answer = self.line.send(None, "script.callFunction", params);
            sent.push(Sent { key: changed.join(", "), answer });
        }
        Vec::new()
    }

    /// Begins or ends to hold requests, as is needed now.
    pub(super) async fn hold(&mut self, by: Instant) -> Result<(), Trouble> {
        let needed = {
            let state = self.world.read();
            state.holds || !state.latency.is_zero()
        };
        match (needed, self.held.take()) {
            (true, None) => {
                let params = json!({"phases": ["beforeRequestSent"]});
                let added = self.ask("network.addIntercept", params, by).await?;
                self.held = added["intercept"].as_str().map(str::to_string);
            }
            (false, Some(held)) => {
                let params = json!({"intercept": held});
                self.ask("network.removeIntercept", params, by).await?;
            }
            (_, held) => self.held = held,
        }
        Ok(())
    }
}

/// Whether a refusal says that the browser cannot do it, not that the value is wrong.
fn is_missing(key: &str, said: &str) -> bool {
    // A permission that is no permission here is told as a wrong argument.
    let unknown_name = key.starts_with("permissions") && said.starts_with("invalid argument");
    unknown_name || said.starts_with("unknown command") || said.starts_with("unsupported operation")
}

fn origin(target: &str) -> String {
    url::Url::parse(target)
        .map_or_else(|_| target.to_string(), |url| url.origin().ascii_serialization())
}

/// What the browser cannot slow down.
fn throttle_gaps(to: &Emulation) -> impl Iterator<Item = &'static str> {
    let throttle = to.throttle.unwrap_or_default();
    let gaps = [
        (throttle.download > 0, "throttle download"),
        (throttle.upload > 0, "throttle upload"),
        (throttle.cpu > 1.0, "throttle cpu"),
    ];
    gaps.into_iter().filter(|(wanted, _)| *wanted).map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_granted_to_the_origin_of_the_target() {
        assert_eq!(origin("http://127.0.0.1:8080/a?b"), "http://127.0.0.1:8080");
        assert_eq!(origin("https://a.example"), "https://a.example");
    }

    #[test]
    fn a_wrong_value_is_not_what_the_browser_cannot_do() {
        assert!(is_missing("mobile", "unknown command: x"));
        assert!(is_missing("permissions clipboard-read", "invalid argument: x"));
        assert!(!is_missing("timezone", "invalid argument: Mars/Base"));
    }
}
