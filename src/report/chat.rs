//! Writes the message of a verdict for a chat: Slack's form of an incoming webhook, which
//! Mattermost, Rocket.Chat and Teams' connectors take too.
//!
//! `text` says all of it, because not everybody reads `blocks`. Both are plain: whatever a name or
//! an answer says is no link, no mention and no command in it.

use serde_json::{Value, json};

use super::rows::Report;
use crate::analysis::{Verdict, Word};
use crate::result::RunResult;

/// Rows that are told; the report has the others.
const ROWS: usize = 5;

/// Characters that a block may have: Slack refuses a message over 150 in a title and 3,000 in a
/// section.
const TITLE: usize = 140;
const SECTION: usize = 2_000;

/// What the message says beside the verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chat {
    /// The word before it, where one is known.
    pub before: Option<&'static str>,
    /// Where the run of the pipeline is seen.
    pub link: Option<String>,
}

/// What is told where there is no run to tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The verdict, or GO or ROLLBACK.
    pub word: &'a str,
    /// What it is of.
    pub of: &'a str,
    /// Why.
    pub reasons: Vec<String>,
}

/// The message of an answer, as JSON.
pub fn chat_of_answer(answer: &Answer<'_>, chat: &Chat) -> String {
    let title = titled(answer.word, answer.of, chat.before);
    let (why, rows) = match answer.reasons.as_slice() {
        [only] => (plain(only, 600), String::new()),
        reasons => (String::new(), in_lines(reasons)),
    };
    message([title, why, rows, String::new()], chat)
}

/// The message of a run, as JSON.
pub fn chat(
    result: &RunResult,
    verdict: &Verdict,
    baseline: Option<&RunResult>,
    chat: &Chat,
) -> String {
    let report = Report::new(result, verdict, baseline);
    message([title(&report, chat.before), why(&report), rows(&report), facts(&report)], chat)
}

/// A title, why it is so, rows, and small print; each but the title may be empty.
fn message([title, why, rows, facts]: [String; 4], chat: &Chat) -> String {
    let link = chat.link.as_deref().filter(|link| is_plain(link));
    let mut blocks =
        vec![json!({ "type": "header", "text": { "type": "plain_text", "text": title } })];
    blocks.extend(
        [&why, &rows].into_iter().filter(|text| !text.is_empty()).map(|text| section(text)),
    );
    let marked = link.map(|link| format!("<{link}|the run>"));
    let small = [Some(facts.clone()).filter(|facts| !facts.is_empty()), marked];
    let small: Vec<String> = small.into_iter().flatten().collect();
    if !small.is_empty() {
        blocks.push(json!({
            "type": "context",
            "elements": [{ "type": "mrkdwn", "text": small.join(" · ") }],
        }));
    }
    let lines = [title, why, rows, facts, link.unwrap_or_default().to_string()];
    let text = lines.iter().filter(|line| !line.is_empty()).cloned().collect::<Vec<_>>();
    json!({ "text": text.join("\n"), "blocks": blocks }).to_string()
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// `FAIL · shop · load (was PASS)`.
fn title(report: &Report<'_>, before: Option<&str>) -> String {
    let run = &report.result.run;
    let names: Vec<&str> = report.result.scenarios.iter().map(|one| one.name.as_str()).collect();
    let profile = if run.profile.is_empty() { "tests" } else { run.profile.as_str() };
    titled(report.word.name(), &format!("{} · {profile}", names.join(", ")), before)
}

fn titled(word: &str, of: &str, before: Option<&str>) -> String {
    let was = before.filter(|before| *before != word);
    let was = was.map_or(String::new(), |before| format!(" (was {before})"));
    format!("{word} · {}{was}", plain(of, TITLE - 40))
}

/// The headline without the word that stands above it.
fn why(report: &Report<'_>) -> String {
    let word = format!("{}: ", report.word);
    plain(report.headline.trim_start_matches(word.as_str()), 600)
}

/// What has changed against the baselines, and what is open only where the verdict rests on that;
/// where nothing has, what was found.
fn rows(report: &Report<'_>) -> String {
    let open = report.word == Word::Inconclusive;
    let listed = report.changes.iter().flat_map(|changes| &changes.listed);
    let changed = listed.filter(|row| open || row.word != Word::Inconclusive.name()).map(|row| {
        let whose = report.whose(&row.scenario, row.whose().to_string());
        let (metric, change) = (row.metric, &row.change);
        format!("{} {whose} {metric}: {} → {} ({change})", row.label, row.before, row.now)
    });
    let mut rows: Vec<String> = changed.collect();
    if rows.is_empty() {
        let found = report.grave().filter(|found| !found.of_rows);
        rows.extend(
            found.map(|found| format!("{} {}: {}", found.word, found.subject, found.title)),
        );
    }
    in_lines(&rows)
}

/// The first rows, and how many more there are.
fn in_lines(rows: &[String]) -> String {
    let rest = rows.len().saturating_sub(ROWS);
    let shown = rows.iter().take(ROWS);
    let mut lines: Vec<String> =
        shown.map(|row| format!("• {}", plain(row, SECTION / ROWS / 2))).collect();
    if rest > 0 {
        lines.push(format!("• and {rest} more"));
    }
    lines.join("\n")
}

fn facts(report: &Report<'_>) -> String {
    let run = &report.result.run;
    let target = if run.embedded { "the embedded backend" } else { run.target.as_str() };
    let revision = run.git_revision.as_deref().map(|revision| {
        // Enough to find it, and the mark of changes that are in no revision.
        let hash = revision.trim_end_matches('+');
        format!("revision {}{}", hash.get(..12).unwrap_or(hash), &revision[hash.len()..])
    });
    let facts =
        [Some(target.to_string()), report.size(), revision, Some(format!("run {}", run.id))];
    plain(&facts.into_iter().flatten().collect::<Vec<_>>().join(" · "), 600)
}

/// A foreign text: nothing in it is a link, a mention, a tag or a command. Slack's three letters
/// are written as Slack wants them, which the others understand.
fn plain(text: &str, most: usize) -> String {
    let text = super::foreign::line(text, most);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // A word joiner, which nobody sees, keeps mentions and links from being any.
    let text = text.replace('@', "@\u{2060}").replace("](", "]\u{2060}(");
    text.replace("://", ":\u{2060}//")
}

/// Whether a link can stand between the marks of a link.
fn is_plain(link: &str) -> bool {
    let web = link.starts_with("https://") || link.starts_with("http://");
    let safe = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '|' | '"' | '&' | '`');
    web && link.len() < 1_000 && link.chars().all(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_mentions_nobody_and_leads_nowhere() {
        let text = plain("<!channel> @all [here](http://evil) & `x`\n*y*", 200);
        for wrong in ["<", "@all", "](", "://", "\n"] {
            assert!(!text.contains(wrong), "{wrong} in {text}");
        }
        assert!(text.starts_with("&lt;!channel&gt;"), "{text}");
    }

    #[test]
    fn a_link_cannot_leave_its_marks() {
        assert!(is_plain("https://ci.example/run/1?x=2"));
        for wrong in ["https://a|b", "https://a>b", "javascript:alert(1)", "https://a b", ""] {
            assert!(!is_plain(wrong), "{wrong}");
        }
    }
}
