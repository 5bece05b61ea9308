//! Writes what a terminal shows at the end: the verdict and why, before any number.

use super::changes::{ChangeRow, Changes};
use super::comparison::Pair;
use super::foreign::line;
use super::rows::{FailureRow, FindingRow, Report};
use super::table::{draw, wrap};
use super::tested::TestRow;
use crate::analysis::Word;

/// How wide lines of prose are.
const WIDTH: usize = 98;

/// The most findings in full.
const FINDINGS: usize = 20;

/// The most tests that did not pass at once.
const TESTS: usize = 40;

/// The most rows of a comparison.
const ROWS: usize = 40;

/// How the text is made.
#[derive(Debug, Clone, Default)]
pub struct TextOptions {
    /// With ANSI colours.
    pub colour: bool,
    /// Where the files of this run are, if they were written.
    pub files: Option<String>,
}

/// Foregrounds by ANSI number; bold is always beside it, so that colour is never alone.
struct Paint {
    colour: bool,
}

/// The whole text.
pub(super) fn render(report: &Report<'_>, options: &TextOptions) -> String {
    let paint = Paint { colour: options.colour };
    let mut text = String::new();
    headline(&mut text, (report.word, &report.headline), &paint);
    generator(&mut text, report, &paint);
    findings(&mut text, &report.findings, &paint);
    tests(&mut text, report, &paint);
    close(&mut text, report, &paint);
    steps(&mut text, report, &paint);
    slas(&mut text, report, &paint);
    if let Some(changes) = &report.changes {
        compared(&mut text, changes, report.several(), &paint);
    }
    footer(&mut text, report, options, &paint);
    // A terminal shows the end first: whoever does not scroll up shall still see the verdict.
    headline(&mut text, (report.word, &report.headline), &paint);
    text
}

/// A comparison that is not of one run.
pub(super) fn comparison(page: &Pair<'_>, options: &TextOptions) -> String {
    let paint = Paint { colour: options.colour };
    let mut text = String::new();
    headline(&mut text, (page.word, &page.headline), &paint);
    text.push_str(&format!("{} {}\n", paint.dim("before"), page.before));
    text.push_str(&format!("{} {}\n", paint.dim("after "), page.after));
    findings(&mut text, &page.findings, &paint);
    if let Some(changes) = &page.changes {
        compared(&mut text, changes, page.several(), &paint);
    }
    text.push_str(&format!("\n{}\n", paint.dim(&page.title)));
    if let Some(files) = &options.files {
        text.push_str(&format!("{} {files}\n", paint.dim("files in")));
    }
    headline(&mut text, (page.word, &page.headline), &paint);
    text
}

fn findings(text: &mut String, rows: &[FindingRow], paint: &Paint) {
    grave(text, rows, paint);
    notices(text, rows, paint);
}

fn headline(text: &mut String, (word, headline): (Word, &str), paint: &Paint) {
    let word = word.name();
    let rest = headline.strip_prefix(word).unwrap_or(headline);
    text.push_str(&format!("{}{rest}\n", paint.word(word, word)));
}

fn generator(text: &mut String, report: &Report<'_>, paint: &Paint) {
    if report.steps.is_empty() {
        return;
    }
    let word = match report.health {
        "VALID" => paint.word("PASS", report.health),
        "SUSPECT" => paint.word("INCONCLUSIVE", report.health),
        _ => paint.word("INVALID", report.health),
    };
    text.push_str(&format!("generator {word}\n"));
    for reason in &report.health_reasons {
        text.push_str(&wrap(reason, 2, WIDTH));
    }
}

fn grave(text: &mut String, rows: &[FindingRow], paint: &Paint) {
    for row in rows.iter().filter(|row| row.is_grave()).take(FINDINGS) {
        text.push('\n');
        let label = paint.word(row.word, row.word);
        let code = paint.dim(&format!("[{}]", row.code));
        text.push_str(&format!("{label} {} {code}\n", paint.bold(&row.subject)));
        text.push_str(&wrap(&message(row), 2, WIDTH));
        match &row.example {
            Some(example) => text.push_str(&excerpt(example, paint)),
            None if row.place.is_empty() => {}
            None => text.push_str(&format!("  --> {}\n", row.place)),
        }
    }
    let more = rows.iter().filter(|row| row.is_grave()).count().saturating_sub(FINDINGS);
    if more > 0 {
        text.push_str(&format!("\n... and {more} more findings: see report.html\n"));
    }
}

