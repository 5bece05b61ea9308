//! Writes what GitHub Actions shows of a run: annotations at the lines of the scenario files, the
//! outputs of the step, and foreign text that cannot give the runner commands.

use super::comparison::Pair;
use super::foreign::line;
use super::numbers::{ms, responses};
use super::rows::{FindingRow, Report};
use crate::analysis::gate::Compared;
use crate::analysis::wording;

/// GitHub shows ten annotations of a kind and drops the others without a word: so many, and then
/// one that counts the rest.
const MOST: usize = 9;

/// The annotations as workflow commands, one a line: `annotations.txt`.
pub(super) fn render(report: &Report<'_>) -> String {
    annotations(report, "")
}

/// The same, with `folder` (such as `shop/`) put before the files, which GitHub looks for from the
/// top of the repository.
pub(super) fn annotations(report: &Report<'_>, folder: &str) -> String {
    of_findings(report.grave(), folder)
}

/// The annotations of findings that are graver than PASS.
pub(super) fn of_findings<'a>(rows: impl Iterator<Item = &'a FindingRow>, folder: &str) -> String {
    let all: Vec<&FindingRow> = rows.filter(|row| row.word != "PASS").collect();
    let mut text: String = all.iter().take(MOST).map(|row| annotation(row, folder)).collect();
    if all.len() > MOST {
        let rest = all.len() - MOST;
        let more = format!("and {rest} more: see the job summary, or report.html");
        text.push_str(&format!("::notice title=Taster::{}\n", data(&more)));
    }
    text
}

fn annotation(row: &FindingRow, folder: &str) -> String {
    let level = if row.word == "INCONCLUSIVE" { "warning" } else { "error" };
    let (file, number) = file_and_line(&row.place);
    let mut properties = Vec::new();
    if !file.is_empty() {
        properties.push(format!("file={}", property(&format!("{folder}{file}"))));
        properties.extend(number.map(|number| format!("line={number}")));
    }
    properties.push(format!("title={}", property(&format!("{} {}", row.word, row.subject))));
    let message = line(&format!("{}. {}", row.title, row.detail), 1_000);
    format!("::{level} {}::{}\n", properties.join(","), data(message.trim()))
}

/// What a later step may ask for, as name and value; each value is one line.
pub(super) fn outputs(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let all = responses(report.result);
    let p95 = match all.is_empty() {
        true => String::new(),
        false => format!("{:.3}", ms(all.value_at_quantile(0.95).min(all.max()))),
    };
    let requests: u64 =
        report.result.steps.iter().fold(0, |sum, step| sum.saturating_add(step.count));
    vec![
        ("verdict", report.word.name().to_string()),
        ("headline", report.headline.clone()),
        ("p95-ms", p95),
        ("requests", requests.to_string()),
    ]
}

/// The same of a comparison that is not of one run. `p95-change` is that of the step that has
/// become slowest, such as `+14.2%`; empty where no p95 was compared.
pub(super) fn outputs_of_comparison(page: &Pair<'_>) -> Vec<(&'static str, String)> {
    let rows = page.verdict.comparison.iter().flat_map(|of| &of.changes);
    let worst = rows
        .filter(|row| row.metric == Compared::P95 && row.change.is_finite())
        .max_by(|a, b| a.change.total_cmp(&b.change));
    let change = worst.map(|row| wording::growth(row.metric, row.change)).unwrap_or_default();
    vec![
        ("verdict", page.word.name().to_string()),
        ("headline", page.headline.clone()),
        ("p95-change", change),
    ]
}

/// `file:line` or `file:line:column` in its parts.
pub(super) fn file_and_line(place: &str) -> (&str, Option<u32>) {
    let mut file = place;
    let mut number = None;
    for _ in 0..2 {
        let Some((rest, last)) = file.rsplit_once(':') else { break };
        let Ok(read) = last.parse::<u32>() else { break };
        (file, number) = (rest, Some(read));
    }
    (file, number)
}

/// A text as the message of a command: nothing in it ends the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text in which the runner sees no command. It takes `::name` at the start of a line, blanks or
/// not, and `##[name` anywhere; a joiner that nobody sees keeps it from both.
pub fn harmless(text: &str) -> String {
    const JOINER: char = '\u{2060}';
    let mut safe = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive(['\n', '\r']) {
        let blank = line.len() - line.trim_start().len();
        if line[blank..].starts_with("::") {
            safe.push_str(&line[..blank + 1]);
            safe.push(JOINER);
            safe.push_str(&line[blank + 1..].replace("##[", &format!("##{JOINER}[")));
        } else {
            safe.push_str(&line.replace("##[", &format!("##{JOINER}[")));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the runner looks for commands, both old and new.
    fn is_command(line: &str) -> bool {
        line.trim_start().starts_with("::") || line.contains("##[")
    }

    #[test]
    fn a_place_is_a_file_and_a_line() {
        assert_eq!(file_and_line("scenarios/a.yaml:12:3"), ("scenarios/a.yaml", Some(12)));
        assert_eq!(file_and_line("scenarios/a.yaml:12"), ("scenarios/a.yaml", Some(12)));
        assert_eq!(file_and_line("C:\\a.yaml:7"), ("C:\\a.yaml", Some(7)));
        assert_eq!(file_and_line("a.yaml"), ("a.yaml", None));
        assert_eq!(file_and_line(""), ("", None));
    }

    #[test]
    fn a_property_ends_neither_itself_nor_its_command() {
        assert_eq!(property("a:b,c%\r\n::error::x"), "a%3Ab%2Cc%25%0D%0A%3A%3Aerror%3A%3Ax");
    }

    proptest! {
        #[test]
        fn no_foreign_text_is_a_command(text in "[ \t:#\\[a-z\r\n\u{a0}]{0,60}") {
            let safe = harmless(&text);
            prop_assert!(!safe.lines().any(is_command), "{safe:?}");
            prop_assert!(!safe.split('\r').any(is_command), "{safe:?}");
            prop_assert_eq!(safe.replace('\u{2060}', ""), text);
        }

        #[test]
        fn a_message_is_one_line(text: String) {
            prop_assert!(!data(&text).contains(['\n', '\r']));
        }
    }
}
