//! Turns the browser's times of day into ours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// One moment on both clocks.
pub(super) struct Clock {
    instant: Instant,
    /// Milliseconds since 1970.
    epoch: f64,
}

impl Default for Clock {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { instant: Instant::now(), epoch: since.as_secs_f64() * 1e3 }
    }
}

impl Clock {
    /// When a time of day was, in milliseconds since 1970; now where none is told, and never later
    /// than now.
    pub fn at(&self, epoch: Option<f64>) -> Instant {
        let now = Instant::now();
        let Some(epoch) = epoch.filter(|epoch| *epoch > 0.0) else { return now };
        let away = (epoch - self.epoch) / 1e3;
        let Ok(distance) = Duration::try_from_secs_f64(away.abs()) else { return now };
        let at = match away < 0.0 {
            true => self.instant.checked_sub(distance),
            false => self.instant.checked_add(distance),
        };
        at.map_or(now, |at| at.min(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_as_long_ago_as_it_was() {
        let clock = Clock::default();
        let ago = clock.at(Some(clock.epoch - 2000.0));
        assert!((clock.instant - ago).abs_diff(Duration::from_secs(2)) < Duration::from_millis(1));
        for absurd in [None, Some(0.0), Some(f64::NAN), Some(f64::INFINITY), Some(1e300)] {
            assert!(clock.at(absurd) >= clock.instant);
            assert!(clock.at(absurd) <= Instant::now());
        }
    }
}