/// The failing line with a caret, and what went over the wire.
fn excerpt(example: &FailureRow, paint: &Paint) -> String {
    let mut text = String::new();
    if !example.place.is_empty() {
        let gutter = " ".repeat(example.line_number.len());
        text.push_str(&format!("  {gutter}--> {}\n", example.place));
        if !example.line.is_empty() && !example.line_number.is_empty() {
            let number = &example.line_number;
            let caret = " ".repeat(example.column.saturating_sub(1).min(160));
            text.push_str(&format!("  {gutter} |\n"));
            text.push_str(&format!("  {number} | {}\n", example.line));
            text.push_str(&format!("  {gutter} | {caret}{}\n", paint.word("FAIL", "^")));
        }
    }
    for (label, part) in [("request ", &example.request), ("response", &example.response)] {
        for (at, part) in part.lines().take(8).enumerate() {
            let label = if at == 0 { label } else { "        " };
            text.push_str(format!("  {} {}", paint.dim(label), line(part, 120)).trim_end());
            text.push('\n');
        }
    }
    text
}

fn message(row: &FindingRow) -> String {
    format!("{}. {}", row.title, row.detail)
}

fn notices(text: &mut String, rows: &[FindingRow], paint: &Paint) {
    let rows: Vec<&FindingRow> = rows.iter().filter(|row| row.is_notice()).collect();
    if rows.is_empty() {
        return;
    }
    heading(text, paint, "Worth knowing");
    for row in rows.iter().take(FINDINGS) {
        let about = if row.subject == "run" { "" } else { row.subject.as_str() };
        let about = if about.is_empty() { String::new() } else { format!("{about}: ") };
        text.push_str(&wrap(&format!("- {about}{}", line(&message(row), 400)), 2, WIDTH));
    }
    if rows.len() > FINDINGS {
        text.push_str(&format!("  ... and {} more\n", rows.len() - FINDINGS));
    }
}

fn tests(text: &mut String, report: &Report<'_>, paint: &Paint) {
    if report.tests.is_empty() {
        return;
    }
    heading(text, paint, "Tests");
    let counts: Vec<String> =
        report.test_counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    text.push_str(&format!("  {}\n", counts.join(", ")));
    // What was not run stands among the findings with its reason; what went wrong comes first.
    let of = |run: bool| {
        let others = report.tests.iter().filter(|test| test.status != "passed");
        others.filter(move |test| (test.status != "not run") == run)
    };
    let others = || of(true).chain(of(false));
    for test in others().take(TESTS) {
        let reason = if test.reason.is_empty() { "" } else { ": " }.to_string() + &test.reason;
        let mark = match test.status {
            "failed" => paint.word("FAIL", test.status),
            "flaky" | "unsupported" | "not run" => paint.word("INCONCLUSIVE", test.status),
            _ => paint.dim(test.status),
        };
        text.push_str(&format!("  {mark} {}{reason}\n", test_name(test)));
        for (at, one) in test.tries.iter().enumerate() {
            let why = if one.message.is_empty() { "" } else { ": " }.to_string() + &one.message;
            let said = format!("attempt {} {} after {}{why}", at + 1, one.status, one.duration);
            text.push_str(&format!("    {}\n", paint.dim(&said)));
        }
        left(text, test, paint);
    }
    let more = others().count().saturating_sub(TESTS);
    if more > 0 {
        text.push_str(&format!("  ... and {more} more: see report.html\n"));
    }
}

/// Why it failed, and where its attempts can be looked at.
fn left(text: &mut String, test: &TestRow, paint: &Paint) {
    let Some(left) = &test.left else { return };
    for cause in &left.causes {
        text.push_str(&wrap(&format!("- {cause}"), 4, WIDTH));
    }
    for page in &left.pages {
        text.push_str(&format!("    {} {}\n", paint.dim("trace"), page.file));
    }
}

/// Steps that passed with little time left.
fn close(text: &mut String, report: &Report<'_>, paint: &Paint) {
    const SHOWN: usize = 8;
    if report.close.is_empty() {
        return;
    }
    heading(text, paint, "Nearly failed (passed in the last fifth of their time)");
    let mut rows = vec![["step", "took", "of", "used", "at"].map(String::from).to_vec()];
    for row in report.close.iter().take(SHOWN) {
        let cells = [&line(&row.step, 44), &row.took, &row.within, &row.used, &row.place];
        rows.push(cells.map(Clone::clone).to_vec());
    }
    text.push_str(&draw(2, &rows));
    if report.close.len() > SHOWN {
        text.push_str(&format!("  ... and {} more\n", report.close.len() - SHOWN));
    }
}

