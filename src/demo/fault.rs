//! Faults as written: `NAME[=VALUE][@[METHOD:]/path/prefix]`, read and written back.
//!
//! Only the words are here. What a fault does to a request is in `injection`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::Method;

use super::flaw::{FLAWS, Flaw, HINDRANCES, Hindrance};

/// One way in which the demo is broken on purpose.
///
/// Its text form is `NAME[=VALUE][@[METHOD:]/path/prefix]`, such as `slow`, `errors=10%` or
/// `slow=600ms@GET:/api/v1/meals`. A prefix is matched by whole segments of the path. What slows
/// requests in proportion (`slow=10%`, `tail=2%x4`) does so after they were served.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) scope: Option<Scope>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Slow(Duration),
    /// Each request takes so much longer than it would.
    Slower(Share),
    /// So many take so many times as long.
    Tail {
        share: Share,
        times: f64,
    },
    Stall {
        length: Duration,
        period: Duration,
    },
    RateLimit {
        count: u32,
        period: Duration,
    },
    Drop(Share),
    Html(Share),
    Html502(Share),
    Errors(Share),
    NotFound,
    Unauthorized,
    DatabaseDown,
    Flaw(Flaw),
    Hindrance(Hindrance, Duration),
}

/// A share of all requests, more than 0 and at most 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share(pub(super) f64);

/// Which requests a fault is for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scope {
    method: Option<Method>,
    prefix: String,
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a fault: {cause}\n{FORMS}")]
pub struct FaultError {
    text: String,
    cause: String,
}

const FORMS: &str = "valid are: slow[=800ms], slow=10%, tail[=2%x4], stall[=1s/5s], \
    rate-limit[=5/s], drop[=5%], html[=100%], html-502[=100%], errors[=20%], not-found, \
    unauthorized, database-down; of the web pages: page-label, page-landing, page-sign-out, \
    page-errors, page-search, page-delete, page-conflict, page-like, page-allergies, \
    page-total, page-badge, page-card, page-overlay[=2s], page-late[=1s], page-moving[=2s], \
    page-replaced[=2s], page-script-error[=100ms]; each may end in @/path/prefix or \
    @METHOD:/path/prefix";

impl Scope {
    pub(super) fn holds(&self, method: &Method, path: &str) -> bool {
        let prefix = self.prefix.trim_end_matches('/');
        let inside = path.strip_prefix(prefix);
        self.method.as_ref().is_none_or(|only| only == method)
            && inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text.trim()).map_err(|cause| FaultError { text: text.to_owned(), cause })
    }
}

fn read(text: &str) -> Result<Fault, String> {
    let (what, scope) = match text.split_once('@') {
        Some((what, scope)) => (what, Some(read_scope(scope)?)),
        None => (text, None),
    };
    let (name, value) = match what.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (what, None),
    };
    let kind = read_kind(name, value)?;
    Ok(Fault { kind, scope })
}

fn read_kind(name: &str, value: Option<&str>) -> Result<Kind, String> {
    let share = |usual: &str| read_share(value.unwrap_or(usual));
    let kind = match name {
        "slow" => read_slow(value.unwrap_or("800ms"))?,
        "tail" => read_tail(value.unwrap_or("2%x4"))?,
        "stall" => read_stall(value.unwrap_or("1s/5s"))?,
        "rate-limit" => read_rate(value.unwrap_or("5/s"))?,
        "drop" => Kind::Drop(share("5%")?),
        "html" => Kind::Html(share("100%")?),
        "html-502" => Kind::Html502(share("100%")?),
        "errors" => Kind::Errors(share("20%")?),
        "not-found" => Kind::NotFound,
        "unauthorized" => Kind::Unauthorized,
        "database-down" => Kind::DatabaseDown,
        "" => return Err("it has no name".to_owned()),
        _ => read_defect(name, value)?,
    };
    let plain =
        matches!(kind, Kind::NotFound | Kind::Unauthorized | Kind::DatabaseDown | Kind::Flaw(_));
    match value {
        Some(value) if plain => Err(format!("`{name}` takes no value, but has `{value}`")),
        _ => Ok(kind),
    }
}

fn read_defect(name: &str, value: Option<&str>) -> Result<Kind, String> {
    if let Some((_, flaw)) = FLAWS.iter().find(|(known, _)| *known == name) {
        return Ok(Kind::Flaw(*flaw));
    }
    let Some((_, hindrance, usual)) = HINDRANCES.iter().find(|(known, ..)| *known == name) else {
        return Err(format!("there is no fault named `{name}`"));
    };
    let time = value.map_or(Ok(Duration::from_millis(*usual)), read_duration)?;
    Ok(Kind::Hindrance(*hindrance, time))
}

