//! Writes and reads quantities: durations, rates, pauses, sizes, percentages.
//!
//! Two spellings leave this module. The *written* form (`1m30s`, `200/s`, `10MB`) is what a
//! person types; it is exact and reads back to the same value. The *shown* form (`15.6 ms`,
//! `1.2 MB`) is what a report prints; it is rounded and never read.

mod show;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use show::{show_bytes, show_count, show_duration, show_duration_us, show_percent, show_rate};

/// Events per second; written `200/s`, `90/m`, `10/h` or `5/d`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// A pause: fixed (`least == most`, written `2s`) or drawn evenly from a range (`1s..3s`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}

/// A share of a whole, where 1 is all of it; written `10%`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

/// Why a text is not the quantity it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityError {
    /// What is wrong, one sentence without a full stop.
    pub problem: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem, self.fix)
    }
}

impl std::error::Error for QuantityError {}

/// The longest duration that may be written. Ten years is beyond any run, and far from what
/// overflows when it is added to a clock.
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

/// Units of time with their nanoseconds, longest first.
const TIME: [(&str, u64); 8] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Units of size with their bytes; read without regard to case.
const SIZE: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a duration such as `500ms`, `1m30s`, `1.5s` or `2h`: numbers with units, longest unit
/// first. A number without a unit is refused, because half of its readers would guess wrong.
pub fn parse_duration(text: &str) -> Result<Duration, QuantityError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(error("a duration is missing here", "write one such as 500ms, 30s or 1m30s"));
    }
    if text.starts_with('-') {
        return Err(error("a duration cannot be negative", "write one such as 500ms or 30s"));
    }
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.parse::<f64>().is_ok() {
        let fix = format!("write {text}ms or {text}s");
        return Err(error(format!("`{text}` has no unit of time"), fix));
    }
    let mut nanos = 0u128;
    let mut longest = u64::MAX;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, unit, after) = split_quantity(rest);
        let Some((_, size)) = TIME.iter().find(|(name, _)| *name == unit) else {
            return Err(no_such_time_unit(text, number, unit));
        };
        let Some(part) = scaled(number, *size) else { return Err(not_a_duration(text)) };
        if *size >= longest {
            let fix = "write each unit once, the longest first, such as 1m30s";
            return Err(error(format!("the units of `{text}` are out of order"), fix));
        }
        (longest, nanos, rest) = (*size, nanos.saturating_add(part), after.trim_start());
    }
    if nanos > LONGEST.as_nanos() {
        return Err(error(format!("`{text}` is longer than ten years"), "write a shorter one"));
    }
    Ok(Duration::new((nanos / 1_000_000_000) as u64, (nanos % 1_000_000_000) as u32))
}

/// Writes a duration so that `parse_duration` reads the same one: `1m30s`, `500ms`, `0s`.
pub fn write_duration(duration: Duration) -> String {
    let mut nanos = duration.as_nanos();
    let mut text = String::new();
    for (unit, size) in TIME.iter().filter(|(unit, _)| *unit != "µs") {
        let size = u128::from(*size);
        if nanos >= size {
            text.push_str(&format!("{}{unit}", nanos / size));
            nanos %= size;
        }
    }
    if text.is_empty() { "0s".to_string() } else { text }
}

/// Reads a size in bytes: `512B`, `10MB` (millions), `64KiB` (1024s), `1.5GB`.
pub fn parse_size(text: &str) -> Result<u64, QuantityError> {
    let text = text.trim();
    let (number, unit, after) = split_quantity(text);
    if !number.is_empty() && unit.is_empty() && after.is_empty() {
        let fix = format!("write {number}B, {number}KB or {number}MB");
        return Err(error(format!("`{text}` has no unit of size"), fix));
    }
    let known = SIZE.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let bytes = known.and_then(|(_, size)| scaled(number, *size));
    match bytes.filter(|_| after.is_empty()).map(u64::try_from) {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(_)) => Err(error(format!("`{text}` is too much"), "write a smaller size")),
        None => {
            let fix = "write a number and B, KB, MB, GB, KiB, MiB or GiB, such as 10MB";
            Err(error(format!("`{text}` is not a size"), fix))
        }
    }
}

