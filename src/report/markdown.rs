//! Writes a comment for a pull request: the verdict in the first line, what changed first, the
//! rest folded, and never longer than such a comment may be.

use super::changes::{ChangeRow, Changes};
use super::comparison::Pair;
use super::foreign::line;
use super::rows::{FindingRow, Report, StepRow};
use super::seen::SeenRow;

/// Bytes, so that it is below the servers' 65,536 characters whatever the script.
const LIMIT: usize = 60_000;

/// What is kept free for the end of a cut comment.
const RESERVE: usize = 600;

/// Finds the comment again, to write it anew instead of adding one.
const MARKER: &str = "<!-- taster:v1 -->";

/// A text that does not grow beyond its limit.
struct Page {
    text: String,
    cut: usize,
}

/// The whole comment.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut page = Page { text: String::new(), cut: 0 };
    page.add(&format!("### {} {} {MARKER}\n\n", sign(report.word.name()), prose(&report.headline)));
    page.add(&format!("{}\n", stats(report)));
    findings(&mut page, &report.findings);
    if let Some(rows) = &report.changes {
        changes(&mut page, rows, report.several());
    }
    notices(&mut page, &report.findings);
    slas(&mut page, report);
    tests(&mut page, report);
    left(&mut page, report);
    steps(&mut page, report);
    seen(&mut page, report);
    repeat(&mut page, report);
    page.end()
}

/// The comment of a comparison that is not of one run.
pub(super) fn comparison(of: &Pair<'_>) -> String {
    let mut page = Page { text: String::new(), cut: 0 };
    page.add(&format!("### {} {} {MARKER}\n\n", sign(of.word.name()), prose(&of.headline)));
    page.add(&format!("{} → {}\n", md(&of.before), md(&of.after)));
    findings(&mut page, &of.findings);
    if let Some(rows) = &of.changes {
        changes(&mut page, rows, of.several());
    }
    notices(&mut page, &of.findings);
    let head = "\n| | |\n|---|---|\n".to_string();
    let facts =
        of.facts.iter().map(|(label, value)| format!("| {} | {} |\n", md(label), md(value)));
    page.fold(&of.title, std::iter::once(head).chain(facts));
    page.end()
}

fn stats(report: &Report<'_>) -> String {
    let mut parts: Vec<String> = report.size().into_iter().collect();
    let counts = report.test_counts.iter().map(|(status, count)| format!("{count} {status}"));
    let counts: Vec<String> = counts.collect();
    if !counts.is_empty() {
        parts.push(format!("tests: {}", counts.join(", ")));
    }
    if !report.steps.is_empty() {
        parts.push(format!("generator {}", report.health));
    }
    if let Some(base) = report.baseline {
        parts.push(format!("baseline {}", md(&line(&base.run.id, 60))));
    }
    if let Some(revision) = &report.result.run.git_revision {
        parts.push(format!("revision {}", md(&line(revision, 60))));
    }
    parts.join(" · ")
}

fn findings(page: &mut Page, rows: &[FindingRow]) {
    let rows: Vec<&FindingRow> = rows.iter().filter(|row| row.is_grave()).collect();
    if rows.is_empty() {
        return;
    }
    page.add("\n");
    for row in rows {
        let place = match row.place.as_str() {
            "" => String::new(),
            place => format!(" ({})", code(place)),
        };
        let text = format!("{}. {}", row.title, row.detail);
        let subject = md(&row.subject);
        let (word, text) = (row.word, prose(text.trim()));
        page.add(&format!("- **{word}** {subject} [{}]: {text}{place}\n", row.code));
    }
}

/// What has changed or is open; what passed is folded, with its numbers.
fn changes(page: &mut Page, changes: &Changes, several: bool) {
    const HEAD: &str = "\n| metric | before | now | change | 90% interval | margin | verdict |\n\
        |---|--:|--:|--:|--:|--:|---|\n";
    let row = |row: &ChangeRow| {
        let whose = match several && !row.step.is_empty() {
            true => format!("{} › {}", line(&row.scenario, 24), row.step),
            false => row.whose().to_string(),
        };
        format!(
            "| {} {} | {} | **{}** | {} | {} | {} | {} |\n",
            md(&whose),
            row.metric,
            row.before,
            row.now,
            row.change,
            row.interval,
            row.margin,
            row.label
        )
    };
    page.add(&format!("\n**Comparison**: {}\n", md(&changes.design)));
    if !changes.listed.is_empty() {
        page.add(HEAD);
        changes.listed.iter().for_each(|change| page.add(&row(change)));
    }
    if !changes.folded.is_empty() {
        let lines = std::iter::once(HEAD.to_string()).chain(changes.folded.iter().map(row));
        page.fold(&changes.folded_title(), lines);
    }
    let promise = format!("{} {}", changes.promise, changes.noise);
    page.add(&format!("\n<sub>{}</sub>\n", prose(&promise)));
}