fn read_scope(text: &str) -> Result<Scope, String> {
    let (method, prefix) = match text.split_once(':') {
        Some((method, prefix)) => (Some(read_method(method)?), prefix),
        None => (None, text),
    };
    if !prefix.starts_with('/') {
        return Err(format!("the path prefix `{prefix}` does not begin with `/`"));
    }
    Ok(Scope { method, prefix: prefix.to_owned() })
}

fn read_method(text: &str) -> Result<Method, String> {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    match Method::from_bytes(text.to_ascii_uppercase().as_bytes()) {
        Ok(method) if known.contains(&method.as_str()) => Ok(method),
        _ => Err(format!("`{text}` is not one of {}", known.join(", "))),
    }
}

/// A time for each request, or a share of what it takes anyway.
fn read_slow(text: &str) -> Result<Kind, String> {
    match text.ends_with('%') {
        true => Ok(Kind::Slower(read_share(text)?)),
        false => Ok(Kind::Slow(read_duration(text)?)),
    }
}

fn read_tail(text: &str) -> Result<Kind, String> {
    let wrong = || format!("`{text}` is not SHARExTIMES such as 2%x4");
    let (share, times) = text.split_once('x').ok_or_else(wrong)?;
    let plain = times.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let times = times.parse::<f64>().ok().filter(|_| plain).ok_or_else(wrong)?;
    if times <= 1.0 || times > 1000.0 {
        return Err(format!("`{text}` is not more than once and at most 1000 times as long"));
    }
    Ok(Kind::Tail { share: read_share(share)?, times })
}

fn read_stall(text: &str) -> Result<Kind, String> {
    let (length, period) =
        text.split_once('/').ok_or_else(|| format!("`{text}` is not LENGTH/PERIOD"))?;
    let (length, period) = (read_duration(length)?, read_duration(period)?);
    if length >= period {
        return Err(format!("the stall `{text}` is not shorter than its period"));
    }
    Ok(Kind::Stall { length, period })
}

fn read_rate(text: &str) -> Result<Kind, String> {
    let wrong = || format!("`{text}` is not a rate such as 5/s or 100/m");
    let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
    let count: u32 = count.parse().map_err(|_| wrong())?;
    let period = match unit {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        _ => return Err(wrong()),
    };
    if count == 0 {
        return Err("a rate of 0 lets nothing through".to_owned());
    }
    Ok(Kind::RateLimit { count, period })
}

fn read_share(text: &str) -> Result<Share, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    match number {
        Some(percent) if percent > 0.0 && percent <= 100.0 => Ok(Share(percent / 100.0)),
        Some(_) => Err(format!("`{text}` is not more than 0% and at most 100%")),
        None => Err(format!("`{text}` is not a share such as 10%")),
    }
}

fn read_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time such as 800ms, 2s or 1.5s, up to one hour");
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').ok_or_else(wrong)?, 1.0),
    };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = number.parse::<f64>().ok().filter(|_| plain).ok_or_else(wrong)? * unit;
    if seconds <= 0.0 || seconds > 3600.0 {
        return Err(wrong());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Slow(time) => write!(f, "slow={}", Time(time))?,
            Kind::Slower(share) => write!(f, "slow={share}")?,
            Kind::Tail { share, times } => write!(f, "tail={share}x{times}")?,
            Kind::Stall { length, period } => {
                write!(f, "stall={}/{}", Time(length), Time(period))?;
            }
            Kind::RateLimit { count, period } => {
                let unit = if period.as_secs() == 1 { "s" } else { "m" };
                write!(f, "rate-limit={count}/{unit}")?;
            }
            Kind::Drop(share) => write!(f, "drop={share}")?,
            Kind::Html(share) => write!(f, "html={share}")?,
            Kind::Html502(share) => write!(f, "html-502={share}")?,
            Kind::Errors(share) => write!(f, "errors={share}")?,
            Kind::NotFound => f.write_str("not-found")?,
            Kind::Unauthorized => f.write_str("unauthorized")?,
            Kind::DatabaseDown => f.write_str("database-down")?,
            Kind::Flaw(flaw) => f.write_str(FLAWS[flaw as usize].0)?,
            Kind::Hindrance(hindrance, time) => {
                write!(f, "{}={}", HINDRANCES[hindrance as usize].0, Time(time))?;
            }
        }
        match &self.scope {
            Some(Scope { method: Some(method), prefix }) => write!(f, "@{method}:{prefix}"),
            Some(Scope { method: None, prefix }) => write!(f, "@{prefix}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Six places are finer than anybody writes, and hide what the division by 100 added.
        write!(f, "{}%", (self.0 * 1e8).round() / 1e6)
    }
}

