//! `--margin`: the smallest growth worth blocking, for each metric that is compared.

use std::fmt;
use std::str::FromStr;

use crate::units::Percent;

/// How much each metric may grow over the baselines before a run fails, as shares; none of what is
/// not compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    /// The difference of two shares of failed requests, which are always compared.
    pub errors: f64,
    /// Of the throughput of closed loads: how much it may shrink.
    pub throughput: Option<f64>,
}

/// As `Margin::default` is written.
pub const DEFAULT_MARGIN: &str = "p50=5%,p95=10%,p99=15%,errors=0.5%,throughput=5%";

/// Instead of a percentage: the metric is not compared.
const OFF: &str = "off";

const NAMES: &str = "p50, p95, p99, errors and throughput";

impl Default for Margin {
    fn default() -> Self {
        let [p50, p95, p99, throughput] = [0.05, 0.10, 0.15, 0.05].map(Some);
        Self { p50, p95, p99, errors: 0.005, throughput }
    }
}

impl FromStr for Margin {
    type Err = String;

    /// One percentage for all latencies, or one for each metric named; the rest as by default.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut margin = Self::default();
        if !text.contains('=') {
            let all = Some(percent("a latency", text)?);
            (margin.p50, margin.p95, margin.p99) = (all, all, all);
            return Ok(margin);
        }
        let mut seen = Vec::new();
        for part in text.split(',') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!("`{}` names no metric: write it like p95=10%", part.trim()));
            };
            let name = name.trim();
            if seen.contains(&name) {
                return Err(format!("`{name}` is given twice: keep one of them"));
            }
            let place = match name {
                "p50" => &mut margin.p50,
                "p95" => &mut margin.p95,
                "p99" => &mut margin.p99,
                "throughput" => &mut margin.throughput,
                "errors" if value.trim() == OFF => {
                    return Err("errors are always compared: a fast error is no improvement".into());
                }
                "errors" => &mut None,
                _ => return Err(format!("there is no margin for `{name}`: there are {NAMES}")),
            };
            *place = match value.trim() {
                OFF => None,
                value => Some(percent(name, value)?),
            };
            if let ("errors", Some(share)) = (name, *place) {
                margin.errors = share;
            }
            seen.push(name);
        }
        Ok(margin)
    }
}

/// A margin of nothing passes nothing, and one of errors or throughput that is all of them passes
/// everything.
fn percent(name: &str, text: &str) -> Result<f64, String> {
    let share = text.parse::<Percent>().map_err(|error| error.to_string())?.0;
    let most = if matches!(name, "errors" | "throughput") { 1.0 } else { 100.0 };
    match share {
        share if share <= 0.0 => Err(format!(
            "a margin of {} for {name} can never be kept: the same build differs by more from \
             run to run",
            Percent(share)
        )),
        share if share >= most => Err(format!(
            "with a margin of {} nothing that {name} does could ever fail",
            Percent(share)
        )),
        share => Ok(share),
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [self.p50, self.p95, self.p99, self.throughput];
        let [p50, p95, p99, throughput] =
            all.map(|share| share.map_or(OFF.to_string(), |share| Percent(share).to_string()));
        let errors = Percent(self.errors);
        write!(f, "p50={p50},p95={p95},p99={p99},errors={errors},throughput={throughput}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_percentage_is_for_all_latencies_and_names_choose() {
        let all: Margin = "25%".parse().unwrap();
        assert_eq!([all.p50, all.p95, all.p99], [Some(0.25); 3]);
        assert_eq!(all.errors, 0.005);
        let some: Margin = "p99=30%, errors=1%".parse().unwrap();
        assert_eq!([some.p50, some.p95, some.p99], [Some(0.05), Some(0.10), Some(0.30)]);
        assert_eq!(some.errors, 0.01);
        assert_eq!(DEFAULT_MARGIN.parse(), Ok(Margin::default()));
        let off: Margin = "p99=off,throughput=off".parse().unwrap();
        assert_eq!((off.p95, off.p99, off.throughput), (Some(0.10), None, None));
    }

    #[test]
    fn what_is_no_margin_says_what_to_write() {
        for (wrong, said) in [
            ("lots", "10%"),
            ("10", "10%"),
            ("p95", "10%"),
            ("p95=10", "10%"),
            ("p90=10%", "p50, p95"),
            ("p95=10%,20%", "names no metric"),
            ("p95=10%,p95=20%", "twice"),
            ("0%", "never be kept"),
            ("errors=100%", "nothing"),
            ("errors=off", "always compared"),
            ("off", "10%"),
            ("p95=-10%", "percentage"),
        ] {
            let told = wrong.parse::<Margin>().unwrap_err();
            assert!(told.contains(said), "{wrong}: {told}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            shares in prop::array::uniform4(prop::option::of(1u32..9_999)),
            errors in 1u32..9_999,
        ) {
            let share = |hundredths: u32| {
                let text = format!("{}%", f64::from(hundredths) / 100.0);
                text.parse::<Percent>().unwrap().0
            };
            let [p50, p95, p99, throughput] = shares.map(|one| one.map(share));
            let errors = share(errors);
            let margin = Margin { p50, p95, p99, errors, throughput };
            prop_assert_eq!(margin.to_string().parse(), Ok(margin));
        }
    }
}
