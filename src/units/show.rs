//! The shown forms: rounded for a reader, with units, never read back.

use std::time::Duration;

/// Shows microseconds: `640 µs`, `15.6 ms`, `1.2 s`, `2 min 5 s`, `3 h 20 min`.
pub fn show_duration_us(us: u64) -> String {
    let value = us as f64;
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..999_500 => format!("{} ms", three_digits(value / 1e3)),
        999_500..59_950_000 => format!("{} s", three_digits(value / 1e6)),
        _ => {
            let seconds = us.saturating_add(500_000) / 1_000_000;
            match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
                (0, minutes, 0) => format!("{minutes} min"),
                (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
                (hours, 0, _) => format!("{} h", show_count(hours)),
                (hours, minutes, _) => format!("{} h {minutes} min", show_count(hours)),
            }
        }
    }
}

/// Shows a duration, as `show_duration_us` does.
pub fn show_duration(duration: Duration) -> String {
    show_duration_us(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

/// Shows events per second: `204/s`, `12.3/s`, `0.05/s`, `12,345/s`.
pub fn show_rate(per_second: f64) -> String {
    format!("{}/s", three_digits(per_second))
}

/// Shows bytes, in thousands: `640 B`, `1.2 MB`.
pub fn show_bytes(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..999_500 => format!("{} kB", three_digits(value / 1e3)),
        999_500..999_500_000 => format!("{} MB", three_digits(value / 1e6)),
        999_500_000..999_500_000_000 => format!("{} GB", three_digits(value / 1e9)),
        _ => format!("{} TB", three_digits(value / 1e12)),
    }
}

/// Shows a share (1 is all) as a percentage. Only a share of exactly 0 or 1 is shown as `0%` or
/// `100%`: one failure in a million must not vanish in the rounding.
pub fn show_percent(share: f64) -> String {
    let percent = share * 100.0;
    for decimals in [1, 2, 3, 4] {
        let text = trimmed(format!("{percent:.decimals$}"));
        let rounded_away = (text == "0" && share != 0.0) || (text == "100" && share != 1.0);
        if !rounded_away {
            return format!("{text}%");
        }
    }
    if share < 0.5 { "<0.0001%".to_string() } else { ">99.9999%".to_string() }
}

/// Shows a count with separators: `1,359`.
pub fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, or all digits before the point where there are more.
fn three_digits(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_string();
    }
    match value.abs() {
        0.0 => "0".to_string(),
        0.0..0.01 => trimmed(format!("{value:.4}")),
        0.01..0.9995 => trimmed(format!("{value:.3}")),
        0.9995..9.995 => trimmed(format!("{value:.2}")),
        9.995..99.95 => trimmed(format!("{value:.1}")),
        _ if value < 0.0 => format!("-{}", show_count(value.abs().round() as u64)),
        _ => show_count(value.round() as u64),
    }
}

fn trimmed(number: String) -> String {
    if !number.contains('.') {
        return number;
    }
    number.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_shown_with_three_digits() {
        let shown = [0, 640, 1_560, 15_600, 999_499, 1_200_000, 59_949_000, 125_000_000]
            .map(show_duration_us);
        let wanted = ["0 µs", "640 µs", "1.56 ms", "15.6 ms", "999 ms", "1.2 s", "59.9 s"];
        assert_eq!(shown[..7], wanted);
        assert_eq!(shown[7], "2 min 5 s");
        assert_eq!(show_duration(Duration::from_secs(12_000)), "3 h 20 min");
    }

    #[test]
    fn a_small_share_never_rounds_to_none_nor_a_large_one_to_all() {
        let shown = [0.0, 0.123, 0.0004, 1e-9, 0.9999, 1.0].map(show_percent);
        assert_eq!(shown, ["0%", "12.3%", "0.04%", "<0.0001%", "99.99%", "100%"]);
    }

    #[test]
    fn rates_sizes_and_counts_are_shown_short() {
        assert_eq!(
            [203.7, 12.34, 0.05, 12_345.0].map(show_rate).join(" "),
            "204/s 12.3/s 0.05/s 12,345/s"
        );
        assert_eq!([640, 1_200_000, 999_999].map(show_bytes).join(" "), "640 B 1.2 MB 1 MB");
        assert_eq!([7, 1_359, 1_000_000].map(show_count).join(" "), "7 1,359 1,000,000");
        assert_eq!(show_rate(f64::NAN), "–/s");
    }

    proptest! {
        #[test]
        fn no_number_makes_showing_panic(count: u64, number: f64) {
            let _ = (show_duration_us(count), show_bytes(count), show_count(count));
            let _ = (show_rate(number), show_percent(number));
        }
    }
}