/// A time in the unit that reads best.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_nanos() == 0 {
            write!(f, "{}s", self.0.as_secs())
        } else {
            write!(f, "{}ms", self.0.as_secs_f64() * 1000.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        text.parse().expect(text)
    }

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in [
            "slow=600ms",
            "slow=2s",
            "slow=10%",
            "slow=2.5%@GET:/api/v1/meals",
            "tail=2%x4",
            "tail=10%x1.5",
            "stall=1s/5s",
            "stall=250ms/2s",
            "rate-limit=5/s",
            "rate-limit=100/m",
            "drop=5%",
            "drop=0.1%",
            "html=100%",
            "html-502=50%",
            "errors=10%",
            "not-found",
            "unauthorized",
            "database-down",
            "page-total",
            "page-late=1500ms@/cart",
            "slow=600ms@/api/v1/meals",
            "errors=20%@POST:/api/v1/auth",
        ] {
            assert_eq!(fault(text).to_string(), text);
        }
    }

    #[test]
    fn a_value_left_out_has_a_default() {
        assert_eq!(fault("slow"), fault("slow=800ms"));
        assert_eq!(fault("tail"), fault("tail=2%x4"));
        assert_eq!(fault("stall"), fault("stall=1s/5s"));
        assert_eq!(fault("rate-limit"), fault("rate-limit=5/s"));
        assert_eq!(fault("drop"), fault("drop=5%"));
        assert_eq!(fault("html"), fault("html=100%"));
        assert_eq!(fault("html-502"), fault("html-502=100%"));
        assert_eq!(fault("errors"), fault("errors=20%"));
        assert_eq!(fault("page-overlay"), fault("page-overlay=2s"));
        assert_eq!(fault("slow=1.5s"), fault("slow=1500ms"));
    }

    #[test]
    fn every_defect_of_a_page_is_among_the_forms() {
        for (name, _) in FLAWS {
            assert!(FORMS.contains(name), "{name}");
        }
        for (name, _, usual) in HINDRANCES {
            let form = format!("{name}[={}]", Time(Duration::from_millis(usual)));
            assert!(FORMS.contains(&form), "{form}");
        }
    }

    #[test]
    fn a_wrong_fault_says_why_and_what_is_valid() {
        for (text, cause) in [
            ("", "it has no name"),
            ("sloow", "no fault named `sloow`"),
            ("slow=fast", "`fast` is not a time"),
            ("slow=-1s", "`-1s` is not a time"),
            ("slow=2h", "`2h` is not a time"),
            ("slow=NaNs", "`NaNs` is not a time"),
            ("slow=0%", "more than 0%"),
            ("tail=2%", "not SHARExTIMES"),
            ("tail=x4", "not a share"),
            ("tail=2%x", "not SHARExTIMES"),
            ("tail=2%x1", "not more than once"),
            ("tail=2%x-4", "not SHARExTIMES"),
            ("tail=2%x1e3", "not SHARExTIMES"),
            ("tail=2%x2000", "at most 1000 times"),
            ("errors=0%", "more than 0%"),
            ("errors=101%", "at most 100%"),
            ("errors=10", "not a share"),
            ("stall=5s/1s", "not shorter than its period"),
            ("stall=5s", "not LENGTH/PERIOD"),
            ("rate-limit=5", "not a rate"),
            ("rate-limit=0/s", "lets nothing through"),
            ("not-found=1", "takes no value"),
            ("page-total=1", "takes no value"),
            ("page-late=x", "`x` is not a time"),
            ("page-colour", "no fault named `page-colour`"),
            ("slow@api", "does not begin with `/`"),
            ("slow@FETCH:/api", "`FETCH` is not one of GET"),
        ] {
            let error = text.parse::<Fault>().expect_err(text).to_string();
            assert!(error.contains(cause), "{text}: {error}");
            assert!(error.contains("valid are: slow[=800ms]"), "{text}: {error}");
        }
    }

    #[test]
    fn a_scope_matches_whole_segments_and_its_method() {
        let scope = fault("slow@POST:/api/v1/meal").scope.expect("it has one");
        assert!(scope.holds(&Method::POST, "/api/v1/meal"));
        assert!(scope.holds(&Method::POST, "/api/v1/meal/7"));
        assert!(!scope.holds(&Method::POST, "/api/v1/meal-plan"));
        assert!(!scope.holds(&Method::GET, "/api/v1/meal"));
        let root = fault("slow@/").scope.expect("it has one");
        assert!(root.holds(&Method::GET, "/anything"));
    }
}
