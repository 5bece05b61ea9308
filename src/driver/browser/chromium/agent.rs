//! Makes a browser's name: the user agent, and the client hints that go with it.

use serde_json::{Value, json};

use crate::plan::browser::Emulation;

/// What `setUserAgentOverride` is told; `own` is the browser's own user agent.
pub(super) fn pretended(of: &Emulation, own: &str) -> Value {
    let agent = of.user_agent.as_deref().unwrap_or(own);
    let mut pretended = json!({"userAgent": agent, "platform": platform(agent)});
    if let Some(locale) = &of.locale {
        pretended["acceptLanguage"] = locale.as_str().into();
    }
    // Browsers of other engines have no client hints, so none are sent in their name.
    if let Some(version) = after(agent, "Chrome/") {
        pretended["userAgentMetadata"] = hints(agent, version, of.mobile);
    }
    pretended
}

fn hints(agent: &str, version: &str, mobile: bool) -> Value {
    let major = version.split('.').next().unwrap_or_default();
    let brand = if agent.contains("Headless") { "HeadlessChrome" } else { "Chromium" };
    // What is no brand is there so that nobody takes the list for a fixed one.
    let brands = |version: &str, other: &str| {
        let own = json!({"brand": brand, "version": version});
        json!([own, {"brand": "Not=A?Brand", "version": other}])
    };
    let (name, of_it) = system(agent);
    let version_of_it = after(agent, of_it).unwrap_or_default().replace('_', ".");
    let model = agent.split_once("Android ").and_then(|(_, rest)| rest.split(')').next());
    let model = model.and_then(|rest| rest.split_once("; ")).map_or("", |(_, model)| model);
    json!({
        "brands": brands(major, "24"),
        "fullVersionList": brands(version, "24.0.0.0"),
        "fullVersion": version,
        "platform": name,
        "platformVersion": version_of_it,
        "architecture": if mobile { "" } else { "x86" },
        "bitness": if mobile { "" } else { "64" },
        "model": model.split(" Build").next().unwrap_or_default(),
        "mobile": mobile,
    })
}

/// The system as client hints call it, and what stands before its version.
fn system(agent: &str) -> (&'static str, &'static str) {
    let systems = [
        ("Android", "Android", "Android "),
        ("iPhone", "iOS", "iPhone OS "),
        ("iPad", "iOS", "CPU OS "),
        ("Windows", "Windows", "Windows NT "),
        ("Mac OS X", "macOS", "Mac OS X "),
        ("CrOS", "Chrome OS", "CrOS x86_64 "),
    ];
    let found = systems.iter().find(|(sign, _, _)| agent.contains(sign));
    found.map_or(("Linux", "Linux "), |(_, name, before)| (name, before))
}

/// `navigator.platform`.
fn platform(agent: &str) -> &'static str {
    match system(agent).0 {
        "Android" => "Linux armv81",
        "iOS" if agent.contains("iPad") => "iPad",
        "iOS" => "iPhone",
        "Windows" => "Win32",
        "macOS" => "MacIntel",
        _ => "Linux x86_64",
    }
}

/// The version that follows `name`.
fn after<'a>(agent: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = agent.split_once(name)?;
    let end = rest.find(|char: char| !(char.is_ascii_digit() || char == '.' || char == '_'));
    Some(&rest[..end.unwrap_or(rest.len())]).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_has_the_hints_of_a_phone_and_another_engine_has_none() {
        let pixel = "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like \
            Gecko) Chrome/131.0.6778.33 Mobile Safari/537.36";
        let of = Emulation { user_agent: Some(pixel.into()), mobile: true, ..Emulation::default() };
        let pretended = pretended(&of, "own");
        assert_eq!(
            (&pretended["userAgent"], &pretended["platform"]),
            (&json!(pixel), &json!("Linux armv81"))
        );
        let hints = &pretended["userAgentMetadata"];
        assert_eq!(hints["platform"], "Android");
        assert_eq!(hints["platformVersion"], "14");
        assert_eq!((&hints["model"], &hints["mobile"]), (&json!("Pixel 7"), &json!(true)));
        assert_eq!(hints["brands"][0]["version"], "131");
        assert_eq!(hints["fullVersion"], "131.0.6778.33");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15";
        let of = Emulation { user_agent: Some(safari.into()), ..of };
        let pretended = super::pretended(&of, "own");
        assert!(pretended.get("userAgentMetadata").is_none());
        assert_eq!(pretended["platform"], "iPhone");
    }

    #[test]
    fn a_language_alone_keeps_the_browsers_own_name() {
        let own = "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/156.0.0.0 Safari/537.36";
        let of = Emulation { locale: Some("de-DE".into()), ..Emulation::default() };
        let pretended = pretended(&of, own);
        assert_eq!(pretended["userAgent"], own);
        assert_eq!(pretended["acceptLanguage"], "de-DE");
        assert_eq!(pretended["userAgentMetadata"]["brands"][0]["brand"], "HeadlessChrome");
    }
}