fn notices(page: &mut Page, rows: &[FindingRow]) {
    let rows: Vec<&FindingRow> = rows.iter().filter(|row| row.is_notice()).collect();
    if rows.is_empty() {
        return;
    }
    let title = format!("{} worth knowing", rows.len());
    let one = |row: &&FindingRow| {
        let text = format!("{}. {}", row.title, row.detail);
        format!("- {}: {}\n", md(&row.subject), prose(text.trim()))
    };
    page.fold(&title, std::iter::once("\n".to_string()).chain(rows.iter().map(one)));
}

fn seen(page: &mut Page, report: &Report<'_>) {
    if report.seen.is_empty() {
        return;
    }
    let head = "\n| step or page | browser | count | failed | p50 | p90 | p95 | max |\n\
        |---|---|--:|--:|--:|--:|--:|--:|\n";
    let row = |row: &SeenRow| {
        let what = md(&report.whose(&row.scenario, format!("{} {}", row.what, row.vital)));
        let times = row.times.join(" | ");
        let (browser, count, failed) = (md(&row.browser), &row.count, row.failed);
        format!("| {} | {browser} | {count} | {failed} | {times} |\n", what.trim())
    };
    let title = format!("What users saw in browsers, {}", counted(report.seen.len(), "row"));
    let rows = report.seen.iter().map(row);
    page.fold(&title, std::iter::once(head.to_string()).chain(rows));
}

fn slas(page: &mut Page, report: &Report<'_>) {
    if report.slas.is_empty() {
        return;
    }
    let head = "\n| SLA | observed | used | verdict |\n|---|--:|--:|---|\n".to_string();
    let rows = report.slas.iter().map(|sla| {
        let used = if sla.used.is_empty() { "–" } else { sla.used.as_str() };
        let name = report.whose(&sla.scenario, sla.sla.clone());
        format!("| {} | {} | {used} | {} |\n", code(&name), md(&sla.observed), sla.word)
    });
    page.fold(&counted(report.slas.len(), "SLA"), std::iter::once(head).chain(rows));
}

fn tests(page: &mut Page, report: &Report<'_>) {
    if report.tests.is_empty() {
        return;
    }
    let head = "\n| test | status | time |\n|---|---|--:|\n".to_string();
    let rows = report.tests.iter().map(|test| {
        let browser = if test.browser.is_empty() { "" } else { " in " };
        let name = format!("{} › {}{browser}{}", test.scenario, test.name, test.browser);
        let attempts = match test.attempts {
            0 | 1 => String::new(),
            more => format!(", {more} attempts"),
        };
        format!("| {} | {}{attempts} | {} |\n", md(&name), test.status, test.duration)
    });
    page.fold(&counted(report.tests.len(), "test"), std::iter::once(head).chain(rows));
}

/// Why browser tests failed, and what nearly did. Pages are named as links that lead somewhere
/// where the run's folder was kept beside the comment.
fn left(page: &mut Page, report: &Report<'_>) {
    let failed = report.tests.iter().filter_map(|test| Some((test, test.left.as_ref()?)));
    for (test, left) in failed.filter(|(_, left)| !left.causes.is_empty()) {
        let name = format!("{} › {} in {}", test.scenario, test.name, test.browser);
        page.add(&format!("\n**{}** {}\n", test.status, md(&name)));
        for cause in &left.causes {
            page.add(&format!("- {}\n", prose(cause)));
        }
        let links = left.pages.iter();
        let links: Vec<String> =
            links.map(|one| format!("[attempt {}]({})", one.attempt, one.file)).collect();
        if !links.is_empty() {
            page.add(&format!("- traces: {}\n", links.join(", ")));
        }
    }
    if report.close.is_empty() {
        return;
    }
    let head = "\n| step | took | of | used |\n|---|--:|--:|--:|\n".to_string();
    let rows = report.close.iter().map(|row| {
        let name = format!("{} ({})", row.step, row.test);
        format!("| {} | {} | {} | {} |\n", md(&name), row.took, row.within, row.used)
    });
    let title = format!("{} nearly failed", counted(report.close.len(), "step"));
    page.fold(&title, std::iter::once(head).chain(rows));
}

