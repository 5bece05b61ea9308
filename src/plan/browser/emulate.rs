//! Reads what a browser pretends to be, and changes it.

use serde_json::{Map, Value, json};

use super::act::Act;
use super::devices::{DEVICES, PRESETS};
use super::fields::{
    Fields, cut, duration, is_later, number, scalar_text, short, shown, text, whole, word, wrong,
};
use super::network::headers;
use super::read::{Read, Unreadable};
use super::{Emulation, Throttle};
use crate::diagnostic::nearest;
use crate::units::parse_size;

/// The keys that say what a browser pretends to be; `device` comes first, and the others lie
/// over it.
pub(super) const EMULATION: &[&str] = &[
    "device",
    "viewport",
    "scale",
    "mobile",
    "user-agent",
    "locale",
    "timezone",
    "color-scheme",
    "reduced-motion",
    "geolocation",
    "permissions",
    "offline",
    "throttle",
    "headers",
];

impl Emulation {
    /// Lays the keys of `page` or of an `Act::Emulate` over what is pretended; the error is a
    /// sentence for a person.
    pub fn lay_over(&mut self, keys: &Value) -> Result<(), String> {
        self.understand(keys).map_err(|error| error.to_string())
    }

    /// The same, with the part that cannot be read.
    pub fn understand(&mut self, keys: &Value) -> Result<(), Unreadable> {
        let fields = Fields::new("emulate", keys, &[EMULATION])?;
        let given = EMULATION.iter().filter_map(|key| Some((*key, fields.get(key)?)));
        for (key, value) in given {
            match key {
                "headers" => self.headers = headers(&fields)?,
                _ => self.change_one(key, value)?,
            }
        }
        Ok(())
    }

    fn change_one(&mut self, key: &str, value: &Value) -> Read<()> {
        match key {
            "device" => self.become_device(value)?,
            "viewport" => self.viewport = viewport(value)?,
            "scale" => self.scale = number(key, value, (0.1, 10.0))?,
            "mobile" => self.mobile = super::fields::flag(key, value)?,
            "user-agent" => self.user_agent = Some(text(key, value)?),
            "locale" => self.locale = Some(locale(value)?),
            "timezone" => self.timezone = Some(timezone(value)?),
            "color-scheme" => {
                self.color_scheme = Some(word(key, value, &["light", "dark"])?.to_string());
            }
            "reduced-motion" => self.reduced_motion = super::fields::flag(key, value)?,
            "geolocation" => self.geolocation = geolocation(value)?,
            "permissions" => self.permissions = permissions(value)?,
            "offline" => self.offline = super::fields::flag(key, value)?,
            _ => self.throttle = throttle(value)?,
        }
        Ok(())
    }

    fn become_device(&mut self, value: &Value) -> Read<()> {
        let name = text("device", value)?;
        if is_later(value) {
            return Ok(());
        }
        let Some(device) = DEVICES.iter().find(|device| device.name.eq_ignore_ascii_case(&name))
        else {
            let names = || DEVICES.iter().map(|device| device.name);
            let help = match nearest(&name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
            };
            let problem = format!("there is no device `{}`", cut(&name));
            return Err(Unreadable::new(problem, name).help(help));
        };
        self.viewport = device.viewport;
        self.scale = device.scale;
        self.mobile = device.mobile;
        self.user_agent = device.user_agent.map(str::to_string);
        Ok(())
    }
}

/// `viewport`, `offline`, `throttle`: one key of `page`.
pub(super) fn one(verb: &str, argument: &Value) -> Read<Act> {
    let argument = match (verb, argument) {
        ("offline", Value::Null) => &Value::Bool(true),
        (_, argument) => argument,
    };
    many(&json!({ verb: argument }))
}

/// `emulate`
pub(super) fn many(argument: &Value) -> Read<Act> {
    Emulation::default().understand(argument)?;
    match argument.as_object().is_some_and(Map::is_empty) {
        true => Err(Unreadable::new("`emulate` changes nothing", "emulate")
            .help("write for example `{ color-scheme: dark }`")),
        false => Ok(Act::Emulate(argument.clone())),
    }
}

const SIDE: (u32, u32) = (1, 20_000);

/// `1280x720` or `{ width: 1280, height: 720 }`.
fn viewport(value: &Value) -> Read<(u32, u32)> {
    if is_later(value) {
        return Ok((1280, 720));
    }
    if let Some(text) = value.as_str() {
        let sides = text.split_once('x');
        let side =
            |side: &str| side.trim().parse().ok().filter(|side| (SIDE.0..=SIDE.1).contains(side));
        let sides = sides.and_then(|(width, height)| Some((side(width)?, side(height)?)));
        return sides.ok_or_else(|| wrong("viewport", value, "a size such as 1280x720"));
    }
    let fields = Fields::new("viewport", value, &[&["width", "height"]])?;
    let width = whole("width", fields.need("width", "1280")?, SIDE)?;
    Ok((width, whole("height", fields.need("height", "720")?, SIDE)?))
}

