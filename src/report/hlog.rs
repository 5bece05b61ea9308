//! Writes `responses.hlog`, an HdrHistogram interval log: the response times of each step's
//! successes, second by second, as any tool that knows HdrHistogram reads them.

use super::foreign::line;
use super::numbers::began;
use super::rows::{NAME, Report};
use crate::result::StepResult;
use crate::result::histogram::decode;

/// The file's text. Values are microseconds; `Interval_Max` is in milliseconds, as tools for such
/// logs take it to be.
pub(super) fn render(report: &Report<'_>) -> String {
    let run = &report.result.run;
    let start = began(run) as f64 / 1e3;
    let mut text = format!(
        "#[Taster {}, run {}: response times of successes from when each was due, microseconds]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {start:.3} (seconds since epoch), {}]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
         \"Interval_Compressed_Histogram\"\n",
        comment(&run.tool_version),
        comment(&run.id),
        comment(&run.started),
    );
    // In the order of time, as a reader that plays a log back expects.
    let mut lines: Vec<(u32, String)> = report.result.steps.iter().flat_map(intervals).collect();
    lines.sort_by_key(|(second, _)| *second);
    lines.into_iter().for_each(|(_, line)| text.push_str(&line));
    text
}

/// One line for each second in which a step had a success. What cannot be read as a histogram
/// would spoil the whole log, so it is left out.
fn intervals(step: &StepResult) -> Vec<(u32, String)> {
    let tag = tag(step);
    let one = |slice: &crate::result::Slice| {
        let text = slice.histograms.response.as_str();
        let histogram = decode(text).ok().filter(|all| !all.is_empty())?;
        let (second, max) = (slice.second, histogram.max() as f64 / 1e3);
        Some((second, format!("Tag={tag},{second}.000,1.000,{max:.3},{text}\n")))
    };
    step.slices.iter().filter_map(one).collect()
}

/// A tag has neither spaces nor commas.
fn tag(step: &StepResult) -> String {
    let name = format!("{}/{}", line(&step.scenario, NAME), line(&step.step, NAME));
    name.chars().map(|c| if c.is_whitespace() || c == ',' { '_' } else { c }).collect()
}

/// A comment ends with its bracket.
fn comment(text: &str) -> String {
    line(text, 60).replace(['[', ']'], "_")
}
