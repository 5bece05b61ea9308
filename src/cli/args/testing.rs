//! The options of tests: which are chosen, and how they are run.

use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use regex::Regex;

use crate::executor::{KeepTraces, TestOptions};

/// Which tests
#[derive(Debug, Args)]
#[command(next_help_heading = "Which tests")]
pub struct ChooseArgs {
    /// Only tests with this tag; may be given several times
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,

    /// Only tests whose name, or `SCENARIO › NAME`, this regular expression matches; may be given
    /// several times
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub grep: Vec<Regex>,

    /// No tests that this regular expression matches; may be given several times
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    pub grep_invert: Vec<Regex>,

    /// Of the engines that tests name, only this one; may be given several times. It never adds an
    /// engine to a test, and leaves tests without browsers alone
    #[arg(long, value_name = "ENGINE")]
    pub browser: Vec<String>,

    /// Only this part of the tests, such as 2/5: divided by how long each took before, with what
    /// they need; `taster merge` puts the parts together
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<(u32, u32)>,
}

/// How tests are run
#[derive(Debug, Args)]
#[command(next_help_heading = "How tests are run")]
pub struct TestingArgs {
    /// Tests at the same time
    #[arg(long, value_name = "N", default_value_t = 4, env = "TASTER_WORKERS")]
    pub workers: usize,

    /// Only tests that failed in the last run or were not reached in it: in that of --out, or of
    /// reports/latest
    #[arg(long)]
    pub last_failed: bool,

    /// Run each test so many times, each time with a result of its own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub repeat_each: Option<u32>,

    /// Attempts after the first that fails, in place of what the files say; a test that passes
    /// then is flaky
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: Option<u32>,

    /// Begin no other test once so many failed; the rest is told as not run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_failures: Option<u32>,

    /// Stop before each step and ask what to do; one test at a time, without time limits
    #[arg(long)]
    pub debug: bool,

    /// Show the browsers' windows
    #[arg(long)]
    pub headed: bool,

    /// Of which browser tests traces are kept: always, failed or never
    #[arg(long, value_name = "WHEN", default_value = "failed", hide_possible_values = true,
          value_parser = PossibleValuesParser::new(KeepTraces::NAMES)
              .try_map(|text| KeepTraces::from_str(&text)))]
    pub trace: KeepTraces,

    /// Store the pictures that `expect-screenshot` takes instead of comparing with those stored
    #[arg(long)]
    pub update_screenshots: bool,

    /// A WebDriver that is there already: a grid, a device, Safari [default: drivers are started]
    #[arg(long, value_name = "URL", env = "TASTER_WEBDRIVER", value_parser = webdriver)]
    pub webdriver: Option<String>,
}

impl TestingArgs {
    /// For the executor; who looks on with `--debug` is for the caller to add.
    pub fn options(&self) -> TestOptions {
        TestOptions {
            retries: self.retries,
            repeat_each: self.repeat_each,
            max_failures: self.max_failures,
            headed: self.headed,
            debugger: None,
            update_screenshots: self.update_screenshots,
            traces: self.trace,
            webdriver: self.webdriver.clone(),
        }
    }

    /// How many tests run at the same time.
    pub fn at_once(&self) -> usize {
        if self.debug { 1 } else { self.workers }
    }
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| {
        // The last line says what is wrong; those before it draw the place.
        let text = error.to_string();
        text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string()
    })
}

fn shard(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(index, of)| {
        Some((index.trim().parse::<u32>().ok()?, of.trim().parse::<u32>().ok()?))
    });
    match parts {
        Some((index, of)) if (1..=of).contains(&index) && of <= 10_000 => Ok((index, of)),
        Some((_, of @ 1..=10_000)) => Err(format!("the shards of {of} are 1/{of} to {of}/{of}")),
        _ => Err("write it like 2/5: the second of five".to_string()),
    }
}

fn webdriver(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(text.trim_end_matches('/').to_string())
        }
        _ => Err("write it like http://localhost:4444".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!(shard("2/5"), Ok((2, 5)));
        assert_eq!(shard(" 1 / 1"), Ok((1, 1)));
        for wrong in ["0/5", "6/5", "5", "a/b", "1/0", "-1/3", "1/99999", ""] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
        assert!(shard("6/5").is_err_and(|told| told.contains("1/5 to 5/5")));
    }

    #[test]
    fn what_is_no_pattern_says_what_is_wrong_with_it() {
        assert!(regex("a(b").is_err_and(|told| told.contains("unclosed group")));
        assert!(regex("signs in|out").is_ok());
    }

    #[test]
    fn a_webdriver_is_a_url_with_a_host() {
        assert_eq!(webdriver("http://grid:4444/"), Ok("http://grid:4444".to_string()));
        for wrong in ["grid:4444", "localhost", "ftp://grid", ""] {
            assert!(webdriver(wrong).is_err(), "{wrong}");
        }
    }
}
