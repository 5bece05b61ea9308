//! Puts into words how a page differs from the one that a test has without a word.

use super::{Emulation, HarPlan, PagePlan, StateSource, Throttle};
use crate::units::{show_bytes, write_duration};

impl PagePlan {
    /// What is different, one phrase each.
    pub fn in_words(&self) -> Vec<String> {
        let usual = PagePlan::default();
        let mut words = self.emulation.in_words();
        if !self.headers.is_empty() {
            let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
            words.push(format!("headers {}", names.join(", ")));
        }
        match &self.state {
            Some(StateSource::Named(name)) => words.push(format!("state `{name}`")),
            Some(StateSource::File(file)) => words.push(format!("state of {}", file.display())),
            None => {}
        }
        match self.stubs.len() {
            0 => {}
            1 => words.push("1 stub".to_string()),
            many => words.push(format!("{many} stubs")),
        }
        match &self.har {
            Some(HarPlan::Record(name)) => words.push(format!("records {name}.har")),
            Some(HarPlan::Replay { file, others }) => {
                let others = if *others { "" } else { " alone" };
                words.push(format!("answers from {}{others}", file.display()));
            }
            None => {}
        }
        if self.test_id != usual.test_id {
            words.push(format!("test ids in {}", self.test_id));
        }
        let times = [
            ("timeout", self.timeout, usual.timeout),
            ("expect-timeout", self.expect_timeout, usual.expect_timeout),
            ("navigation-timeout", self.navigation_timeout, usual.navigation_timeout),
        ];
        for (name, own, usual) in times {
            if own != usual {
                words.push(format!("{name} {}", write_duration(own)));
            }
        }
        words
    }
}

impl Emulation {
    fn in_words(&self) -> Vec<String> {
        let usual = Emulation::default();
        let mut words = Vec::new();
        if self.viewport != usual.viewport || self.scale != usual.scale {
            let (width, height) = self.viewport;
            let scale =
                if self.scale == 1.0 { String::new() } else { format!(" x {}", self.scale) };
            words.push(format!("{width}x{height}{scale}"));
        }
        let flags = [
            (self.mobile, "mobile"),
            (self.user_agent.is_some(), "another user agent"),
            (self.reduced_motion, "reduced motion"),
            (self.offline, "offline"),
        ];
        words.extend(flags.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_string()));
        let named = [&self.locale, &self.timezone, &self.color_scheme];
        words.extend(named.into_iter().flatten().cloned());
        if let Some((latitude, longitude, _)) = self.geolocation {
            words.push(format!("at {latitude}, {longitude}"));
        }
        if !self.permissions.is_empty() {
            words.push(format!("may use {}", self.permissions.join(", ")));
        }
        words.extend(self.throttle.map(|throttle| throttle.in_words()));
        words
    }
}

impl Throttle {
    fn in_words(self) -> String {
        let mut words = Vec::new();
        if !self.latency.is_zero() {
            words.push(format!("{} of latency", write_duration(self.latency)));
        }
        for (speed, way) in [(self.download, "down"), (self.upload, "up")] {
            if speed > 0 {
                words.push(format!("{}/s {way}", show_bytes(speed)));
            }
        }
        if self.cpu > 1.0 {
            words.push(format!("a processor {} times slower", self.cpu));
        }
        words.join(" and ")
    }
}