impl FromStr for Rate {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        let Some((number, unit)) = text.split_once('/') else {
            let sample = if text.parse::<f64>().is_ok() { text } else { "200" };
            let fix = format!("write {sample}/s or {sample}/m");
            return Err(error(format!("`{text}` does not say per what time"), fix));
        };
        let seconds = match unit.trim() {
            "s" | "sec" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            other => {
                let problem = format!("`{other}` is not a time to count per");
                return Err(error(problem, "write /s, /m, /h or /d, such as 200/s"));
            }
        };
        match plain_number(number.trim()) {
            Some(number) => Ok(Rate(number / seconds)),
            None => Err(error(format!("`{text}` is not a rate"), "write one such as 200/s")),
        }
    }
}

impl fmt::Display for Rate {
    /// Writes the rate in the first unit in which it is short, and always so that it reads back
    /// to the same rate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, seconds) in [("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)] {
            let number = (self.0 * seconds * 1000.0).round() / 1000.0;
            if number / seconds == self.0 {
                return write!(f, "{number}/{unit}");
            }
        }
        write!(f, "{}/s", self.0)
    }
}

impl Pause {
    /// Always the same pause.
    pub fn fixed(pause: Duration) -> Self {
        Self { least: pause, most: pause }
    }
}

impl FromStr for Pause {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let Some((least, most)) = text.split_once("..") else {
            return Ok(Self::fixed(parse_duration(text)?));
        };
        let pause = Self { least: parse_duration(least)?, most: parse_duration(most)? };
        if pause.least > pause.most {
            let fix = format!("write {}..{}", most.trim(), least.trim());
            return Err(error("the range begins after its end", fix));
        }
        Ok(pause)
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write_duration(self.least))?;
        if self.most != self.least { write!(f, "..{}", write_duration(self.most)) } else { Ok(()) }
    }
}

impl FromStr for Percent {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        match text.strip_suffix('%').map(str::trim_end) {
            Some(number) if plain_number(number).is_some() => {
                Ok(Percent(hundredth(number).unwrap_or_default()))
            }
            None if text.parse::<f64>().is_ok() => {
                Err(error(format!("`{text}` has no percent sign"), format!("write {text}%")))
            }
            _ => Err(error(format!("`{text}` is not a percentage"), "write one such as 10%")),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        let exact = |text: &String| hundredth(text) == Some(self.0);
        let text = (0..17).map(|decimals| format!("{percent:.decimals$}")).find(exact);
        write!(f, "{}%", text.unwrap_or_else(|| percent.to_string()))
    }
}

/// `1.5ms...` -> (`1.5`, `ms`, the rest).
fn split_quantity(text: &str) -> (&str, &str, &str) {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let unit = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    (number, &rest[..unit], &rest[unit..])
}

/// `number` times `size`, exactly; digits beyond the smallest unit are cut off.
fn scaled(number: &str, size: u64) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || whole.len() > 18 || fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(18)];
    let whole = whole.parse::<u128>().ok()? * u128::from(size);
    let power = 10u128.pow(fraction.len() as u32);
    Some(whole + fraction.parse::<u128>().ok()? * u128::from(size) / power)
}

/// A number without sign, exponent or words.
fn plain_number(text: &str) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if plain { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

/// A hundredth of a number in text form, rounded once: dividing would round a second time, and
/// what was written would not read back.
fn hundredth(text: &str) -> Option<f64> {
    format!("{text}e-2").parse().ok()
}

fn no_such_time_unit(text: &str, number: &str, unit: &str) -> QuantityError {
    let meant = match unit.to_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" | "s" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" | "h" => "h",
        "day" | "days" | "d" => "d",
        "msec" | "millis" | "millisecond" | "milliseconds" | "ms" => "ms",
        // The Greek letter looks like the micro sign that keyboards have.
        "μs" | "usec" | "micros" | "microsecond" | "microseconds" => "us",
        _ => return not_a_duration(text),
    };
    if number.is_empty() {
        return not_a_duration(text);
    }
    let fix = format!("write {number}{meant}");
    error(format!("`{unit}` is not a unit of time"), fix)
}

fn not_a_duration(text: &str) -> QuantityError {
    let fix = "write a number and d, h, m, s, ms or us, such as 500ms or 1m30s";
    error(format!("`{text}` is not a duration"), fix)
}