fn test_name(test: &TestRow) -> String {
    let browser =
        if test.browser.is_empty() { String::new() } else { format!(" [{}]", test.browser) };
    format!("{} › {}{browser}", test.scenario, test.name)
}

fn steps(text: &mut String, report: &Report<'_>, paint: &Paint) {
    if report.steps.is_empty() {
        return;
    }
    heading(text, paint, "Steps (latency of successful requests only, from when each was due)");
    let head = ["step", "count", "rate", "failed", "p50", "p95", "p99", "max"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for step in &report.steps {
        let mut cells = vec![report.whose(&step.scenario, line(&step.step, 44))];
        cells.extend([&step.count, &step.rate, &step.failed].map(Clone::clone));
        match &step.response {
            Some(us) => cells.extend([&us.p50, &us.p95, &us.p99, &us.max].map(Clone::clone)),
            None => cells.push(step.note.to_string()),
        }
        rows.push(cells);
    }
    text.push_str(&draw(2, &rows));
}

fn slas(text: &mut String, report: &Report<'_>, paint: &Paint) {
    if report.slas.is_empty() {
        return;
    }
    heading(text, paint, "SLAs");
    let mut rows = vec![["demanded", "observed", "used", "verdict"].map(String::from).to_vec()];
    for sla in &report.slas {
        let used = if sla.used.is_empty() { "–" } else { sla.used.as_str() };
        rows.push(vec![
            report.whose(&sla.scenario, line(&sla.sla, 60)),
            sla.observed.clone(),
            used.to_string(),
            sla.word.to_string(),
        ]);
    }
    text.push_str(&draw(2, &rows));
}

/// What has changed or is open; the rest in one line.
fn compared(text: &mut String, changes: &Changes, several: bool, paint: &Paint) {
    heading(text, paint, &format!("Comparison: {}", changes.design));
    let head = ["metric", "before", "now", "change", "90% interval", "margin", "verdict"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for row in changes.listed.iter().take(ROWS) {
        let change = [&row.before, &row.now, &row.change, &row.interval, &row.margin];
        let mut cells = vec![metric(row, several)];
        cells.extend(change.map(Clone::clone));
        cells.push(row.label.to_string());
        rows.push(cells);
    }
    if rows.len() > 1 {
        text.push_str(&draw(2, &rows));
    }
    if changes.listed.len() > ROWS {
        let more = changes.listed.len() - ROWS;
        text.push_str(&format!("  ... and {more} more: see report.html\n"));
    }
    if !changes.folded.is_empty() {
        text.push_str(&format!("  {}\n", changes.folded_title()));
    }
    text.push_str(&wrap(&format!("{} {}", changes.promise, changes.noise), 2, WIDTH));
}

fn metric(row: &ChangeRow, several: bool) -> String {
    let whose = line(row.whose(), 40);
    match several && !row.step.is_empty() {
        true => format!("{} › {whose}, {}", line(&row.scenario, 24), row.metric),
        false => format!("{whose}, {}", row.metric),
    }
}

fn footer(text: &mut String, report: &Report<'_>, options: &TextOptions, paint: &Paint) {
    text.push('\n');
    let seed = report.result.run.seed;
    let run = line(&report.result.run.id, 80);
    text.push_str(&paint.dim(&format!("run {run}, seed {seed}")));
    text.push('\n');
    if let Some(files) = &options.files {
        text.push_str(&format!("{} {files}\n", paint.dim("files in")));
    }
}

fn heading(text: &mut String, paint: &Paint, title: &str) {
    text.push('\n');
    text.push_str(&paint.bold(title));
    text.push('\n');
}

impl Paint {
    fn word(&self, word: &str, text: &str) -> String {
        let is = |other: Word| word == other.name();
        match word {
            _ if is(Word::Pass) => self.ansi("1;32", text),
            _ if is(Word::Inconclusive) => self.ansi("1;33", text),
            _ if is(Word::Invalid) => self.ansi("1;35", text),
            _ => self.ansi("1;31", text),
        }
    }

    fn bold(&self, text: &str) -> String {
        self.ansi("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.ansi("2", text)
    }

    fn ansi(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}