fn steps(page: &mut Page, report: &Report<'_>) {
    if report.steps.is_empty() {
        return;
    }
    let head = "\nLatency of successful requests only, from when each was due.\n\n\
        | step | count | failed | p50 | p95 | p99 | max |\n|---|--:|--:|--:|--:|--:|--:|\n"
        .to_string();
    let row = |step: &StepRow| {
        let latency = match &step.response {
            Some(us) => format!("{} | {} | {} | {}", us.p50, us.p95, us.p99, us.max),
            None => format!("{} | | |", step.note),
        };
        let name = report.whose(&step.scenario, step.step.clone());
        format!("| {} | {} | {} | {latency} |\n", md(&name), step.count, step.failed)
    };
    let rows = report.steps.iter().map(row);
    page.fold(&counted(report.steps.len(), "step"), std::iter::once(head).chain(rows));
    parts(page, report);
}

fn parts(page: &mut Page, report: &Report<'_>) {
    if report.parts.is_empty() {
        return;
    }
    let head = "\n| step | part | count | p50 | p95 | p99 | max |\n|---|---|--:|--:|--:|--:|--:|\n";
    let rows = report.parts.iter().map(|row| {
        let name = md(&report.whose(&row.scenario, row.step.clone()));
        let (part, count, us) = (row.part, &row.count, &row.us);
        format!(
            "| {name} | {part} | {count} | {} | {} | {} | {} |\n",
            us.p50, us.p95, us.p99, us.max
        )
    });
    page.fold("Where the time went", std::iter::once(head.to_string()).chain(rows));
}

fn repeat(page: &mut Page, report: &Report<'_>) {
    if !report.command.is_empty() {
        let seed = report.result.run.seed;
        page.add(&format!("\nTo repeat it (seed {seed}): {}\n", code(&report.command)));
    }
}

impl Page {
    /// The whole text, with what was cut.
    fn end(mut self) -> String {
        if self.cut > 0 {
            let note = format!("\n_{} more lines do not fit here: see report.html._\n", self.cut);
            self.text.push_str(&note);
        }
        self.text
    }

    /// Adds a line, or counts it where it does not fit.
    fn add(&mut self, text: &str) {
        if self.cut > 0 || self.text.len() + text.len() > LIMIT - RESERVE {
            self.cut += 1;
        } else {
            self.text.push_str(text);
        }
    }

    /// Adds lines that are only seen on demand; opened and closed even where lines are cut.
    fn fold(&mut self, title: &str, lines: impl Iterator<Item = String>) {
        if self.cut > 0 || self.text.len() + 200 > LIMIT - RESERVE {
            self.cut += lines.count();
            return;
        }
        self.text.push_str(&format!("\n<details><summary>{}</summary>\n", md(title)));
        lines.for_each(|line| self.add(&line));
        self.text.push_str("\n</details>\n");
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The word is said in letters right behind it: the sign is never alone.
fn sign(word: &str) -> &'static str {
    match word {
        "PASS" => "✅",
        "FAIL" => "❌",
        "INCONCLUSIVE" => "❔",
        _ => "⛔",
    }
}

/// A message: what stands between ticks becomes code, everything is escaped all the same.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return md(text);
    }
    let part = |(at, part): (usize, &&str)| if at % 2 == 1 { code(part) } else { md(part) };
    parts.iter().enumerate().map(part).collect()
}

/// A foreign text in prose or in a table cell: nothing in it is Markdown, HTML, a mention or a
/// reference.
fn md(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A zero-width joiner keeps `@name` and `#123` from becoming links and mails.
            '@' | '#' => {
                escaped.push(letter);
                escaped.push_str("&#8288;");
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    // Bare addresses become links by themselves.
    escaped.replace("://", ":&#8288;//").replace("www.", "www&#8288;.")
}

/// A foreign text as code: HTML, so that no number of backticks can end it.
fn code(text: &str) -> String {
    format!("<code>{}</code>", md(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        let hostile = "</details><img src=x> @admin #1 `x` | a **b** [c](http://d)";
        let told = md(hostile);
        assert!(!told.contains("<img") && !told.contains("@admin") && !told.contains("#1"));
        assert!(!told.contains("://d") && told.contains("\\|") && told.contains("\\`x\\`"));
        assert!(told.contains("\\[c\\]"));
    }

    #[test]
    fn a_page_counts_what_it_cuts_and_closes_what_it_opened() {
        let mut page = Page { text: String::new(), cut: 0 };
        page.fold("all", (0..10_000).map(|at| format!("| line {at} of a long table |\n")));
        page.add("after\n");
        assert!(page.text.len() < LIMIT && page.cut > 7_000);
        assert!(page.text.ends_with("</details>\n"));
    }
}