/// A BCP 47 tag.
fn locale(value: &Value) -> Read<String> {
    let locale = text("locale", value)?;
    let part = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let mut parts = locale.split('-');
    let language = parts.next().unwrap_or_default();
    let right = (2..=3).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(part);
    match right || is_later(value) {
        true => Ok(locale),
        false => Err(wrong("locale", value, "a language tag such as de-DE")),
    }
}

/// A name of the IANA database; whether there is one like it, the browser knows.
fn timezone(value: &Value) -> Read<String> {
    let zone = text("timezone", value)?;
    let sign = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    match (!zone.is_empty() && zone.chars().all(sign)) || is_later(value) {
        true => Ok(zone),
        false => Err(wrong("timezone", value, "a name such as Europe/Berlin")),
    }
}

/// `[latitude, longitude]`, or a map with `accuracy`; `none` takes it away.
fn geolocation(value: &Value) -> Read<Option<(f64, f64, f64)>> {
    const LATITUDE: (f64, f64) = (-90.0, 90.0);
    const LONGITUDE: (f64, f64) = (-180.0, 180.0);
    match value {
        later if is_later(later) || later.as_str() == Some("none") => Ok(None),
        Value::Array(list) if list.len() == 2 => {
            let latitude = number("latitude", &list[0], LATITUDE)?;
            Ok(Some((latitude, number("longitude", &list[1], LONGITUDE)?, 10.0)))
        }
        Value::Object(_) => {
            let keys = ["latitude", "longitude", "accuracy"];
            let fields = Fields::new("geolocation", value, &[&keys])?;
            let latitude = number("latitude", fields.need("latitude", "52.52")?, LATITUDE)?;
            let longitude = number("longitude", fields.need("longitude", "13.4")?, LONGITUDE)?;
            let accuracy = fields.number("accuracy", (0.0, 1e7))?.unwrap_or(10.0);
            Ok(Some((latitude, longitude, accuracy)))
        }
        other => Err(wrong("geolocation", other, "a place such as [52.52, 13.4]")),
    }
}

/// Names of permissions, as the W3C's registry and the browsers have them.
const PERMISSIONS: &[&str] = &[
    "geolocation",
    "notifications",
    "camera",
    "microphone",
    "clipboard-read",
    "clipboard-write",
    "midi",
    "background-sync",
    "accelerometer",
    "gyroscope",
    "magnetometer",
    "persistent-storage",
    "push",
    "screen-wake-lock",
    "storage-access",
    "local-fonts",
    "idle-detection",
    "payment-handler",
];

fn permissions(value: &Value) -> Read<Vec<String>> {
    if value.as_str() == Some("none") {
        return Ok(Vec::new());
    }
    let list = super::fields::many(value);
    let one = |value: &Value| word("permissions", value, PERMISSIONS).map(str::to_string);
    list.iter().map(one).collect()
}

/// A preset, `none`, or what is slower.
fn throttle(value: &Value) -> Read<Option<Throttle>> {
    if let Some(name) = short(value) {
        if is_later(value) || name == "none" {
            return Ok(None);
        }
        let names = || PRESETS.iter().map(|(name, _)| *name);
        return match PRESETS.iter().find(|(known, _)| *known == name) {
            Some((_, throttle)) => Ok(Some(*throttle)),
            None => {
                let help = match nearest(&name, names().chain(["none"])) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        format!("write {}, none or a map", names().collect::<Vec<_>>().join(", "))
                    }
                };
                Err(Unreadable::new(format!("`throttle` cannot be {}", shown(value)), name)
                    .help(help))
            }
        };
    }
    let fields = Fields::new("throttle", value, &[&["latency", "download", "upload", "cpu"]])?;
    let speed = |key: &str| fields.get(key).map_or(Ok(0), |value| bytes_a_second(key, value));
    Ok(Some(Throttle {
        latency: fields
            .get("latency")
            .map_or(Ok(Default::default()), |v| duration("latency", v))?,
        download: speed("download")?,
        upload: speed("upload")?,
        cpu: fields.number("cpu", (1.0, 100.0))?.unwrap_or(1.0),
    }))
}

/// `200KB/s`
fn bytes_a_second(key: &str, value: &Value) -> Read<u64> {
    if is_later(value) {
        return Ok(0);
    }
    let written = scalar_text(value).ok_or_else(|| wrong(key, value, "a speed such as 200KB/s"))?;
    let size = written.trim().strip_suffix("/s").unwrap_or(&written);
    match parse_size(size) {
        Ok(0) => Err(wrong(key, value, "more than nothing; `offline: true` is no network at all")),
        Ok(bytes) => Ok(bytes),
        Err(_) => Err(wrong(key, value, "a speed such as 200KB/s")),
    }
}