fn error(problem: impl Into<String>, fix: impl Into<String>) -> QuantityError {
    QuantityError { problem: problem.into(), fix: fix.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn millis(text: &str) -> u128 {
        parse_duration(text).unwrap().as_millis()
    }

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(millis("500ms"), 500);
        assert_eq!(millis("1m30s"), 90_000);
        assert_eq!(millis("1m 30s"), 90_000);
        assert_eq!(millis("1.5s"), 1_500);
        assert_eq!(millis("2h"), 7_200_000);
        assert_eq!(millis("1d2h"), 93_600_000);
        assert_eq!(millis("0"), 0);
        assert_eq!(parse_duration("640µs"), Ok(Duration::from_micros(640)));
        assert_eq!(parse_duration("640us"), Ok(Duration::from_micros(640)));
    }

    #[test]
    fn a_bare_number_is_refused_and_both_readings_are_offered() {
        let error = parse_duration("500").unwrap_err();
        assert_eq!(error.to_string(), "`500` has no unit of time: write 500ms or 500s");
    }

    #[test]
    fn a_long_unit_name_is_answered_with_the_short_one() {
        assert_eq!(parse_duration("5 minutes").unwrap_err().fix, "write 5m");
        assert_eq!(parse_duration("5μs").unwrap_err().fix, "write 5us");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "s", "1", "-1s", "1x", "1..2s", "1s1s", "30s1m", "1,5s", "1e3s", "s5"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(parse_duration("99999999999d").is_err());
        assert!(parse_duration("99999999999999999999999999999d").is_err());
    }

    #[test]
    fn sizes_know_thousands_and_1024s() {
        assert_eq!(parse_size("10MB"), Ok(10_000_000));
        assert_eq!(parse_size("64KiB"), Ok(65_536));
        assert_eq!(parse_size("1.5 gb"), Ok(1_500_000_000));
        assert_eq!(parse_size("10").unwrap_err().fix, "write 10B, 10KB or 10MB");
        assert!(parse_size("99999999TB").is_err());
        assert!(parse_size("10MB ").is_ok());
        assert!(parse_size("10 apples").is_err());
    }

    #[test]
    fn rates_are_per_second_inside() {
        assert_eq!("200/s".parse(), Ok(Rate(200.0)));
        assert_eq!("90/m".parse(), Ok(Rate(1.5)));
        assert_eq!("10/h".parse::<Rate>().unwrap().to_string(), "10/h");
        assert_eq!("200".parse::<Rate>().unwrap_err().fix, "write 200/s or 200/m");
        assert!("-1/s".parse::<Rate>().is_err());
        assert!("1/week".parse::<Rate>().is_err());
    }

    #[test]
    fn a_pause_is_a_duration_or_a_range() {
        assert_eq!("2s".parse(), Ok(Pause::fixed(Duration::from_secs(2))));
        let pause: Pause = "1s..3s".parse().unwrap();
        assert_eq!((pause.least.as_secs(), pause.most.as_secs()), (1, 3));
        assert_eq!("3s..1s".parse::<Pause>().unwrap_err().fix, "write 1s..3s");
    }

    #[test]
    fn percentages_need_their_sign() {
        assert_eq!("10%".parse(), Ok(Percent(0.1)));
        assert_eq!("10".parse::<Percent>().unwrap_err().fix, "write 10%");
        assert!("ten%".parse::<Percent>().is_err());
    }

    proptest! {
        #[test]
        fn a_written_duration_reads_back(nanos in 0u64..LONGEST.as_nanos() as u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&write_duration(duration)), Ok(duration));
        }

        #[test]
        fn a_written_rate_reads_back(rate in 0.0f64..1e9) {
            prop_assert_eq!(Rate(rate).to_string().parse(), Ok(Rate(rate)));
        }

        #[test]
        fn a_written_pause_reads_back(least in 0u64..1 << 40, more in 0u64..1 << 40) {
            let least = Duration::from_nanos(least);
            let pause = Pause { least, most: least + Duration::from_nanos(more) };
            prop_assert_eq!(pause.to_string().parse(), Ok(pause));
        }

        #[test]
        fn a_written_percentage_reads_back_to_the_last_digits(percent in 0u32..1_000_000) {
            let share = Percent(f64::from(percent) / 1e6);
            prop_assert_eq!(share.to_string().parse(), Ok(share));
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,12}|[0-9.]{1,40}[a-z%/]{0,3}") {
            let _ = (parse_duration(&text), parse_size(&text));
            let _ = (text.parse::<Rate>(), text.parse::<Pause>(), text.parse::<Percent>());
        }
    }
}
